"""One record for one score: write, read, validate."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class ScoreError(ValueError):
    """A score that cannot be believed as it stands: names the file, the row and the field."""


@dataclass(frozen=True)
class Score:
    """One cell: a metric of one model in one setting, with its 95 % interval.

    ``against`` names the model that the value is a paired difference from, else ``None``.
    ``n`` counts the words or items that were scored, ``documents`` the independent texts they are
    from: the units of the bootstrap.
    """

    axis: str
    task: str
    setting: str
    model: str
    revision: str
    seed: int
    metric: str
    value: float
    low: float
    high: float
    n: int
    documents: int
    against: str | None = None
    envelope: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("axis", "task", "setting", "model", "revision", "metric"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                raise ScoreError(f"{name} must be a non-empty string")
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int | float):
                raise ScoreError(f"{name} must be a number")
            if not math.isfinite(number):
                raise ScoreError(f"{name} of {self.metric} is not finite")
        if not self.low <= self.high:
            raise ScoreError(f"low {self.low} lies above high {self.high} for {self.metric}")
        if not isinstance(self.n, int) or self.n <= 0:
            raise ScoreError(f"n must be a positive integer for {self.metric}")


def write(path: Path, scores: Iterable[Score]) -> None:
    """Replace ``path`` by one JSON object a line, atomically."""
    lines = [json.dumps(dataclasses.asdict(s), ensure_ascii=False) + "\n" for s in scores]
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text("".join(lines), encoding="utf-8")
    os.replace(temporary, path)


def read(path: Path) -> Iterator[Score]:
    """Scores of ``path``; raises ``ScoreError`` with file and row for a broken line."""
    known = {f.name for f in dataclasses.fields(Score)}
    with path.open(encoding="utf-8") as lines:
        for row, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                unknown = sorted(set(record) - known)
                if unknown:
                    raise ScoreError(f"unknown field {unknown[0]}")
                yield Score(**record)
            except (TypeError, ValueError) as error:
                raise ScoreError(f"{path}, row {row}: {error}") from error
