"""Exact and near duplicates: MinHash to find pairs, exact Jaccard similarity to accept them.

Three steps, so that texts are read twice but never held: ``sketch`` each shard (180 bytes a text
remain); ask ``candidates`` which texts share a band with another; shingle those again, shard
by shard, into ``Shingles`` (8 bytes a word); ``link``. ``merge`` does the last three.

Texts are equal when their words are (``hashing``), near-duplicates when the sets of their
shingles, runs of ``config.shingle`` words, have a Jaccard similarity of ``config.threshold`` or
more; a text that is shorter than a shingle is one shingle, a text without a word resembles none.
A cluster is a connected component of such pairs. MinHash after Broder (1997), banding after
Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, §3.4: a pair of similarity s meets with
probability 1 - (1 - s^rows)^bands, 0.998 for s = 0.8 in 20 bands of 6.

What is compared: equal texts only by their first. In a bucket (texts that share a band's key) of
up to ``CROWD`` texts every pair that is not yet in one cluster, once in all bands. In a larger one
each text meets ``CROWD`` / 8 of about its own length, so that work grows with the corpus, not with
its square; and texts from such buckets meet again when they share a shingle that at most ``RARE``
of them have, which is what sets twins apart in a crowd that repeats one boilerplate. A pair of a
crowd is missed only if it has neither in common and no chain of others connects it. Similarity
counts 64-bit hashes, not strings. The result depends on the order of the texts alone, not on
shards or threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from train.corpus import minhash
from train.corpus.hashing import Hashes, batch_ngrams, batch_word_hashes
from train.corpus.sketches import BLOCK, Sketches, sketch
from train.recipe import NearDuplicates

Indices = NDArray[np.int64]
CROWD = 128
RARE = 16
_SORTED = 1 << 24  # shingles of a crowd that are sorted at once


@dataclass
class Clusters:
    """``labels`` [n]: the smallest index of each text's cluster, its own if it has no duplicate.

    ``pairs`` [m, 2]: the accepted pairs that join each cluster, one fewer than it has texts, with
    the ``similarity`` [m] of each. ``first_equal`` [n]: the first text of the same words.
    """

    labels: Indices
    first_equal: Indices
    pairs: Indices
    similarity: NDArray[np.float32]


def equal_texts(sketches: Sketches) -> Indices:
    """[n]: index of the first text of the same words; texts without a word are on their own."""
    first = np.arange(len(sketches))
    some = np.flatnonzero(sketches.words > 0)
    exact = sketches.exact[some]
    order = np.lexsort((exact[:, 1], exact[:, 0]))  # stable: indices ascend within equal keys
    new = np.ones(len(some), bool)
    new[1:] = (exact[order[1:]] != exact[order[:-1]]).any(axis=1)
    first[some[order]] = some[order[new]][np.cumsum(new) - 1]
    return first


def candidates(sketches: Sketches, first_equal: Indices) -> Indices:
    """Texts that share a band's key with another one of other words, ascending."""
    found = np.zeros(len(sketches), bool)
    for _, bucket, mask in _buckets(sketches, first_equal):
        found[(bucket & mask).astype(np.int64)] = True
    return np.flatnonzero(found)


class Shingles:
    """Shingle sets of chosen texts: sorted 64-bit hashes, row after row."""

    def __init__(self, chosen: Indices, sketches: Sketches, size: int) -> None:
        self.size = size  # words a shingle
        self.words = sketches.words
        self.row = np.full(len(sketches), -1, np.int64)
        self.row[chosen] = np.arange(len(chosen))
        most = np.maximum(sketches.words[chosen].astype(np.int64) - (self.size - 1), 1)
        self.starts = np.concatenate(([0], np.cumsum(most)))
        self.counts = np.zeros(len(chosen), np.int64)
        self.hashes = np.empty(self.starts[-1], np.uint64)

    def add(self, indices: Indices, texts: Sequence[str]) -> None:
        """Shingle these texts; ``indices`` as in the sketches. Others than chosen ones may come."""
        wanted = np.flatnonzero(self.row[indices] >= 0)
        for i in range(0, len(wanted), BLOCK):
            part = wanted[i : i + BLOCK]
            words, offsets = batch_word_hashes([texts[j] for j in part])
            changed = np.flatnonzero(np.diff(offsets) != self.words[indices[part]])
            if len(changed):
                raise ValueError(
                    f"text {indices[part[changed[0]]]} is not the one that was sketched: "
                    "sketch its shard again"
                )
            grams, starts = batch_ngrams(words, offsets, self.size, True)
            for start, end in zip(starts[:-1], starts[1:], strict=True):
                grams[start:end].sort()
            rows = self.row[indices[part]]
            minhash.unique(grams, starts, rows, self.starts, self.hashes, self.counts)


