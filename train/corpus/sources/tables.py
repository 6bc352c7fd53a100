"""Rows of a table, whatever the file: parquet, JSON Lines, CSV, TSV, Excel, plain text."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from train.corpus.sources.encoding import COMPRESSIONS, open_text
from train.corpus.sources.errors import SourceError

Rows = Iterator[tuple[int, dict[str, Any]]]

#: Characters of one cell. Bounds what a quote that is never closed can swallow.
LONGEST = 10_000_000


def rows(path: Path) -> Rows:
    """Each row with its number as one would count it by hand, streamed.

    ``.parquet``, ``.csv`` and ``.tsv`` count rows of data from 1; ``.jsonl`` counts lines;
    ``.xlsx`` counts as Excel does, the header being row 1 (first sheet only; the reader holds the
    whole sheet). A ``.txt`` file is one row with one column, ``text``. All but parquet and Excel
    may end in ``.gz`` or ``.zst`` too, and are UTF-8 or windows-1256 (``encoding.open_text``).
    Raises ``SourceError``, in one line, for whatever cannot be read and for a file without rows.
    """
    found = _reader(path)(path)
    first = next(found, None)
    if first is None:
        raise SourceError(f"{path}: the file holds no row")
    yield from chain((first,), found)


def is_table(path: Path) -> bool:
    """Whether ``rows`` knows what to do with a file of this name."""
    return _kind(path) in _READERS


def stem(path: Path) -> str:
    """The file's name without what tells its format: ``a.b`` of ``a.b.csv.gz``."""
    name = path.name.removesuffix(path.suffix) if path.suffix in COMPRESSIONS else path.name
    return Path(name).stem


def text(value: Any) -> str | None:
    """A cell as text: numbers and dates as one would write them; None for a list or the like."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # Excel knows no integers
    return None if isinstance(value, (list, dict, tuple, bytes)) else str(value)


def _kind(path: Path) -> str:
    name = path.name.removesuffix(path.suffix) if path.suffix in COMPRESSIONS else path.name
    kind = Path(name).suffix.lower()
    return "" if path.suffix in COMPRESSIONS and kind in (".parquet", ".xlsx") else kind


def _reader(path: Path) -> Callable[[Path], Rows]:
    reader = _READERS.get(_kind(path))
    if reader is None:
        raise SourceError(
            f"{path}: unknown kind of file; known are {' '.join(_READERS)}, all but parquet and "
            f"Excel also with {' or '.join(COMPRESSIONS)} behind"
        )
    return reader


def _parquet(path: Path) -> Rows:
    number = 0
    try:
        with pq.ParquetFile(path) as table:
            for batch in table.iter_batches(batch_size=1024):
                for record in batch.to_pylist():
                    number += 1
                    yield number, record
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        raise SourceError(
            f"{path}: not a whole parquet file after row {number} ({_line(error)})"
        ) from error


def _json_lines(path: Path) -> Rows:
    with open_text(path, unit="row") as lines:
        for number, line in enumerate(_lines(lines), 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise SourceError(f"{path}, row {number}: {_line(error)}") from error
            if not isinstance(record, dict):
                raise SourceError(f"{path}, row {number}: not a JSON object")
            yield number, record


def _lines(stream: Iterator[str]) -> Iterator[str]:
    """Lines that end in a newline only: a JSON string may hold a bare carriage return's kin."""
    held = ""
    for piece in stream:
        held += piece
        if held.endswith("\n"):
            yield held
            held = ""
    if held:
        yield held


def _csv(path: Path) -> Rows:
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
    with open_text(path) as stream:
        head = stream.readline()
        delimiter = "\t" if _kind(path) == ".tsv" else max(",;\t", key=head.count)
        reader = csv.reader(
            _without_nul(chain((head,), stream), path), delimiter=delimiter, strict=True
        )
        header: list[str] = []
        number = start = 0
        try:
            for cells in reader:
                line, start = start + 1, reader.line_num
                if not cells:
                    continue  # an empty line
                if not header:
                    header = _header(cells, path)
                    continue
                number += 1
                if len(cells) != len(header):
                    raise SourceError(
                        f"{path}, row {number} (line {line}): {len(cells)} cells under a header "
                        f"of {len(header)}"
                    )
                yield number, dict(zip(header, cells, strict=True))
        except csv.Error as error:
            raise SourceError(
                f"{path}, row {number + 1} (line {start + 1}): broken quotes or an endless cell "
                f"({_line(error)})"
            ) from error


def _header(cells: list[str], path: Path) -> list[str]:
    names = [cell.strip() for cell in cells]
    twice = {name for name in names if name and names.count(name) > 1}
    if twice:
        raise SourceError(f"{path}, header: column {min(twice)} stands twice")
    return names


def _without_nul(lines: Iterator[str], path: Path) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if "\0" in line:  # borne by some versions of Python, not by others
            raise SourceError(f"{path}, line {number}: a NUL byte; the file is damaged")
        yield line


def _excel(path: Path) -> Rows:
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            sheet = book.get_sheet_by_index(0)
            header: list[str] = []
            for number, cells in enumerate(sheet.iter_rows(), 1):
                if not any(cell != "" for cell in cells):
                    continue
                if not header:
                    header = _header([text(cell) or "" for cell in cells], path)
                    continue
                yield number, dict(zip(header, cells, strict=True))
    except (CalamineError, OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{path}: not a whole Excel file ({_line(error)})") from error


def _plain(path: Path) -> Rows:
    with open_text(path) as stream:
        yield 1, {"text": stream.read()}


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


_READERS: dict[str, Callable[[Path], Rows]] = {
    ".parquet": _parquet,
    ".jsonl": _json_lines,
    ".csv": _csv,
    ".tsv": _csv,
    ".xlsx": _excel,
    ".txt": _plain,
}
#: How the names of tables end.
ENDINGS = tuple(_READERS)
