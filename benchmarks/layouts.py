"""One step of MARBERTv2's shape in three layouts; ``benchmarks/training.py`` runs them.

Random weights, random pieces: neither decides the speed. All layouts share one model, train on the
same documents in each round and make two optimizer steps of it. transformers' side is its own
``Trainer`` with its own collator (15 % of the pieces, all logits), between the beginning and the
end of its loop: what it sets up before is not timed.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from masking import LONGEST, lengths
from tokenizers import Tokenizer, models
from transformers import (
    BertConfig,
    BertForMaskedLM,
    DataCollatorForLanguageModeling,
    PreTrainedTokenizerFast,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from train.batching import Special, Steps
from train.optimisation import Optimisation, accelerator
from train.options import Training
from train.recipe import How, Masking
from train.tokens import Tokens

UPDATES = 2
CLS, SEP, MASK, ORDINARY = 2, 3, 4, 5


@dataclass(frozen=True)
class Shape:
    """Of the model; MARBERTv2's by default."""

    layers: int = 12
    hidden: int = 768
    heads: int = 12
    vocabulary: int = 100_000

    def model(self) -> BertForMaskedLM:
        torch.manual_seed(1)
        return BertForMaskedLM(
            BertConfig(
                vocab_size=self.vocabulary, hidden_size=self.hidden,
                num_hidden_layers=self.layers, num_attention_heads=self.heads,
                intermediate_size=4 * self.hidden, max_position_embeddings=LONGEST,
                hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
            )
        )  # fmt: skip


def documents(count: int, vocabulary: int, seed: int) -> list[np.ndarray]:
    """Random pieces, without special tokens; lengths as in ``masking.lengths``."""
    generator = np.random.default_rng(seed)
    sizes = lengths(count, generator)
    return [generator.integers(ORDINARY, vocabulary, size).astype(np.int32) for size in sizes]


def tokens_of(pieces: Sequence[np.ndarray]) -> Tokens:
    """As ``train.tokens`` has them; a word is one or two pieces, 1.5 on average."""
    generator = np.random.default_rng(1)
    words = [np.cumsum(generator.random(len(p)) < 2 / 3).astype(np.int32) for p in pieces]
    offsets = np.cumsum([0, *map(len, pieces)])
    keys = np.arange(len(pieces), dtype=np.uint64)
    return Tokens(np.concatenate(pieces), np.concatenate(words), offsets, keys)


class Flat:
    """This project's own: unpadded, attention within documents, the head at masked places."""

    def __init__(
        self, model: BertForMaskedLM, shape: Shape, how: How, training: Training, masking: Masking
    ) -> None:
        self.model, self.shape, self.how = model, shape, how
        self.training, self.masking = training, masking
        processes = accelerator(how, Path(tempfile.gettempdir()))
        self.core = Optimisation(model, training, how, processes)
        self.kind = model.config._attn_implementation
        self.step = 0

    def steps(self, pieces: Sequence[np.ndarray]) -> Steps:
        ordinary = np.arange(ORDINARY, self.shape.vocabulary, dtype=np.int32)
        return Steps(
            [tokens_of(pieces)], Special(CLS, SEP, MASK, ordinary), self.masking,
            batch_size=self.training.batch_size, length=LONGEST,
            micro_batch=self.how.micro_batch, seed=1,
        )  # fmt: skip

    def round(self, pieces: Sequence[np.ndarray]) -> tuple[float, int]:
        """Seconds, and real pieces trained on."""
        self.model.set_attn_implementation(self.kind)
        start, seen = time.perf_counter(), 0
        steps = self.steps(pieces)
        for batches in steps.loader(0, steps.per_epoch, self.how.loader_workers):
            seen += self.core.update(self.step, batches).pieces
            self.step += 1
        synchronise()
        return time.perf_counter() - start, seen

    def blocks(self, count: int, length: int) -> Iterator[tuple[float, int, float]]:
        """Seconds, pieces and floating-point operations of ``count`` blocks of ``length`` steps in
        one training, after one more that warms up."""
        pieces = documents(
            self.training.batch_size * (count + 1) * length, self.shape.vocabulary, 1
        )
        steps = self.steps(pieces)
        loader = iter(steps.loader(0, steps.per_epoch, self.how.loader_workers))
        for number in range(count + 1):
            start, seen, work = time.perf_counter(), 0, 0.0
            for batches in itertools.islice(loader, length):
                update = self.core.update(self.step, batches)
                seen, work = seen + update.pieces, work + update.flops
                self.step += 1
            synchronise()
            if number:
                yield time.perf_counter() - start, seen, work
            elif torch.cuda.is_available():
                torch.cuda.reset_peak_memory_stats()


