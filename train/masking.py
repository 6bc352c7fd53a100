"""Whole-word masks that are a pure function of (seed, epoch, document, word)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.recipe import Masking

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
# One stream of numbers for each decision, so that no two decisions share a draw.
_CHOOSE, _ACTION, _PIECE = (np.uint64(n) for n in (1, 2, 3))


@dataclass(frozen=True)
class Masked:
    """``ids``: (pieces,) after masking. ``chosen``: (pieces,) bool, where the loss is taken."""

    ids: NDArray[np.int32]
    chosen: NDArray[np.bool_]


def uniform(key: int, stream: int | np.uint64, index: NDArray[np.int64]) -> NDArray[np.float64]:
    """Numbers in [0, 1), one for each entry of ``index``: splitmix64 of (key, stream, index).

    The finaliser is that of Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators" (OOPSLA 2014).
    """
    with np.errstate(over="ignore"):
        state = _mix(_mix(np.uint64(key) + _GOLDEN) ^ np.uint64(stream))
        bits = _mix(state + index.astype(np.uint64) * _GOLDEN)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def mask_words(
    ids: NDArray[np.int32],
    words: NDArray[np.int32],
    document: int,
    *,
    seed: int,
    epoch: int,
    replacements: NDArray[np.int32],
    mask_id: int,
    config: Masking,
) -> Masked:
    """Mask whole words of one document, or of a window of it.

    ``ids`` and ``words``: (pieces,), a word's index counted from the start of its document;
    ``document``: 64-bit key of its id; ``replacements``: the non-special ids that random pieces
    are drawn from. All pieces of a chosen word share its fate: all [MASK], all random, all kept.
    """
    key = combine(document, seed, epoch)
    word = words.astype(np.int64)
    chosen = uniform(key, _CHOOSE, word) < config.rate
    action = uniform(key, _ACTION, word)
    masked = chosen & (action < config.mask)
    randomised = chosen & ~masked & (action < config.mask + config.random)
    # A piece is told from its neighbours by its place in the word, not in the window: a window
    # may begin anywhere in the document.
    draw = uniform(key, _PIECE, word * 4096 + _place_in_word(word))
    random_ids = replacements[(draw * len(replacements)).astype(np.int64)]
    out = np.where(masked, mask_id, np.where(randomised, random_ids, ids)).astype(np.int32)
    return Masked(out, chosen)


def combine(document: int, seed: int, epoch: int) -> int:
    """One 64-bit key from a document's key, a seed and an epoch."""
    with np.errstate(over="ignore"):
        state = _mix(np.uint64(document) ^ _mix(np.uint64(seed) + _GOLDEN))
        return int(_mix(state + (np.uint64(epoch) + np.uint64(1)) * _GOLDEN))


def _mix(z: NDArray[np.uint64] | np.uint64) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)), np.uint64)


def _place_in_word(word: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2 … within each run of equal values."""
    index = np.arange(len(word))
    starts = np.r_[True, word[1:] != word[:-1]] if len(word) else np.zeros(0, bool)
    return index - np.maximum.accumulate(np.where(starts, index, 0)) if len(word) else index
