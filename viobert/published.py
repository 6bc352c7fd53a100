"""Figures that others reported: never measured here, and never shown as if they were."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

UNITS = ("percent", "points", "parity")


class PublishedError(ValueError):
    """A figure that cannot be shown as it stands: names the file and the row."""


@dataclass(frozen=True)
class Published:
    """A figure of ``model`` against ``base``, as ``source`` (an https address) reports it.

    ``value``: a change of so many percent or percentage points; None for "at parity", for which
    no number was reported.
    """

    metric: str
    value: float | None
    unit: Literal["percent", "points", "parity"]
    model: str
    base: str
    language: str
    source: str
    note: str

    def __post_init__(self) -> None:
        for name in ("metric", "model", "base", "language", "source", "note"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                raise PublishedError(f"{name} must be a non-empty string")
        if self.unit not in UNITS:
            raise PublishedError(f"unit must be one of {', '.join(UNITS)}, not {self.unit}")
        if not self.source.startswith("https://"):
            raise PublishedError("source must be an https address")
        if (self.value is None) != (self.unit == "parity"):
            raise PublishedError("parity has no value, and all else has one")
        if self.value is not None:
            if isinstance(self.value, bool) or not isinstance(self.value, int | float):
                raise PublishedError("value must be a number")
            if not math.isfinite(self.value):
                raise PublishedError("value is not finite")


def read(path: Path) -> list[Published]:
    """The figures of a JSON list; ``PublishedError`` names the file and the row (from 1)."""
    try:
        rows: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise PublishedError(f"{path}: {error}") from error
    if not isinstance(rows, list):
        raise PublishedError(f"{path}: must be a list")
    return [_figure(path, at, row) for at, row in enumerate(rows, 1)]


def _figure(path: Path, at: int, row: Any) -> Published:
    try:
        if not isinstance(row, dict):
            raise PublishedError("must be an object")
        unknown = sorted(set(row) - {f.name for f in fields(Published)})
        if unknown:
            raise PublishedError(f"unknown field {unknown[0]}")
        return Published(**row)
    except (TypeError, ValueError) as error:
        raise PublishedError(f"{path}, row {at}: {error}") from error


def told(figure: Published) -> str:
    """A value as reported, with its sign and U+2212 for minus; empty for parity."""
    if figure.value is None:
        return ""
    sign = "\u2212" if figure.value < 0 else "+"
    return f"{sign}{abs(figure.value):g}{'%' if figure.unit == 'percent' else ''}"
