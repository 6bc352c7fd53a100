"""The pretrain stage: whole-word-masked language modelling, from scratch or continued."""

from __future__ import annotations

from typing import Any

from train.files import Run
from train.lineage import finished
from train.trainer import Trainer


def pretrain(run: Run, log: Any = print) -> None:
    """Train the model of a run (and its base first, if that is a recipe and not yet trained).

    Writes ``tokens/``, ``checkpoints/``, ``metrics.jsonl`` and ``best/``, the model with the
    lowest dev loss as a plain transformers folder. Goes on from the last checkpoint of the same
    recipe. Raises ``StageError`` and ``CheckpointError``.
    """
    base = run.base()
    if base:
        pretrain(base, log)
    if finished(run):
        log(f"{run.recipe.name}: already trained ({run.best})")
        return
    Trainer(run).train(log)
