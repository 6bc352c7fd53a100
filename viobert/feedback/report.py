"""What the votes say: a win rate with its interval, and how far the judges agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from viobert.feedback.records import WINNERS, Note, Vote
from viobert.pii.measure import wilson

#: With fewer votes no rate is shown.
MIN_VOTES = 30
#: What a choice counts for the medical model.
_SHARES = {"medical": 1.0, "general": 0.0, "tie": 0.5, "both_bad": 0.5}
_BLOCK = 1000
#: Beyond these a bootstrap's interval is too narrow, and empty at 0 and 1.
_NEAR = 0.05


@dataclass(frozen=True)
class WinRate:
    """The medical model's share of the votes and its 95 % interval.

    A tie, and both bad, count half. ``value`` is None without votes; ``low`` and ``high`` with
    fewer than two judges, who tell nothing about other judges. ``wins`` counts the four choices.
    """

    value: float | None
    low: float | None
    high: float | None
    votes: int
    judges: int
    wins: dict[str, int]

    @property
    def shown(self) -> bool:
        """Whether there are enough votes to show a rate."""
        return self.votes >= MIN_VOTES

    @property
    def decided(self) -> bool:
        """Whether the interval excludes a half."""
        return self.low is not None and self.high is not None and not self.low <= 0.5 <= self.high


def by_pair(records: Iterable[Vote | Note]) -> dict[tuple[str, str], list[Vote]]:
    """The votes of each pair of models (general, medical), in order of the first."""
    pairs: dict[tuple[str, str], list[Vote]] = {}
    for record in records:
        if isinstance(record, Vote):
            pairs.setdefault(record.pair, []).append(record)
    return pairs


def win_rate(votes: Sequence[Vote], draws: int = 10_000, seed: int = 0) -> WinRate:
    """Of one pair's votes; the interval is the percentiles' of a bootstrap over judges.

    A judge is drawn with all their votes, which are not independent. Where that interval is empty
    or the rate is near 0 or 1, it is no narrower than Wilson's with each judge as one trial.
    Raises ValueError for votes of several pairs.
    """
    _one_pair(votes)
    judges: dict[str, list[float]] = defaultdict(list)
    for vote in votes:
        judges[vote.judge].append(_SHARES[vote.winner])
    counted = Counter(vote.winner for vote in votes)
    wins: dict[str, int] = {winner: counted[winner] for winner in WINNERS}
    if not votes:
        return WinRate(None, None, None, 0, 0, wins)
    sums = np.array([[sum(shares), len(shares)] for shares in judges.values()])
    value = float(sums[:, 0].sum() / sums[:, 1].sum())
    low, high = _interval(sums, value, draws, seed) if len(judges) > 1 else (None, None)
    return WinRate(value, low, high, len(votes), len(judges), wins)


def _interval(sums: np.ndarray, value: float, draws: int, seed: int) -> tuple[float, float]:
    """From (judges, 2): sum of shares, and votes."""
    generator = np.random.default_rng(seed)
    count = len(sums)
    rates = []
    for first in range(0, draws, _BLOCK):
        size = min(_BLOCK, draws - first)
        drawn = generator.multinomial(count, np.full(count, 1.0 / count), size=size) @ sums
        rates.append(drawn[:, 0] / drawn[:, 1])
    low, high = (float(edge) for edge in np.percentile(np.concatenate(rates), [2.5, 97.5]))
    if high - low < 1e-9 or not _NEAR <= value <= 1 - _NEAR:
        least, most = wilson(value * count, count)  # type: ignore[arg-type]  # shares may be halves
        return min(low, least), max(high, most)
    return low, high


def units(votes: Iterable[Vote]) -> dict[str, list[str]]:
    """For each example judged by two or more: the choices, each judge's last."""
    choices: dict[str, dict[str, str]] = defaultdict(dict)
    for vote in sorted(votes, key=lambda vote: vote.day):
        if vote.example is not None:
            choices[vote.example][vote.judge] = vote.winner
    return {example: list(of.values()) for example, of in choices.items() if len(of) > 1}


def agreement(votes: Sequence[Vote]) -> float | None:
    """Krippendorff's nominal alpha over the examples judged by two or more; None where undefined.

    It is undefined without such an example, and where all choices are the same.
    Raises ValueError for votes of several pairs, ModuleNotFoundError without ``krippendorff``.
    """
    _one_pair(votes)
    judged = units(votes)
    if len({choice for choices in judged.values() for choice in choices}) < 2:
        return None
    try:
        import krippendorff
    except ImportError:
        raise ModuleNotFoundError(
            "agreement needs krippendorff: pip install 'viobert[feedback]'"
        ) from None
    counts = np.array([[choices.count(w) for w in WINNERS] for choices in judged.values()])
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))


def sides(votes: Iterable[Vote]) -> Counter[str]:
    """How often side A and side B won; ties and both bad are of no side."""
    other = {"A": "B", "B": "A"}
    return Counter(
        vote.side if vote.winner == "medical" else other[vote.side]
        for vote in votes
        if vote.winner in ("medical", "general")
    )


def _one_pair(votes: Iterable[Vote]) -> None:
    if len({vote.pair for vote in votes}) > 1:
        raise ValueError("votes of several pairs of models")
