from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest

from viobert.scores import Score, ScoreError, named, read, show, write

SCORE: dict[str, Any] = {
    "axis": "intrinsic", "task": "masked-language-modelling", "setting": "all", "model": "m",
    "revision": "r", "seed": 13, "metric": "nats_per_word", "value": 4.0, "low": 3.5, "high": 4.5,
    "n": 100, "documents": 10,
}  # fmt: skip


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    scores = [Score(**SCORE, envelope={"لغة": "ar"}), Score(**{**SCORE, "metric": "b"})]
    write(tmp_path / "s.jsonl", scores)
    assert list(read(tmp_path / "s.jsonl")) == scores
    assert [p.name for p in tmp_path.iterdir()] == ["s.jsonl"]


@pytest.mark.parametrize(
    "change",
    [{"value": math.nan}, {"value": math.inf}, {"low": 5.0}, {"n": 0}, {"metric": ""},
     {"value": True}, {"model": None}],
)  # fmt: skip
def test_a_score_that_cannot_be_believed_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ScoreError):
        Score(**{**SCORE, **change})


@pytest.mark.parametrize(
    "line",
    ["{", "[]", json.dumps({**SCORE, "mean": 1}), json.dumps({**SCORE, "n": "many"}),
     json.dumps({k: v for k, v in SCORE.items() if k != "high"})],
)  # fmt: skip
def test_a_broken_row_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(json.dumps(dataclasses.asdict(Score(**SCORE))) + "\n" + line, "utf-8")
    with pytest.raises(ScoreError, match=r"s\.jsonl, row 2"):
        list(read(path))


def test_a_verdict_follows_from_the_interval_and_from_what_is_better() -> None:
    def verdict(metric: str, low: float, high: float) -> str:
        value = (low + high) / 2
        fields = {**SCORE, "metric": metric, "value": value, "low": low, "high": high}
        return Score(**fields, against="base@1").verdict

    assert verdict("nats_per_word", -0.5, -0.1) == verdict("accuracy", 0.1, 0.5) == "gain"
    assert verdict("word_perplexity", 0.1, 0.5) == verdict("macro_f1", -0.5, -0.1) == "loss"
    assert verdict("f1", -0.1, 0.5) == verdict("f1", 0.0, 0.5) == "no difference shown"
    with pytest.raises(ScoreError, match="is no difference"):
        _ = Score(**SCORE).verdict


def test_numbers_are_shown_as_people_read_them() -> None:
    def told(metric: str, value: float, against: str | None = None) -> str:
        return show(Score(**{**SCORE, "metric": metric}, against=against), value)

    assert told("nats_per_word", 9.46611) == "9.466"
    assert told("nats_per_word", -0.6051, "base@1") == "-0.605"
    assert told("fill_mask_top5", 0.2451) == told("fill_mask_top5_one_piece", 0.2451) == "24.5 %"
    assert told("f1_DRUG", 0.031, "base@1") == "+3.1 pp"
    assert told("word_perplexity", 12914.6) == "12,915"
    assert told("word_perplexity", -0.454, "base@1") == "-45.4 %"
    assert [named(m) for m in ("f1", "f1_DRUG", "fill_mask_top1_one_piece", "other_one")] == [
        "entity F1", "DRUG", "fill-mask top-1, words of one piece", "other one"
    ]  # fmt: skip


@pytest.mark.parametrize("change", [{"p": 1.2}, {"p_holm": -0.1}, {"items": "some"}])
def test_what_is_no_probability_or_no_choice_of_items_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ScoreError):
        Score(**{**SCORE, **change})


def test_a_mean_over_seeds_has_none(tmp_path: Path) -> None:
    mean = Score(**{**SCORE, "seed": None}, p=0.01)
    write(tmp_path / "s.jsonl", [mean])
    assert list(read(tmp_path / "s.jsonl")) == [mean]
    assert "p_holm" not in (tmp_path / "s.jsonl").read_text(encoding="utf-8")
