"""Local files → documents: parquet and JSON Lines, with file and row in every error."""

from __future__ import annotations

import glob
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from train.corpus.document import Document
from train.recipe import Recipe, RecipeError, Source

COLUMNS = ("id", "source", "licence", "ref", "text")


class SourceError(RecipeError):
    """Names the file and the row that cannot be read."""


def read(recipe: Recipe) -> Iterator[Document]:
    """All documents of a recipe's sources, in the order of the recipe, then of file and row."""
    for source in recipe.what.corpus.sources:
        for path in files(recipe, source):
            yield from _documents(path, source)


def files(recipe: Recipe, source: Source) -> list[Path]:
    """The files that a source names, sorted; none is an error that names the path."""
    pattern = recipe.resolve(source.path, escape=glob.escape)
    found = sorted(Path(p) for p in glob.glob(str(pattern)))
    if not found:
        raise RecipeError(f"{recipe.path}: no file at {recipe.resolve(source.path)}")
    return found


def _documents(path: Path, source: Source) -> Iterator[Document]:
    for row, record in enumerate(_records(path)):
        if any(record.get(k) != v for k, v in source.where.items()):
            continue
        record["title"] = record.get("title") or ""
        record["text"] = record.get("text") or ""  # an empty text is left out with its reason
        for column in (*COLUMNS, "title"):
            problem = _problem(record.get(column), column)
            if problem:
                raise SourceError(f"{path}, row {row + 1}: column {column} {problem}")
        yield Document(
            **{column: record[column] for column in (*COLUMNS, "title")},
            setting=source.setting or record["source"],
            family=f"{path.name}:{row // source.block}",
        )


def _problem(value: Any, column: str) -> str:
    """What keeps a cell from being used, or nothing."""
    if not isinstance(value, str) or not (value or column in ("text", "title")):
        return "is missing or not text"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "holds half a character (a lone surrogate)"
    return ""


def _records(path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix == ".parquet":
        yield from _parquet(path)
    elif path.suffix == ".jsonl":
        yield from _json_lines(path)
    else:
        raise SourceError(f"{path}: neither .parquet nor .jsonl")


def _parquet(path: Path) -> Iterator[dict[str, Any]]:
    try:
        table = pq.ParquetFile(path)
        for batch in table.iter_batches(batch_size=1024):
            yield from batch.to_pylist()
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        raise SourceError(f"{path}: not a whole parquet file ({error})") from error


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for row, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line.decode("utf-8-sig"))
            except UnicodeDecodeError as error:
                raise SourceError(
                    f"{path}, row {row}: not UTF-8; iconv -f windows-1256 -t utf-8 may mend it"
                ) from error
            except ValueError as error:
                raise SourceError(f"{path}, row {row}: {error}") from error
            if not isinstance(record, dict):
                raise SourceError(f"{path}, row {row}: not a JSON object")
            yield record
