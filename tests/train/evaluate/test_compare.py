from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from train.evaluate.axes import Cell, Found, Subject
from train.evaluate.compare import beside, scores
from viobert.scores import Score

BASE, ADAPTED = Subject("base", "", "0"), Subject("adapted", "", "1")


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


def words(documents: list[str], pieces: list[int]) -> Found:
    n = len(documents)
    table = pa.table(
        {"item": documents, "document": documents, "nll": [1.0 * len(d) for d in documents],
         "top1": [1.0] * n, "top5": [1.0] * n, "reciprocal_rank": [1.0] * n,
         "characters": [3] * n, "pieces": pieces}
    )  # fmt: skip
    return Found(table, {"dataset": {"name": "x"}})


def test_seeds_that_hide_words_of_other_texts_are_paired_by_text() -> None:
    """With fewer than seven folds a short text may have hidden words under one seed only."""
    first, second = words(["a", "bb", "bb"], [1, 2, 1]), words(["bb", "ccc", "a"], [1, 1, 1])
    cells = {
        cell(model, seed, "x", "intrinsic"): found
        for model in ("base", "adapted") for seed, found in ((1, first), (2, second))
    }  # fmt: skip
    rows = scores(cells, [BASE, ADAPTED], {}, 200)
    mean = pick(rows, model="base", seed=None, metric="nats_per_word")
    assert mean.documents == 3
    assert mean.value == pytest.approx(np.mean([5 / 3, 6 / 3]))
    assert pick(rows, against="base@0", metric="nats_per_word").value == 0
    # Under the second seed no word of several pieces is hidden.
    assert not [r for r in rows if "several" in r.metric]


def test_a_metric_of_nothing_is_left_out_and_the_others_are_kept() -> None:
    table = pa.table({"item": ["1", "2"], "document": ["1", "2"], "type": ["DRUG", "DRUG"],
                      "right": [0, 0], "said": [0, 0], "gold": [0, 0]})  # fmt: skip
    empty = {cell("base", 1, "strict", "ner"): Found(table, {"dataset": {}})}
    assert scores(empty, [BASE], {}, 100) == []


def test_settings_that_are_not_there_yet_count_in_the_correction() -> None:
    right = np.random.default_rng(5).random(120)
    cells = {cell("base", 1): classes(right < 0.5), cell("adapted", 1): classes(right < 0.7)}
    alone = pick(scores(cells, [BASE, ADAPTED], {}, 999), metric="macro_f1", against="base@0")
    of_many = pick(
        scores(cells, [BASE, ADAPTED], {}, 999, settings=21), metric="macro_f1", against="base@0"
    )
    assert of_many.p_holm == pytest.approx(min(1, 21 * (alone.p or 0)))
    assert of_many.envelope["family"] == 21


def test_the_means_of_a_row_are_of_the_seeds_of_its_difference() -> None:
    cells = {cell("base", s): classes(np.arange(60) % (s + 1) > 0) for s in (1, 2)}
    cells[cell("adapted", 2)] = classes(np.ones(60))
    rows = scores(cells, [BASE, ADAPTED], {}, 200)
    base = pick(rows, model="base", seed=None, metric="accuracy", against=None)
    gain = pick(rows, metric="accuracy", against="base@0")
    assert base.value + gain.value == pytest.approx(1) and base.envelope["seeds"] == [2]


def test_where_every_item_is_contaminated_that_is_told() -> None:
    cells = {cell(m, 1): classes(np.arange(60) % 3 > 0) for m in ("base", "adapted")}
    rows = scores(cells, [BASE, ADAPTED], {"x": {f"t{i}" for i in range(60)}}, 200)
    assert {r.items for r in rows} == {"all"}
    assert {r.envelope["contaminated"] for r in rows} == {60}


def test_settings_that_were_not_asked_for_keep_their_scores() -> None:
    generator = np.random.default_rng(6)

    def made(*settings: str) -> list[Score]:
        cells = {}
        for name in settings:
            right = generator.random(120)
            cells[cell("base", 1, name)] = classes(right < 0.5)
            cells[cell("adapted", 1, name)] = classes(right < 0.65)
        return scores(cells, [BASE, ADAPTED], {}, 999)

    old, new, order = made("10 %", "50 %"), made("50 %"), [
        ("fine-tuning", "coarse", share) for share in ("10 %", "25 %", "50 %")
    ]  # fmt: skip
    rows = beside(new, old, [BASE, ADAPTED], order, 3)
    assert len(rows) == len(old)
    wanted = {"metric": "macro_f1", "against": "base@0"}
    kept, anew = (pick(rows, setting=s, **wanted) for s in ("10 %", "50 %"))
    assert kept.value == pick(old, setting="10 %", **wanted).value
    assert anew.value == pick(new, **wanted).value != pick(old, setting="50 %", **wanted).value
    least, most = sorted([kept, anew], key=lambda s: s.p or 0)
    assert least.p_holm == pytest.approx(min(1, 3 * (least.p or 0)))
    assert most.p_holm == pytest.approx(max(least.p_holm or 0, min(1, 2 * (most.p or 0))))
    assert [r.setting for r in rows] == sorted(r.setting for r in rows)
    # Those of other weights, or of a setting that the recipe no longer has, are not kept.
    assert beside(new, old, [BASE, Subject("adapted", "", "2")], order[1:], 3) == [
        r for r in beside(new, [], [BASE, ADAPTED], order, 3)
    ]
