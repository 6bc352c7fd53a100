"""From outcomes to scores: each cell, all seeds together, and the paired gain of the adapted model
over its base, with and without the items that the training text holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from train.evaluate.axes import Cell, Found, Subject, registry
from train.evaluate.measures import Measure, measures
from train.evaluate.statistics import Interval, Resampling, holm, proportion
from viobert.scores import ALL, PRIMARY, UNCONTAMINATED, Score


def scores(
    cells: dict[Cell, Found],
    models: Sequence[Subject],
    contaminated: dict[str, set[str]],
    resamples: int,
    settings: int = 0,
    told: dict[str, Any] | None = None,
    progress: Any = iter,
) -> list[Score]:
    """Scores of all cells.

    ``contaminated``: of each evaluation set the items that training text holds; ``settings``: how
    many the grid has, over which p-values are corrected whether they are there or not; ``told``:
    what every envelope tells besides.
    """
    by: dict[tuple[str, str, str], dict[Cell, Found]] = {}
    for cell, found in cells.items():
        by.setdefault(cell.configuration, {})[cell] = found
    rows: list[Score] = []
    for configuration in progress(list(by)):
        own = by[configuration]
        about = next(iter(own.values())).about
        spoilt = contaminated.get(about.get("set", ""), set())
        items = {item for found in own.values() for item in found.table["item"].to_pylist()}
        more = dict(told or {})
        if about.get("set"):  # else nobody has looked
            more["contaminated"] = len(items & spoilt)
        rows += _configuration(own, models, resamples, ALL, more)
        if items & spoilt and items - spoilt:
            clean = {cell: _without(found, spoilt) for cell, found in own.items()}
            rows += _configuration(clean, models, resamples, UNCONTAMINATED, more)
    return _corrected(rows, settings)


def beside(
    rows: Sequence[Score],
    earlier: Iterable[Score],
    models: Sequence[Subject],
    order: Sequence[tuple[str, str, str]],
    settings: int,
) -> list[Score]:
    """``rows``, and those of ``earlier`` that are of the same models and of a setting of ``order``
    that ``rows`` do not tell of; in that order, their p-values corrected together."""
    known = {(m.name, m.revision) for m in models}
    against = (None, f"{models[0].name}@{models[0].revision}")
    told = {_setting(s) for s in rows}
    kept = [
        s for s in earlier
        if _setting(s) in order and _setting(s) not in told
        and (s.model, s.revision) in known and s.against in against
    ]  # fmt: skip
    return _corrected(sorted([*kept, *rows], key=lambda s: order.index(_setting(s))), settings)


def _setting(score: Score) -> tuple[str, str, str]:
    return score.axis, score.task, score.setting


def _without(found: Found, spoilt: Collection[str]) -> Found:
    """The outcomes of the items that no training text holds."""
    kept = [item not in spoilt for item in found.table["item"].to_pylist()]
    return Found(found.table.filter(pa.array(kept, pa.bool_())), found.about)


@dataclass(frozen=True)
class _Reading:
    """A cell with its measures."""

    cell: Cell
    about: dict[str, Any]
    measures: dict[str, Measure]


@dataclass(frozen=True)
class _Setting:
    """What all readings of one setting have in common."""

    resampling: Resampling
    items: str

    def score(
        self,
        reading: _Reading,
        model: Subject,
        metric: str,
        interval: Interval,
        **more: Any,
    ) -> Score:
        cell = reading.cell
        return Score(
            axis=cell.axis,
            task=cell.task,
            setting=cell.setting,
            model=model.name,
            revision=model.revision,
            seed=cell.seed,
            metric=metric,
            **vars(interval),
            n=reading.measures[metric].n,
            documents=reading.measures[metric].documents or self.resampling.documents,
            items=self.items,
            envelope=reading.about,
            **more,
        )

    def own(self, readings: Sequence[_Reading], metric: str) -> Interval:
        every = [reading.measures[metric] for reading in readings]
        found = self.resampling.interval([m.counts for m in every], every[0].value)
        if every[0].proportion:
            documents = every[0].documents or self.resampling.documents
            return proportion(found, documents, every[0].n)
        return found


def _configuration(
    cells: dict[Cell, Found],
    models: Sequence[Subject],
    resamples: int,
    items: str,
    told: dict[str, Any],
) -> Iterator[Score]:
    """One setting: each seed's scores, the mean over the seeds that both models have, the gain."""
    of, texts = _readings(cells, told)
    if texts < 2:
        return
    setting = _Setting(Resampling(texts, resamples), items)
    seeds = [{r.cell.seed for r in of.get(model.name, [])} for model in models]
    common = set.intersection(*seeds) or set.union(*seeds)
    for model in models:
        readings = of.get(model.name, [])
        for reading in readings if len(readings) > 1 else []:
            for metric in reading.measures:
                yield setting.score(reading, model, metric, setting.own([reading], metric))
        if shared := [r for r in readings if r.cell.seed in common]:
            whole = _all_seeds(shared)
            for metric in whole.measures:
                yield setting.score(whole, model, metric, setting.own(shared, metric))
    if len(models) == 2:
        yield from _gains(setting, of, models)


