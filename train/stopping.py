"""The composite improvement score: which evaluation is the best, and when training ends.

After spaCy's weighted score with patience; but each term is an improvement in units of its own
standard error, and a missing term ends the training instead of counting as 0.

Which evaluation is the best is decided against the best so far, not by two scores against the base:
far from the base a score is a large number with a large error, and less is better than more by
chance (LOG.md).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from train.files import StageError
from train.options import Stopping, Weights

#: Each term of the score, and whether more of it is better.
TERMS = {"nats_per_word": -1.0, "fill_mask_top5": 1.0, "probe_macro_f1": 1.0, "cloze_nats": -1.0}
#: Of general text; it can veto, it adds nothing.
GENERAL = "general_nats_per_word"


class MissingTermError(StageError):
    """A term that the recipe asks for was not measured."""


@dataclass(frozen=True)
class Reading:
    """What one evaluation measured.

    ``values``: by term; ``replicates``: the same on resampled texts. All readings of a training
    resample the same way, so that the difference of two readings' replicates tells how sure their
    difference is.
    """

    values: dict[str, float]
    replicates: dict[str, list[float]]

    def errors(self) -> dict[str, float]:
        """The standard error of each value by itself."""
        return {term: float(np.std(found, ddof=1)) for term, found in self.replicates.items()}


@dataclass(frozen=True)
class Verdict:
    """``forgetting``: nats a word by which general text became harder, None if none is read."""

    score: float
    forgetting: float | None
    vetoed: bool
    is_best: bool


def composite(base: Reading, now: Reading, weights: Weights) -> float:
    """Σ weight × improvement over an earlier reading / standard error of that improvement.

    The error is paired: the same words, texts and rows are read of both. A sum of z statistics, in
    which a term that is measured badly counts little; it chooses a checkpoint and is no test.
    """
    total = 0.0
    for term, weight in dataclasses.asdict(weights).items():
        if weight:
            total += weight * TERMS[term] * _in_errors(base, now, term)
    return total


def _in_errors(base: Reading, now: Reading, term: str) -> float:
    difference = _term(now, term) - _term(base, term)
    if difference == 0:
        return 0.0
    error = float(np.std(np.subtract(now.replicates[term], base.replicates[term]), ddof=1))
    if error == 0:
        raise StageError(f"{term}: too few texts or rows to tell how sure its difference is")
    return difference / error


def _term(reading: Reading, term: str) -> float:
    if term not in reading.values or term not in reading.replicates:
        raise MissingTermError(
            f"{term} was not measured, but what.stopping asks for it: missing is not 0"
        )
    return reading.values[term]


class Judge:
    """Remembers the readings of the start and of the best, and how long ago that was."""

    def __init__(self, config: Stopping) -> None:
        self.config = config
        self.base: Reading | None = None
        self.best: Reading | None = None
        self.best_score, self.best_step, self.waited = 0.0, 0, 0

    def judge(self, step: int, reading: Reading) -> Verdict:
        """Score a reading; the first is of what training begins with. ``MissingTermError``."""
        if self.base is None:
            self.base = reading
        score = composite(self.base, reading, self.config.weights)
        forgetting, vetoed = None, False
        if self.config.general:
            forgetting = _term(reading, GENERAL) - _term(self.base, GENERAL)
            vetoed = forgetting > self.config.general.bound
        better = self.best is None or composite(self.best, reading, self.config.weights) > 0
        is_best = better and not vetoed
        if is_best:
            self.best, self.best_score, self.best_step, self.waited = reading, score, step, 0
        else:
            self.waited += 1
        return Verdict(score, forgetting, vetoed, is_best)

    @property
    def exhausted(self) -> bool:
        """Whether the patience of the recipe is at its end."""
        return 0 < self.config.patience <= self.waited

    def state(self) -> dict[str, Any]:
        """As JSON can hold it; ``restore`` takes it back."""
        return {
            "base": dataclasses.asdict(self.base) if self.base else None,
            "best": dataclasses.asdict(self.best) if self.best else None,
            "best_score": self.best_score,
            "best_step": self.best_step,
            "waited": self.waited,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.base = Reading(**state["base"]) if state["base"] else None
        self.best = Reading(**state["best"]) if state["best"] else None
        self.best_score, self.best_step = state["best_score"], state["best_step"]
        self.waited = state["waited"]
