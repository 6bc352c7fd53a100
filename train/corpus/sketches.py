"""What is kept of a text to find its duplicates: MinHash band keys, an exact key, its length."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train.corpus import minhash
from train.corpus.hashing import Hashes, batch_ngrams, batch_word_hashes, exact_keys
from train.recipe import NearDuplicates

BLOCK = 2000  # texts hashed at once: their numbers fit the cache


@dataclass
class Sketches:
    """What remains of n texts: ``keys`` [n, bands], ``exact`` [n, 2], ``words`` [n]."""

    keys: Hashes
    exact: Hashes
    words: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.words)

    def save(self, path: Path) -> None:
        """Write an ``.npz`` that ``load`` reads."""
        with path.open("wb") as out:
            np.savez(out, keys=self.keys, exact=self.exact, words=self.words)

    @staticmethod
    def load(path: Path) -> Sketches:
        with np.load(path) as arrays:
            return Sketches(arrays["keys"], arrays["exact"], arrays["words"])

    @staticmethod
    def concatenate(parts: Sequence[Sketches]) -> Sketches:
        """The sketches of several shards, in their order."""
        return Sketches(
            np.concatenate([p.keys for p in parts]),
            np.concatenate([p.exact for p in parts]),
            np.concatenate([p.words for p in parts]),
        )


def sketch(texts: Sequence[str], config: NearDuplicates | None, threads: int = 1) -> Sketches:
    """Band keys, exact keys and word counts of some texts. Without ``config`` there are no bands,
    here and in ``merge``: only equal texts are found."""
    bands = config.bands if config else 0
    family = minhash.family(bands * config.rows if config else 0)

    def block(texts: Sequence[str]) -> Sketches:
        words, offsets = batch_word_hashes(texts)
        keys = np.zeros((len(texts), bands), np.uint64)
        if config:
            minhash.band_keys(*batch_ngrams(words, offsets, config.shingle, True), *family, keys)
        return Sketches(keys, exact_keys(words, offsets), np.diff(offsets).astype(np.int32))

    blocks = [texts[i : i + BLOCK] for i in range(0, len(texts), BLOCK)] or [[]]
    if threads == 1:
        return Sketches.concatenate([block(b) for b in blocks])
    with ThreadPoolExecutor(threads) as pool:
        return Sketches.concatenate(list(pool.map(block, blocks)))
