"""Steps of whole documents, masked and flat: what a process computes at a step, as data."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from train import domain
from train.masking import NO_WORD, combine, mask_words, starts
from train.options import Masking
from train.signals import ignore
from train.tokens import Tokens
from train.windows import Shuffled, Windows

#: A target of which cross-entropy takes no loss.
IGNORED = -100
#: First epochs of short windows and of a later training: such as no other reaches, for masks of
#: their own.
_SHORT, _LATER = 1 << 20, 1 << 21


@dataclass(frozen=True)
class Special:
    """The ids that masking and framing need."""

    cls: int
    sep: int
    mask: int
    replacements: NDArray[np.int32]


@dataclass(frozen=True)
class Batch:
    """Documents one after the other, [CLS] and [SEP] around each, no padding.

    ``ids``, ``positions``: (pieces,); ``bounds``: (documents + 1,) where each begins and ends;
    ``lengths``: the same as sizes, on the host; ``masked``: (n,) places of the loss; ``targets``:
    (n,) original ids there.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    bounds: torch.Tensor
    lengths: list[int]
    masked: torch.Tensor
    targets: torch.Tensor

    @property
    def pieces(self) -> int:
        """Word pieces that a loss is taken of."""
        return len(self.ids) if len(self.targets) else 0

    def to(self, device: torch.device) -> Batch:
        """The batch on another device."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> Batch:
        """In memory that a GPU can read by itself; torch's loader calls it."""
        return self._each(torch.Tensor.pin_memory)

    def _each(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Batch:
        return Batch(
            ids=change(self.ids),
            positions=change(self.positions),
            bounds=change(self.bounds),
            lengths=self.lengths,
            masked=change(self.masked),
            targets=change(self.targets),
        )


def rounded(batch: Batch) -> Batch:
    """The batch with one more document of ids 0, and targets that count for nothing, so that pieces
    and targets are multiples of 128 and 64: oneDNN writes machine code for every shape that it has
    not seen, which took a third of a step where no two steps have one shape."""
    pieces, targets = -len(batch.ids) % 128, -len(batch.targets) % 64
    end = batch.bounds[-1:] + pieces
    return Batch(
        ids=functional.pad(batch.ids, (0, pieces)),
        positions=functional.pad(batch.positions, (0, pieces)),
        bounds=torch.cat([batch.bounds, end]) if pieces else batch.bounds,
        lengths=[*batch.lengths, pieces] if pieces else batch.lengths,
        masked=functional.pad(batch.masked, (0, targets)),
        targets=functional.pad(batch.targets, (0, targets), value=IGNORED),
    )


def share_out(sizes: NDArray[np.int64], groups: int) -> list[list[int]]:
    """Items into ``groups`` of like total size, the largest first, each to the lightest group.

    Deterministic; the items of a group ascend. No group is empty if there are enough items.
    """
    heap = [(0, group) for group in range(groups)]
    found: list[list[int]] = [[] for _ in range(groups)]
    for item in np.argsort(-sizes, kind="stable").tolist():
        total, group = heapq.heappop(heap)
        found[group].append(item)
        heapq.heappush(heap, (total + int(sizes[item]), group))
    return [sorted(items) for items in found]


def micro_batches(
    sizes: NDArray[np.int64], budget: int, processes: int = 1
) -> list[list[list[int]]]:
    """For each process its micro-batches of items, none above ``budget`` in total size.

    Every process has the same number, since sharded models compute in step; with few items the
    last ones of a process may be empty.
    """
    count = max(1, -(-int(sizes.sum()) // (budget * processes)))
    while True:
        groups = share_out(sizes, count * processes)
        heaviest = max(int(sizes[group].sum()) for group in groups)
        if heaviest <= budget or count * processes >= len(sizes):
            # The empty ones are the last groups, and so the last of their process.
            return [groups[p::processes] for p in range(processes)]
        count += 1


def _per_epoch(drawn: Sequence[Shuffled]) -> int:
    """Steps in which the long windows and the short ones together hold the text once."""
    if not all(of.per_epoch for of in drawn):
        return 0
    return max(1, round(1 / sum(1 / of.per_epoch for of in drawn)))


class Steps(Dataset[list[Batch]]):
    """Item ``step``: this process's micro-batches of that step, a pure function of the seed."""

    def __init__(
        self,
        corpora: Sequence[Tokens],
        special: Special,
        masking: Masking,
        *,
        batch_size: int,
        length: int,
        micro_batch: int,
        seed: int,
        replay: float = 0.0,
        short: float = 0.0,
        short_length: int = 24,
        shares: Sequence[float] = (1.0, 1.0),
        trainings: int = 0,
        process: int = 0,
        processes: int = 1,
    ) -> None:
        """``corpora``: the training text and, for a ``replay`` above 0, that of the base;
        ``shares``: how much of the documents of each is read; ``trainings``: how many the model has
        behind it, whose masks are not drawn again."""
        self.special, self.masking = special, masking
        self.micro_batch, self.seed, self.first = micro_batch, seed, trainings * _LATER
        self.process, self.processes = process, processes
        self.windows = Windows(corpora, length, short_length if short else 0)
        self.sizes = self.windows.sizes
        ids = 1 + max(special.cls, special.sep, special.mask, int(special.replacements.max()))
        self.rates = domain.rates(corpora, ids, masking) if masking.domain else None
        again = min(batch_size - 1, max(1, round(replay * batch_size))) if replay else 0
        own = self._draw(0, batch_size - again, short, shares[0])
        self.drawn = [*own, *(self._draw(1, again, short, shares[1]) if again else [])]
        #: Windows a step, replayed ones included; and steps of an epoch of the training text.
        self.batch_size, self.per_epoch = sum(d.count for d in self.drawn), _per_epoch(own)

    def _draw(self, corpus: int, count: int, short: float, share: float) -> list[Shuffled]:
        """The windows of a corpus, ``count`` a step, and the short ones among them."""
        brief = min(count - 1, max(1, round(short * count))) if short else 0
        seed = [self.seed, corpus] if corpus else [self.seed]
        found = [Shuffled(self.windows.of(corpus, share), count - brief, seed, self.first)]
        if brief:
            windows = self.windows.of(corpus, share, short=True)
            found.append(Shuffled(windows, brief, [self.seed, corpus, 1], self.first + _SHORT))
        return found

    @property
    def mean_size(self) -> float:
        """Pieces of a window of a step."""
        whole = sum(d.count * self.sizes[d.windows].mean() for d in self.drawn)
        return float(whole) / self.batch_size

    def __getitem__(self, step: int) -> list[Batch]:
        epochs, members = self.members(step)
        groups = micro_batches(self.sizes[members], self.micro_batch, self.processes)
        own = groups[self.process]
        return [
            self.batch(members[group], epochs[group])
            if group
            else self._idle(members[own[0]], epochs[own[0]])
            for group in own
        ]

    def _idle(self, members: NDArray[np.int64], epochs: NDArray[np.int64]) -> Batch:
        """For a process that has fewer micro-batches than another: one without a loss."""
        shortest = [self.sizes[members].argmin()]
        batch = self.batch(members[shortest], epochs[shortest])
        none = torch.zeros(0, dtype=torch.long)
        return replace(batch, masked=none, targets=none)

    def members(self, step: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The windows of a step, and for each in which epoch of its text it is."""
        found = [drawn.at(step) for drawn in self.drawn]
        epochs = np.repeat([epoch for epoch, _ in found], [len(windows) for _, windows in found])
        return epochs, np.concatenate([windows for _, windows in found])

    def batch(self, members: NDArray[np.int64], epochs: NDArray[np.int64]) -> Batch:
        """Some windows as one flat batch, each masked for its epoch."""
        flat, sizes = self.windows.flat(members), self.sizes[members]
        bounds = np.concatenate([[0], np.cumsum(sizes)])
        first, last = bounds[:-1], bounds[1:] - 1
        ids = flat.ids
        ids[first], ids[last] = self.special.cls, self.special.sep
        words = flat.words if self.masking.unit == "word" else flat.places.astype(np.int32)
        words[first] = words[last] = NO_WORD
        out = mask_words(
            ids,
            words,
            np.repeat(combine(flat.keys, self.seed, epochs), sizes),
            replacements=self.special.replacements,
            mask_id=self.special.mask,
            config=self.masking,
            rates=self._rates(ids, words, np.repeat(self.windows.part[members], sizes)),
        )
        return Batch(
            ids=torch.from_numpy(out.ids.astype(np.int64)),
            positions=torch.from_numpy(flat.positions),
            bounds=torch.from_numpy(bounds.astype(np.int32)),
            lengths=sizes.tolist(),
            masked=torch.from_numpy(out.chosen),
            targets=torch.from_numpy(ids[out.chosen].astype(np.int64)),
        )

    def _rates(
        self, ids: NDArray[np.int32], words: NDArray[np.int32], part: NDArray[np.int64]
    ) -> NDArray[np.float64] | None:
        """How likely each piece's word is chosen, where that is not the same for all: a replayed
        text's are as likely as ever."""
        if self.rates is None:
            return None
        begins = np.maximum.accumulate(np.where(starts(words), np.arange(len(words)), 0))
        return np.where(part == 0, self.rates[ids[begins]], self.masking.rate)

    def loader(self, first: int, end: int, workers: int) -> DataLoader[list[Batch]]:
        """The steps from ``first`` to before ``end``, prepared ahead by ``workers`` processes."""
        return DataLoader(
            self,
            batch_size=None,
            sampler=range(first, end),
            num_workers=workers,
            prefetch_factor=4 if workers else None,
            pin_memory=torch.cuda.is_available(),
            worker_init_fn=ignore,
            # Its own, so that torch's is not drawn from.
            generator=torch.Generator().manual_seed(self.seed),
        )


def special_ids(tokenizer: Any) -> Special:
    """The special ids of a tokenizer, and every other id as a possible random replacement."""
    every = np.arange(len(tokenizer), dtype=np.int32)
    ordinary = np.setdiff1d(every, np.array(tokenizer.all_special_ids, np.int32))
    return Special(
        cls=tokenizer.cls_token_id,
        sep=tokenizer.sep_token_id,
        mask=tokenizer.mask_token_id,
        replacements=ordinary.astype(np.int32),
    )
