"""Sentences with named entities, from JSONL or CoNLL."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.corpus.evaluation_items import CONLL, conll
from train.corpus.sources import tables
from train.files import StageError
from viobert.text import words


@dataclass(frozen=True)
class Sentence:
    """``spans``: characters of its words; ``tags``: IOB2, one a word; ``named``: whether it brought
    its id."""

    id: str
    text: str
    spans: list[tuple[int, int]]
    tags: list[str]
    named: bool = False

    def without(self, strange: Sequence[str]) -> Sentence:
        """The sentence with these tags outside."""
        if not strange:
            return self
        return dataclasses.replace(self, tags=["O" if t in strange else t for t in self.tags])


def read(path: Path, several: bool = False) -> list[Sentence]:
    """The sentences of a file; ``StageError`` names the row of whatever is wrong with one.

    A sentence without ``id`` is named by its row, and by the file as well where a set has
    ``several``.

    JSONL (parquet, CSV …) has ``text`` and ``entities``, a list of ``start``, ``end`` (characters,
    ``end`` not included) and ``label``; CoNLL has a token and its IOB2 tag a line (of several tags,
    for nested entities, the first).
    """
    if not path.exists():
        raise StageError(f"{path}: no such file")
    if path.suffix.lower() in CONLL:
        found = [_of_tokens(number, row, path) for number, row in conll(path)]
    else:
        found = [_of_entities(number, row, path) for number, row in tables.rows(path)]
    if not several:
        return found
    return [s if s.named else dataclasses.replace(s, id=f"{path.stem}:{s.id}") for s in found]


def licences(path: Path) -> set[str]:
    """The licences that a file's rows tell; none if some row, or the format, tells none."""
    if path.suffix.lower() in CONLL:
        return set()
    found = {tables.text(row.get("licence")) or "" for _, row in tables.rows(path)}
    return set() if "" in found else found


def _of_tokens(number: int, row: dict[str, Any], path: Path) -> Sentence:
    spans, at = [], 0
    for token in row["tokens"]:
        spans.append((at, at + len(token)))
        at += len(token) + 1
    tags = _iob2(row["tags"], f"{path}, sentence {number}")
    return Sentence(str(number), row["text"], spans, tags)


def _of_entities(number: int, row: dict[str, Any], path: Path) -> Sentence:
    where = f"{path}, row {number}"
    for column in ("text", "entities"):
        if column not in row:
            raise StageError(f"{where}: no column {column}; it has {', '.join(map(str, row))}")
    text = str(row["text"])
    spans = words(text)
    tags = ["O"] * len(spans)
    for entity in row["entities"]:
        try:
            start, end, label = int(entity["start"]), int(entity["end"]), str(entity["label"])
        except (KeyError, TypeError, ValueError):
            raise StageError(
                f"{where}: an entity needs start, end and label, not {entity}"
            ) from None
        inside = [i for i, (s, e) in enumerate(spans) if s >= start and e <= end]
        whole = inside and spans[inside[0]][0] == start and spans[inside[-1]][1] == end
        if not whole:
            raise StageError(f"{where}: {label} at {start}–{end} is not whole words of the text")
        if any(tags[i] != "O" for i in inside):
            raise StageError(f"{where}: {label} at {start}–{end} overlaps another entity")
        tags[inside[0]] = f"B-{label}"
        for i in inside[1:]:
            tags[i] = f"I-{label}"
    name = tables.text(row.get("id")) or ""
    return Sentence(name or str(number), text, spans, tags, bool(name))


def _iob2(tags: Sequence[str], where: str) -> list[str]:
    """Strict IOB2: an I- that continues no entity of its type begins one, as conlleval reads it."""
    found: list[str] = []
    for tag in tags:
        if tag != "O" and tag[:2] not in ("B-", "I-"):
            raise StageError(f"{where}: {tag} is no IOB2 tag")
        before = found[-1] if found else "O"
        begins = tag.startswith("I-") and before[1:] != tag[1:]
        found.append(f"B-{tag[2:]}" if begins else tag)
    return found
