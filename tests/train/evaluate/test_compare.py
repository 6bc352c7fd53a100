from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from train.evaluate.axes import Cell, Found
from train.evaluate.compare import Model, scores
from viobert.scores import Score

BASE, ADAPTED = Model("base", "0"), Model("adapted", "1")


def cell(model: str, seed: int | None, setting: str = "10 %", axis: str = "fine-tuning") -> Cell:
    return Cell(axis, "coarse", setting, model, seed)


def classes(right: Any, documents: Any = None) -> Found:
    n = len(right)
    gold = ["a" if i % 2 else "b" for i in range(n)]
    said = [g if r else "ab".replace(g, "") for g, r in zip(gold, right, strict=True)]
    names = [f"t{i}" for i in range(n)]
    table = pa.table({"item": names, "document": documents or names, "gold": gold, "said": said})
    return Found(table, {"dataset": {"name": "x"}, "set": "x"})


def pick(rows: list[Score], **wanted: Any) -> Score:
    (found,) = [r for r in rows if all(getattr(r, k) == v for k, v in wanted.items())]
    return found


def test_gains_are_paired_over_items_and_seeds() -> None:
    generator = np.random.default_rng(1)
    hard = generator.random(400)
    cells = {}
    for seed in (1, 2, 3):
        noise = 0.1 * generator.random(400)
        cells[cell("base", seed)] = classes(hard + noise < 0.6)
        cells[cell("adapted", seed)] = classes(hard + noise < 0.66)
    rows = scores(cells, [BASE, ADAPTED], {}, 2000)
    own = {m: [pick(rows, model=m, seed=s, metric="accuracy").value for s in (1, 2, 3)]
           for m in ("base", "adapted")}  # fmt: skip
    gain = pick(rows, metric="accuracy", against="base@0")
    assert gain.value == pytest.approx(np.mean(own["adapted"]) - np.mean(own["base"]))
    assert gain.verdict == "gain" and gain.documents == gain.n == 400
    whole = pick(rows, model="adapted", seed=None, metric="accuracy", against=None)
    assert whole.value == pytest.approx(np.mean(own["adapted"]))
    assert whole.envelope["seeds"] == [1, 2, 3]
    assert whole.high - whole.low > 1.5 * (gain.high - gain.low)  # pairing narrows
    primary = pick(rows, metric="macro_f1", against="base@0")
    assert primary.p is not None and primary.p == primary.p_holm and gain.p is None


def test_items_of_one_text_are_resampled_together() -> None:
    generator = np.random.default_rng(2)
    level = generator.random(20) < 0.5
    right = np.repeat(level, 20)
    texts = [f"d{i // 20}" for i in range(400)]
    one = {cell("base", None): classes(right, texts)}
    together = pick(scores(one, [BASE], {}, 1000), metric="accuracy")
    apart = pick(scores({cell("base", None): classes(right)}, [BASE], {}, 1000), metric="accuracy")
    assert (together.n, together.documents, apart.documents) == (400, 20, 400)
    assert together.high - together.low > 3 * (apart.high - apart.low)


def test_p_values_are_corrected_over_the_settings_of_the_grid_alone() -> None:
    generator = np.random.default_rng(3)
    cells = {}
    for number in range(4):
        right = generator.random(120)
        cells[cell("base", 1, f"{number}")] = classes(right < 0.5)
        cells[cell("adapted", 1, f"{number}")] = classes(right < 0.5 + 0.05 * number)
    cells[cell("base", 1, "mean", "further")] = classes(generator.random(120) < 0.5)
    cells[cell("adapted", 1, "mean", "further")] = classes(np.ones(120))
    rows = scores(cells, [BASE, ADAPTED], {}, 999)
    family = [r for r in rows if r.p_holm is not None]
    assert [r.axis for r in family] == ["fine-tuning"] * 4
    smallest = min(family, key=lambda r: r.p or 0)
    assert smallest.p_holm == pytest.approx(4 * (smallest.p or 0))
    beside = pick(rows, axis="further", metric="macro_f1", against="base@0")
    assert beside.p is not None and beside.p_holm is None


def test_only_seeds_that_both_models_have_are_compared() -> None:
    cells = {cell("base", s): classes(np.arange(60) % 3 > 0) for s in (1, 2)}
    cells[cell("adapted", 2)] = classes(np.ones(60))
    gain = pick(scores(cells, [BASE, ADAPTED], {}, 200), metric="accuracy", against="base@0")
    assert gain.envelope["seeds"] == [2]
    alone = {k: v for k, v in cells.items() if k.model == "base"}
    assert not [r for r in scores(alone, [BASE, ADAPTED], {}, 200) if r.against]


def test_a_single_text_has_no_score() -> None:
    assert scores({cell("base", 1): classes([True])}, [BASE], {}, 100) == []