def link(
    sketches: Sketches, first_equal: Indices, shingles: Shingles, threshold: float
) -> Clusters:
    """Clusters of exact and near duplicates; ``shingles`` must hold all ``candidates``."""
    if (shingles.counts == 0).any():
        missing = np.flatnonzero(shingles.row >= 0)[shingles.counts == 0][0]
        raise ValueError(f"text {missing} was never added to the shingles")
    total, bands = sketches.keys.shape
    parent = first_equal.copy()
    pairs, similarity = np.empty((total, 2), np.int64), np.empty(total, np.float32)
    copies = np.flatnonzero(first_equal != np.arange(total))
    found = len(copies)
    pairs[:found, 0], pairs[:found, 1], similarity[:found] = first_equal[copies], copies, 1
    seen = (sketches.keys, np.zeros((total, bands + 1), bool))
    forest = (parent, pairs, similarity)
    sets = (shingles.row, shingles.starts, shingles.counts, shingles.hashes)
    for band, bucket, mask in chain(
        _buckets(sketches, first_equal), _rare(seen[1], sets, _mask(total))
    ):
        found = minhash.link_band(bucket, mask, band, CROWD, seen, sets, threshold, forest, found)
    minhash.flatten(parent)
    return Clusters(parent, first_equal, pairs[:found].copy(), similarity[:found].copy())


def merge(
    sketches: Sketches,
    texts_of: Callable[[Indices], Iterable[tuple[Indices, Sequence[str]]]],
    config: NearDuplicates | None,
) -> Clusters:
    """Clusters of all sketched texts.

    ``texts_of`` gets the indices (ascending) whose texts are needed and yields them back in parts
    of any size and order, say one a shard: ``(indices, texts)``. A part may hold others too.
    """
    first_equal = equal_texts(sketches)
    chosen = candidates(sketches, first_equal)
    shingles = Shingles(chosen, sketches, config.shingle if config else 1)
    for indices, texts in texts_of(chosen) if len(chosen) else ():
        shingles.add(indices, texts)
    return link(sketches, first_equal, shingles, config.threshold if config else 1)


def near_duplicates(
    texts: Sequence[str], config: NearDuplicates | None, threads: int = 1
) -> Clusters:
    """Clusters of texts that are in memory."""
    sketches = sketch(texts, config, threads)
    return merge(sketches, lambda some: [(some, [texts[i] for i in some])], config)


def clusters(n: int, pairs: Indices) -> Indices:
    """[n]: smallest index of the component to which ``pairs`` [m, 2] join each of ``n``."""
    parent = np.arange(n)
    minhash.unite(parent, np.ascontiguousarray(pairs, np.int64))
    minhash.flatten(parent)
    return parent


def _mask(total: int) -> np.uint64:
    """Where an index lies in an entry of a bucket: a hash's upper bits are above it."""
    return np.uint64((1 << total.bit_length()) - 1)


def _buckets(sketches: Sketches, first_equal: Indices) -> Iterator[tuple[int, Hashes, np.uint64]]:
    """For each band its texts, entries of buckets of at least two, sorted, and ``_mask``."""
    own = (first_equal == np.arange(len(sketches))) & (sketches.words > 0)
    alone = np.flatnonzero(own)
    mask = _mask(len(sketches))
    for band in range(sketches.keys.shape[1]):
        entries = (sketches.keys[alone, band] & ~mask) | alone.astype(np.uint64)
        yield band, _shared(entries, mask, len(sketches)), mask


def _rare(
    crowded: NDArray[np.bool_], sets: minhash.Sets, mask: np.uint64
) -> Iterator[tuple[int, Hashes, np.uint64]]:
    """As buckets of one more band: texts of a crowd that share a shingle which is rare in it.

    ``crowded`` is read when the bands are done."""
    members = np.flatnonzero(crowded.any(axis=1))
    row, _, counts, _ = sets
    parts = 1 + int(counts[row[members]].sum()) // _SORTED
    for part in range(parts if len(members) else 0):
        entries = minhash.gather(members, sets, mask, part, parts)
        yield crowded.shape[1] - 1, _shared(entries, mask, RARE), mask


def _shared(entries: Hashes, mask: np.uint64, most: int) -> Hashes:
    """The entries, sorted, whose hash has from two to ``most``. A hash's upper bits may bring
    strangers together; verification parts them."""
    entries.sort()
    if not len(entries):
        return entries
    edges = np.flatnonzero((entries[1:] ^ entries[:-1]) > mask) + 1
    sizes = np.diff(edges, prepend=0, append=len(entries))
    return entries[np.repeat((sizes > 1) & (sizes <= most), sizes)]
