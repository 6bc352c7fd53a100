"""Sentences with one hidden word: whether a word that fits is among a model's first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from train.evaluate.axes import Axis, Cell, Context, Found
from train.evaluate.cloze import answers, outcomes, read
from train.evaluate.tasks import dataset
from train.files import Run, StageError, file_hash
from viobert import checkpoints

VERSION = 1


def settings(run: Run) -> list[tuple[str, str]]:
    return [("cloze", "all dialects")] if run.recipe.what.evaluation.cloze else []


def source(run: Run, _: str) -> list[Any]:
    return [VERSION, file_hash(_file(run))]


def compute(context: Context, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Found]]:
    sentences = read(_file(context.run))
    about = {"dataset": dataset(context.config.cloze.name, sentences), "left_out": {}}
    for cell in cells:
        loaded = checkpoints.load(context.subject(cell).place)
        yield cell, Found(outcomes(sentences, answers(loaded, sentences)), about)


def _file(run: Run) -> Path:
    config = run.recipe.what.evaluation.cloze
    assert config
    path = run.recipe.resolve(config.test)
    if not path.exists():
        raise StageError(f"{run.recipe.path}: what.evaluation.cloze.test: {path}: no such file")
    return path


AXES = (Axis("cloze", settings, source, compute, seeded=False, in_grid=False),)
