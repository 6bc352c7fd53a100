"""The corpus stage: sources → documents, what was left out and why, manifest and data card.

sources → raw shards → (each by itself) prepared shards → merged. Every file is whole or absent, so
a run that was stopped at any moment goes on, and its output is that of an undisturbed one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from train.corpus import card, decontaminate, executor, merge, prepare, sources
from train.corpus.funnel import funnel
from train.corpus.ingest import Index, ingest
from train.corpus.made import read_manifest
from train.files import Run, StageError, file_hash, write_json

#: Raised when a step gives another result than before: corpora made by an earlier one are made
#: anew.
VERSION = 2
#: Fewer documents are done in this process before others would have started.
FEW = 2000


def build(run: Run, log: Any = print) -> None:
    """Build the corpus of a run (and of the run before it first, if there is one).

    Done work is kept: a manifest made from the same recipe and the same files ends it at once.
    Raises ``RecipeError`` and ``StageError``.
    """
    before = run.previous()
    if before:
        build(before, log)
        if not read_manifest(before):  # queued
            return
    inputs = sources.find(run.recipe, run.fetched)
    made_from = {
        "version": VERSION,
        "recipe": run.recipe.digest("corpus"),
        "inputs": _hashes(run, inputs),
    }
    made = read_manifest(run)
    if made and all(made.get(k) == v for k, v in made_from.items()):
        shown = (run.corpus / "README.md").exists() and (run.corpus / "funnel.html").exists()
        if list(run.corpus.glob("work-*")) or not shown:  # merged by a job, or stopped right after
            _finish(run, made, log)
        else:
            log(f"{run.recipe.name}: corpus is up to date ({run.documents})")
        return
    for note in run.corpus.glob("work-*/queued.json"):
        executor.refuse_while_queued(run.recipe.name, note)
    run.manifest.unlink(missing_ok=True)
    work = _work(run, made_from)
    start = time.monotonic()
    index = ingest(run, inputs, work / "raw")
    _note(work, "reading", start)
    _tasks(run, index, work, made_from)
    manifest = read_manifest(run)
    if not manifest:  # Slurm: the jobs are queued
        log(f"{run.recipe.name}: queued; the same command tells when the corpus is done")
        return
    _finish(run, manifest, log)


def _finish(run: Run, manifest: dict[str, Any], log: Any) -> None:
    card.write(run, manifest)
    for work in run.corpus.glob("work-*"):
        _remove(work)
    log(card.line(run, manifest))


def _tasks(run: Run, index: Index, work: Path, made_from: dict[str, Any]) -> None:
    """Each shard by itself, then all of them together, through the recipe's executor."""
    how, name, logs = run.recipe.how, run.recipe.name, work / "logs"
    if how.executor == "local" and not how.workers and sum(s["documents"] for s in index) < FEW:
        how = dataclasses.replace(how, workers=1)
    prepared = work / "prepared"
    prepared.mkdir(exist_ok=True)
    steps = prepare.pipeline(run.recipe, index, work / "raw", prepared)
    each = executor.executor(how, f"{name}-prepare", steps, len(index), logs / "prepare")
    whole = merge.Merge(run.recipe, run.runs, index, work, made_from)
    after = each if how.executor == "slurm" else None
    last = executor.executor(how, f"{name}-merge", [whole], 1, logs / "merge", after)
    if how.executor == "slurm":
        executor.submit(last, work / "queued.json")
        return
    start = time.monotonic()
    executor.run(each, f"{name}: preparing", logs / "prepare")
    _note(work, "preparing", start)
    executor.run(last, f"{name}: merging", logs / "merge")


def _work(run: Run, made_from: dict[str, Any]) -> Path:
    """The folder of what is half done. Its name tells what it is made from: a worker that outlived
    a killed run on other files cannot write into it."""
    key = json.dumps([made_from, run.recipe.how.shard], sort_keys=True)
    work = run.corpus.absolute() / f"work-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    for other in [*run.corpus.glob("work-*"), *run.corpus.glob("trash-*")]:
        if other.name != work.name:
            _remove(other)
    for left in run.corpus.glob("*.tmp"):  # a killed run's; the lock keeps others away
        left.unlink()
    work.mkdir(parents=True, exist_ok=True)
    return work


