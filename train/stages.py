"""The stages that make a recipe's models: what of each is left, and how it is done."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from train import estimate, throughput
from train.corpus.build import build
from train.corpus.made import read_manifest
from train.embed import embed
from train.estimate import EMBED, FIGURES, HEAD, MINI, Kind, Work
from train.evaluate.axes import Cell, registry
from train.evaluate.stage import evaluate
from train.figures import figures
from train.files import Run, StageError
from train.lineage import finished, lineage
from train.pretrain import pretrain
from train.publish.heads import Head, candidates
from viobert.checkpoints import EMBEDDED

Log = Callable[[str], object]


@dataclass(frozen=True)
class Stage:
    """``seconds``: reference seconds that are left of it, as the disk tells; ``do``: False if it
    was stopped, or queued, in good order; ``trains``: the run whose model it trains."""

    name: str
    kind: Kind
    seconds: Callable[[], float]
    do: Callable[[Log], bool]
    trains: Run | None = None

    def left(self) -> Work:
        return Work(self.kind, self.seconds())


def stages(run: Run, folder: Path | None) -> list[Stage]:
    """In order. ``folder``: where the pair is embedded, if the base is a recipe; None: nowhere. The
    project's own pair brings its figures with it."""
    found = [Stage("corpus", "text", partial(_corpus_left, run), partial(_corpus, run))]
    for made in lineage(run):
        name, left = f"pretrain {made.recipe.name}", partial(training_left, made)
        found.append(Stage(name, "models", left, partial(_pretrain, made), made))
    if _heads(run):  # first: the grid then has their cells
        found.append(Stage("heads", "models", partial(_heads_left, run), partial(_keep, run)))
    found.append(Stage("evaluate", "models", partial(_grid_left, run), partial(_evaluate, run)))
    if folder and run.base():
        found.append(Stage("embed", "text", lambda: EMBED, partial(_embed, run, folder)))
    if folder == EMBEDDED and run.base():
        found.append(Stage("figures", "text", lambda: FIGURES, partial(_draw, run)))
    return found


def _corpora(run: Run) -> list[Run]:
    """The run, and those whose documents a vocabulary of its lineage is learned from besides."""
    also = (made.vocabulary() for made in lineage(run))
    return list({of.recipe.name: of for of in (run, *also) if of}.values())


def _corpus(run: Run, log: Log) -> bool:
    for made in _corpora(run):
        with made.lock():
            build(made, log)
    return all(read_manifest(made) for made in _corpora(run))  # none while jobs are queued


def _corpus_left(run: Run) -> float:
    every = {of.recipe.name: of for made in _corpora(run) for of in lineage(made)}
    return sum(estimate.corpus(made) for made in every.values() if not _has_corpus(made))


def _has_corpus(run: Run) -> bool:
    return bool(read_manifest(run).get("recipe") == run.recipe.digest("corpus"))


def _pretrain(run: Run, log: Log) -> bool:
    ended = pretrain(run, log)
    gc.collect()
    torch.cuda.empty_cache()  # the evaluation's processes want it
    return ended


def training_left(run: Run, step: int | None = None) -> float:
    """Reference seconds of a training from ``step`` on, or from its last checkpoint."""
    if step is None and _has_corpus(run) and finished(run):
        return 0.0
    if step is None:
        names = (path.name for path in run.checkpoints.glob("step-*[0-9]"))
        step = max((int(name.removeprefix("step-")) for name in names), default=0)
    whole = estimate.training(run.recipe, throughput.flops(run.recipe, throughput.shape(run)))
    return whole * max(0.0, 1 - step / run.recipe.what.training.steps)


def _evaluate(run: Run, log: Log) -> bool:
    evaluate(run, log)
    return True


def _grid_left(run: Run) -> float:
    """Cells are taken for done if their files are there and the models are trained."""
    every = _cells(run)
    if all(_has_corpus(made) and finished(made) for made in lineage(run)):
        done = run.evaluation / "cells"
        every = [cell for cell in every if not (done / f"{cell.name}.parquet").exists()]
    return estimate.grid(len(every), *_flops(run))


def _cells(run: Run) -> list[Cell]:
    """As ``evaluate.grid.cells``, also before there is a corpus."""
    evaluation = run.recipe.what.evaluation
    found = []
    for axis in registry().values():
        try:
            settings = axis.settings(run)
        except StageError:  # of the test documents, which are not there yet
            settings = [(axis.name, name) for name in evaluation.intrinsic or ["all"]]
        seeds = evaluation.seeds if axis.seeded else [None]
        found += [Cell(axis.name, *s, name, seed) for s in settings for name in _names(run)
                  for seed in seeds]  # fmt: skip
    return found


def _names(run: Run) -> list[str]:
    """Of the models that are compared."""
    base = run.base()
    return [*filter(None, [base.recipe.name if base else run.recipe.what.base]), run.recipe.name]


def _flops(run: Run) -> tuple[float, float]:
    """A word piece, of the run's model and of the mini one."""
    recipe = run.recipe
    return throughput.flops(recipe, throughput.shape(run)), throughput.flops(recipe, MINI)


def _heads(run: Run) -> list[Head]:
    """Those that find entities, of the first seed."""
    return [head for name in _names(run) for head in candidates(run, name) if head.tags]


def _heads_left(run: Run) -> float:
    """A head is taken for done as a cell is."""
    heads, cells = _heads(run), run.evaluation / "cells"
    if all(_has_corpus(made) and finished(made) for made in lineage(run)):
        folder = run.evaluation / "heads"
        heads = [head for head in heads if not (
            (folder / head.cell.name / "model.safetensors").is_file()
            and (cells / f"{head.cell.name}.parquet").is_file()
        )]  # fmt: skip
    return estimate.grid(len(heads), *_flops(run)) * HEAD


def _keep(run: Run, log: Log) -> bool:
    seed = run.recipe.what.evaluation.seeds[0]
    evaluate(run, log, only=f"axis=ner,seed={seed}", keep=True)
    return True


def _draw(run: Run, log: Log) -> bool:
    figures(run, log)
    return True


def _embed(run: Run, folder: Path, log: Log) -> bool:
    embed(run, log, folder)
    return True
