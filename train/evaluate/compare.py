"""From what the models made of each word to scores, and to their paired differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.corpus.document import Document
from train.evaluate.intrinsic import Outcomes
from train.evaluate.statistics import Bootstrap
from train.recipe import Evaluation
from viobert.scores import Score

#: Each metric: the outcome that it averages, and what is done to the mean.
METRICS: dict[str, tuple[str, np.ufunc | None]] = {
    "nats_per_word": ("nll", None),
    "word_perplexity": ("nll", np.exp),
    "fill_mask_top1": ("top1", None),
    "fill_mask_top5": ("top5", None),
}
ALL = "all"
FEWEST_TEXTS = 5


@dataclass(frozen=True)
class Candidate:
    """A model, and what it made of the words."""

    name: str
    revision: str
    outcomes: Outcomes


def compare(
    documents: Sequence[Document],
    candidates: Sequence[Candidate],
    config: Evaluation,
    envelope: dict[str, Any],
) -> list[Score]:
    """Scores of each candidate in each setting and over all; where there are two, also the
    differences of the second from the first, paired by text.

    Segments of one text (a document's ``family``) are resampled together. A difference of
    perplexities is relative: −0.5 says that it was halved. A setting with fewer than five texts
    has no interval worth the name and is left out.
    """
    texts, family = np.unique([f"{d.setting}:{d.family}" for d in documents], return_inverse=True)
    sums = [_sums(c.outcomes, family, len(texts)) for c in candidates]
    settings = np.array([name.partition(":")[0] for name in texts.tolist()])
    rows = []
    for setting, members in _settings(settings):
        used = members[sums[0]["words"][members] > 0]
        if len(used) < FEWEST_TEXTS:
            continue
        words = sums[0]["words"][used]
        bootstrap = Bootstrap(len(used), config.bootstrap, config.seed)
        common: dict[str, Any] = {
            "axis": "intrinsic",
            "task": "masked-language-modelling",
            "setting": setting,
            "seed": config.seed,
            "n": int(words.sum()),
            "documents": len(used),
            "envelope": envelope,
        }
        for metric, (column, transform) in METRICS.items():
            values = [s[column][used] for s in sums]
            for candidate, value in zip(candidates, values, strict=True):
                interval = bootstrap.ratio(value, words, transform)
                rows.append(_score(common, candidate, metric, None, interval))
            if len(candidates) == 2:
                relative = np.expm1 if transform is np.exp else transform
                interval = bootstrap.ratio(values[1] - values[0], words, relative)
                against = f"{candidates[0].name}@{candidates[0].revision}"
                rows.append(_score(common, candidates[1], metric, against, interval))
    return rows


def _score(
    common: dict[str, Any], candidate: Candidate, metric: str, against: str | None, interval: Any
) -> Score:
    return Score(
        **common,
        model=candidate.name,
        revision=candidate.revision,
        metric=metric,
        against=against,
        **vars(interval),
    )


def _settings(of_text: NDArray[np.str_]) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Each setting with the indices of its texts; all of them first, if there are several."""
    names = sorted(set(of_text.tolist()))
    if len(names) > 1:
        yield ALL, np.arange(len(of_text))
    for name in names:
        yield name, np.flatnonzero(of_text == name)


def _sums(
    outcomes: Outcomes, family: NDArray[np.int64], texts: int
) -> dict[str, NDArray[np.float64]]:
    """(texts,) sums over the words of each text; ``family``: (documents,) the text of each."""
    ones = np.ones_like(outcomes.nll)
    columns = {"words": ones, "nll": outcomes.nll, "top1": outcomes.top1, "top5": outcomes.top5}
    of_word = family[outcomes.document]
    return {
        name: np.asarray(np.bincount(of_word, weights=values, minlength=texts), float)
        for name, values in columns.items()
    }


def table(rows: Sequence[Score]) -> str:
    """The scores as a table for a terminal."""
    lines = [f"{'setting':<16}{'model':<18}{'metric':<18}{'value':>10}   95 % interval"]
    for row in rows:
        sign = "+" if row.against else ""
        places = 1 if row.metric == "word_perplexity" and not row.against else 4
        value, low, high = (f"{v:{sign}.{places}f}" for v in (row.value, row.low, row.high))
        name = f"Δ {row.model}" if row.against else row.model
        lines.append(
            f"{row.setting:<16}{name:<18}{row.metric:<18}{value:>10}   [{low}, {high}]  "
            f"n={row.n} words, {row.documents} texts"
        )
    return "\n".join(lines)
