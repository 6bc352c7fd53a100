"""How well ``find`` does on labelled text."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from viobert.pii import Span, find

Interval = tuple[float, float]


@dataclass
class Measured:
    """Counts for one type over all items.

    ``recall`` is the one that matters for privacy: the share of labelled spans of which every
    character lies in found spans, whatever their type. ``precision`` is the share of found spans
    that lie wholly inside labelled spans of their type: one word too many counts as wrong.
    ``exact_*`` ask for the very span and type.
    """

    type: str
    spans: int = 0  # labelled
    found: int = 0
    covered: int = 0  # of the labelled ones
    correct: int = 0  # of the found ones
    exact: int = 0

    @property
    def recall(self) -> float:
        return _share(self.covered, self.spans)

    @property
    def precision(self) -> float:
        return _share(self.correct, self.found)

    @property
    def exact_recall(self) -> float:
        return _share(self.exact, self.spans)

    @property
    def exact_precision(self) -> float:
        return _share(self.exact, self.found)

    @property
    def recall_interval(self) -> Interval:
        """Wilson's 95 % interval."""
        return wilson(self.covered, self.spans)

    @property
    def precision_interval(self) -> Interval:
        """Wilson's 95 % interval."""
        return wilson(self.correct, self.found)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def wilson(part: int, whole: int, z: float = 1.959964) -> Interval:
    """Wilson's score interval of a share; (0, 1) for no trials (Wilson 1927)."""
    if not whole:
        return 0.0, 1.0
    share = part / whole
    centre = share + z * z / (2 * whole)
    spread = z * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    scale = 1 + z * z / whole
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def measure(items: Iterable[Mapping[str, Any]]) -> dict[str, Measured]:
    """Per type, and for ``all``: items have ``text``, ``spans`` (``start``, ``end``, ``type``)."""
    counts: dict[str, Measured] = {"all": Measured("all")}
    for item in items:
        gold = [Span(span["start"], span["end"], span["type"]) for span in item["spans"]]
        _count(gold, find(item["text"]), counts)
    return counts


def _count(gold: list[Span], found: list[Span], counts: dict[str, Measured]) -> None:
    inside: dict[str, set[int]] = defaultdict(set)
    for span in gold:
        inside[span.type].update(range(span.start, span.end))
    replaced = {at for span in found for at in range(span.start, span.end)}
    for span in gold:
        for row in _rows(counts, span.type):
            row.spans += 1
            row.covered += replaced.issuperset(range(span.start, span.end))
            row.exact += span in found
    for span in found:
        for row in _rows(counts, span.type):
            row.found += 1
            row.correct += inside[span.type].issuperset(range(span.start, span.end))


def _rows(counts: dict[str, Measured], type_: str) -> tuple[Measured, Measured]:
    return counts.setdefault(type_, Measured(type_)), counts["all"]
