"""The example sentences, by dialect and specialty."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from viobert.fill_mask import MASK

FILE = Path(__file__).resolve().parents[2] / "assets" / "examples.json"


@dataclass(frozen=True)
class Example:
    """A sentence with one [MASK], and a ``word`` that fits there."""

    id: str
    specialty: str
    dialect: str
    text: str
    word: str

    @property
    def whole(self) -> str:
        """The sentence with its word."""
        return self.text.replace(MASK, self.word)


@cache
def examples() -> tuple[Example, ...]:
    """All examples, in the file's order."""
    return tuple(Example(**row) for row in json.loads(FILE.read_text(encoding="utf-8")))


def of_dialect(dialect: str) -> list[Example]:
    """The examples of one dialect."""
    return [example for example in examples() if example.dialect == dialect]


def named(name: str) -> Example | None:
    """The example of that id, or None."""
    return next((example for example in examples() if example.id == name), None)
