"""Windows of tokenized documents: which ones a step holds, and their pieces one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.masking import uniform
from train.tokens import Tokens

#: Stream of the draw that takes a share of the documents (those of masks: ``train.masking``).
_DOCUMENT = 4


@dataclass(frozen=True)
class Flat:
    """Pieces of some windows, a place free before and after each window for [CLS] and [SEP].

    All (pieces,) but ``sizes`` and ``keys``, (windows,): ``ids``; ``words``, and ``places`` in the
    document, counted from its start; ``positions`` in the window; ``keys`` of the documents.
    """

    ids: NDArray[np.int32]
    words: NDArray[np.int32]
    places: NDArray[np.int64]
    positions: NDArray[np.int64]
    sizes: NDArray[np.int64]
    keys: NDArray[np.uint64]


class Windows:
    """The windows of one or more corpora, numbered through.

    ``table``: (windows, 3) document, first piece, end, each in its own corpus; ``part``: (windows,)
    which corpus; ``short``: (windows,) whether it is one of the short ones, into which each corpus
    is cut once more; ``sizes``: (windows,) pieces, [CLS] and [SEP] included.
    """

    def __init__(self, corpora: Sequence[Tokens], length: int, short_length: int = 0) -> None:
        """``length``, ``short_length`` (0: there are none): pieces of a window at most, [CLS] and
        [SEP] included."""
        lengths = [length, short_length] if short_length else [length]
        tables = [tokens.windows(most - 2) for most in lengths for tokens in corpora]
        self.corpora = corpora
        self.table = np.concatenate(tables)
        number = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
        self.part, self.short = number % len(corpora), number >= len(corpora)
        self.sizes = self.table[:, 2] - self.table[:, 1] + 2

    def of(self, corpus: int, share: float = 1.0, short: bool = False) -> NDArray[np.int64]:
        """The windows of one corpus, or of a share of its documents: of a smaller share those of a
        larger one are more."""
        own = np.flatnonzero((self.part == corpus) & (self.short == short))
        keys = self.corpora[corpus].keys[self.table[own, 0]]
        return own[uniform(keys, _DOCUMENT, np.zeros(len(own), np.int64)) < share]

    def flat(self, members: NDArray[np.int64]) -> Flat:
        """The pieces of some windows, in their order."""
        document, start, _ = self.table[members].T
        sizes, part = self.sizes[members], self.part[members]
        begin = np.cumsum(sizes) - sizes
        positions = np.arange(int(sizes.sum())) - np.repeat(begin, sizes)
        inside = (positions > 0) & (positions < np.repeat(sizes, sizes) - 1)
        # The places of [CLS] and [SEP] read the first piece; what stands there is set by others.
        source = np.repeat(start, sizes) + np.where(inside, positions - 1, 0)
        of_piece = np.repeat(part, sizes)
        ids, words = np.empty(len(source), np.int32), np.empty(len(source), np.int32)
        keys, offset = np.empty(len(members), np.uint64), np.empty(len(members), np.int64)
        for number, tokens in enumerate(self.corpora):
            pieces, windows = of_piece == number, part == number
            ids[pieces] = tokens.ids[source[pieces]]
            words[pieces] = tokens.words[source[pieces]]
            keys[windows] = tokens.keys[document[windows]]
            offset[windows] = tokens.offsets[document[windows]]
        places = source - np.repeat(offset, sizes)
        return Flat(ids, words, places, positions, sizes, keys)


class Shuffled:
    """Windows in an order that each epoch draws anew, ``count`` a step; epochs count from
    ``first``."""

    def __init__(
        self, windows: NDArray[np.int64], count: int, seed: Sequence[int], first: int = 0
    ) -> None:
        self.windows, self.seed, self.first = windows, list(seed), first
        self.count = min(count, len(windows))
        #: Steps of one epoch. The windows left over after the last are in the next one's shuffle.
        self.per_epoch = len(windows) // max(1, self.count)
        self._order: tuple[int, NDArray[np.int64]] = (-1, windows)

    def at(self, step: int) -> tuple[int, NDArray[np.int64]]:
        """The epoch of a step, and its windows."""
        epoch, at = divmod(step, self.per_epoch)
        if self._order[0] != epoch:
            generator = np.random.default_rng([*self.seed, epoch])
            self._order = (epoch, self.windows[generator.permutation(len(self.windows))])
        return self.first + epoch, self._order[1][at * self.count : (at + 1) * self.count]
