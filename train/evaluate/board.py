"""A live table of the grid; lines where nobody looks on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from train.evaluate.axes import Cell
from viobert.scores import PRIMARY


class Board:
    """One row a setting, one column a model: the mean over the seeds that are done."""

    def __init__(self, cells: Sequence[Cell], log: Callable[[str], object]) -> None:
        self.log = log
        self.total = len(cells)
        self.values: dict[tuple[tuple[str, str, str], str], list[float]] = {}
        self.errors: set[tuple[tuple[str, str, str], str]] = set()
        self.expected: dict[tuple[tuple[str, str, str], str], int] = {}
        for cell in cells:
            key = cell.configuration, cell.model
            self.expected[key] = self.expected.get(key, 0) + 1
        self.models = list(dict.fromkeys(cell.model for cell in cells))
        self.start = time.monotonic()
        self.before: int | None = None
        console = Console(stderr=True)
        self.live = Live(console=console, auto_refresh=False) if console.is_terminal else None

    def __enter__(self) -> Board:
        if self.live:
            self.live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.live:
            self.live.__exit__(kind, error, trace)

    def done(self, cell: Cell, value: float) -> None:
        self.values.setdefault((cell.configuration, cell.model), []).append(value)
        self._show(f"{cell.name}: {PRIMARY[cell.axis]} {value:.4f}")

    def failed(self, result: Any) -> None:
        for cell in result.missing:
            self.errors.add((cell.configuration, cell.model))
        names = ", ".join(cell.name for cell in result.missing)
        self._show(f"{names}: failed: {result.error}")

    def _show(self, line: str) -> None:
        count = sum(map(len, self.values.values()))
        if self.live:
            self.live.update(self.table(), refresh=True)
        else:
            self.log(f"[{count}/{self.total}] {line}")

    def table(self) -> Table:
        count, minutes = sum(map(len, self.values.values())), (time.monotonic() - self.start) / 60
        table = Table(title=f"{count} of {self.total} cells, {minutes:.0f} min")
        for name in ("axis", "task", "setting", "metric"):
            table.add_column(name)
        for name in self.models:
            table.add_column(name, justify="right")
        for configuration in dict.fromkeys(c for c, _ in self.expected):
            row = [self._cell((configuration, model)) for model in self.models]
            table.add_row(*configuration, PRIMARY[configuration[0]], *row)
        return table

    def _cell(self, key: tuple[tuple[str, str, str], str]) -> str:
        found, expected = self.values.get(key, []), self.expected.get(key, 0)
        told = f"{sum(found) / len(found):.3f}" if found else ""
        if len(found) < expected:
            told += f" {len(found)}/{expected}"
        return told + (" failed" if key in self.errors else "")
