"""Which items of evaluation sets a text repeats: whole items, runs of 13 words, runs of 8.

13-grams after Brown et al. (2020), 8-grams with the share of an item that they cover after Chung
et al. (2022) and Touvron et al. (2023). Words are those of ``hashing``: harakat, hamza seats, case
and punctuation hide no leak.

An 8-gram that stands in more than ``common`` different items of its set is boilerplate (the fixed
phrases of questions, greetings, verses, a retweeted headline): it proves nothing, neither in an
item's share nor in a 13-gram that has it. An item that stands in the text whole is found anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.corpus.hashing import (
    Hashes,
    Offsets,
    batch_ngrams,
    batch_word_hashes,
    exact_key,
    exact_keys,
    ngrams,
)

SHORT, LONG = 8, 13
EXACT, THIRTEEN, EIGHT = "exact", "13-gram", "8-gram"
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]
_BATCH = 2000  # texts hashed at once
_BYTE = np.uint64(40)  # shifts a hash to its top 24 bits


@dataclass
class Match:
    """``kind``: the strongest that holds. ``share``: of the item's 8-grams that the text has."""

    name: str
    item: str
    kind: str
    share: float


class Index:
    """Finds the items that a text repeats. Items of the same words in one set count once, under
    the first one's id.

    ``words``, ``offsets``: hashes of the items' words, one item after the other; ``common``: of
    each 8-gram of these, whether it is boilerplate. ``grams`` (sorted) and ``holders``: an 8-gram
    and an item that has it. ``bits``: a bit for each 27-bit prefix that occurs in ``grams``; it
    answers for nearly all 8-grams of nearly all texts. ``sums`` (sorted) and ``summed``: the sum
    of an item's hashes, which a text of the same words has too, and the item.
    """

    def __init__(self, arrays: dict[str, NDArray[Any]], names: Sequence[tuple[str, str]]) -> None:
        self.arrays, self.names = arrays, names
        self.words, self.offsets, self.common = (arrays[k] for k in ("words", "offsets", "common"))
        self.grams, self.holders = arrays["grams"], arrays["holders"]
        self.sums, self.summed = arrays["sums"], arrays["summed"]
        self.bits = np.zeros(1 << 24, np.uint8)
        np.bitwise_or.at(self.bits, self.grams >> _BYTE, _bit(self.grams))
        # 8-grams of the items before each one
        self._before = _ends(np.maximum(np.diff(self.offsets) - SHORT + 1, 0))

    @classmethod
    def build(
        cls, items: Sequence[tuple[str, str, str]], common: dict[str, int] | int = 10
    ) -> Index:
        """From (set, id, text) of each item; ``common``: one number for all sets or each one's."""
        words, offsets = _hash([text for *_, text in items])
        sets: dict[str, int] = {}
        numbers = np.array([sets.setdefault(name, len(sets)) for name, *_ in items], np.int64)
        chosen, lengths = _chosen(numbers, words, offsets), np.diff(offsets)
        words, offsets = words[np.repeat(chosen, lengths)], _ends(lengths[chosen])
        numbers = numbers[chosen]
        limits = [common if isinstance(common, int) else common[name] for name in sets]
        grams, starts = batch_ngrams(words, offsets, SHORT)
        holders = np.repeat(np.arange(len(numbers)), np.diff(starts))
        is_common, postings = _postings(grams, holders, numbers, np.array(limits or [0]))
        sums = np.add.reduceat(words, offsets[:-1]) if len(words) else words
        order = np.argsort(sums, kind="stable")
        arrays = {
            "words": words, "offsets": offsets, "common": is_common,
            "grams": postings[0], "holders": postings[1].astype(np.int32),
            "sums": sums[order], "summed": order.astype(np.int32),
        }  # fmt: skip
        return cls(arrays, [items[i][:2] for i in np.flatnonzero(chosen)])

    def matches(self, hashes: Hashes) -> list[Match]:
        """The items that a text repeats, from the hashes of its words; in the items' order."""
        found: set[int] = set()
        total, grams = np.add.reduce(hashes), ngrams(hashes, SHORT)
        likely = grams[self.bits[grams >> _BYTE] & _bit(grams) != 0]
        for held, items, wanted in (
            (self.sums, self.summed, np.array([total])),
            (self.grams, self.holders, likely),
        ):
            first = np.searchsorted(held, wanted)
            there = held.take(first, mode="clip") == wanted if len(held) else np.zeros(0, bool)
            if there.any():
                last = np.searchsorted(held, wanted[there], side="right")
                for i, j in set(zip(first[there].tolist(), last.tolist(), strict=True)):
                    found.update(items[i:j].tolist())
        if not found:
            return []
        long = ngrams(hashes, LONG)
        compared = (self._compare(item, hashes, grams, long) for item in sorted(found))
        return [match for match in compared if match]

    def _compare(self, item: int, hashes: Hashes, grams: Hashes, long: Hashes) -> Match | None:
        words = self.words[self.offsets[item] : self.offsets[item + 1]]
        own = ngrams(words, SHORT)
        counts = ~self.common[self._before[item] : self._before[item + 1]]
        held = np.isin(own, grams)
        share = float(held[counts].mean()) if counts.any() else float(held.all() and len(held) > 0)
        if _stands_in(words, own, hashes, grams):
            kind, share = EXACT, 1.0
        elif (np.isin(ngrams(words, LONG), long) & _all_of(counts, LONG - SHORT + 1)).any():
            kind = THIRTEEN
        elif held[counts].any():
            kind = EIGHT
        else:
            return None
        return Match(*self.names[item], kind, round(share, 4))


