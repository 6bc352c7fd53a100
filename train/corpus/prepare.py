"""What is done to each shard by itself: clean, judge, de-identify, tag, sketch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from datatrove.pipeline.base import PipelineStep

from train.corpus import decontaminate, shards
from train.corpus.clean import Clean
from train.corpus.document import Document
from train.corpus.ingest import BASE, EARLIER, EVALUATION, NEW, Index
from train.corpus.personal import PersonalData
from train.corpus.quality import Quality
from train.corpus.sketches import Sketches, sketch
from train.files import replace_file
from train.recipe import NearDuplicates, Recipe


def pipeline(recipe: Recipe, index: Index, raw: Path, out: Path) -> list[Any]:
    """The steps on one shard, in order, between reading and writing it."""
    corpus = recipe.what.corpus
    names = [(shard["file"], shard["role"]) for shard in index]
    steps = [Only((NEW, EARLIER, EVALUATION), names, Clean())]
    steps.append(Only((NEW,), names, Quality(corpus.quality)))
    if corpus.pii:
        steps.append(Only((NEW, EARLIER), names, PersonalData()))
    if corpus.evaluation_sets:
        # Indexed here: another machine's worker may not see the sets' files.
        key = decontaminate.prepare(recipe, out.parent)
        contamination = decontaminate.Contamination(recipe, out.parent, key)
        steps.append(Only((NEW, EARLIER, BASE), names, contamination))
    return [ReadShard(raw, names), *steps, WriteShard(out, names, corpus.near_duplicates)]


class ReadShard(PipelineStep):
    """Yields the documents of the task's shard."""

    type, name = "corpus", "read"

    def __init__(self, folder: Path, names: list[tuple[str, str]]) -> None:
        super().__init__()
        self.folder, self.names = folder, names

    def run(
        self, data: Iterable[Document] | None = None, rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        yield from shards.read(self.folder / self.names[rank][0])


class Only(PipelineStep):
    """Applies a step to shards of some roles; the others pass."""

    type = "corpus"

    def __init__(
        self, roles: tuple[str, ...], names: list[tuple[str, str]], step: PipelineStep
    ) -> None:
        super().__init__()
        self.roles, self.names, self.step = roles, names, step
        self.name = step.name

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        use = self.names[rank][1] in self.roles
        yield from self.step.run(data, rank, world_size) if use else data


class WriteShard(PipelineStep):
    """Writes the shard with what became of its documents, and the sketches of those still kept.

    The sketches come last: where they are, the shard is whole.
    """

    type, name = "corpus", "write"

    def __init__(
        self, folder: Path, names: list[tuple[str, str]], config: NearDuplicates | None
    ) -> None:
        super().__init__()
        self.folder, self.names, self.config = folder, names, config

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        documents = list(data)
        name, role = self.names[rank]
        if role != NEW:
            for document in documents:  # an earlier corpus is compared with, not judged
                document.reason = ""
        path = self.folder / name
        replace_file(path, lambda temporary: shards.write(temporary, documents))
        kept = np.array([i for i, d in enumerate(documents) if not d.reason], np.int64)
        found = sketch([compared(documents[i]) for i in kept], self.config)
        replace_file(path.with_suffix(".npz"), lambda temporary: _save(temporary, kept, found))
        yield from documents


def compared(document: Document) -> str:
    return document.compared or document.text


def _save(path: Path, rows: np.ndarray, found: Sketches) -> None:
    with path.open("wb") as out:  # a name would get another ending
        np.savez(out, rows=rows, keys=found.keys, exact=found.exact, words=found.words)
