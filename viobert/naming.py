"""Scores in words: their names in a reader's language, and their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from viobert.scores import ALL, METRICS, PRIMARY, Score, part, show

#: What a verdict looks like: colour, plotly's symbol, and the character nearest to it, so that
#: colour alone decides nothing.
LOOKS = {
    "gain": ("#00695c", "circle"),
    "loss": ("#b71c1c", "x"),
    "no difference shown": ("#757575", "circle-open"),
}
MARKS = {"gain": "●", "loss": "✕", "no difference shown": "○"}
_ENDINGS = ("_one_piece", "_several_pieces")
_SAME_AS_AXIS = ("masked-language-modelling", "entities", "choice")


@dataclass(frozen=True)
class Words:
    """Names in one language, by what stands in a score; a name not in here is shown as it is.

    ``among``: of the endings of metrics over some of the words; ``parts``: of types of entities,
    and dialects; ``panels``: titles of figures, by unit; ``published``: metrics of figures that
    others reported.
    """

    direction: Literal["rtl", "ltr"]
    axes: dict[str, str]
    tasks: dict[str, str]
    settings: dict[str, str]
    metrics: dict[str, str]
    among: dict[str, str]
    parts: dict[str, str]
    verdicts: dict[str, str]
    names: dict[str, str]
    panels: dict[str, str]
    published: dict[str, str]
    points: str


def gains(scores: Sequence[Score], items: str = ALL) -> list[Score]:
    """The differences by which the settings are judged, one of each."""
    return [
        s for s in scores
        if s.against and s.seed is None and s.items == items and s.metric == PRIMARY.get(s.axis)
    ]  # fmt: skip


def name(score: Score, words: Words | None = None) -> str:
    """A setting in one line: the axis, then what tells it from the axis' others."""
    return " · ".join(dict.fromkeys([axis(score, words), setting(score, words)]))


def axis(score: Score, words: Words | None = None) -> str:
    """What is measured."""
    return words.axes.get(score.axis, score.axis) if words else score.axis


def setting(score: Score, words: Words | None = None) -> str:
    """What tells a setting from its axis' others."""
    parts = []
    if score.task not in (score.axis, *_SAME_AS_AXIS):
        parts.append(words.tasks.get(score.task, score.task) if words else score.task)
    if score.setting != "mean" or score.axis == "probing":
        parts.append(words.settings.get(score.setting, score.setting) if words else score.setting)
    return " · ".join(parts) or axis(score, words)


def metric(score: Score, words: Words) -> str:
    """A metric in words."""
    for ending in _ENDINGS:
        if score.metric.endswith(ending):
            stem = score.metric.removesuffix(ending)
            return f"{words.metrics.get(stem, stem)} {words.among[ending]}"
    whole, kind = part(score.metric)
    if whole:
        return f"{words.metrics[whole]}: {words.parts.get(kind, kind)}"
    return words.metrics.get(score.metric, METRICS.get(score.metric, score.metric))


def number(score: Score, value: float) -> str:
    """A number of a score without "pp", with U+2212 for minus; never a zero with a sign."""
    told = show(score, value).removesuffix(" pp").replace(" %", "%").replace("-", "\u2212")
    return told.lstrip("+\u2212") if not told.strip("+\u22120.,%") else told


def interval(score: Score) -> str:
    """The score's 95 % interval."""
    return f"[{number(score, score.low)}, {number(score, score.high)}]"


def unit(score: Score, words: Words) -> str:
    """What a number of the score has to be followed by: percentage points, or nothing."""
    return words.points if show(score, score.value).endswith(" pp") else ""
