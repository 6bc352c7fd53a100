"""train, dev and test by document family, stable when documents are added."""

from __future__ import annotations

import hashlib

from train.recipe import Corpus

#: Begins the names of families that are never held out.
TRAIN_ONLY = "train only:"


def side(family: str, corpus: Corpus) -> str:
    """train, dev or test: follows from the family's name and the seed alone."""
    if family.startswith(TRAIN_ONLY):
        return "train"
    point = position(family, corpus.seed)
    if point < corpus.test:
        return "test"
    return "dev" if point < corpus.test + corpus.dev else "train"


def position(family: str, seed: int) -> float:
    """Place of a family in [0, 1)."""
    digest = hashlib.sha256(f"{seed}:{family}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
