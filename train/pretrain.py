"""The pretrain stage: whole-word-masked language modelling, from scratch or continued."""

from __future__ import annotations

from typing import Any

from train.files import Run
from train.lineage import finished
from train.readings import check
from train.trainer import Trainer


def pretrain(run: Run, log: Any = print) -> bool:
    """Train the model of a run (and first those that it starts from, if they are recipes and not
    yet trained).

    Writes ``tokens/``, ``checkpoints/``, ``metrics.jsonl``, ``curves.html`` and ``best/``, the
    model of the best evaluation as a plain transformers folder. Goes on from the last checkpoint
    of the same recipe. False if SIGTERM ended it, with a checkpoint. Raises ``StageError`` and
    ``CheckpointError``.
    """
    check(run.recipe)
    before = run.previous()
    if before and not pretrain(before, log):
        return False
    if finished(run):
        log(f"{run.recipe.name}: already trained ({run.best})")
        return True
    return Trainer(run, log).train()
