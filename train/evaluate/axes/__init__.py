"""What is measured: one module for each kind of task, all with the same three questions.

``settings``: which cells a recipe has; ``source``: what their outcomes follow from besides the
model; ``compute``: the outcomes, item by item.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from train.files import Run, replace_folder
from train.machine import precision


@dataclass(frozen=True)
class Subject:
    """A model under evaluation; ``place``: the folder that it is loaded from."""

    name: str
    place: str
    revision: str


@dataclass(frozen=True)
class Cell:
    """One configuration of the grid for one model and seed; ``seed`` is None where nothing is
    drawn."""

    axis: str
    task: str
    setting: str
    model: str
    seed: int | None

    @property
    def name(self) -> str:
        seed = "" if self.seed is None else f".{self.seed}"
        return f"{self.axis}.{self.task}.{self.setting}.{self.model}{seed}"

    @property
    def configuration(self) -> tuple[str, str, str]:
        return self.axis, self.task, self.setting


@dataclass(frozen=True)
class Found:
    """A cell's outcomes, one row an item: ``item`` (its id), ``document`` (the text that it is
    resampled with) and what the axis' measures need; ``about`` goes into the score's envelope."""

    table: pa.Table
    about: dict[str, Any]


@dataclass(frozen=True)
class Context:
    """What the cells of an evaluation share. ``subjects``: base first; ``keep``: whether fine-tuned
    heads are."""

    run: Run
    subjects: tuple[Subject, ...]
    folder: Path
    device: str = "cpu"
    keep: bool = False

    @property
    def config(self) -> Any:
        return self.run.recipe.what.evaluation

    @property
    def precision(self) -> str:
        return precision(self.run.recipe.how)

    def subject(self, cell: Cell) -> Subject:
        return next(s for s in self.subjects if s.name == cell.model)

    def keep_head(self, name: str, model: Any, tokenizer: Any) -> None:
        """Write a fine-tuned model as a plain transformers folder, where heads are kept."""

        def write(folder: Path) -> None:
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)

        if self.keep:
            replace_folder(self.heads / name, write)

    @property
    def heads(self) -> Path:
        return self.folder / "heads"


@dataclass(frozen=True)
class Axis:
    """``group``: cells of one model with an equal group are computed together; ``seeded``: whether
    a seed draws anything; ``head``: the name of the fine-tuned head that a cell leaves;
    ``shared``: whether the other models' tokenizers have a say."""

    name: str
    settings: Callable[[Run], list[tuple[str, str]]]
    source: Callable[[Run, str], list[Any]]
    compute: Callable[[Context, Sequence[Cell]], Iterator[tuple[Cell, Found]]]
    group: Callable[[Cell], Hashable] = field(default=lambda cell: cell.seed)
    head: Callable[[Cell], str] | None = None
    seeded: bool = True
    shared: bool = False
    #: Whether the axis is one of the grid's, whose p-values are corrected together.
    in_grid: bool = True


def registry() -> dict[str, Axis]:
    """All axes, in the order in which they are told."""
    from train.evaluate.axes import choices, classes, cloze, entities, language

    modules = (language, cloze, classes, entities, choices)
    return {axis.name: axis for module in modules for axis in module.AXES}
