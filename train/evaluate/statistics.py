"""Intervals, p-values and corrections for what two models made of the same texts.

A quantity of a model is a function of counts that are added up over independent texts: (texts, k).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Counts = NDArray[np.float64]
#: Sums of counts (…, k) → values (…).
Value = Callable[[Counts], NDArray[np.float64]]
_BLOCK = 1000
_LEVEL = 0.95
#: Beyond these a proportion's bootstrap interval is too narrow, and empty at 0 and 1.
_NEAR = 0.05


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


@lru_cache(maxsize=8)
def draws(count: int, resamples: int, seed: int) -> NDArray[np.uint16]:
    """(resamples, count): how often each of ``count`` texts is drawn, with replacement.

    The same for every quantity asked of it, so that differences between models are paired.
    """
    if count < 1:
        raise ValueError("no text to resample")
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(count, np.full(count, 1.0 / count), size=resamples)
    return np.asarray(drawn.astype(np.uint16))


@dataclass(frozen=True)
class Resampling:
    """How a quantity is resampled: over ``documents`` texts, and over the seeds of the runs."""

    documents: int
    resamples: int = 10_000
    seed: int = 13

    def interval(self, seeds: Sequence[Counts], value: Value) -> Interval:
        """Mean of the values of the seeds' counts, each (texts, k), in the same order of texts.

        Texts are resampled, and (crossed with them) seeds.
        """
        sampled = np.concatenate(
            [
                _mean([value(weights @ counts) for counts in seeds], drawn)
                for weights, drawn in self._draws(len(seeds))
            ]
        )
        return _interval(float(np.mean([value(c.sum(0)) for c in seeds])), sampled)

    def gain(
        self,
        base: Sequence[Counts],
        adapted: Sequence[Counts],
        value: Value,
        relative: bool,
        documents: int | None = None,
    ) -> Interval:
        """Adapted less base, paired over texts and seeds; ``relative``: as a share of the base;
        ``documents``: how many texts can count, if not all."""

        def differences(sums: Callable[[Counts], Counts]) -> list[NDArray[np.float64]]:
            return [
                _difference(value(sums(b)), value(sums(a)), relative)
                for b, a in zip(base, adapted, strict=True)
            ]

        sampled = []
        for weights, drawn in self._draws(len(base)):
            sampled.append(_mean(differences(lambda c, w=weights: w @ c), drawn))  # type: ignore[misc]
        observed = float(np.mean(differences(lambda c: c.sum(0))))
        found = _interval(observed, np.concatenate(sampled))
        same = all(np.array_equal(b, a) for b, a in zip(base, adapted, strict=True))
        if same:  # no text tells them apart: of so few, up to this share may yet
            few = stats.binomtest(0, documents or self.documents)
            edge = few.proportion_ci(_LEVEL, "wilson").high
            return Interval(found.value, -edge, edge)
        return found

    def p_value(
        self, base: Sequence[Counts], adapted: Sequence[Counts], value: Value, relative: bool
    ) -> float:
        """Two-sided permutation test: under the null hypothesis a text's two outcomes may be
        exchanged (with all seeds at once, which are no independent texts)."""

        def statistic(first: list[Counts], second: list[Counts]) -> NDArray[np.float64]:
            pairs = zip(first, second, strict=True)
            each = [_difference(value(b), value(a), relative) for b, a in pairs]
            return np.asarray(np.mean(each, axis=0))

        observed = abs(statistic([c.sum(0) for c in base], [c.sum(0) for c in adapted]))
        generator = np.random.default_rng(self.seed + 1)
        # Exchanged texts differ in sign only: a rounding error must not tell them apart.
        least = observed - 1e-12 * max(1.0, float(observed))
        beyond = 0
        for count in _blocks(self.resamples):
            swap = generator.integers(0, 2, (count, self.documents)).astype(np.float64)
            moved = [swap @ (a - b) for b, a in zip(base, adapted, strict=True)]
            first = [b.sum(0) + m for b, m in zip(base, moved, strict=True)]
            second = [a.sum(0) - m for a, m in zip(adapted, moved, strict=True)]
            with np.errstate(invalid="ignore", divide="ignore"):
                beyond += int((np.abs(statistic(first, second)) >= least).sum())
        return (1 + beyond) / (1 + self.resamples)

    def _draws(self, seeds: int) -> Iterator[tuple[Counts, Counts]]:
        """Blocks of (block, texts) and (block, seeds): how often each is drawn."""
        weights = draws(self.documents, self.resamples, self.seed)
        drawn = draws(seeds, self.resamples, self.seed + 2)
        for start in range(0, self.resamples, _BLOCK):
            part = slice(start, start + _BLOCK)
            yield weights[part].astype(np.float64), drawn[part].astype(np.float64)


def _blocks(count: int) -> Iterator[int]:
    for start in range(0, count, _BLOCK):
        yield min(_BLOCK, count - start)


def _mean(values: Sequence[NDArray[np.float64]], drawn: Counts) -> NDArray[np.float64]:
    return np.asarray((np.stack(values, axis=1) * drawn).sum(1) / drawn.sum(1))


def _difference(
    base: NDArray[np.float64], adapted: NDArray[np.float64], relative: bool
) -> NDArray[np.float64]:
    return adapted / base - 1 if relative else adapted - base


def _interval(value: float, sampled: NDArray[np.float64]) -> Interval:
    # A resample may miss every text that has something to count.
    low, high = np.nanpercentile(sampled, [50 * (1 - _LEVEL), 50 * (1 + _LEVEL)])
    return Interval(value, float(low), float(high))


def proportion(found: Interval, documents: int, n: int) -> Interval:
    """The interval of a proportion of ``n`` items: Wilson's where it is near 0 or 1.

    Its trials are as many as would be independent: at least the texts, at most the items, between
    them what the bootstrap's standard error says (Korn and Graubard 1998).
    """
    value = found.value
    if _NEAR < value < 1 - _NEAR:
        return found
    error = (found.high - found.low) / (2 * stats.norm.ppf(0.5 + _LEVEL / 2))
    trials = value * (1 - value) / error**2 if error else documents
    trials = round(min(max(trials, documents), n))
    ends = stats.binomtest(round(value * trials), trials).proportion_ci(_LEVEL, "wilson")
    # Of rounded successes: the value itself stays inside.
    return Interval(value, min(float(ends.low), value), max(float(ends.high), value))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number, in their order (Holm 1979, step-down)."""
    order = np.argsort(p_values)
    factors = len(p_values) - np.arange(len(p_values))
    corrected = np.minimum(1.0, np.maximum.accumulate(np.asarray(p_values)[order] * factors))
    out = np.empty(len(p_values))
    out[order] = corrected
    return [float(p) for p in out]
