"""Intervals of ratios over documents, and of paired differences between two models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % percentile bootstrap interval."""

    value: float
    low: float
    high: float


class Bootstrap:
    """Resamples of documents with replacement, the same for every quantity asked of it, so that
    differences between models are paired."""

    def __init__(self, documents: int, resamples: int, seed: int) -> None:
        """``documents``: how many there are; weights are (resamples, documents) counts."""
        if documents < 1:
            raise ValueError("no document to resample")
        generator = np.random.default_rng(seed)
        share = np.full(documents, 1.0 / documents)
        self.weights = generator.multinomial(documents, share, size=resamples).astype(np.float64)

    def ratio(
        self,
        numerator: NDArray[np.float64],
        denominator: NDArray[np.float64],
        transform: np.ufunc | None = None,
    ) -> Interval:
        """Interval of Σ numerator / Σ denominator over documents (both (documents,)).

        ``transform`` is applied to the ratio, e.g. ``np.exp`` for a perplexity.
        """
        with np.errstate(invalid="ignore"):
            sampled = (self.weights @ numerator) / (self.weights @ denominator)
        value = np.asarray(numerator.sum() / denominator.sum())
        if transform is not None:
            sampled, value = transform(sampled), transform(value)
        # A resample may miss every document that has a word to score.
        low, high = np.nanpercentile(sampled, [2.5, 97.5])
        return Interval(float(value), float(low), float(high))
