"""train, dev and test by document family, stable when documents are added."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from train.corpus.document import Document, Step


def by_family(dev: float, test: float, seed: int) -> Step:
    """A family's side follows from its name and the seed alone."""

    def step(documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            if not document.reason:
                point = position(document.family, seed)
                document.split = (
                    "test" if point < test else "dev" if point < test + dev else "train"
                )
            yield document

    return step


def position(family: str, seed: int) -> float:
    """Place of a family in [0, 1)."""
    digest = hashlib.sha256(f"{seed}:{family}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
