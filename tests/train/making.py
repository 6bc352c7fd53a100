"""Tokens, steps, padded rows and small runs for the tests of training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from tests.train.conftest import RECIPES
from train.batching import Batch, Steps, special_ids
from train.files import Run
from train.metrics import read
from train.recipe import Masking, load
from train.tokens import Tokens, document_key


def tokens_of(tokenizer: Any, texts: Sequence[str]) -> Tokens:
    """The tokens of texts, numbered from 0."""
    encodings = [tokenizer(t, add_special_tokens=False) for t in texts]
    return Tokens(
        ids=np.concatenate([np.array(e["input_ids"], np.int32) for e in encodings]),
        words=np.concatenate([np.array(e.word_ids(), np.int32) for e in encodings]),
        offsets=np.cumsum([0] + [len(e["input_ids"]) for e in encodings]),
        keys=np.array([document_key(str(i)) for i in range(len(texts))], np.uint64),
    )


def steps_of(tokenizer: Any, texts: Sequence[str], **changes: Any) -> Steps:
    """Their steps: eight documents each, windows of 128 pieces, masked at 30 %."""
    options = {"batch_size": 8, "length": 128, "micro_batch": 4096, "seed": 5, **changes}
    chosen = {key: options.pop(key) for key in ("unit", "domain") if key in options}
    masking = Masking(rate=options.pop("rate", 0.3), **chosen)
    corpora = [tokens_of(tokenizer, own) for own in (texts, options.pop("base", None)) if own]
    return Steps(corpora, special_ids(tokenizer), masking, **options)


def whole(steps: Steps, epoch: int = 0) -> Batch:
    """All windows of some steps as one flat batch."""
    count = len(steps.sizes)
    return steps.batch(np.arange(count), np.full(count, epoch))


def batch_of(tokenizer: Any, texts: Sequence[str], rate: float = 0.3) -> Batch:
    """All texts as one flat batch, in their order."""
    return whole(steps_of(tokenizer, texts, rate=rate))


def padded(batch: Batch) -> dict[str, torch.Tensor]:
    """A flat batch as a row a document: what ``BertForMaskedLM`` takes."""
    longest = max(batch.lengths)
    flat_labels = torch.full((batch.pieces,), -100)
    flat_labels[batch.masked] = batch.targets
    ids = torch.zeros(len(batch.lengths), longest, dtype=torch.long)
    real, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
    rows = zip(batch.ids.split(batch.lengths), flat_labels.split(batch.lengths), strict=True)
    for row, (pieces, wanted) in enumerate(rows):
        ids[row, : len(pieces)], real[row, : len(pieces)] = pieces, 1
        labels[row, : len(pieces)] = wanted
    return {"input_ids": ids, "attention_mask": real, "labels": labels}


def small_recipe(folder: Path, **changes: dict[str, Any]) -> Path:
    """``smoke-base.yaml``, a model from scratch, shorter: 14 steps, evaluated at 0, 7 and 14,
    checkpoints at each fifth as well. ``changes`` by section: model, training, stopping, masking,
    how."""
    whole = yaml.safe_load((RECIPES / "smoke-base.yaml").read_text(encoding="utf-8"))
    what = whole["what"]
    what["model"] |= changes.get("model", {})
    what["training"] |= {"steps": 14, "warmup": 2, **changes.get("training", {})}
    what["stopping"] |= {"every": 7, **changes.get("stopping", {})}
    what["masking"] |= changes.get("masking", {})
    whole["how"] = {"checkpoint_every": 5, "log_every": 2, **changes.get("how", {})}
    path = folder / "smoke-base.yaml"
    path.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    return path


def small_run(folder: Path, corpus: Path, **changes: dict[str, Any]) -> Run:
    """A run of ``small_recipe`` in a folder of its own, on a corpus that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(load(small_recipe(folder, **changes)), folder)
    if not run.corpus.exists():
        run.folder.mkdir(parents=True)
        run.corpus.symlink_to(corpus.resolve())
    return run


def last_state(run: Run) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors and what is said about them, of the newest checkpoint."""
    folder = max(run.checkpoints.glob("step-*"))
    about = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    return torch.load(folder / "state.pt", weights_only=True), about


def equal_states(one: Any, other: Any) -> bool:
    """Whether nested dictionaries hold the same tensors to the bit, and the same of the rest."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal_states(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):  # a file makes lists of tuples
        return len(one) == len(other) and all(map(equal_states, one, other))
    return bool(one == other)


def told(run: Run) -> list[dict[str, Any]]:
    """The lines of ``metrics.jsonl`` without what depends on the clock and the machine."""
    clock = ("seconds", "tokens_per_second", "tflops", "mfu", "memory_gib", "joules")
    return [{k: v for k, v in line.items() if k not in clock} for line in read(run.metrics)]
