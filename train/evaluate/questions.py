"""Multiple-choice questions of an evaluation set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from train.corpus.sources import tables
from train.evaluate.options import Choice
from train.evaluate.split import part
from train.evaluate.tasks import Sealed, Task, dataset, require, rows_of, said, unseen
from train.files import Run, StageError
from viobert.text import key


@dataclass(frozen=True)
class Question:
    """``answer``: the place of the right option."""

    id: str
    text: str
    options: tuple[str, ...]
    answer: int
    level: str


def questions(run: Run, config: Choice) -> Task[Question]:
    """The questions of a set; those that cannot be asked are left out and counted.

    ``StageError`` when a level has no question to test, or there is nothing to learn from.
    """
    left_out: Counter[str] = Counter()
    sides: dict[str, list[Question]] = {"learning": [], "test": []}
    for name, values, where in rows_of(run, config.set):
        for column in (config.question, config.options, config.answer, config.level):
            require(values, column, where)
        question = _question(name, values, config)
        if isinstance(question, str):
            left_out[question] += 1
            continue
        sides["test" if part(question.text) == "test" else "learning"].append(question)
    where = f"{run.recipe.path}: what.evaluation.choice"
    sides["learning"] = unseen(sides["learning"], sides["test"], left_out)
    missing = sorted(set(config.levels) - {q.level for q in sides["test"]})
    if missing or not sides["learning"]:
        what = f"no question of level {missing[0]} to test" if missing else "none to learn from"
        raise StageError(f"{where}: {what}; {said(left_out)}")
    every = [*sides["learning"], *sides["test"]]
    about = dataset(config.set, every)
    return Task(sides["learning"], Sealed(sides["test"]), +left_out, about, config.set)


def _question(name: str, values: dict[str, Any], config: Choice) -> Question | str:
    """A question, or why it cannot be asked."""
    text, level = (tables.text(values[c]) or "" for c in (config.question, config.level))
    cell = values[config.options]
    options = tuple(str(o or "").strip() for o in cell) if isinstance(cell, (list, tuple)) else ()
    if not text.strip():
        return "no question"
    if level not in config.levels:
        return "another level"
    if len(options) < 2:
        return "fewer than two options"
    if not all(options):
        return "an option is missing"
    if len(set(map(_bare, options))) < len(options):
        return "two options are the same"
    answer = _answer((tables.text(values[config.answer]) or "").strip(), options)
    if answer is None:
        return "the answer is none of the options"
    return Question(name, text.strip(), options, answer, level)


def _answer(said: str, options: Sequence[str]) -> int | None:
    """The place of the option that is meant: by its letter, else by its words."""
    if len(said) == 1 and "A" <= said.upper() <= "Z":
        place = ord(said.upper()) - ord("A")
        return place if place < len(options) else None
    same = [i for i, option in enumerate(options) if _bare(option) == _bare(said)]
    return same[0] if said and same else None


def _bare(text: str) -> str:
    return " ".join(key(text).split())
