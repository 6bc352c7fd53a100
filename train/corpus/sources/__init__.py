"""Where documents come from, one small file each.

A source of the network is fetched first, into files that are whole or absent, and then read like
local ones. So every source is two functions at most, listed in ``KINDS``:

``fetch(source, folder, recipe) -> list[Path]``
    Makes sure that what the source names lies in ``folder`` (which belongs to this source alone),
    going on where an earlier call stopped, and returns the files in a stable order.
``read(path, source) -> Iterator[Document]``
    Yields the documents of one file, in its order; ``SourceError`` names file and row.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from train.corpus.document import Document
from train.corpus.sources import ahd, dump, local, shifaa, tables, who, wikipedia
from train.corpus.sources.errors import SourceError
from train.corpus.split import TRAIN_ONLY
from train.recipe import Recipe, Source

__all__ = ["Inputs", "SourceError", "earlier", "find", "read"]

#: What the corpus stage itself notes in a document's metadata.
TAGS = ("contamination", "contamination_more", "names", "pii", "quality")

Fetch = Callable[[Source, Path, Recipe], list[Path]]
Read = Callable[[Path, Source], Iterator[Document]]

KINDS: dict[str, tuple[Fetch, Read]] = {
    "files": (local.fetch, local.read),
    "ahd": (ahd.fetch, ahd.read),
    "shifaa": (shifaa.fetch, shifaa.read),
    "wikipedia": (wikipedia.fetch, local.read),
    "wikipedia-dump": (local.fetch, dump.read),
    "who": (who.fetch, local.read),
}


@dataclasses.dataclass
class Inputs:
    """The files that a corpus is made from: of each source in the recipe's order, and of earlier
    corpora that it must not repeat."""

    sources: list[tuple[Source, list[Path]]]
    earlier: list[Path]


def find(recipe: Recipe, fetched: Path) -> Inputs:
    """All files of a recipe's sources, fetched into folders below ``fetched`` where need be."""
    corpus = recipe.what.corpus
    found = []
    for source in corpus.sources:
        fetch, _ = KINDS[source.kind]
        found.append((source, fetch(source, fetched / _folder(source), recipe)))
    paths = [p for path in corpus.earlier for p in local.files(recipe, Source(path=path))]
    return Inputs(found, paths)


def read(inputs: Inputs) -> Iterator[Document]:
    """All documents, in the order of the recipe, then of file and row."""
    for source, paths in inputs.sources:
        _, reader = KINDS[source.kind]
        documents = (document for path in paths for document in reader(path, source))
        found = 0
        for document in islice(documents, source.limit or None):
            found += 1
            for name in TAGS:  # another corpus's verdicts are none on this one
                document.metadata.pop(name, None)
            if source.names == "keep":
                document.metadata["names"] = "keep"
            if source.train_only:
                document.family = TRAIN_ONLY + document.family
            yield document
        if not found:
            where = source.path or source.url or source.dataset
            raise SourceError(
                f"{where}: no document" + (f" where {source.where}" if source.where else "")
            )


def earlier(paths: list[Path]) -> Iterator[Document]:
    """The texts of earlier corpora: files of any kind with a column ``text``."""
    for path in paths:
        for row, values in tables.rows(path):
            name, text = values.get("id") or f"{path.name}, row {row}", values.get("text")
            if not isinstance(text, str):
                raise SourceError(f"{path}, row {row}: column text is missing or not text")
            yield Document(id=str(name), text=text, source=path.name, licence="", ref="")


def _folder(source: Source) -> str:
    """A name that changes with whatever decides what is fetched."""
    decides = {f: getattr(source, f) for f in ("url", "dataset", "categories", "depth", "limit")}
    decides |= {"path": source.path, "licence": source.licence}
    digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:8]
    return f"{source.kind}-{digest}"
