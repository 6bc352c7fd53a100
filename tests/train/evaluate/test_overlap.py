from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.train.evaluate.making import exam, small_run, write_rows
from train.evaluate import overlap


def test_shares_are_of_the_most_frequent_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = small_run(tmp_path)
    monkeypatch.setattr(overlap, "MOST", 8)
    found = overlap.write(run)
    names = {"small corpus", "classes", "exam"}
    assert set(found["share"]) == set(found["words"]) == names
    assert found["most_frequent"] == 8 and found["share"]["exam"]["exam"] == 1
    for a in names:
        for b in names:
            assert found["share"][a][b] == found["share"][b][a]
    # By hand: words of the questions and of the complaints, particles and numbers left out.
    counted = overlap._count(["عندي صداع في الرأس، وعندي صُداعٌ منذ 3 أيام"])
    assert counted == {"صداع": 2, "الراس": 1, "وعندي": 1, "ايام": 1}
    assert json.loads((run.evaluation / "overlap.json").read_text("utf-8")) == found
    assert found["share"]["classes"]["exam"] < 0.5


def test_it_is_made_anew_when_a_set_has_changed(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    first = overlap.write(run)
    path = run.evaluation / "overlap.json"
    made = path.stat().st_mtime_ns
    assert overlap.write(run) == first and path.stat().st_mtime_ns == made
    write_rows(tmp_path / "exam.jsonl", [*exam(), {**next(exam()), "id": "new"}])
    assert overlap.write(run)["made_from"] != first["made_from"]
