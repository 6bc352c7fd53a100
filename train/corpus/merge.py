"""All shards together: duplicates, contamination, split, and the files that a person opens."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datatrove.pipeline.base import PipelineStep

from train.corpus import decontaminate, manifest, shards
from train.corpus.document import Document
from train.corpus.ingest import BASE, EARLIER, NEW, Index
from train.corpus.verdicts import Verdicts, judge
from train.files import Run, StageError, write_json
from train.recipe import Recipe

#: What of a document may be passed on where its text may not: enough to rebuild and to verify.
LEDGER = ("id", "hash", "source", "licence", "ref", "family", "split")


class Merge(PipelineStep):
    """The one task that sees every shard."""

    type, name = "corpus", "merge"

    def __init__(
        self, recipe: Recipe, runs: Path, index: Index, work: Path, made_from: dict[str, Any]
    ) -> None:
        super().__init__()
        self.recipe, self.runs, self.index = recipe, runs.absolute(), index
        self.work, self.made_from = work.absolute(), made_from

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        merge(Run(self.recipe, self.runs), self.index, self.work, self.made_from)
        yield from ()


def merge(run: Run, index: Index, work: Path, made_from: dict[str, Any]) -> None:
    """Write the corpus of a run; ``manifest.json`` last, which makes it whole."""
    start = time.monotonic()
    out = work / "out"
    out.mkdir(exist_ok=True)
    prepared = work / "prepared"
    verdicts = judge(run.recipe.what.corpus, index, prepared)
    verdicts.write_clusters(out / run.clusters.name)
    funnel, report = manifest.Funnel(), decontaminate.Report(run.recipe)
    _write(run, index, prepared, out, verdicts, funnel, report)
    if not funnel.total("train"):
        os.replace(out / run.excluded.name, run.excluded)  # to be looked at
        held = f"all {funnel.total('kept')} that are left were drawn for dev and test"
        why = held if funnel.total("kept") else f"{funnel.reasons()}; see {run.excluded}"
        raise StageError(f"{run.recipe.path}: no document is left to train on ({why})")
    report.write(out / run.contamination.name)
    for path in (run.documents, run.excluded, run.ledger, run.clusters, run.contamination):
        os.replace(out / path.name, path)
    seconds = json.loads((work / "seconds.json").read_text(encoding="utf-8"))
    seconds["merging"] = round(time.monotonic() - start, 1)
    write_json(run.manifest, manifest.manifest(run, made_from, funnel, report, seconds))


def _write(
    run: Run,
    index: Index,
    prepared: Path,
    out: Path,
    verdicts: Verdicts,
    funnel: manifest.Funnel,
    report: decontaminate.Report,
) -> None:
    """One pass over all shards, in order."""
    kept = tuple(c for c in shards.COLUMNS if c not in ("reason", "compared"))
    left = tuple(c for c in shards.COLUMNS if c not in ("family", "split", "compared"))
    with (
        shards.Writer(out / run.documents.name, kept) as documents,
        shards.Writer(out / run.excluded.name, left) as excluded,
        shards.Writer(out / run.ledger.name, LEDGER) as ledger,
    ):
        for number, shard in enumerate(index):
            stream = shards.read(prepared / shard["file"])
            for document in verdicts.apply(number, shard["role"], stream, run.recipe.what.corpus):
                report.add(document, EARLIER if shard["role"] == BASE else shard["role"])
                if shard["role"] != NEW:
                    continue
                funnel.add(document)
                if document.reason:
                    excluded.add(shards.row(document))
                    continue
                documents.add(shards.row(document))
                ledger.add({c: getattr(document, c) for c in LEDGER})
