"""The evaluate stage: base and adapted on the same hidden words, scores with paired intervals."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.corpus.build import read_documents
from train.corpus.document import Document
from train.evaluate.intrinsic import Outcomes, score
from train.evaluate.statistics import Bootstrap, Interval
from train.evaluate.words import windows
from train.files import Run, StageError, file_hash
from train.pretrain import base_name, finished
from viobert import checkpoints, scores
from viobert.checkpoints import Checkpoint
from viobert.scores import Score

METRICS = ("nats_per_word", "word_perplexity", "fill_mask_top1", "fill_mask_top5")


def evaluate(run: Run, log: Any = print) -> list[Score]:
    """Score a run's model, and its base, on the test documents; write ``scores.jsonl``.

    Raises ``StageError`` when the run is not trained or has no test document.
    """
    if not finished(run):
        raise StageError(
            f"{run.recipe.name}: no model of this recipe at {run.best}; run "
            f"python -m train pretrain {run.recipe.path} first"
        )
    documents = read_documents(run, "test")
    if not documents:
        raise StageError(f"{run.recipe.path}: no test document; raise what.corpus.test")
    config = run.recipe.what.evaluation
    loaded = [checkpoints.load(str(run.best))]
    names = [run.recipe.name]
    if run.recipe.what.base:
        base = run.base()
        loaded.insert(0, checkpoints.load(base_name(run)))
        names.insert(0, base.recipe.name if base else run.recipe.what.base)
    length = min([config.length, *(c.max_length for c in loaded)])
    found, left_out = windows(documents, [c.tokenizer for c in loaded], length, config.seed)
    outcomes = [
        score(c.model, c.tokenizer, found, m, config.folds, name)
        for m, (c, name) in enumerate(zip(loaded, names, strict=True))
    ]
    revisions = [_revision(c) for c in loaded]
    envelope = _envelope(run, documents, left_out, length)
    rows = _rows(documents, outcomes, names, revisions, config, envelope)
    scores.write(run.scores, rows)
    log(table(rows))
    return rows


def _rows(
    documents: Sequence[Document],
    outcomes: Sequence[Outcomes],
    names: Sequence[str],
    revisions: Sequence[str],
    config: Any,
    envelope: dict[str, Any],
) -> list[Score]:
    rows = []
    settings = sorted({d.setting for d in documents})
    for setting in (["all"] if len(settings) > 1 else []) + settings:
        members = [i for i, d in enumerate(documents) if setting in ("all", d.setting)]
        sums = [_sums(o, members) for o in outcomes]
        used = np.flatnonzero(sums[0]["words"] > 0)
        if not len(used):
            continue
        sums = [{k: v[used] for k, v in s.items()} for s in sums]
        bootstrap = Bootstrap(len(used), config.bootstrap, config.seed)
        common: dict[str, Any] = {
            "axis": "intrinsic",
            "task": "masked-language-modelling",
            "setting": setting,
            "seed": config.seed,
            "n": int(sums[0]["words"].sum()),
            "documents": len(used),
            "envelope": envelope,
        }
        for own, name, revision in zip(sums, names, revisions, strict=True):
            for metric in METRICS:
                rows.append(
                    Score(
                        **common,
                        model=name,
                        revision=revision,
                        metric=metric,
                        **vars(_value(bootstrap, metric, own)),
                    )
                )
        if len(sums) == 2:
            for metric in METRICS:
                rows.append(
                    Score(
                        **common,
                        model=names[1],
                        revision=revisions[1],
                        metric=metric,
                        against=f"{names[0]}@{revisions[0]}",
                        **vars(_gain(bootstrap, metric, *sums)),
                    )
                )
    return rows


def _sums(outcomes: Outcomes, members: Sequence[int]) -> dict[str, NDArray[np.float64]]:
    """Sums over the words of each member document: (members,) arrays."""
    size = max(members) + 1

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        whole = np.bincount(
            outcomes.document,
            weights=values,
            minlength=max(size, int(outcomes.document.max(initial=0)) + 1),
        )
        return np.asarray(whole[list(members)], float)

    return {
        "words": total(np.ones_like(outcomes.nll)),
        "nll": total(outcomes.nll),
        "top1": total(outcomes.top1),
        "top5": total(outcomes.top5),
    }


_COLUMN = {
    "nats_per_word": "nll",
    "word_perplexity": "nll",
    "fill_mask_top1": "top1",
    "fill_mask_top5": "top5",
}


def _value(bootstrap: Bootstrap, metric: str, own: dict[str, NDArray[np.float64]]) -> Interval:
    transform = np.exp if metric == "word_perplexity" else None
    return bootstrap.ratio(own[_COLUMN[metric]], own["words"], transform)


def _gain(
    bootstrap: Bootstrap,
    metric: str,
    base: dict[str, NDArray[np.float64]],
    own: dict[str, NDArray[np.float64]],
) -> Interval:
    """Paired difference, adapted less base; for perplexity the relative change (−0.5: halved)."""
    difference = own[_COLUMN[metric]] - base[_COLUMN[metric]]
    transform = np.expm1 if metric == "word_perplexity" else None
    return bootstrap.ratio(difference, own["words"], transform)


def _revision(checkpoint: Checkpoint) -> str:
    """A Hub revision, or a hash of the weights (in fp32) for a model that has none."""
    if checkpoint.revision:
        return checkpoint.revision
    digest = hashlib.sha256()
    for name, tensor in sorted(checkpoint.model.state_dict().items()):
        digest.update(name.encode() + tensor.float().cpu().numpy().tobytes())
    return digest.hexdigest()[:12]


def _envelope(
    run: Run, documents: Sequence[Document], left_out: int, length: int
) -> dict[str, Any]:
    import torch
    import transformers

    return {
        "recipe": run.recipe.digest(),
        "dataset": {
            "name": f"{run.recipe.name} test",
            "documents": len(documents),
            "hash": file_hash(run.documents)[:16],
        },
        "masking": f"{run.recipe.what.evaluation.folds} of 7 disjoint folds of whole words, "
        "all pieces [MASK]",
        "window": length,
        "words_left_out": left_out,
        "environment": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def table(rows: Sequence[Score]) -> str:
    """The scores as a table for a terminal."""
    lines = [f"{'setting':<16}{'model':<18}{'metric':<18}{'value':>10}   95 % interval"]
    for row in rows:
        sign = "+" if row.against else ""
        name = f"Δ {row.model}" if row.against else row.model
        numbers = (
            f"{row.value:>{sign}10.4f}   [{row.low:{sign}.4f}, {row.high:{sign}.4f}]"
            if row.metric != "word_perplexity" or row.against
            else f"{row.value:>10.1f}   [{row.low:.1f}, {row.high:.1f}]"
        )
        lines.append(
            f"{row.setting:<16}{name:<18}{row.metric:<18}{numbers}  "
            f"n={row.n} words, {row.documents} documents"
        )
    return "\n".join(lines)
