"""What stands below a table of gains."""

from __future__ import annotations

from typing import Any

from train.publish.caveats import caveats, chance
from viobert.scores import Score

NAMES = {"axis": "mcq", "task": "choice", "setting": "Y1", "metric": "accuracy", "revision": "1"}


def score(value: float, spread: float, model: str = "adapted", **other: Any) -> Score:
    numbers = {"value": value, "low": value - spread, "high": value + spread}
    more = {"seed": None, "n": 40, "documents": 40, "envelope": {"chance": 0.25}}
    return Score(**{**NAMES, **numbers, **more, "model": model, **other})


def rows(base: float, adapted: float, spread: float, **other: Any) -> list[Score]:
    """Of both models, and their difference."""
    return [
        score(base, spread, "base", **other),
        score(adapted, spread, **other),
        score(adapted - base, spread, against="base@1", **other),
    ]


def test_answers_that_guessing_would_find_are_told() -> None:
    (of, *_) = guessed = rows(0.2, 0.27, 0.06)
    assert chance(of) == " (chance 25.0 %)"
    assert caveats(guessed) == (
        "Neither model's answers can be told from guessing in: mcq · Y1. A difference between the "
        "two there says little."
    )
    assert caveats(rows(0.24, 0.26, 0.06)).endswith("mcq · Y1.")
    assert caveats(rows(0.2, 0.4, 0.06)) == ""  # one model knows better


def test_another_verdict_by_accuracy_is_told() -> None:
    of = {"axis": "probing", "task": "fine", "setting": "CLS", "envelope": {}}
    macro = rows(0.4, 0.5, 0.05, **of | {"metric": "macro_f1"})
    same, other = (rows(0.6, 0.6 + gain, 0.05, **of) for gain in (0.1, 0.02))
    assert caveats(macro) == ""
    assert caveats(macro + same) == (
        "Macro-F1 counts each class alike, however few its rows. By accuracy, of these 1 settings "
        "1 are gains and 0 losses."
    )
    told = caveats(macro + other)
    assert "0 are gains and 0 losses; the verdict is another one for: probing · fine · CLS" in told
    assert told.endswith("no difference shown.")


def test_items_that_training_text_holds_are_counted() -> None:
    told = caveats(rows(0.2, 0.4, 0.06, envelope={"contaminated": 3}))
    assert told.startswith("Training texts hold some of the items of: mcq · Y1 (3 of 40).")
