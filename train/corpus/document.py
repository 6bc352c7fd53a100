"""A document, and what a step of the corpus does to a stream of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass
class Document:
    """One text with its provenance. ``reason`` is empty while the document is kept."""

    id: str
    text: str
    source: str
    licence: str
    ref: str
    title: str = ""
    setting: str = ""
    family: str = ""
    split: str = ""
    reason: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 of the text, 16 hex digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


#: A step passes every document on, in order; to drop one it fills in its ``reason``.
Step = Callable[[Iterable[Document]], Iterator[Document]]


def kept(judge: Callable[[Document], str]) -> Step:
    """A step from a function that returns the reason to drop a document, or ``""``."""

    def step(documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            if not document.reason:
                document.reason = judge(document)
            yield document

    return step
