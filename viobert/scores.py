"""One record for one score: write, read, validate."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

#: Which items a score is of: all of them, or those that no training text holds.
ALL, UNCONTAMINATED = "all", "uncontaminated"
#: Metrics of which less is better.
LOWER_IS_BETTER = ("nats_per_word", "bits_per_character", "word_perplexity")
Verdict = Literal["gain", "loss", "no difference shown"]
#: The metric that each axis is judged by.
PRIMARY = {
    "intrinsic": "nats_per_word",
    "probing": "macro_f1",
    "fine-tuning": "macro_f1",
    "ner": "f1",
    "mcq": "accuracy",
    "left-to-right": "nats_per_word",
    "forgetting": "nats_per_word",
    "dialect": "macro_f1",
    "further": "macro_f1",
    "zero-shot": "accuracy",
    "cloze": "fitting_top5",
}
#: Metrics as people read them.
METRICS = {
    "nats_per_word": "nats per word",
    "bits_per_character": "bits per character",
    "word_perplexity": "word perplexity",
    "fill_mask_top1": "fill-mask top-1",
    "fill_mask_top5": "fill-mask top-5",
    "fill_mask_mrr": "fill-mask MRR",
    "macro_f1": "macro-F1",
    "accuracy": "accuracy",
    "f1": "entity F1",
    "fitting_top1": "fitting word first",
    "fitting_top5": "fitting word in top-5",
}
_AMONG = {"_one_piece": ", words of one piece", "_several_pieces": ", of several pieces"}
_OF_PARTS = ("f1", "fitting_top5")
_NUMBERS = ("nats_per_word", "bits_per_character", "fill_mask_mrr")


class ScoreError(ValueError):
    """A score that cannot be believed as it stands: names the file, the row and the field."""


@dataclass(frozen=True)
class Score:
    """One cell: a metric of one model in one setting, with its 95 % interval.

    ``seed`` is None for the mean over all seeds (``envelope["seeds"]``), and where nothing is
    drawn. ``against`` names the model that the value is a paired difference from, else ``None``.
    ``n`` counts the words or items that were scored, ``documents`` the independent texts they are
    from: the units of the bootstrap. ``p``: of a two-sided permutation test; ``p_holm``: corrected
    over the settings of the grid.
    """

    axis: str
    task: str
    setting: str
    model: str
    revision: str
    seed: int | None
    metric: str
    value: float
    low: float
    high: float
    n: int
    documents: int
    against: str | None = None
    items: str = ALL
    p: float | None = None
    p_holm: float | None = None
    envelope: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("axis", "task", "setting", "model", "revision", "metric"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                raise ScoreError(f"{name} must be a non-empty string")
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int | float):
                raise ScoreError(f"{name} must be a number")
            if not math.isfinite(number):
                raise ScoreError(f"{name} of {self.metric} is not finite")
        if not self.low <= self.high:
            raise ScoreError(f"low {self.low} lies above high {self.high} for {self.metric}")
        for name in ("n", "documents"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) <= 0:
                raise ScoreError(f"{name} must be a positive integer for {self.metric}")
        if self.items not in (ALL, UNCONTAMINATED):
            raise ScoreError(f"items must be {ALL} or {UNCONTAMINATED}, not {self.items}")
        for name in ("p", "p_holm"):
            number = getattr(self, name)
            if number is not None and not 0 <= number <= 1:
                raise ScoreError(f"{name} of {self.metric} is no probability: {number}")

    @property
    def better(self) -> float:
        """The value's sign for the better: −1 where less is better."""
        return -1.0 if self.metric in LOWER_IS_BETTER else 1.0

    @property
    def verdict(self) -> Verdict:
        """What the interval of a difference shows; ``ScoreError`` for a score that is none."""
        if self.against is None:
            raise ScoreError(f"{self.metric} of {self.model} is no difference")
        if self.low <= 0 <= self.high:
            return "no difference shown"
        return "gain" if self.value * self.better > 0 else "loss"


def named(metric: str) -> str:
    """A metric as people read it."""
    for ending, told in _AMONG.items():
        if metric.endswith(ending):
            return METRICS[metric.removesuffix(ending)] + told
    if metric in METRICS:
        return METRICS[metric]
    stem, kind = part(metric)
    if stem:
        return kind if stem == "f1" else f"{METRICS[stem]}, {kind}"
    return metric.replace("_", " ")


def part(metric: str) -> tuple[str, str]:
    """The metric that one is a part of, and of what part: a type of entity, a dialect. Both
    empty where it is none."""
    for stem in _OF_PARTS:
        if metric.startswith(f"{stem}_"):
            return stem, metric.removeprefix(f"{stem}_")
    return "", ""


def show(score: Score, number: float) -> str:
    """A number of a score as people read it: shares in percent, differences with their sign, a
    perplexity's as a share of the base's."""
    sign = "+" if score.against else ""
    if score.metric.startswith(_NUMBERS):
        return f"{number:{sign}.3f}"
    if score.metric == "word_perplexity":
        return f"{100 * number:+.1f} %" if score.against else f"{number:,.0f}"
    return f"{100 * number:{sign}.1f} {'pp' if score.against else '%'}"


def shown(score: Score) -> str:
    """A score with its interval."""
    return f"{show(score, score.value)} [{show(score, score.low)}, {show(score, score.high)}]"


def write(path: Path, scores: Iterable[Score]) -> None:
    """Replace ``path`` by one JSON object a line, atomically; what is not told is left out."""
    lines = []
    for score in scores:
        told = {k: v for k, v in dataclasses.asdict(score).items() if v is not None}
        lines.append(json.dumps(told, ensure_ascii=False) + "\n")
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text("".join(lines), encoding="utf-8")
    os.replace(temporary, path)


def read(path: Path) -> Iterator[Score]:
    """Scores of ``path``; raises ``ScoreError`` with file and row for a broken line."""
    known = {f.name for f in dataclasses.fields(Score)}
    with path.open(encoding="utf-8") as lines:
        for row, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                unknown = sorted(set(record) - known)
                if unknown:
                    raise ScoreError(f"unknown field {unknown[0]}")
                yield Score(**{"seed": None, **record})
            except (TypeError, ValueError) as error:
                raise ScoreError(f"{path}, row {row}: {error}") from error
