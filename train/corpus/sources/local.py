"""Local files → documents, with file and row in every error; what other sources share."""

from __future__ import annotations

import glob
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from train.corpus.document import Document
from train.corpus.sources import tables
from train.corpus.sources.errors import SourceError
from train.recipe import Recipe, RecipeError, Source

COLUMNS = ("id", "source", "licence", "ref", "text", "title", "metadata")


def fetch(source: Source, folder: Path, recipe: Recipe) -> list[Path]:
    """Nothing is fetched: the files that ``path`` names."""
    return files(recipe, source)


def files(recipe: Recipe, source: Source) -> list[Path]:
    """The files that a source names, sorted; none is an error that names the path."""
    pattern = recipe.resolve(source.path, escape=glob.escape)
    named = sorted(Path(p) for p in glob.glob(str(pattern)))
    found = [path for path in named if not path.is_dir()]
    if not found:
        hint = ": it is a folder; name its files, as in /*.txt" if named else ""
        raise RecipeError(f"{recipe.path}: no file at {recipe.resolve(source.path)}{hint}")
    return found


def read(path: Path, source: Source) -> Iterator[Document]:
    """The documents of one file of any kind that ``tables.rows`` knows.

    Needs a column ``text`` (``source.columns`` may name another). ``source`` defaults to the
    file's name, ``licence`` to the recipe's, ``id`` to a hash of the text, ``ref`` to file and
    row. ``metadata``, an object, is taken over; further columns are not.
    """
    ids = Ids(tables.stem(path))
    for index, (row, record) in enumerate(tables.rows(path)):
        if not index:
            text = source.columns.get("text", "text")
            # JSON objects may leave keys out; a table's columns all stand in its first row.
            lenient = ".jsonl" in path.suffixes and text == "text"
            check(path, record, (*source.columns.values(), *source.where, *[text][lenient:]))
        if not wanted(record, source):
            continue
        where = f"{path}, row {row}"
        values: dict[str, Any] = {c: record.get(source.columns.get(c, c)) for c in COLUMNS}
        values["source"] = ids.prefix if values["source"] is None else values["source"]
        values["licence"] = values["licence"] or source.licence
        values["ref"] = values["ref"] or f"{path.name}, row {row}"
        values["title"] = values["title"] or ""
        values["text"] = values["text"] or ""  # an empty text is left out with its reason
        if isinstance(values["id"], (int, float)):
            values["id"] = tables.text(values["id"])
        problem(values, where, COLUMNS[1:6])
        values["id"] = values["id"] or ids.of(values["text"], values["title"])
        problem(values, where, ("id",))
        metadata = _metadata(values.pop("metadata"), where)
        yield Document(
            **values,
            metadata=metadata,
            setting=source.setting or values["source"],
            family=f"{path.name}:{index // source.block}" if source.block else values["id"],
        )


class Ids:
    """Ids for the documents of one file that bring none: its name and a hash of the text.

    The text and not the row decides, so that documents added or moved around in the file leave
    the ids of the others, and with them their splits and masks, alone. Texts that are equal are
    told apart by counting; which of them is which does not matter, for they are equal. The file's
    name keeps equal texts of two files apart.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._seen: Counter[int] = Counter()  # numbers, not strings: a million of them stay small

    def of(self, *texts: str) -> str:
        key = digest(*texts)
        number = int(key, 16)
        self._seen[number] += 1
        again = self._seen[number]
        return f"{self.prefix}-{key}" + (f"-{again}" if again > 1 else "")


def digest(*texts: str) -> str:
    """SHA-256 of texts, 16 hex digits; no two ways to cut a text share one."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def wanted(record: dict[str, Any], source: Source) -> bool:
    """Whether a row passes ``source.where``; numbers are compared as they are written."""
    return all(tables.text(record.get(k, "")) == v for k, v in source.where.items())


def cells(record: dict[str, Any], columns: dict[str, str], where: str) -> dict[str, str]:
    """The cells of a row as text, under our names; ``columns`` are ours → theirs."""
    found = {ours: tables.text(record.get(theirs)) for ours, theirs in columns.items()}
    for ours, value in found.items():
        problem({"text": value}, f"{where}, {columns[ours]}", ("text",))
    return {ours: (value or "").strip() for ours, value in found.items()}


def check(path: Path, record: dict[str, Any], columns: Iterable[str]) -> None:
    """``SourceError`` unless a file's first row has all these columns."""
    for column in columns:
        if column not in record:
            raise SourceError(
                f"{path}: no column {column}; it has {', '.join(record) or 'none'} (columns: in "
                f"the recipe may name another)"
            )


def problem(values: dict[str, Any], where: str, columns: Iterable[str]) -> None:
    """``SourceError`` if a cell cannot be used: it is no text, is empty, or is half a character."""
    for column in columns:
        value = values[column]
        if not isinstance(value, str) or not (value or column in ("text", "title")):
            hint = "; give it as licence: in the recipe" if column == "licence" else ""
            raise SourceError(f"{where}: column {column} is missing or not text{hint}")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise SourceError(
                f"{where}: column {column} holds half a character (a lone surrogate)"
            ) from None


def _metadata(value: Any, where: str) -> dict[str, Any]:
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except ValueError as error:
            raise SourceError(f"{where}: column metadata is not JSON ({error})") from error
    if value and not isinstance(value, dict):
        raise SourceError(f"{where}: column metadata is not an object")
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:  # a time, half a character
        raise SourceError(f"{where}: column metadata is not JSON ({error})") from error
    return value or {}
