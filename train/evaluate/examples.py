"""Encoded texts with their labels, as padded batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

_IGNORED = -100


@dataclass(frozen=True)
class Example:
    """``pieces``: one sequence with its special pieces, or one an option; ``label``: a class, the
    right option, or one tag a piece (−100: none)."""

    pieces: list[list[int]]
    label: int | list[int]
    types: list[list[int]] | None = None

    @property
    def longest(self) -> int:
        return max(map(len, self.pieces))


def order(examples: Sequence[Example], size: int, seed: int) -> Iterator[list[int]]:
    """Batches without end: shuffled anew each epoch, texts of like length together."""
    generator = np.random.default_rng(seed)
    while True:
        shuffled = generator.permutation(len(examples))
        batches = []
        for start in range(0, len(shuffled), 16 * size):
            part = sorted(
                shuffled[start : start + 16 * size].tolist(), key=lambda i: _kind(examples[i])
            )
            batches += list(_runs(examples, part, size))
        for i in generator.permutation(len(batches)):
            yield batches[i]


def _runs(examples: Sequence[Example], order: Sequence[int], size: int) -> Iterator[list[int]]:
    """Neighbours with as many options, at most ``size``."""
    batch: list[int] = []
    for i in order:
        if batch and (len(batch) == size or _options(examples[i]) != _options(examples[batch[0]])):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def batches(examples: Sequence[Example], budget: int) -> Iterator[list[int]]:
    """Texts of like length, at most ``budget`` word pieces with their padding."""
    batch: list[int] = []
    for i in sorted(range(len(examples)), key=lambda i: _kind(examples[i])):
        # From short to long: this one is the longest so far.
        full = (len(batch) + 1) * examples[i].longest * _options(examples[i]) > budget
        if batch and (full or _options(examples[i]) != _options(examples[batch[0]])):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _kind(example: Example) -> tuple[int, int]:
    return _options(example), example.longest


def _options(example: Example) -> int:
    return len(example.pieces)


def collate(
    examples: Sequence[Example], pad: int, device: torch.device, labels: bool
) -> dict[str, torch.Tensor]:
    """Padded tensors: (rows, pieces), or (rows, options, pieces) where there are options."""
    longest = max(e.longest for e in examples)
    rows = [row for e in examples for row in e.pieces]
    ids = np.full((len(rows), longest), pad)
    real, types = np.zeros_like(ids), np.zeros_like(ids)
    segments = [row for e in examples for row in (e.types or [[0] * len(p) for p in e.pieces])]
    for i, (row, segment) in enumerate(zip(rows, segments, strict=True)):
        ids[i, : len(row)], real[i, : len(row)], types[i, : len(row)] = row, 1, segment
    shape = (len(examples), -1, longest) if examples[0].types is not None else ids.shape
    batch = {"input_ids": ids, "attention_mask": real, "token_type_ids": types}
    found = {k: torch.from_numpy(v.reshape(shape)).to(device) for k, v in batch.items()}
    if labels:
        found["labels"] = torch.from_numpy(_labels(examples, longest)).to(device)
    return found


def _labels(examples: Sequence[Example], longest: int) -> NDArray[np.int64]:
    if isinstance(examples[0].label, int):
        return np.array([e.label for e in examples])
    out = np.full((len(examples), longest), _IGNORED)
    for row, e in enumerate(examples):
        assert isinstance(e.label, list)
        out[row, : len(e.label)] = e.label
    return out
