"""The two models behind the page, loaded once in the background."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import Literal

from viobert.checkpoints import Answering, CheckpointError, pair
from viobert.fill_mask import FillMask, Prediction, Problem, check

log = logging.getLogger(__name__)
State = Literal["loading", "ready", "failed"]


@dataclass(frozen=True)
class Outcome:
    """A comparison: per model (general, medical) and per mask its predictions, or the reason
    for having none."""

    predictions: tuple[list[list[Prediction]], ...] = ()
    problem: Problem | Literal["loading", "failed"] | None = None


class Models:
    """General and medical model; ``answering`` is empty until they are ready."""

    def __init__(self) -> None:
        self.answering: tuple[Answering, ...] = ()
        self.error: CheckpointError | None = None
        self._fillers: tuple[FillMask, ...] = ()
        self._done = threading.Event()

    @property
    def state(self) -> State:
        """Where loading stands."""
        if not self._done.is_set():
            return "loading"
        return "ready" if self._fillers else "failed"

    def start(self) -> None:
        """Load both in a daemon thread; returns at once."""
        threading.Thread(target=self.load, daemon=True, name="models").start()

    def load(self) -> None:
        """Load both; never raises: ``state`` and ``error`` tell."""
        try:
            answering = pair()
            self._fillers = tuple(FillMask(one.checkpoint) for one in answering)
            self.answering = answering
        except CheckpointError as error:
            self.error = error
            log.error("%s", error)
        except Exception:
            log.exception("the models could not be loaded")
        finally:
            self._done.set()

    def compare(self, text: str, k: int = 5, patience: float = 60.0) -> Outcome:
        """Both models' ``k`` best words for each mask, waiting ``patience`` seconds for loading."""
        problem = check(text)
        if problem is not None:
            return Outcome(problem=problem)
        if not self._done.wait(patience):
            return Outcome(problem="loading")
        if not self._fillers:
            return Outcome(problem="failed")
        for filler in self._fillers:
            problem = check(text, filler.checkpoint)
            if problem is not None:
                return Outcome(problem=problem)
        return Outcome(tuple(filler(text, k) for filler in self._fillers))
