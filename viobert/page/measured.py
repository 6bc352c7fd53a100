"""The measured scores as the results tab reads them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from viobert.naming import gains, number
from viobert.scores import Score, ScoreError, read

#: Recipes' names of the embedded models, and the folders that they are embedded as.
EMBEDDED = {"mini-base": "base-mini", "mini-medical": "viobert-mini"}
LEVEL = 0.05


@dataclass(frozen=True)
class Measured:
    """Scores of a base and of the model made of it; ``problem``: why there are none to show.

    ``ScoreError`` where a score's envelope is no object.
    """

    rows: tuple[Score, ...]
    problem: str = ""
    missing: bool = False

    def __post_init__(self) -> None:
        for score in self.rows:
            if not isinstance(score.envelope, dict):
                raise ScoreError(f"envelope of {score.metric} is no object")

    @cached_property
    def gains(self) -> list[Score]:
        """The differences that the settings are judged by."""
        return gains(self.rows)

    @cached_property
    def differences(self) -> list[Score]:
        """All differences over all seeds, those that nothing is judged by included."""
        return [s for s in self.rows if s.against and s.seed is None]

    @cached_property
    def _values(self) -> dict[tuple[str, ...], Score]:
        return {
            (*_cell(s), s.metric, s.model): s
            for s in self.rows
            if s.seed is None and s.against is None
        }

    def pair(self, gain: Score) -> tuple[Score | None, Score | None]:
        """The two scores that a difference is of: the base's, the adapted model's."""
        base = (gain.against or "").partition("@")[0]
        key = (*_cell(gain), gain.metric)
        return self._values.get((*key, base)), self._values.get((*key, gain.model))

    def of(self, gain: Score, metric: str) -> Score | None:
        """The same setting's difference by another metric."""
        for score in self.differences:
            if score.metric == metric and _cell(score) == _cell(gain):
                return score
        return None


def load(path: Path) -> Measured:
    """The scores of a file, or why there are none; raises nothing for a broken file."""
    try:
        measured = Measured(tuple(read(path)))
        return measured if measured.gains else Measured((), f"{path.name}: 0")
    except FileNotFoundError:
        return Measured((), path.name, missing=True)
    except (OSError, ValueError) as error:
        told = str(error).replace(str(path), path.name)
        return Measured((), told if path.name in told else f"{path.name}: {told}")


def _cell(score: Score) -> tuple[str, str, str, str]:
    return score.axis, score.task, score.setting, score.items


def about(score: Score, *path: str) -> Any:
    """What the envelope says under ``path``, or ``None``."""
    found: Any = score.envelope
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def chance(score: Score) -> float | None:
    """The accuracy of guessing, where it is known."""
    found = about(score, "chance")
    return found if score.metric == "accuracy" and isinstance(found, float) else None


def shown_name(model: str) -> str:
    """A model's name as visitors know it."""
    return EMBEDDED.get(model, model)


def isolated(text: Any) -> str:
    """HTML of a number or a name from left to right."""
    return f'<bdi dir="ltr">{escape(str(text))}</bdi>'


def value_of(score: Score | None) -> str:
    """HTML of a score's value, or a dash."""
    return isolated(number(score, score.value)) if score else "–"
