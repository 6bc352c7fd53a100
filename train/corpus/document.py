"""A document, and what a step of the corpus does to a stream of them."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from datatrove.data import Document as DatatroveDocument
from datatrove.pipeline.base import PipelineStep


@dataclass(kw_only=True)
class Document(DatatroveDocument):
    """One text with its provenance. ``reason`` is empty while the document is kept.

    datatrove's own document besides, so its readers, filters and writers take one as it is.
    ``metadata`` holds what a source or a step adds: a specialisation, tags of quality.
    """

    source: str
    licence: str
    ref: str
    title: str = ""
    setting: str = ""
    family: str = ""
    split: str = ""
    reason: str = ""
    #: The text as others are compared with it, where that is not the stored one: without the names
    #: that the source's documents keep and others' do not.
    compared: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 of the text, 16 hex digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


class Step(PipelineStep):
    """datatrove's step contract: documents in, documents out, in order, in one pass.

    To drop a document a step fills in its ``reason`` and passes it on: what was left out is kept
    with its reason, and no later step looks at it.
    """

    type = "corpus"
    #: Whether the step is applied to documents that were dropped as well.
    dropped_too = False

    @property
    def name(self) -> str:
        return type(self).__name__

    @abstractmethod
    def apply(self, document: Document) -> None:
        """Change, tag or drop one document that is still kept."""

    def run(
        self, data: Iterable[Document] | None, rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        for document in data or ():
            kept = not document.reason
            if kept or self.dropped_too:
                self.apply(document)
            if kept and document.reason:
                self.stat_update("dropped")
            yield document
