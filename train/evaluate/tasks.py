"""A task: what is learned from, and the sealed test part."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from train.corpus.evaluation_items import files, rows
from train.corpus.made import read_manifest
from train.evaluate.split import place, text_id
from train.files import Run, StageError, file_hash
from train.recipe import EvaluationSet

T = TypeVar("T")
#: Share of what is learned from that chooses: epochs, the strength of a penalty.
DEV = 0.25
_DIVIDE = 13


class Sealed(Generic[T]):
    """A test part: it is opened once, when what is to be tested has been learned."""

    def __init__(self, value: T) -> None:
        self._value = value
        self.opened = 0

    def open(self) -> T:
        self.opened += 1
        return self._value


@dataclass(frozen=True)
class Task(Generic[T]):
    """What a task is learned from and tested on.

    ``left_out``: rows that are not used, by reason. ``dataset``: name, hash and rows, for the
    envelope of a score. ``set``: the evaluation set that it is, if it is one.
    """

    learning: list[T]
    test: Sealed[list[T]]
    left_out: dict[str, int]
    dataset: dict[str, Any]
    set: str

    @property
    def about(self) -> dict[str, Any]:
        """What a score's envelope tells of it."""
        return {"dataset": self.dataset, "set": self.set, "left_out": self.left_out}

    def divide(self, seed: int, share: float = 1.0) -> tuple[list[T], list[T]]:
        """Train and dev rows of a seed, disjoint; ``share`` of the train rows: a larger share
        holds the smaller ones."""
        train: list[tuple[float, T]] = []
        dev: list[T] = []
        for row in self.learning:
            point = place(row.text, _DIVIDE, seed)  # type: ignore[attr-defined]
            if point < DEV:
                dev.append(row)
            else:
                train.append((point, row))
        train.sort(key=lambda pair: pair[0])
        kept = max(1, round(share * len(train)))
        return [row for _, row in train[:kept]], dev


def unseen(learning: list[T], test: Sequence[Any], left_out: Counter[str]) -> list[T]:
    """What is learned from, less the texts that are tested."""
    tested = {text_id(row.text) for row in test}
    kept = [row for row in learning if text_id(row.text) not in tested]  # type: ignore[attr-defined]
    left_out["text is in the test"] += len(learning) - len(kept)
    return kept


def rows_of(run: Run, name: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The rows of an evaluation set: id as in the contamination report, cells, place for errors."""
    return rows(run.recipe, named(run, name))


def named(run: Run, name: str) -> EvaluationSet:
    """An evaluation set of the recipe; ``StageError`` when it has none of that name."""
    sets = {chosen.name: chosen for chosen in run.recipe.what.corpus.evaluation_sets}
    if name not in sets:
        known = ", ".join(sets) or "none"
        raise StageError(
            f"{run.recipe.path}: no evaluation set {name} in what.corpus; it has {known}"
        )
    return sets[name]


def require(values: dict[str, Any], column: str, where: str) -> None:
    if column not in values:
        raise StageError(f"{where}: no column {column}; it has {', '.join(map(str, values))}")


def dataset(name: str, of: Sequence[Any]) -> dict[str, Any]:
    """Name, number of rows, and a hash of all of them in their order."""
    digest = hashlib.sha256()
    for row in of:
        digest.update(json.dumps(list(vars(row).values()), ensure_ascii=False).encode() + b"\n")
    return {"name": name, "rows": len(of), "hash": digest.hexdigest()[:16]}


def source_hash(run: Run, name: str) -> str:
    """Hash of an evaluation set's files; empty name: of the corpus."""
    if not name:
        return str(read_manifest(run).get("content", ""))[:16]
    hashes = [file_hash(path) for path in files(run.recipe, named(run, name))]
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]


def said(left_out: Counter[str]) -> str:
    said = ", ".join(f"{reason} {count}" for reason, count in left_out.most_common() if count)
    return f"left out: {said or 'nothing'}"
