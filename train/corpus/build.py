"""The corpus stage: documents.parquet, excluded.parquet, manifest.json."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from train.corpus import clean, judge, sources, split
from train.corpus.document import Document, Step, kept
from train.files import Run, StageError, file_hash, replace_file, write_json

_KEPT = ["id", "text", "source", "licence", "ref", "title", "setting", "family", "split"]
_LEFT_OUT = ["id", "text", "source", "licence", "ref", "title", "reason"]


def build(run: Run, log: Any = print) -> None:
    """Build the corpus of a run (and of its base first, if that is a recipe).

    Done work is kept: a manifest made from the same recipe and the same files ends it at once.
    Raises ``RecipeError`` and ``StageError``.
    """
    base = run.base()
    if base:
        build(base, log)
    inputs = _inputs(run)
    made = read_manifest(run)
    if made and (made["recipe"], made["inputs"]) == (run.recipe.digest("corpus"), inputs):
        log(f"{run.recipe.name}: corpus is up to date ({run.documents})")
        return
    run.manifest.unlink(missing_ok=True)
    start = time.monotonic()
    keep, leave = _collect(run)
    if not any(d.split == "train" for d in keep):
        raise StageError(
            f"{run.recipe.path}: no document is left to train on "
            f"({_reasons(leave) or 'the sources are empty'})"
        )
    _check_ids(run, keep)
    replace_file(run.documents, lambda path: _write(path, keep, _KEPT))
    replace_file(run.excluded, lambda path: _write(path, leave, _LEFT_OUT))
    write_json(run.manifest, _manifest(run, inputs, keep, leave, time.monotonic() - start))
    counts = Counter(d.split for d in keep)
    log(
        f"{run.recipe.name}: {len(keep)} documents (train {counts['train']}, dev {counts['dev']}, "
        f"test {counts['test']}), {len(leave)} left out ({_reasons(leave)})"
    )


def steps(run: Run) -> list[Step]:
    """The steps of the corpus, in order."""
    corpus, base = run.recipe.what.corpus, run.base()
    return [
        kept(judge.licence(corpus.licences)),
        clean.step,
        kept(judge.quality(corpus.min_words, corpus.min_arabic)),
        kept(judge.exact_duplicate(_texts(base) if base else ())),
        split.by_family(corpus.dev, corpus.test, corpus.seed),
    ]


def read_manifest(run: Run) -> dict[str, Any]:
    """What the corpus on disk was made from and holds; empty when there is none that is whole."""
    if not all(path.exists() for path in (run.manifest, run.documents, run.excluded)):
        return {}
    manifest: dict[str, Any] = json.loads(run.manifest.read_text(encoding="utf-8"))
    return manifest if "content" in manifest else {}  # else of an earlier version


def _texts(run: Run) -> Iterator[str]:
    for batch in pq.ParquetFile(run.documents).iter_batches(1024, columns=["text"]):
        yield from batch.column("text").to_pylist()


def read_documents(run: Run, part: str) -> list[Document]:
    """The documents of one split; ``StageError`` when there is no corpus of this recipe."""
    if read_manifest(run).get("recipe") != run.recipe.digest("corpus"):
        raise StageError(
            f"{run.recipe.name}: no corpus of this recipe at {run.corpus}; run "
            f"python -m train corpus {run.recipe.path} first"
        )
    table = pq.read_table(run.documents, filters=[("split", "==", part)])
    return [Document(**row) for row in table.to_pylist()]


def _collect(run: Run) -> tuple[list[Document], list[Document]]:
    stream: Iterable[Document] = sources.read(run.recipe)
    for step in steps(run):
        stream = step(stream)
    keep: list[Document] = []
    leave: list[Document] = []
    for document in tqdm(stream, desc=f"{run.recipe.name}: corpus", unit=" documents"):
        (leave if document.reason else keep).append(document)
    return keep, leave


def _check_ids(run: Run, keep: list[Document]) -> None:
    for name, count in Counter(d.id for d in keep).most_common(1):
        if count > 1:
            raise StageError(f"{run.recipe.path}: id {name} stands {count} times in the sources")


def _inputs(run: Run) -> list[dict[str, str]]:
    """What the corpus is made from: each file of each source, and the base's documents."""
    found = [
        {"source": source.path, "file": path.name, "sha256": file_hash(path)}
        for source in run.recipe.what.corpus.sources
        for path in sources.files(run.recipe, source)
    ]
    base = run.base()
    if base:
        made = {"source": base.recipe.name, "file": base.documents.name}
        found.append({**made, "sha256": read_manifest(base)["content"]})
    return found


def _write(path: Path, documents: list[Document], columns: list[str]) -> None:
    rows = [dataclasses.asdict(d) for d in documents]
    table = pa.table({c: pa.array([r[c] for r in rows], pa.string()) for c in columns})
    pq.write_table(table, path, compression="zstd")


def _reasons(leave: list[Document]) -> str:
    counts = Counter(_kind(d.reason) for d in leave)
    return ", ".join(f"{reason} {n}" for reason, n in counts.most_common())


def _content(documents: list[Document]) -> str:
    """Hash of what the documents are, whatever version of parquet holds them."""
    digest = hashlib.sha256()
    for d in documents:
        digest.update(f"{d.id}\t{d.hash}\t{d.split}\t{d.setting}\t{d.family}\n".encode())
    return digest.hexdigest()


def _kind(reason: str) -> str:
    """A duplicate's reason names the other document: count it without the name."""
    return "duplicate" if reason.startswith("duplicate of ") else reason


def _manifest(
    run: Run,
    inputs: list[dict[str, str]],
    keep: list[Document],
    leave: list[Document],
    seconds: float,
) -> dict[str, Any]:
    funnel: dict[str, Any] = {}
    for document in keep + leave:
        source = funnel.setdefault(
            document.source,
            {"read": 0, "excluded": Counter(), "licences": Counter(), "characters": 0},
        )
        source["read"] += 1
        if document.reason:
            source["excluded"][_kind(document.reason)] += 1
        else:
            source["licences"][document.licence] += 1
            source["characters"] += len(document.text)
            source[document.split] = source.get(document.split, 0) + 1
    return {
        "recipe": run.recipe.digest("corpus"),
        "content": _content(keep),
        "inputs": inputs,
        "documents": len(keep),
        "excluded": len(leave),
        "sources": funnel,
        "outputs": {p.name: file_hash(p) for p in (run.documents, run.excluded)},
        "seconds": round(seconds, 1),
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
