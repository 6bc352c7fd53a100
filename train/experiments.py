"""What the project's own sweeps found: it lies beside the embedded pair, and one page tells it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from train import sweep_report
from train.sweep_report import Trained

#: Beside the models: ``<sweep>.jsonl``, copied from its run, and the picture of it.
FOLDER = "experiments"
#: The page, from the project's root; what is written by hand on it says what to make of them.
PAGE = Path("docs") / "experiments.md"


def found(models: Path) -> dict[str, list[Trained]]:
    """The trainings of each experiment by its name; ``models``: the folder of the pair."""
    paths = sorted((models.parent / FOLDER).glob("*.jsonl"))
    return {path.stem: sweep_report.read(path) for path in paths}


def picture(name: str) -> str:
    """Where an experiment's picture lies, from the folder of the scores."""
    return f"{FOLDER}/{name}.png"


def blocks(models: Path) -> dict[str, str]:
    """The block of the page on each experiment."""
    return {name: _block(name, trained) for name, trained in found(models).items()}


def _block(name: str, trained: Sequence[Trained]) -> str:
    means = ", ".join(f"{variant} {value}" for variant, value in sweep_report.means(trained))
    alt = f"{name}: each training a point, each variant's mean a line; nats a word {means}"
    return f"![{alt}](../assets/{picture(name)})\n\n{sweep_report.told(trained)}"
