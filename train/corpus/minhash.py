"""The native loops of ``near_duplicates``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.corpus.hashing import Hashes, Offsets, compiled

Words32 = NDArray[np.uint32]
Sets = tuple[Any, Any, Any, Any]  # row [n], starts and counts [rows], hashes
Seen = tuple[Any, Any]  # keys [n, bands]; crowded [n, bands], whether that bucket was too large
Forest = tuple[Any, Any, Any]  # parent [n], pairs [n, 2], similarity [n]

_SEED = np.uint64(0x9E3779B97F4A7C15)
_FACTOR = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)


def family(count: int) -> tuple[Words32, Words32]:
    """``count`` permutations x -> a x + b modulo 2^32, a odd: both [count]."""
    random = np.random.PCG64(20).random_raw(2 * count).astype(np.uint32)  # the low halves
    return random[:count] | np.uint32(1), random[count:]


@compiled
def band_keys(
    shingles: Hashes, offsets: Offsets, factors: Words32, addends: Words32, keys: Hashes
) -> None:
    """Fill ``keys`` [n, bands]: each band's minima over a text's shingles, hashed to one number."""
    smallest = np.empty(len(factors), np.uint32)
    rows = len(factors) // keys.shape[1]
    for text in range(len(offsets) - 1):
        smallest[:] = np.uint32(0xFFFFFFFF)
        for i in range(offsets[text], offsets[text + 1]):
            x = np.uint32(shingles[i] >> _HALF)
            for j in range(len(factors)):
                smallest[j] = min(smallest[j], np.uint32(factors[j] * x + addends[j]))
        for band in range(keys.shape[1]):
            state = _SEED
            for j in range(band * rows, (band + 1) * rows):
                state = (state ^ np.uint64(smallest[j])) * _FACTOR
                state ^= state >> _HALF
            keys[text, band] = state


@compiled
def unique(
    grams: Hashes, offsets: Offsets, rows: Offsets, starts: Offsets, hashes: Hashes, counts: Offsets
) -> None:
    """Copy each text's sorted shingles without repetitions to ``hashes`` at ``starts[row]``."""
    for text in range(len(rows)):
        end = starts[rows[text]]
        for i in range(offsets[text], offsets[text + 1]):
            if i == offsets[text] or grams[i] != grams[i - 1]:
                hashes[end] = grams[i]
                end += 1
        counts[rows[text]] = end - starts[rows[text]]


@compiled
def _root(parent: Offsets, i: Any) -> Any:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@compiled
def unite(parent: Offsets, pairs: Offsets) -> None:
    """Join each pair [m, 2]; the smaller root stays the root."""
    for k in range(len(pairs)):
        a, b = _root(parent, pairs[k, 0]), _root(parent, pairs[k, 1])
        parent[max(a, b)] = min(a, b)


@compiled
def flatten(parent: Offsets) -> None:
    for i in range(len(parent)):
        parent[i] = _root(parent, i)


@compiled
def _similarity(sets: Sets, x: int, y: int, threshold: float) -> Any:
    """Jaccard similarity of two sets; 0 as soon as it is certain to be below ``threshold``."""
    row, starts, counts, hashes = sets
    i, j = starts[row[x]], starts[row[y]]
    end_i, end_j = i + counts[row[x]], j + counts[row[y]]
    both = end_i - i + end_j - j
    least = np.int64(threshold * both / (1 + threshold)) - 1  # rounded down, to be safe
    common = 0
    while i < end_i and j < end_j:
        if common + min(end_i - i, end_j - j) < least:
            return 0.0
        a, b = hashes[i], hashes[j]
        common += a == b
        i += a <= b
        j += b <= a
    return common / (both - common)


@compiled
def _join(
    x: int, y: int, band: int, seen: Seen, sets: Sets, threshold: float, forest: Forest, found: int
) -> int:
    """Join two texts if they are similar and not yet joined; return the pairs so far."""
    keys, crowded = seen
    parent, pairs, similarity = forest
    a, b = _root(parent, x), _root(parent, y)
    if a == b:
        return found
    for earlier in range(band):  # has a small bucket shown them before?
        if keys[x, earlier] == keys[y, earlier] and not crowded[x, earlier]:
            return found
    score = _similarity(sets, x, y, threshold)
    if score < threshold:
        return found
    parent[max(a, b)] = min(a, b)
    pairs[found, 0], pairs[found, 1], similarity[found] = min(x, y), max(x, y), score
    return found + 1


@compiled
def link_band(
    bucket: Hashes,
    mask: np.uint64,
    band: int,
    crowd: int,
    seen: Seen,
    sets: Sets,
    threshold: float,
    forest: Forest,
    found: int,
) -> int:
    """Compare within the buckets of one band, join what is similar, return the pairs so far."""
    row, _, counts, _ = sets
    members = (bucket & mask).astype(np.int64)
    start = 0
    while start < len(bucket):
        end = start + 1
        while end < len(bucket) and (bucket[end] & ~mask) == (bucket[start] & ~mask):
            end += 1
        group, reach = members[start:end], end - start
        large = reach > crowd
        if large:  # similar sets are of similar size
            group, reach = group[np.argsort(counts[row[group]], kind="mergesort")], crowd // 8
        for i in range(len(group)):
            seen[1][group[i], band] = large
            for k in range(1, min(reach, i) + 1):
                found = _join(group[i], group[i - k], band, seen, sets, threshold, forest, found)
        start = end
    return found


@compiled
def gather(members: Offsets, sets: Sets, mask: np.uint64, part: int, parts: int) -> Hashes:
    """The shingles of some texts as a bucket, unsorted: upper bits above the text's index. Only
    those of one of ``parts`` equal parts."""
    row, starts, counts, hashes = sets
    out = np.empty(counts[row[members]].sum(), np.uint64)
    found = 0
    for x in members:
        for i in range(starts[row[x]], starts[row[x]] + counts[row[x]]):
            if np.int64(hashes[i] & mask) % parts == part:
                out[found] = (hashes[i] & ~mask) | np.uint64(x)
                found += 1
    return out[:found].copy()