def _remove(folder: Path) -> None:
    """Out of the way first: a folder that is half removed must not be taken up again."""
    trash = folder.with_name(f"trash-{folder.name.partition('-')[2]}")
    if folder != trash:
        shutil.rmtree(trash, ignore_errors=True)
        folder.rename(trash)
    shutil.rmtree(trash, ignore_errors=True)


def _note(work: Path, phase: str, start: float) -> None:
    """Add the seconds since ``start`` to those that a phase took in runs that were stopped."""
    path = work / "seconds.json"
    seconds = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    seconds[phase] = round(seconds.get(phase, 0) + time.monotonic() - start, 1)
    write_json(path, seconds)


def _hashes(run: Run, inputs: sources.Inputs) -> list[dict[str, str]]:
    """What the corpus is made from: every file, and the base's documents."""
    listed = [
        (source.path or source.kind, path) for source, paths in inputs.sources for path in paths
    ]
    listed += [("earlier", path) for path in inputs.earlier]
    for named in run.recipe.what.corpus.evaluation_sets:
        listed += [(named.name, path) for path in decontaminate.files(run.recipe, named)]
    found = [{"source": s, "file": p.name, "sha256": file_hash(p)} for s, p in listed]
    base = run.base()
    if base:
        made = {"source": base.recipe.name, "file": base.documents.name}
        found.append({**made, "sha256": read_manifest(base)["content"]})
    return found


def card_again(run: Run, log: Any = print) -> None:
    """Write card and figure of a corpus that is there, and show its funnel; ``StageError`` if none
    is."""
    manifest = read_manifest(run)
    if not manifest:
        raise StageError(
            f"{run.recipe.name}: no corpus at {run.corpus}; run "
            f"python -m train corpus {run.recipe.path} first"
        )
    card.write(run, manifest)
    log(f"{funnel(manifest)}\n\n{card.line(run, manifest)}")


def verify(run: Run, ledger: Path, log: Any = print) -> None:
    """Build the corpus, then compare it with the ledger of another one, document by document.

    ``StageError`` counts what is missing, additional or different, and names the first of each.
    """
    theirs = _ledger(ledger)  # before the run's own, if it is that, is written anew
    outputs = read_manifest(run).get("outputs", {})
    if any(file_hash(run.corpus / name) != found for name, found in outputs.items()):
        run.manifest.unlink()  # somebody changed a file: make it again
    build(run, log)
    ours = _ledger(run.ledger)
    both = theirs.keys() & ours.keys()
    faults = (
        ("missing", theirs.keys() - ours.keys()),
        ("more", ours.keys() - theirs.keys()),
        ("with another text", {i for i in both if theirs[i][0] != ours[i][0]}),
        ("in another split", {i for i in both if theirs[i][1] != ours[i][1]}),
    )
    said = [f"{len(names)} {what} ({min(names)})" for what, names in faults if names]
    if said:
        raise StageError(f"{run.recipe.name}: not the corpus of {ledger}: {'; '.join(said)}")
    log(f"{run.recipe.name}: {len(ours)} documents, the same as in {ledger}")


def _ledger(path: Path) -> dict[str, tuple[str, str]]:
    if not path.exists():
        raise StageError(f"{path}: no such file")
    try:
        table = pq.read_table(path, columns=["id", "hash", "split"])
    except (OSError, ValueError, pa.ArrowException) as error:
        said = str(error).splitlines()[0]
        raise StageError(f"{path}: not a ledger ({said})") from error
    ids, hashes, splits = (column.to_pylist() for column in table.columns)
    return dict(zip(ids, zip(hashes, splits, strict=True), strict=True))
