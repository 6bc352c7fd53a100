"""Sentences with one hidden word: whether a word that fits is among a model's first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from train.evaluate import cloze
from train.evaluate.axes import Axis, Cell, Context, Found
from train.evaluate.tasks import dataset
from train.files import Run, StageError, file_hash
from viobert import checkpoints

VERSION = 1


def settings(run: Run) -> list[tuple[str, str]]:
    return [("cloze", "sentences")] if run.recipe.what.evaluation.cloze else []


def source(run: Run, _: str) -> list[Any]:
    return [VERSION, file_hash(_file(run))]


def compute(context: Context, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Found]]:
    path = _file(context.run)
    sentences = cloze.read(path)
    for cell in cells:
        loaded = checkpoints.load(context.subject(cell).place)
        right = [
            [sentence.fits(one) for one in found]
            for sentence, found in zip(sentences, cloze.answers(loaded, sentences), strict=True)
        ]
        table = pa.table(
            {
                "item": [s.id for s in sentences],
                "document": [s.id for s in sentences],
                "variety": [s.variety for s in sentences],
                "top1": [float(hits[0]) for hits in right],
                "top5": [float(any(hits)) for hits in right],
            }
        )
        about = {
            "dataset": dataset(f"{path.parent.name} {path.stem}", sentences),
            "reachable": sum(cloze.reachable(loaded.tokenizer, s) for s in sentences),
            "left_out": {},
        }
        yield cell, Found(table, about)


def _file(run: Run) -> Path:
    path = run.recipe.resolve(run.recipe.what.evaluation.cloze)
    if not path.exists():
        raise StageError(f"{run.recipe.path}: what.evaluation.cloze: {path}: no such file")
    return path


AXES = (Axis("cloze", settings, source, compute, seeded=False, in_grid=False),)
