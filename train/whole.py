"""All stages of a recipe in order, with the time that is left before each."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from train import throughput
from train.estimate import CORES, TRAINING, Forecast, Work, duration
from train.figures import pair
from train.files import Run, StageError
from train.metrics import read
from train.publish import facts
from train.stages import Log, Stage, stages, training_left
from viobert.checkpoints import EMBEDDED


def whole(
    run: Run, log: Log = print, folder: Path | None = EMBEDDED, replace: bool = False
) -> bool:
    """Corpus, base, adapted model, the heads that find entities, grid, and the pair in ``folder``
    (None: nothing is embedded); ``replace``: also where another recipe's pair is.

    What is done is passed over by the stages themselves. False if one was stopped by SIGTERM or
    waits for a cluster's jobs. Raises what the stages raise.
    """
    if folder and run.base() and not replace:
        _own(run, folder)
    name, every, took = run.recipe.name, stages(run, folder), list[str]()
    forecast = Forecast(lambda: TRAINING / throughput.rate(run), lambda: CORES / _cores())
    begun = time.monotonic()
    for number, stage in enumerate(every, 1):
        work, *later = [s.left() for s in every[number - 1 :]]
        done = "" if work.seconds else " (done before)"
        left = _left(forecast.left([work, *later]))
        log(f"{name}: stage {number} of {len(every)}, {stage.name}{done}; {left}")
        start = time.monotonic()
        if not stage.do(_Told(stage, work, later, forecast, log)):
            log(f"{name}: stopped in stage {number} of {len(every)}; the same command goes on")
            return False
        seconds = time.monotonic() - start
        forecast.done(work, seconds)
        took.append(f"{stage.name} {duration(seconds)}{done}")
    log(f"{name}: all done in {duration(time.monotonic() - begun)}: {', '.join(took)}")
    return True


def _own(run: Run, folder: Path) -> None:
    """``StageError``, before hours of work, where another recipe's pair would be lost."""
    medical = pair(folder)[1]
    if medical.is_dir() and (there := facts.read(medical)["name"]) != run.recipe.name:
        raise StageError(
            f"{folder}: holds the pair of {there}; --no-embed leaves it, --into DIR embeds in "
            "DIR/assets/models"
        )


class _Told:
    """A log that tells what is left at each evaluation of a training."""

    def __init__(
        self, stage: Stage, work: Work, later: Sequence[Work], forecast: Forecast, log: Log
    ) -> None:
        self.stage, self.work, self.later = stage, work, later
        self.forecast, self.log = forecast, log
        self.begun = time.monotonic()
        self.step = self._evaluated()

    def __call__(self, line: str) -> None:
        step = self._evaluated()
        if self.stage.trains and step > self.step:
            now = Work(self.work.kind, training_left(self.stage.trains, step))
            seconds = time.monotonic() - self.begun
            line += f"; {_left(self.forecast.left_within(self.work, now, seconds, self.later))}"
        self.step = step
        self.log(line)

    def _evaluated(self) -> int:
        """The step of the newest evaluation, 0 before the first."""
        lines = read(self.stage.trains.metrics) if self.stage.trains else []
        return max((int(line["step"]) for line in lines if "score" in line), default=0)


def _left(seconds: float) -> str:
    told = duration(seconds)
    return f"{'' if seconds < 60 else 'about '}{told} left for all"


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
