"""Sources → raw shards of equal size, so that the work on them can be shared out."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from train.corpus import decontaminate, shards, sources
from train.corpus.document import Document
from train.corpus.licences import Licence
from train.files import Run, StageError, replace_file, write_json
from train.recipe import Recipe

#: What the documents of a shard are for: to become the corpus; to be repeated by none of it; to
#: be absent from it.
NEW, EARLIER, EVALUATION = "new", "earlier", "evaluation"
#: An earlier corpus too, made by this stage: nothing is to be done to its documents any more.
BASE = "base"
Index = list[dict[str, Any]]


def ingest(run: Run, inputs: sources.Inputs, folder: Path) -> Index:
    """Write ``folder/00000.parquet`` …, and ``index.json`` last, which ends it.

    Earlier corpora come first: the first of two equal documents is the one that stays. Returns the
    index: file, role and number of documents of each shard. Raises ``SourceError``,
    ``LicenceError`` and, for one id on two documents, ``StageError``.
    """
    done = folder / "index.json"
    if done.exists():
        index: Index = json.loads(done.read_text(encoding="utf-8"))
        return index
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    index = []
    recipe, size = run.recipe, run.recipe.how.shard
    base = run.base()
    streams = (
        (BASE, _untagged(shards.read(base.documents)) if base else iter(())),
        (EARLIER, _sound(sources.earlier(inputs.earlier))),
        (EVALUATION, _sound(decontaminate.items(recipe))),
        (NEW, _checked(recipe, sources.read(inputs))),
    )
    for role, stream in streams:
        bar = tqdm(stream, desc=f"{recipe.name}: reading ({role})", unit=" documents", disable=None)
        for chunk in _chunks(bar, size):
            path = folder / f"{len(index):05d}.parquet"
            replace_file(path, partial(shards.write, documents=chunk))
            index.append({"file": path.name, "role": role, "documents": len(chunk)})
    write_json(done, index)
    return index


def _untagged(documents: Iterable[Document]) -> Iterator[Document]:
    """The base's documents without what was found in them for the base."""
    for document in documents:
        document.metadata = {}
        yield document


def _sound(documents: Iterable[Document]) -> Iterator[Document]:
    """Half a character (a lone surrogate) can neither be hashed nor stored."""
    for document in documents:
        try:
            document.text.encode()
        except UnicodeEncodeError:
            raise sources.SourceError(
                f"{document.source}, {document.id}: holds half a character (a lone surrogate)"
            ) from None
        yield document


def _checked(recipe: Recipe, documents: Iterable[Document]) -> Iterator[Document]:
    """Licences first, before any work is spent; one id for two documents is an error."""
    gate = Licence(recipe.what.corpus.purpose, recipe.what.corpus.licences)
    seen: set[bytes] = set()  # 8 bytes an id, not the id: a million of them stay small
    for document in documents:
        key = hashlib.blake2b(document.id.encode(), digest_size=8).digest()
        if key in seen:
            raise StageError(
                f"{recipe.path}: id {document.id} stands twice in the sources ({document.ref})"
            )
        seen.add(key)
        gate.apply(document)
        yield document


def _chunks(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    stream = iter(documents)
    while chunk := list(islice(stream, size)):
        yield chunk
