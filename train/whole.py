"""All stages of a recipe in order, with the time that is left before each."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from train import throughput
from train.estimate import CORES, TRAINING, Forecast, Work, duration
from train.files import Run
from train.metrics import read
from train.stages import Log, Stage, stages, training_left
from viobert.checkpoints import EMBEDDED


def whole(run: Run, log: Log = print, folder: Path | None = EMBEDDED) -> bool:
    """Corpus, base, adapted model, grid, the heads that find entities, and the pair in ``folder``
    (None: nothing is embedded).

    What is done is passed over by the stages themselves. False if one was stopped by SIGTERM or
    waits for a cluster's jobs. Raises what the stages raise.
    """
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
