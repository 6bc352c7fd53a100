"""How long the stages of a recipe take: as measured on one machine, carried over to this one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from train.corpus.sources import local
from train.cost import Shape
from train.files import Run
from train.lineage import deciding
from train.options import Training
from train.publish import facts
from train.recipe import Recipe
from viobert.checkpoints import EMBEDDED

# Measured with mini-medical.yaml from its data folder, on two EPYC cores with bf16, 2026-11: both
# corpora 3 min, mini-base (6,000 steps, 7 evaluations) 28 min, mini-medical (4,000 steps, 41
# evaluations) 22 min, the 178 cells of the grid 45 min, two heads that find entities 1 min.
#: Seconds a byte of the sources' files (33 MB of parquet).
CORPUS = 180 / 33.5e6
#: FLOP/s of training, as ``cost.flops`` counts them; both trainings' times solved for two unknowns.
TRAINING = 0.29e12
#: Word pieces that could be trained on while one evaluation of a training reads its texts.
READING = 80_000
#: Seconds of a cell of the grid; of a small model at least this share.
CELL, LEAST = 45 * 60 / 178, 0.2
#: Cells that a head that finds entities takes as long as; seconds of the embedding and of the
#: figures' pictures.
HEAD, EMBED, FIGURES = 2.0, 10.0, 30.0
#: Cores that worked on the corpora.
CORES = 2
#: Seconds before a stage works: imports, models and texts that are loaded.
START = 10.0
#: The model whose times these are.
MINI = Shape(4, 256, 4, 1024, 16000, 7_371_136)
#: Share of a training's windows that is filled, where no record tells (mini-base: 80 of 128).
FILLED = 0.63

Kind = Literal["text", "models"]


@dataclass(frozen=True)
class Work:
    """``seconds`` on that machine, 0 if nothing is left; ``kind``: whose pace it keeps, of the
    models' arithmetic or of all else."""

    kind: Kind
    seconds: float


class Pace:
    """Seconds here for one of that machine: ``first`` until a stage was measured."""

    def __init__(self, first: Callable[[], float]) -> None:
        self._first = first
        self._seconds = self._reference = 0.0

    @cached_property
    def first(self) -> float:
        """Asked for once, and only if it is needed."""
        return self._first()

    def measured(self, reference: float, seconds: float) -> None:
        """What took ``reference`` seconds there took ``seconds`` here."""
        self._reference += reference
        self._seconds += seconds

    def value(self, reference: float = 0.0, seconds: float = 0.0) -> float:
        """With what was measured, and with a stage that is under way."""
        total = self._reference + reference
        return (self._seconds + seconds) / total if total else self.first


class Forecast:
    """What is left, in seconds of this machine. The corpus has a pace of its own: it uses other
    instructions than the models."""

    def __init__(self, models: Callable[[], float], text: Callable[[], float]) -> None:
        self._paces: dict[Kind, Pace] = {"models": Pace(models), "text": Pace(text)}

    def done(self, work: Work, seconds: float) -> None:
        """A stage took ``seconds``; one that had nothing left tells nothing."""
        if work.seconds:
            self._paces[work.kind].measured(START + work.seconds, seconds)

    def left(self, works: Iterable[Work]) -> float:
        """Of stages that did not begin."""
        return sum(self._paces[w.kind].value() * (START + w.seconds) for w in works if w.seconds)

    def left_within(self, before: Work, now: Work, seconds: float, later: Iterable[Work]) -> float:
        """Of a stage of models that had ``before`` to do, has ``now`` after ``seconds``, and of
        those after it."""
        done = START + before.seconds - now.seconds
        pace = self._paces[now.kind].value(done, seconds)
        return pace * (now.seconds + sum(START + w.seconds for w in later if w.seconds))


def duration(seconds: float) -> str:
    """``1 h 20 min``, ``12 min``, ``under a minute``."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return "under a minute"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def corpus(run: Run) -> float:
    """Reference seconds of one run's corpus. What has to be fetched is not counted."""
    sources = [s for s in run.recipe.what.corpus.sources if s.path]
    paths = [path for source in sources for path in local.files(run.recipe, source)]
    return CORPUS * sum(path.stat().st_size for path in paths)


def training(recipe: Recipe, flops: float) -> float:
    """Reference seconds of a training at ``flops`` a word piece, by the record of a former one
    if a model of this very recipe is embedded."""
    options = recipe.what.training
    steps, pieces = _record(recipe) or (
        options.steps, options.steps * options.batch_size * _filled(options)
    )  # fmt: skip
    evaluations = steps // recipe.what.stopping.every + 1
    return (pieces + evaluations * READING) * flops / TRAINING


def _filled(options: Training) -> float:
    """Word pieces of a window."""
    long = (1 - options.short) * options.length * FILLED
    return long + options.short * options.short_length


def grid(cells: int, flops: float, mini: float) -> float:
    """Reference seconds of cells; ``flops`` a word piece, of the recipe's model and of the mini."""
    return cells * CELL * max(LEAST, flops / mini)


def _record(recipe: Recipe) -> tuple[int, float] | None:
    """Steps and word pieces of an embedded model's training. Not its seconds: they are those of
    whatever machine it was made on."""
    for path in EMBEDDED.glob(f"*/{facts.NAME}"):
        for found in facts.stages(json.loads(path.read_text(encoding="utf-8"))):
            if found["recipe"]["digest"] == deciding(recipe):
                return int(found["training"]["steps"]), float(found["training"]["pieces"])
    return None
