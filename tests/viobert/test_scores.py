from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest

from viobert.scores import Score, ScoreError, read, write

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
