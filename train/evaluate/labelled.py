"""Labelled texts: rows of an evaluation set, or documents of the corpus, with their classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from train.corpus.evaluation_items import joined
from train.corpus.made import stream_documents
from train.corpus.sources import tables
from train.evaluate.options import LabelledSet
from train.evaluate.split import part
from train.evaluate.tasks import Sealed, Task, dataset, require, rows_of, said, unseen
from train.files import Run, StageError

TEST = ("test", "testing")


@dataclass(frozen=True)
class Row:
    """``id``: as in the corpus' contamination report."""

    id: str
    text: str
    label: str


def labelled(run: Run, config: LabelledSet, name: str) -> Task[Row]:
    """The rows of a labelled set. ``StageError`` when nothing can be learned or tested."""
    left_out: Counter[str] = Counter()
    found = [
        (row, side, group)
        for row, side, group in _rows(run, config)
        if _usable(row, group, left_out)
    ]
    counts = Counter(group for _, _, group in found)
    kept = _classes(counts, config)
    sides: dict[str, list[Row]] = {"learning": [], "test": []}
    for row, side, group in found:
        if group not in kept:
            rare = counts[group] < config.fewest
            left_out[f"class of fewer than {config.fewest} rows" if rare else "class not used"] += 1
        else:
            sides[side].append(Row(row.id, row.text, group))
    sides["learning"] = unseen(sides["learning"], sides["test"], left_out)
    known = {row.label for row in sides["learning"]}
    test = [row for row in sides["test"] if row.label in known]
    left_out["label unseen in training"] += len(sides["test"]) - len(test)
    where = f"{run.recipe.path}: what.evaluation.{name}"
    if len(known) < 2:
        raise StageError(f"{where}: fewer than two classes to learn; {said(left_out)}")
    if not test:
        raise StageError(f"{where}: no row to test; {said(left_out)}")
    every = [*sides["learning"], *test]
    about = dataset(config.set or run.recipe.name, every)
    about["classes"] = dict(sorted(Counter(row.label for row in every).items()))
    left = {reason: count for reason, count in left_out.items() if count}
    return Task(sides["learning"], Sealed(test), left, about, config.set)


def _classes(counts: Counter[str], config: LabelledSet) -> set[str]:
    common = [name for name, count in counts.most_common() if count >= config.fewest]
    # Equal counts in the order of their names: not in that of the file.
    common.sort(key=lambda name: (-counts[name], name))
    return set(common[: config.top or None])


def _usable(row: Row, group: str, left_out: Counter[str]) -> bool:
    if not row.text.strip():
        left_out["no text"] += 1
    elif not row.label:
        left_out["no label"] += 1
    elif not group:
        left_out["label not among the classes"] += 1
    return bool(row.text.strip() and row.label and group)


def _rows(run: Run, config: LabelledSet) -> Iterator[tuple[Row, str, str]]:
    """Rows with their side and their class (empty: none)."""
    wider = {label: name for name, labels in config.merge.items() for label in labels}
    source = _of_set(run, config) if config.set else _of_corpus(run, config)
    for row, side in source:
        label = _step(row.label, config.level)
        yield row, side, (wider.get(label, "") if config.merge else label)


def _step(label: str, level: int) -> str:
    """The part of a path that a recipe names; of a shorter path, nothing."""
    path = [part.strip() for part in label.split(">")]
    if not level:
        return " > ".join(path)
    return path[level - 1] if level <= len(path) else ""


def _of_corpus(run: Run, config: LabelledSet) -> Iterator[tuple[Row, str]]:
    for side in ("train", "dev", "test"):
        for document in stream_documents(run, side):
            value = document.metadata.get(config.label)
            if value:
                row = Row(document.id, document.text, _label(value))
                yield row, "test" if side == "test" else "learning"


def _of_set(run: Run, config: LabelledSet) -> Iterator[tuple[Row, str]]:
    for name, values, where in rows_of(run, config.set):
        for column in filter(None, (config.label, config.split)):
            require(values, column, where)
        text = joined(values, config.text, where)
        # By the first column, as the probe that training is stopped by divides them.
        first = joined(values, config.text[:1], where)
        side = str(values[config.split]) if config.split else part(first)
        row = Row(name, text, _label(values[config.label]))
        yield row, "test" if side in TEST else "learning"


def _label(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " > ".join(map(str, value))
    return (tables.text(value) or "").strip()
