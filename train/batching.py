"""Windows of documents packed into rows; each document sees only itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from train.masking import mask_words
from train.recipe import Masking
from train.tokens import Tokens


@dataclass(frozen=True)
class Special:
    """The ids that masking and framing need."""

    cls: int
    sep: int
    mask: int
    pad: int
    replacements: NDArray[np.int32]


@dataclass(frozen=True)
class Batch:
    """``ids``, ``positions``: (rows, length); ``attention``: (rows, 1, length, length), True where
    two pieces are of one window; ``masked``: (n,) places in the flattened rows; ``targets``: (n,)
    original ids there. ``tokens`` counts real pieces, padding left out."""

    ids: torch.Tensor
    positions: torch.Tensor
    attention: torch.Tensor
    masked: torch.Tensor
    targets: torch.Tensor
    tokens: int

    def to(self, device: torch.device) -> Batch:
        """The batch on another device."""
        return Batch(
            ids=self.ids.to(device),
            positions=self.positions.to(device),
            attention=self.attention.to(device),
            masked=self.masked.to(device),
            targets=self.targets.to(device),
            tokens=self.tokens,
        )


def pack(lengths: NDArray[np.int64], capacity: int, open_rows: int = 64) -> list[list[int]]:
    """Put items of ``lengths`` into rows of ``capacity``: best fit among the rows still open.

    Deterministic; order within the result follows the order of the items.
    """
    rows: list[list[int]] = []
    free: NDArray[np.int64] = np.zeros(0, np.int64)
    members: list[list[int]] = []
    for item, length in enumerate(lengths):
        left = np.where(free >= length, free - length, capacity + 1)
        best = int(left.argmin()) if len(left) else -1
        if best >= 0 and left[best] <= capacity:
            members[best].append(item)
            free[best] -= length
            continue
        if len(members) == open_rows:
            fullest = int(free.argmin())
            rows.append(members.pop(fullest))
            free = np.delete(free, fullest)
        members.append([item])
        free = np.append(free, capacity - length)
    return rows + members


class Batches:
    """All batches of an endless training run: batch ``step`` is a pure function of the seed."""

    def __init__(
        self,
        tokens: Tokens,
        special: Special,
        masking: Masking,
        *,
        rows: int,
        length: int,
        seed: int,
    ) -> None:
        self.tokens, self.special, self.masking = tokens, special, masking
        self.rows, self.length, self.seed = rows, length, seed
        self.windows = tokens.windows(length - 2)

    def epoch(self, epoch: int, shuffle: bool = True) -> list[list[list[int]]]:
        """The windows of each row of each batch of one epoch. The last rows that do not fill a
        batch are left to the next epoch's shuffle (kept when ``shuffle`` is off)."""
        order: NDArray[np.int64] = np.arange(len(self.windows))
        if shuffle:
            order = np.random.default_rng([self.seed, epoch]).permutation(order)
        sizes = (self.windows[order, 2] - self.windows[order, 1]) + 2
        packed = [[int(order[i]) for i in row] for row in pack(sizes, self.length)]
        if shuffle:
            # Rows were closed fullest first: mix them, or the last batches hold only leftovers.
            again = np.random.default_rng([self.seed, epoch, 1]).permutation(len(packed))
            packed = [packed[i] for i in again]
        groups = [packed[i : i + self.rows] for i in range(0, len(packed), self.rows)]
        if shuffle and len(groups) > 1 and len(groups[-1]) < self.rows:
            groups.pop()
        return groups

    def stream(self, start: int = 0) -> Iterator[Batch]:
        """Batches from step ``start`` on, epoch after epoch."""
        epoch = step = 0
        while True:
            groups = self.epoch(epoch)
            for group in groups[max(0, start - step) :]:
                yield self.batch(group, epoch)
            step += len(groups)
            epoch += 1

    def batch(self, group: list[list[int]], epoch: int) -> Batch:
        """One batch from the windows of its rows, masked for ``epoch``."""
        shape = (len(group), self.length)
        ids = np.full(shape, self.special.pad, np.int32)
        target = np.zeros(shape, np.int32)
        chosen = np.zeros(shape, np.bool_)
        positions = np.zeros(shape, np.int64)
        segment = np.zeros(shape, np.int32)  # 0 is padding
        for row, windows in enumerate(group):
            at = 0
            for number, window in enumerate(windows, 1):
                pieces, masked, picked = self._window(window, epoch)
                span = slice(at, at + len(pieces))
                ids[row, span], target[row, span], chosen[row, span] = masked, pieces, picked
                positions[row, span] = np.arange(len(pieces))
                segment[row, span] = number
                at += len(pieces)
        same = segment[:, :, None] == segment[:, None, :]
        masked_at = np.flatnonzero(chosen)
        return Batch(
            ids=torch.from_numpy(ids.astype(np.int64)),
            positions=torch.from_numpy(positions),
            attention=torch.from_numpy(same[:, None]),
            masked=torch.from_numpy(masked_at),
            targets=torch.from_numpy(target.reshape(-1)[masked_at].astype(np.int64)),
            tokens=int((segment > 0).sum()),
        )

    def _window(
        self, window: int, epoch: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
        """Original ids, masked ids and chosen places of a window, [CLS] and [SEP] around."""
        document, start, end = (int(v) for v in self.windows[window])
        ids = np.asarray(self.tokens.ids[start:end])
        words = np.asarray(self.tokens.words[start:end])
        out = mask_words(
            ids,
            words,
            int(self.tokens.keys[document]),
            seed=self.seed,
            epoch=epoch,
            replacements=self.special.replacements,
            mask_id=self.special.mask,
            config=self.masking,
        )
        frame = (np.array([self.special.cls], np.int32), np.array([self.special.sep], np.int32))
        off = np.zeros(1, np.bool_)
        return (
            np.concatenate([frame[0], ids, frame[1]]),
            np.concatenate([frame[0], out.ids, frame[1]]),
            np.concatenate([off, out.chosen, off]),
        )


def special_ids(tokenizer: Any) -> Special:
    """The special ids of a tokenizer, and every other id as a possible random replacement."""
    every = np.arange(len(tokenizer), dtype=np.int32)
    ordinary = np.setdiff1d(every, np.array(tokenizer.all_special_ids, np.int32))
    return Special(
        cls=tokenizer.cls_token_id,
        sep=tokenizer.sep_token_id,
        mask=tokenizer.mask_token_id,
        pad=tokenizer.pad_token_id,
        replacements=ordinary.astype(np.int32),
    )