def _readings(
    cells: dict[Cell, Found], told: dict[str, Any]
) -> tuple[dict[str, list[_Reading]], int]:
    """The readings of each model, seeds ascending, their counts in one order of texts; and how
    many texts. A metric that not all have, or that has nothing to count, is left out."""
    measured = {cell: measures(cell.axis, cells[cell].table) for cell in cells}
    texts = sorted({text for names, _ in measured.values() for text in names})
    place = {text: i for i, text in enumerate(texts)}
    metrics = [
        metric for metric in next(iter(measured.values()))[1]
        if all(metric in own and _countable(own[metric]) for _, own in measured.values())
    ]  # fmt: skip
    of: dict[str, list[_Reading]] = {}
    for cell in sorted(cells, key=lambda c: -1 if c.seed is None else c.seed):
        names, own = measured[cell]
        rows = [place[name] for name in names]
        aligned = {}
        for metric in metrics:
            counts = np.zeros((len(texts), own[metric].counts.shape[1]))
            counts[rows] = own[metric].counts
            aligned[metric] = dataclasses.replace(own[metric], counts=counts)
        reading = _Reading(cell, {**cells[cell].about, **told}, aligned)
        of.setdefault(cell.model, []).append(reading)
    return of, len(texts)


def _countable(measure: Measure) -> bool:
    return measure.n > 0 and bool(np.isfinite(measure.value(measure.counts.sum(0))))


def _all_seeds(readings: Sequence[_Reading]) -> _Reading:
    """Stands for all seeds."""
    first = readings[0]
    seeds = [r.cell.seed for r in readings if r.cell.seed is not None]
    told = {**first.about, "seeds": seeds} if seeds else first.about
    return _Reading(dataclasses.replace(first.cell, seed=None), told, first.measures)


def _gains(
    setting: _Setting, of: dict[str, list[_Reading]], models: Sequence[Subject]
) -> Iterator[Score]:
    """Of the seeds that both models have."""
    base, adapted = models
    before, after = (of.get(model.name, []) for model in models)
    seeds = {r.cell.seed for r in before} & {r.cell.seed for r in after}
    before, after = ([r for r in rs if r.cell.seed in seeds] for rs in (before, after))
    if not after:
        return
    whole = _all_seeds(after)
    for metric, measure in whole.measures.items():
        if not all(metric in r.measures for r in [*before, *after]):
            continue
        first, second = ([r.measures[metric].counts for r in rs] for rs in (before, after))
        how = (measure.value, measure.relative)
        interval = setting.resampling.gain(first, second, *how, measure.documents)
        p = None
        if metric == PRIMARY[whole.cell.axis]:
            p = setting.resampling.p_value(first, second, *how)
        against = f"{base.name}@{base.revision}"
        yield setting.score(whole, adapted, metric, interval, against=against, p=p)


def _corrected(rows: list[Score], settings: int) -> list[Score]:
    """Holm's correction over the grid: the primary gains on all items, one of each setting; of
    those that are not there yet the least is assumed."""
    axes = registry()
    family = [
        i for i, row in enumerate(rows)
        if row.p is not None and row.items == ALL and axes[row.axis].in_grid
    ]  # fmt: skip
    size = max(settings, len(family))
    missing = [1.0] * (size - len(family))
    corrected = holm([*[rows[i].p or 0.0 for i in family], *missing])
    for i, p in zip(family, corrected, strict=False):
        told = {**rows[i].envelope, "family": size}
        rows[i] = dataclasses.replace(rows[i], p_holm=p, envelope=told)
    return rows