def _stands_in(words: Hashes, own: Hashes, hashes: Hashes, grams: Hashes) -> bool:
    """Whether an item is the text, or, from 8 words on, a run of words of it."""
    if len(words) == len(hashes) and np.array_equal(words, hashes):
        return True
    if not len(own):
        return False
    starts = np.flatnonzero(grams == own[0])
    return any(np.array_equal(hashes[i : i + len(words)], words) for i in starts)


def _all_of(flags: Flags, width: int) -> Flags:
    """Of each window of ``width`` flags whether all are set."""
    if len(flags) < width:
        return np.zeros(0, bool)
    windows: Flags = np.lib.stride_tricks.sliding_window_view(flags, width)
    return np.asarray(windows.all(axis=1))


def _hash(texts: Sequence[str]) -> tuple[Hashes, Offsets]:
    parts = [batch_word_hashes(texts[i : i + _BATCH]) for i in range(0, len(texts), _BATCH)]
    words = np.concatenate([np.zeros(0, np.uint64), *(hashes for hashes, _ in parts)])
    lengths = np.concatenate([np.zeros(0, np.int64), *(np.diff(o) for _, o in parts)])
    return words, _ends(lengths)


def _ends(lengths: Indices) -> Offsets:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])


def _bit(grams: Hashes) -> NDArray[np.uint8]:
    """Bits 24 to 26 of each hash, counted from its top, as one of the eight bits of a byte."""
    place = (grams >> np.uint64(37)) & np.uint64(7)
    bits: NDArray[np.uint8] = np.left_shift(np.uint8(1), place.astype(np.uint8))
    return bits


def _chosen(numbers: Indices, words: Hashes, offsets: Offsets) -> Flags:
    """The items that have words, each text once a set."""
    seen: set[tuple[int, bytes]] = {(n, exact_key("")) for n in np.unique(numbers).tolist()}
    chosen = np.zeros(len(numbers), bool)
    for item, key in enumerate(exact_keys(words, offsets)):
        text = (int(numbers[item]), key.tobytes())
        chosen[item] = text not in seen
        seen.add(text)
    return chosen


def _postings(
    grams: Hashes, holders: Indices, numbers: Indices, limits: Indices
) -> tuple[Flags, tuple[Hashes, Indices]]:
    """Which of ``grams`` are boilerplate in their set, and (gram, item) pairs to find items by:
    every other gram of an item, and of an item of boilerplate alone its first."""
    order = np.lexsort((holders, numbers[holders], grams))
    gram, item = grams[order], holders[order]
    number = numbers[item]
    new = np.r_[True, (gram[1:] != gram[:-1]) | (number[1:] != number[:-1])][: len(gram)]
    pair = new | np.r_[True, item[1:] != item[:-1]][: len(gram)]
    group = np.cumsum(new) - 1
    items_of_group = np.bincount(group[pair], minlength=0)
    is_common = np.zeros(len(grams), bool)
    is_common[order] = items_of_group[group] > limits[number] if len(gram) else False
    useful = np.bincount(holders[~is_common], minlength=len(numbers)) > 0
    first = np.r_[True, holders[1:] != holders[:-1]][: len(holders)]
    posted = (~is_common | (first & ~useful[holders]))[order] & pair
    return is_common, (gram[posted], item[posted])