class _Clock(TrainerCallback):
    def __init__(self) -> None:
        self.began = self.seconds = 0.0

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        self.began = time.perf_counter()

    def on_train_end(self, *_: Any, **__: Any) -> None:
        synchronise()
        self.seconds = time.perf_counter() - self.began


class Rows:
    """transformers' ``Trainer``; ``grouped``: documents strung together and cut at 512 pieces, as
    run_mlm does by default; else a row a document, padded to the longest of its batch."""

    def __init__(self, model: BertForMaskedLM, shape: Shape, grouped: bool, precision: str) -> None:
        self.model, self.grouped, self.precision = model, grouped, precision
        self.collator = DataCollatorForLanguageModeling(_tokenizer(shape.vocabulary))
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
        self.folder = tempfile.TemporaryDirectory()
        self.kinds: set[torch.dtype] = set()
        model.cls.register_forward_hook(lambda _, __, logits: self.kinds.add(logits.dtype))

    def round(self, pieces: Sequence[np.ndarray]) -> tuple[float, int]:
        """Seconds, and real pieces trained on."""
        rows = [{"input_ids": [CLS, *p.tolist(), SEP]} for p in pieces]
        if self.grouped:
            whole = list(itertools.chain.from_iterable(row["input_ids"] for row in rows))
            cuts = range(0, len(whole) - LONGEST + 1, LONGEST)
            rows = [{"input_ids": whole[at : at + LONGEST]} for at in cuts]
        clock = _Clock()
        self.model.set_attn_implementation("sdpa")
        trainer = Trainer(
            self.model,
            TrainingArguments(
                self.folder.name, per_device_train_batch_size=-(-len(rows) // UPDATES),
                num_train_epochs=1, bf16=self.precision == "bf16", report_to=[],
                save_strategy="no", logging_strategy="no", disable_tqdm=True,
                use_cpu=not torch.cuda.is_available(),
            ),
            train_dataset=rows,
            data_collator=self.collator,
            optimizers=(self.optimizer, torch.optim.lr_scheduler.ConstantLR(self.optimizer, 1.0)),
            callbacks=[clock],
        )  # fmt: skip
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        # Each Trainer puts autocast around the model's forward: take it off again, with the mark
        # that would keep the next one from doing so.
        trainer.accelerator.unwrap_model(self.model, keep_fp32_wrapper=False)
        self.model.__dict__.pop("_is_accelerate_prepared", None)
        if self.kinds != {torch.bfloat16 if self.precision == "bf16" else torch.float32}:
            raise RuntimeError(f"logits in {self.kinds}: not the precision that is compared")
        return clock.seconds, sum(len(row["input_ids"]) for row in rows)


def _tokenizer(vocabulary: int) -> PreTrainedTokenizerFast:
    """A vocabulary of numbers: the collator needs its special ids and its size."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    names = special + [str(i) for i in range(len(special), vocabulary)]
    model = models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="[UNK]")
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(model), pad_token="[PAD]", unk_token="[UNK]",
        cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
    )  # fmt: skip


def synchronise() -> None:
    """Wait for a GPU to be done."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
