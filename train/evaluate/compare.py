"""From outcomes to scores: each cell, all seeds together, and the paired gain of the adapted model
over its base, with and without the items that the training text holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from train.evaluate.axes import Cell, Found, registry
from train.evaluate.measures import Measure, measures
from train.evaluate.statistics import Interval, Resampling, holm, proportion
from viobert.scores import ALL, PRIMARY, UNCONTAMINATED, Score


@dataclass(frozen=True)
class Model:
    """A compared model as its scores name it."""

    name: str
    revision: str


def scores(
    cells: dict[Cell, Found],
    models: Sequence[Model],
    contaminated: dict[str, set[str]],
    resamples: int,
    progress: Any = iter,
) -> list[Score]:
    """Scores of all cells; ``contaminated``: of each evaluation set the items that training text
    holds. p-values are corrected over the grid's settings."""
    by: dict[tuple[str, str, str], dict[Cell, Found]] = {}
    for cell, found in cells.items():
        by.setdefault(cell.configuration, {})[cell] = found
    rows: list[Score] = []
    for configuration in progress(list(by)):
        own = by[configuration]
        rows += _configuration(own, models, resamples, ALL)
        about = next(iter(own.values())).about
        spoilt = contaminated.get(about.get("set", ""), set())
        if clean := _without(own, spoilt):
            rows += _configuration(clean, models, resamples, UNCONTAMINATED)
    return _corrected(rows)


def _without(cells: dict[Cell, Found], spoilt: Collection[str]) -> dict[Cell, Found]:
    """The same cells less the contaminated items; none when there are none, or nothing else."""
    out = {}
    for cell, found in cells.items():
        items = found.table["item"].to_pylist()
        kept = np.array([item not in spoilt for item in items])
        if kept.all() or not kept.any():
            return {}
        told = {**found.about, "items_left_out": len(set(items) & set(spoilt))}
        out[cell] = Found(found.table.filter(pa.array(kept)), told)
    return out


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
        model: Model,
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
            documents=self.resampling.documents,
            items=self.items,
            envelope=reading.about,
            **more,
        )

    def own(self, readings: Sequence[_Reading], metric: str) -> Interval:
        every = [reading.measures[metric] for reading in readings]
        found = self.resampling.interval([m.counts for m in every], every[0].value)
        if every[0].proportion:
            return proportion(found, self.resampling.documents, every[0].n)
        return found


def _configuration(
    cells: dict[Cell, Found], models: Sequence[Model], resamples: int, items: str
) -> Iterator[Score]:
    """One setting: each seed's scores, the mean over seeds, and the gain."""
    of: dict[str, list[_Reading]] = {}
    texts: list[str] = []
    for cell in sorted(cells, key=lambda c: -1 if c.seed is None else c.seed):
        texts, found = measures(cell.axis, cells[cell].table)
        of.setdefault(cell.model, []).append(_Reading(cell, cells[cell].about, found))
    if len(texts) < 2:
        return
    setting = _Setting(Resampling(len(texts), resamples), items)
    for model in models:
        readings = of.get(model.name, [])
        for reading in readings if len(readings) > 1 else []:
            for metric in reading.measures:
                yield setting.score(reading, model, metric, setting.own([reading], metric))
        if readings:
            whole = _all_seeds(readings)
            for metric in whole.measures:
                yield setting.score(whole, model, metric, setting.own(readings, metric))
    if len(models) == 2:
        yield from _gains(setting, of, models)


def _all_seeds(readings: Sequence[_Reading]) -> _Reading:
    """Stands for all seeds."""
    first = readings[0]
    seeds = [r.cell.seed for r in readings if r.cell.seed is not None]
    told = {**first.about, "seeds": seeds} if seeds else first.about
    return _Reading(dataclasses.replace(first.cell, seed=None), told, first.measures)


def _gains(
    setting: _Setting, of: dict[str, list[_Reading]], models: Sequence[Model]
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
        interval = setting.resampling.gain(first, second, *how)
        p = None
        if metric == PRIMARY[whole.cell.axis]:
            p = setting.resampling.p_value(first, second, *how)
        against = f"{base.name}@{base.revision}"
        yield setting.score(whole, adapted, metric, interval, against=against, p=p)


def _corrected(rows: list[Score]) -> list[Score]:
    """Holm's correction over the grid: the primary gains on all items, one of each setting."""
    axes = registry()
    family = [
        i for i, row in enumerate(rows)
        if row.p is not None and row.items == ALL and axes[row.axis].in_grid
    ]  # fmt: skip
    corrected = holm([rows[i].p or 0.0 for i in family])
    for i, p in zip(family, corrected, strict=True):
        told = {**rows[i].envelope, "family": len(family)}
        rows[i] = dataclasses.replace(rows[i], p_holm=p, envelope=told)
    return rows
