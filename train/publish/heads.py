"""The fine-tuned heads that lie beside a model: which of an evaluation's may be passed on, and
their cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.corpus.licences import permits
from train.evaluate.axes import Cell
from train.evaluate.axes.classes import TUNED
from train.evaluate.axes.entities import SETTING as STRICT
from train.evaluate.axes.entities import TASK as ENTITIES
from train.evaluate.sentences import licences as of_sentences
from train.evaluate.tasks import rows_of
from train.files import Run, StageError


@dataclass(frozen=True)
class Head:
    """A fine-tuned head of one seed: the first one of the recipe, not the best.

    ``labelled``: the set that it learned from, or the model's own documents (empty).
    """

    cell: Cell
    labelled: str

    @property
    def name(self) -> str:
        """Axis and task."""
        return f"{self.cell.axis}.{self.cell.task}"

    @property
    def tags(self) -> bool:
        """Whether it finds entities; else it tells classes."""
        return self.cell.axis == "ner"


def candidates(run: Run, model: str) -> list[Head]:
    """The heads that a recipe's evaluation trains on all rows."""
    config, recipe = run.recipe.what.evaluation, run.recipe
    seed = config.seeds[0]
    found = []
    if config.entities:
        name = config.entities.set or recipe.resolve(config.entities.train).stem
        found.append(Head(Cell("ner", ENTITIES, STRICT, model, seed), name))
    for task, chosen in (("coarse", config.coarse), ("fine", config.fine)):
        if chosen and 1.0 in config.shares:
            found.append(Head(Cell("fine-tuning", task, TUNED, model, seed), chosen.set))
    return found


def permitted(run: Run, model: str, log: Any) -> list[Head]:
    """The heads that may be passed on; of those that may not, the log tells why."""
    allowed = []
    for head in candidates(run, model):
        held = [given for given in licences(run, head) if not permits(given, "open")]
        if held:
            said = f"its licence is {held[0]}" if held[0] else (
                "no licence of it is known; release.licences may name it")  # fmt: skip
            log(
                f"{run.recipe.name}: no head of {head.name} in the release: {head.labelled}, {said}"
            )
        else:
            allowed.append(head)
    return allowed


def licences(run: Run, head: Head) -> tuple[str, ...]:
    """Licences of the rows that a head learned from; "" where none is known."""
    if not head.labelled:
        return ()
    if head.tags:
        config = run.recipe.what.evaluation.entities
        assert config
        given = of_sentences(run.recipe.resolve(config.train))
    else:
        given = {str(row.get("licence") or "") for _, row, _ in rows_of(run, head.labelled)}
    if given and "" not in given:
        return tuple(sorted(given))
    return (run.recipe.release.licences.get(head.labelled, ""),)


def kept(run: Run, head: Head) -> Path:
    """The folder of a head; ``StageError`` with the command if it was not kept."""
    folder = run.evaluation / "heads" / head.cell.name
    if not (folder / "model.safetensors").is_file():
        cell = head.cell
        only = f"axis={cell.axis},task={cell.task},setting={cell.setting},seed={cell.seed}"
        raise StageError(
            f"{folder}: this head was not kept; run python -m train evaluate {run.recipe.path} "
            f"--only '{only}' --keep"
        )
    return folder


def ending(head: Head, labels: Sequence[str]) -> str:
    """What a head's repository is called by, after the model's name."""
    return "ner" if head.tags else f"{len(labels)}-class"
