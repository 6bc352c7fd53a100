"""Documents in parquet: one schema from the first shard to ``documents.parquet``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from train.corpus.document import Document
from train.files import StageError

#: Columns of a document; ``metadata`` is a JSON object, empty when there is none.
COLUMNS = tuple(f.name for f in dataclasses.fields(Document) if f.name != "media")
#: Rows of a row group: a fixed number, so that a file's bytes do not depend on who wrote it when.
ROWS = 1000


class Writer:
    """A parquet file filled row by row; close it (or leave the context) before it is moved."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.columns = columns
        self.rows: list[dict[str, str]] = []
        schema = pa.schema([(column, pa.string()) for column in columns])
        self._file = pq.ParquetWriter(path, schema, compression="zstd")

    def add(self, row: dict[str, str]) -> None:
        self.rows.append(row)
        if len(self.rows) == ROWS:
            self._flush()

    def _flush(self) -> None:
        columns = {c: pa.array([row[c] for row in self.rows], pa.string()) for c in self.columns}
        self._file.write_table(pa.table(columns))
        self.rows = []

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None and self.rows:
                self._flush()
        finally:
            self._file.close()


def row(document: Document) -> dict[str, str]:
    """A document as a row of strings."""
    values = {c: getattr(document, c) for c in COLUMNS}
    metadata = document.metadata
    values["metadata"] = (
        json.dumps(metadata, ensure_ascii=False, sort_keys=True) if metadata else ""
    )
    return values


def document(values: dict[str, Any]) -> Document:
    """The document of a row; columns that a file lacks are empty."""
    metadata = json.loads(values["metadata"]) if values.get("metadata") else {}
    return Document(**{**values, "metadata": metadata})


def write(path: Path, documents: Iterable[Document]) -> None:
    """Fill one shard."""
    with Writer(path, COLUMNS) as out:
        for one in documents:
            out.add(row(one))


def read(path: Path) -> Iterator[Document]:
    """The documents of one shard, streamed; ``StageError`` for a file that is damaged."""
    for batch in _batches(path):
        yield from map(document, batch.to_pylist())


def _batches(path: Path, columns: list[str] | None = None) -> Iterator[Any]:
    try:
        yield from pq.ParquetFile(path).iter_batches(ROWS, columns=columns)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise StageError(f"{path}: damaged ({error}); delete its folder and start again") from error


def texts(path: Path, rows: Sequence[int]) -> Iterator[str]:
    """The texts of some rows of a shard, as they are compared; ``rows`` ascend."""
    wanted = iter(rows)
    following, start = next(wanted, -1), 0
    for batch in _batches(path, ["text", "compared"]):
        stored, compared = batch.columns
        while 0 <= following < start + len(stored):
            at = following - start
            yield compared[at].as_py() or stored[at].as_py()
            following = next(wanted, -1)
        start += len(stored)
