"""Texts as numbers, natively: 64-bit hashes of their words, of runs of words, and exact keys.

The words are those of the matching key, ``words(key(text))`` of ``viobert.text``: harakat,
tatweel, hamza seats, madda and case do not count, as a BERT with stripped accents cannot see them;
punctuation and space only separate. Digits count as they are written (500 is not 50, nor ٥٠٠).
Texts are taken to be in NFC, as ``clean`` leaves them; what Korean and Indic scripts write as
separate letters is not composed. Equal words have equal hashes on every machine; two different
ones share a 64-bit hash by chance only.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from viobert.text import key

Hashes = NDArray[np.uint64]
Offsets = NDArray[np.int64]
Points = NDArray[np.uint32]
Function = TypeVar("Function", bound=Callable[..., Any])

_BREAK, _SKIP = 0, 1  # values of the table that are no code points of a word
_CODE_POINTS = 0x110000  # larger values of the table point into the expansions
_LAST_LETTER = 0x32000  # planes 0 to 3; no letter lies beyond
_SELECTORS = (0xE0100, 0xE01F0)  # the one block of marks beyond
_MOST_WORDS = 4  # of one code point: U+FDFA is a sentence

_SEED = np.uint64(0x9E3779B97F4A7C15)
_FACTOR = np.uint64(0xD6E8FEB86659FD93)
_SEED2 = np.uint64(0xC2B2AE3D27D4EB4F)
_FACTOR2 = np.uint64(0xFF51AFD7ED558CCD)
_HALF = np.uint64(32)


def compiled(function: Function) -> Function:
    """Compile at the first call, without the GIL; later processes load it from numba's cache.

    numba keeps it in ``__pycache__``, or where that is read-only in the user's cache folder
    (``NUMBA_CACHE_DIR`` names another). Where neither can be written every process compiles anew.
    The cache knows the function's own file only: no kernel here calls one of another module.
    """
    try:
        return cast(Function, numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # "no locator available"
        return cast(Function, numba.njit(nogil=True)(function))


def word_hashes(text: str) -> Hashes:
    """One hash a word, in order."""
    return batch_word_hashes([text])[0]


def batch_word_hashes(texts: Sequence[str]) -> tuple[Hashes, Offsets]:
    """Hashes of all words, and offsets [n + 1]: text i has ``hashes[offsets[i]:offsets[i + 1]]``.

    Needs about 20 bytes a character while it runs: hand over some thousand texts at a time.
    """
    starts = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=starts[1:])
    # UTF-32: len() counts its units, so that one call encodes the batch.
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    table, expansions = _table()
    hashes = np.empty(_MOST_WORDS * len(points), np.uint64)  # pages not written cost nothing
    offsets = np.zeros(len(texts) + 1, np.int64)
    _walk(points, starts, table, expansions, hashes, offsets)
    return hashes[: offsets[-1]].copy(), offsets


def ngrams(hashes: Hashes, n: int) -> Hashes:
    """One hash for each run of ``n`` words, in order; none where there are fewer words."""
    return batch_ngrams(hashes, np.array([0, len(hashes)]), n)[0]


def batch_ngrams(
    hashes: Hashes, offsets: Offsets, n: int, short: bool = False
) -> tuple[Hashes, Offsets]:
    """``ngrams`` of each text, with offsets as above.

    ``short``: a text of fewer words, but at least one, has one n-gram of all its words.
    """
    if n < 1:
        raise ValueError(f"n-grams need at least one word, not {n}")
    lengths = np.diff(offsets)
    counts = np.maximum(lengths - (n - 1), np.minimum(lengths, 1) if short else 0)
    starts = np.zeros(len(offsets), np.int64)
    np.cumsum(counts, out=starts[1:])
    grams = np.empty(starts[-1], np.uint64)
    _combine(hashes, np.ascontiguousarray(offsets, np.int64), n, starts, grams)
    return grams, starts


def exact_key(text: str) -> bytes:
    """16 bytes, equal for texts of the same words in the same order; all texts without a word
    share one."""
    return exact_keys(*batch_word_hashes([text])).tobytes()


def exact_keys(hashes: Hashes, offsets: Offsets) -> Hashes:
    """``exact_key`` of each text as two numbers, [n, 2]."""
    keys = np.empty((len(offsets) - 1, 2), np.uint64)
    _fold(hashes, np.ascontiguousarray(offsets, np.int64), keys)
    return keys


@functools.cache
def _table() -> tuple[Points, Points]:
    """What to do with each code point: break, skip, or add this one to the word; and for those
    that stand for several, where these are listed (their number, then they)."""
    table = np.full(_SELECTORS[1], _BREAK, np.uint32)
    table[slice(*_SELECTORS)] = _SKIP
    expansions: list[int] = []
    # One call for all: line feeds keep them apart and break words themselves.
    folded = key("".join(f"{chr(c) if c != 10 else ' '}\n" for c in range(_LAST_LETTER)))
    for point, letters in enumerate(folded.split("\n")[:-1]):
        if not letters:
            table[point] = _SKIP
        elif len(letters) == 1:
            if letters.isalnum():
                table[point] = ord(letters)
        elif any(map(str.isalnum, letters)):
            table[point] = _CODE_POINTS + len(expansions)
            expansions.append(len(letters))
            expansions.extend(ord(c) if c.isalnum() else _BREAK for c in letters)
    return table, np.array(expansions, np.uint32)


@compiled
def _step(state: np.uint64, value: np.uint64) -> np.uint64:
    state = (state ^ value) * _FACTOR
    return state ^ (state >> _HALF)


@compiled
def _walk(
    points: Points,
    starts: Offsets,
    table: Points,
    expansions: Points,
    hashes: Hashes,
    offsets: Offsets,
) -> None:
    found = 0
    for text in range(len(starts) - 1):
        state = _SEED
        for i in range(starts[text], starts[text + 1]):
            value = table[points[i]] if points[i] < len(table) else np.uint32(_BREAK)
            if value == _SKIP:
                continue
            first, last = np.int64(0), np.int64(1)
            if value >= _CODE_POINTS:
                first = np.int64(value) - _CODE_POINTS + 1
                last = first + np.int64(expansions[first - 1])
            for j in range(first, last):
                letter = expansions[j] if value >= _CODE_POINTS else value
                if letter != _BREAK:
                    state = _step(state, np.uint64(letter))
                elif state != _SEED:
                    hashes[found] = _step(state, _SEED2)
                    found += 1
                    state = _SEED
        if state != _SEED:
            hashes[found] = _step(state, _SEED2)
            found += 1
        offsets[text + 1] = found


@compiled
def _combine(hashes: Hashes, offsets: Offsets, n: int, starts: Offsets, grams: Hashes) -> None:
    for text in range(len(offsets) - 1):
        words = min(n, offsets[text + 1] - offsets[text])
        for i in range(starts[text + 1] - starts[text]):
            state = _SEED
            for j in range(words):
                state = _step(state, hashes[offsets[text] + i + j])
            grams[starts[text] + i] = state


@compiled
def _fold(hashes: Hashes, offsets: Offsets, keys: Hashes) -> None:
    for text in range(len(offsets) - 1):
        first, second = _SEED, _SEED2
        for i in range(offsets[text], offsets[text + 1]):
            first = _step(first, hashes[i])
            second = (second ^ hashes[i]) * _FACTOR2
            second ^= second >> _HALF
        keys[text, 0], keys[text, 1] = first, second
