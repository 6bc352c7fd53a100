"""A cell's outcomes on the disk: item by item, with what they were made from."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from train.evaluate.axes import Axis, Cell, Context, Found
from train.files import replace_file

_KEY = b"viobert"


class Store:
    """``cells/<cell>.parquet``; a cell is there when it was made from what is there now."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.folder = context.folder / "cells"
        self._source = lru_cache(maxsize=None)(self._source_of)

    def path(self, cell: Cell) -> Path:
        return self.folder / f"{cell.name}.parquet"

    def stamp(self, axis: Axis, cell: Cell) -> str:
        """Changes with the models, the data, the options that decide the outcomes, and the code's
        own version of the axis."""
        models = [self.context.subject(cell).revision]
        models += [s.revision for s in self.context.subjects if axis.shared]
        made_from = [*models, cell.seed, self._source(axis, cell.task), cell.setting]
        return hashlib.sha256(json.dumps(made_from, default=str).encode()).hexdigest()[:16]

    def _source_of(self, axis: Axis, task: str) -> list[Any]:
        return axis.source(self.context.run, task)

    def done(self, axis: Axis, cell: Cell) -> bool:
        """Whether a cell need not be computed: it is there, as is its head if heads are kept."""
        head = self.context.heads / axis.head(cell) if self.context.keep and axis.head else None
        return self.has(axis, cell) and (head is None or head.exists())

    def has(self, axis: Axis, cell: Cell) -> bool:
        """Whether a cell's outcomes are there, made from what is there now."""
        try:
            stored = pq.read_schema(self.path(cell)).metadata or {}
            made: str = json.loads(stored[_KEY])["stamp"]
            return made == self.stamp(axis, cell)
        except (OSError, KeyError, ValueError, RuntimeError, pa.ArrowException):
            return False  # not whole, or what it follows from is gone: its job tells

    def write(self, axis: Axis, cell: Cell, found: Found, envelope: dict[str, Any]) -> None:
        """The whole file or nothing."""
        about = {"stamp": self.stamp(axis, cell), "about": {**found.about, **envelope}}
        text = json.dumps(about, ensure_ascii=False).encode()
        table = found.table.replace_schema_metadata({_KEY: text})
        replace_file(self.path(cell), lambda path: pq.write_table(table, path, compression="zstd"))

    def read(self, cell: Cell) -> Found:
        table = pq.read_table(self.path(cell))
        return Found(table, json.loads(table.schema.metadata[_KEY])["about"])
