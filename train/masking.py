"""Masks of whole words (or pieces) that are a pure function of (seed, epoch, document, word)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.options import Masking

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
# One stream of numbers for each decision, so that no two decisions share a draw.
_CHOOSE, _ACTION, _PIECE = (np.uint64(n) for n in (1, 2, 3))
#: Of ``words``: a piece that belongs to no word, [CLS] and [SEP]. It is never chosen.
NO_WORD = -1


@dataclass(frozen=True)
class Masked:
    """``ids``: (pieces,) after masking. ``chosen``: (n,) places where the loss is taken."""

    ids: NDArray[np.int32]
    chosen: NDArray[np.int64]


def uniform(
    key: int | NDArray[np.uint64], stream: int | np.uint64, index: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Numbers in [0, 1), one for each entry of ``index``: splitmix64 of (key, stream, index).

    ``key``: one for all, or one for each entry. The finaliser is that of Steele, Lea and Flood,
    "Fast splittable pseudorandom number generators" (OOPSLA 2014).
    """
    with np.errstate(over="ignore"):
        state = _mix(_mix(np.asarray(key, np.uint64) + _GOLDEN) ^ np.uint64(stream))
        bits = _mix(state + index.astype(np.uint64) * _GOLDEN)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def mask_words(
    ids: NDArray[np.int32],
    words: NDArray[np.int32],
    keys: NDArray[np.uint64],
    *,
    replacements: NDArray[np.int32],
    mask_id: int,
    config: Masking,
    rates: NDArray[np.float64] | None = None,
) -> Masked:
    """Mask whole words of any number of documents, one after the other.

    ``ids`` and ``words``: (pieces,), a word's index counted from the start of its document,
    ``NO_WORD`` for special tokens, at least one of which stands between two documents; ``keys``:
    (pieces,) of ``combine``; ``replacements``: the non-special ids that random pieces are drawn
    from; ``rates``: (pieces,) how likely each one's word is chosen, else ``config.rate``. All
    pieces of a chosen word share its fate: all [MASK], all random, all kept.
    """
    word = words.astype(np.int64)
    rate = config.rate if rates is None else rates
    chosen = np.flatnonzero((uniform(keys, _CHOOSE, word) < rate) & (word != NO_WORD))
    action = uniform(keys[chosen], _ACTION, word[chosen])
    out = ids.astype(np.int32, copy=True)
    out[chosen[action < config.mask]] = mask_id
    drawn = chosen[(action >= config.mask) & (action < config.mask + config.random)]
    if len(drawn):
        # A piece is told from its neighbours by its place in the word, not in the window: a window
        # may begin anywhere in the document.
        place = word[drawn] * 4096 + _place_in_word(word)[drawn]
        draw = uniform(keys[drawn], _PIECE, place)
        out[drawn] = replacements[(draw * len(replacements)).astype(np.int64)]
    return Masked(out, chosen)


def starts(words: NDArray[np.int32] | NDArray[np.int64]) -> NDArray[np.bool_]:
    """(pieces,) whether each begins a run of equal values: a word."""
    return np.asarray(np.r_[True, words[1:] != words[:-1]], np.bool_)


def combine(
    document: int | NDArray[np.uint64], seed: int, epoch: int | NDArray[np.int64]
) -> NDArray[np.uint64]:
    """The 64-bit key of each document (its own key, a seed and its epoch), of the same shape."""
    with np.errstate(over="ignore"):
        state = _mix(np.asarray(document, np.uint64) ^ _mix(np.uint64(seed) + _GOLDEN))
        return _mix(state + (np.asarray(epoch, np.uint64) + np.uint64(1)) * _GOLDEN)


def _mix(z: NDArray[np.uint64] | np.uint64) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)), np.uint64)


def _place_in_word(word: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2 … within each run of equal values."""
    index = np.arange(len(word))
    return np.asarray(index - np.maximum.accumulate(np.where(starts(word), index, 0)), np.int64)
