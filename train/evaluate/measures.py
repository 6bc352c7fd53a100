"""From per-item outcomes to counts a text, and from summed counts to metrics.

Every metric here is a function of counts that are added up over texts, so that a resample of texts
is a product of two matrices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from train.evaluate.statistics import Counts, Value


@dataclass(frozen=True)
class Measure:
    """One metric of one cell: ``counts`` (texts, k) in the order of ``texts``."""

    counts: Counts
    value: Value
    #: Items: words, rows, sentences' entities or questions.
    n: int
    #: A share of the items, for which Wilson's interval stands in near 0 and 1.
    proportion: bool = False
    #: A difference of it is told as a share of the base's.
    relative: bool = False
    #: How many texts it is of, where the others cannot count in it; None: all.
    documents: int | None = None


def measures(axis: str, table: pa.Table) -> tuple[list[str], dict[str, Measure]]:
    """The texts of an outcome table, sorted, and its metrics."""
    names, text = np.unique(
        np.asarray(table["document"].to_pylist(), dtype=object).astype(str), return_inverse=True
    )
    return names.tolist(), _KINDS[axis](table, text, len(names))


def _surprise(table: pa.Table, text: NDArray[np.int64], texts: int) -> dict[str, Measure]:
    nll, ones = table["nll"].to_numpy(), np.ones(len(table))
    words = _sums(text, texts, nll, ones)
    characters = _sums(text, texts, nll / np.log(2), table["characters"].to_numpy())
    return {
        "nats_per_word": Measure(words, _ratio, len(table)),
        "bits_per_character": Measure(characters, _ratio, len(table)),
        "word_perplexity": Measure(words, _exponential, len(table), relative=True),
    }


def _words(table: pa.Table, text: NDArray[np.int64], texts: int) -> dict[str, Measure]:
    pieces = table["pieces"].to_numpy()

    def mean(column: str, among: NDArray[np.bool_], proportion: bool) -> Measure:
        counts = _sums(text, texts, table[column].to_numpy() * among, among)
        return Measure(counts, _ratio, int(among.sum()), proportion)

    every = np.ones(len(table), bool)
    found = _surprise(table, text, texts)
    for name, among in (("", every), ("_one_piece", pieces == 1), ("_several_pieces", pieces > 1)):
        if among.any():
            found[f"fill_mask_top1{name}"] = mean("top1", among, True)
            found[f"fill_mask_top5{name}"] = mean("top5", among, True)
            found[f"fill_mask_mrr{name}"] = mean("reciprocal_rank", among, False)
    return found


def _classes(table: pa.Table, text: NDArray[np.int64], texts: int) -> dict[str, Measure]:
    gold, said = (np.asarray(table[c].to_pylist(), dtype=object) for c in ("gold", "said"))
    names = sorted(set(gold))
    of_gold = np.stack([gold == name for name in names], 1).astype(float)
    of_said = np.stack([said == name for name in names], 1).astype(float)
    counts = _sums(text, texts, *(of_gold * of_said).T, *of_said.T, *of_gold.T)
    return {
        "macro_f1": Measure(counts, _macro_f1, len(table)),
        "accuracy": _accuracy(table, text, texts),
    }


def _accuracy(table: pa.Table, text: NDArray[np.int64], texts: int) -> Measure:
    gold, said = (np.asarray(table[c].to_pylist(), dtype=object) for c in ("gold", "said"))
    right = (gold == said).astype(float)
    return Measure(_sums(text, texts, right, np.ones(len(table))), _ratio, len(table), True)


def _choices(table: pa.Table, text: NDArray[np.int64], texts: int) -> dict[str, Measure]:
    return {"accuracy": _accuracy(table, text, texts)}


def _fitting(table: pa.Table, text: NDArray[np.int64], texts: int) -> dict[str, Measure]:
    # Whether a word that fits is among a model's first, of all sentences and of each dialect's.
    dialects = np.asarray(table["dialect"].to_pylist(), dtype=object)

    def mean(column: str, among: NDArray[np.bool_]) -> Measure:
        counts = _sums(text, texts, table[column].to_numpy() * among, among)
        return Measure(counts, _ratio, n := int(among.sum()), True, documents=n)

    every = np.ones(len(table), bool)
    found = {f"fitting_{column}": mean(column, every) for column in ("top5", "top1")}
    for name in sorted(set(dialects.tolist())):
        found[f"fitting_top5_{name}"] = mean("top5", dialects == name)
    return found


def _entities(table: pa.Table, text: NDArray[np.int64], texts: int) -> dict[str, Measure]:
    # One row a sentence and type: how many entities are right, said and there.
    types = np.asarray(table["type"].to_pylist(), dtype=object)
    columns = [table[c].to_numpy().astype(float) for c in ("right", "said", "gold")]
    every = _sums(text, texts, *columns)
    n = int(columns[2].sum())
    found = {
        "f1": Measure(every, _f1, n),
        "precision": Measure(every, _precision, n),
        "recall": Measure(every, _recall, n),
    }
    for name in sorted(set(types.tolist())):
        mine = [c * (types == name) for c in columns]
        if mine[2].sum():
            found[f"f1_{name}"] = Measure(_sums(text, texts, *mine), _f1, int(mine[2].sum()))
    return found


_KINDS: dict[str, Callable[[pa.Table, NDArray[np.int64], int], dict[str, Measure]]] = {
    "intrinsic": _words,
    "forgetting": _words,
    "left-to-right": _surprise,
    "probing": _classes,
    "fine-tuning": _classes,
    "dialect": _classes,
    "further": _classes,
    "ner": _entities,
    "mcq": _choices,
    "zero-shot": _choices,
    "cloze": _fitting,
}


def _sums(text: NDArray[np.int64], texts: int, *columns: NDArray[Any]) -> Counts:
    """(texts, columns): each column added up over the items of a text."""
    return np.stack(
        [np.bincount(text, weights=c.astype(float), minlength=texts) for c in columns], 1
    )


def _ratio(sums: Counts) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


def _exponential(sums: Counts) -> NDArray[np.float64]:
    return np.exp(_ratio(sums))


def _macro_f1(sums: Counts) -> NDArray[np.float64]:
    """Mean F1 of all classes that are tested; 0 for one that a resample neither holds nor says, so
    that a resample which misses a rare class is no mean of fewer."""
    right, said, gold = np.split(sums, 3, axis=-1)
    return np.asarray(_share(2 * right, said + gold).mean(-1))


def _f1(sums: Counts) -> NDArray[np.float64]:
    right, said, gold = (sums[..., i] for i in range(3))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(said + gold > 0, 2 * right / (said + gold), np.nan)


def _precision(sums: Counts) -> NDArray[np.float64]:
    """0, not undefined, where nothing is said (as seqeval's and conlleval's)."""
    return _share(sums[..., 0], sums[..., 1])


def _recall(sums: Counts) -> NDArray[np.float64]:
    return _share(sums[..., 0], sums[..., 2])


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
