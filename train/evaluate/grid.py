"""The grid: which cells a recipe has, which are still to be done, and doing them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from train.evaluate.axes import Cell, Context, Found, registry
from train.evaluate.board import Board
from train.evaluate.outcomes import Store
from train.evaluate.workers import Job, Result, primary, run
from train.files import StageError

#: What a cell may be chosen by.
FIELDS = ("axis", "task", "setting", "model", "seed")
#: Cells of one axis take about this long, relative to each other; the longest begin.
_WEIGHT = {"mcq": 8, "intrinsic": 6, "zero-shot": 5, "left-to-right": 5, "probing": 4, "ner": 3}


def cells(context: Context) -> list[Cell]:
    """All cells of a recipe, in the order of the axes."""
    seeds: Sequence[int] = context.config.seeds
    return [
        Cell(axis.name, task, setting, subject.name, seed)
        for axis in registry().values()
        for task, setting in axis.settings(context.run)
        for subject in context.subjects
        for seed in (seeds if axis.seeded else [None])
    ]


def choose(every: Sequence[Cell], only: str) -> list[Cell]:
    """The cells that ``axis=ner,seed=42`` names; several values of a field are joined by ``|``.

    ``StageError`` for a field or a value that no cell has.
    """
    wanted: dict[str, set[str]] = {}
    for part in filter(None, (p.strip() for p in only.split(","))):
        field, equals, values = part.partition("=")
        if not equals or field.strip() not in FIELDS:
            raise StageError(f"--only {part}: {' or '.join(FIELDS)}=VALUE is needed")
        wanted[field.strip()] = {value.strip() for value in values.split("|")}
    for field, asked in wanted.items():
        known = {str(getattr(cell, field)) for cell in every}
        if strange := sorted(asked - known):
            there = ", ".join(sorted(known))
            raise StageError(f"--only {field}={strange[0]}: no such cell; there are {there}")
    return [c for c in every if all(str(getattr(c, f)) in v for f, v in wanted.items())]


def jobs(todo: Sequence[Cell]) -> list[Job]:
    """Cells that are computed together, the longest jobs first."""
    axes, groups = registry(), dict[object, list[Cell]]()
    for cell in todo:
        groups.setdefault((cell.axis, cell.model, axes[cell.axis].group(cell)), []).append(cell)
    found = [Job(members[0].axis, tuple(members)) for members in groups.values()]
    return sorted(found, key=lambda job: -_WEIGHT.get(job.axis, 1))


def fill(context: Context, chosen: Sequence[Cell], log: Callable[[str], object]) -> list[Result]:
    """Compute the cells that are not there yet; the results that ended in an error."""
    axes, store = registry(), Store(context)
    todo = [cell for cell in chosen if not store.done(axes[cell.axis], cell)]
    log(f"{context.run.recipe.name}: {len(chosen)} cells, {len(chosen) - len(todo)} done before")
    if not todo:
        return []
    workers, threads = _crew(context)
    missing = set(todo)
    failed = []
    with Board(chosen, log) as board:
        for cell in chosen:
            if cell not in missing:
                board.done(cell, primary(cell, store.read(cell).table))
        for result in run(context, jobs(todo), workers, threads):
            for cell, value in result.done.items():
                board.done(cell, value)
            if result.missing:
                failed.append(result)
                board.failed(result)
    return failed


def gather(context: Context, every: Sequence[Cell]) -> dict[Cell, Found]:
    """The cells that are there."""
    axes, store = registry(), Store(context)
    return {cell: store.read(cell) for cell in every if store.has(axes[cell.axis], cell)}


def _crew(context: Context) -> tuple[int, int]:
    """Processes, and threads of each: all cores of a CPU; one process on a GPU unless told."""
    how = context.run.recipe.how
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = how.workers or (1 if context.device != "cpu" else cores or 1)
    return workers, how.threads or max(1, (cores or 1) // workers)


def left(results: Sequence[Result]) -> Iterator[str]:
    """A line for each job that failed."""
    for result in results:
        names = ", ".join(cell.name for cell in result.missing)
        yield f"{names}: {result.error}"
