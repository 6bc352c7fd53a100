"""Rates, intervals and agreement against what can be computed by hand, and the command."""

from __future__ import annotations

import dataclasses
import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from test_feedback import VOTE

from viobert.feedback import Note, Vote
from viobert.feedback.__main__ import main
from viobert.feedback.records import WINNERS, to_line
from viobert.feedback.report import agreement, by_pair, sides, win_rate

_rounds = itertools.count()


def vote(judge: int, winner: str, **changed: object) -> Vote:
    fields = {"round": f"r{next(_rounds)}", "judge": f"{judge:08x}", "winner": winner} | changed
    return dataclasses.replace(VOTE, **fields)  # type: ignore[arg-type]


def random_votes(judges: int, seed: int) -> list[Vote]:
    generator = np.random.default_rng(seed)
    return [
        vote(judge, str(generator.choice(WINNERS, p=[0.2, 0.5, 0.2, 0.1])))
        for judge in range(judges)
        for _ in range(generator.integers(1, 9))
    ]


def sums(votes: list[Vote]) -> np.ndarray:
    worth = {"medical": 1.0, "general": 0.0}
    judges = sorted({v.judge for v in votes})
    each = [[worth.get(v.winner, 0.5) for v in votes if v.judge == j] for j in judges]
    return np.array([[sum(e), len(e)] for e in each])


def test_the_interval_is_that_of_every_possible_resample() -> None:
    votes = random_votes(6, seed=3)
    table = sums(votes)
    every = np.array(list(itertools.product(range(6), repeat=6)))  # 46,656
    drawn = table[every].sum(axis=1)
    low, high = np.percentile(drawn[:, 0] / drawn[:, 1], [2.5, 97.5])
    found = win_rate(votes, draws=40_000)
    assert found.value == pytest.approx(table[:, 0].sum() / table[:, 1].sum())
    assert (found.low, found.high) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.01))


def test_the_interval_is_scipy_s_over_judges() -> None:
    votes = random_votes(40, seed=5)
    found = win_rate(votes)
    theirs = stats.bootstrap(
        tuple(sums(votes).T), lambda won, of, axis: won.sum(axis) / of.sum(axis), paired=True,
        vectorized=True, method="percentile", n_resamples=10_000, rng=1,
    ).confidence_interval  # fmt: skip
    assert (found.low, found.high) == (
        pytest.approx(theirs.low, abs=0.01), pytest.approx(theirs.high, abs=0.01),
    )  # fmt: skip
    assert found == win_rate(votes)  # the same on every call
    assert found.votes == len(votes) == sum(found.wins.values()) and found.judges == 40


def test_a_judge_s_many_votes_do_not_narrow_the_interval() -> None:
    few = [vote(j, "medical" if j % 2 else "general") for j in range(10)]
    many = [vote(j, v.winner) for j, v in enumerate(few) for _ in range(50)]
    assert (win_rate(many).low, win_rate(many).high) == (win_rate(few).low, win_rate(few).high)


def test_no_judge_one_judge_and_judges_of_one_mind() -> None:
    assert (win_rate([]).value, win_rate([]).low, win_rate([]).votes) == (None, None, 0)
    one = win_rate([vote(1, "medical") for _ in range(50)])
    assert (one.value, one.low, one.high, one.decided) == (1.0, None, None, False)
    assert one.shown and not win_rate([vote(1, "tie") for _ in range(29)]).shown
    same = win_rate([vote(j, "medical") for j in range(8) for _ in range(9)])
    least = stats.binomtest(8, 8).proportion_ci(method="wilson").low
    assert same.value == same.high == 1.0 and same.low == pytest.approx(least)
    ties = win_rate([vote(j, "tie") for j in range(8)])
    assert ties.low is not None and ties.high is not None and ties.low < 0.3 < 0.7 < ties.high


def test_alpha_is_that_computed_by_hand() -> None:
    chosen = [("x", 1, "medical"), ("x", 2, "medical"), ("y", 1, "general"), ("y", 2, "general"),
              ("z", 1, "medical"), ("z", 2, "general"), ("alone", 1, "tie")]  # fmt: skip
    votes = [vote(judge, winner, example=example) for example, judge, winner in chosen]
    # Observed disagreement 2/6, expected 2·3·3/(6·5): 1 - (1/3)/(3/5).
    assert agreement(votes) == pytest.approx(4 / 9)
    early = vote(2, "both_bad", example="z", day="2026-11-30")
    own = [vote(j, "tie", example=None, text="عندي صداع") for j in (1, 2)]
    assert agreement([*votes, early, *own]) == pytest.approx(4 / 9)  # a judge's last; examples only
    assert agreement(votes[-1:]) is agreement(votes[:2]) is agreement([]) is None


def test_pairs_of_models_are_not_mixed() -> None:
    other = vote(1, "tie", models={"general": "g@1", "medical": "m@2"})
    votes = [vote(1, "medical"), other]
    assert [len(of) for of in by_pair([*votes, Note("a", "رأي", "2026-12-01", None)]).values()] == [
        1, 1,
    ]  # fmt: skip
    for of in (win_rate, agreement):
        with pytest.raises(ValueError, match="several pairs"):
            of(votes)


def test_sides() -> None:
    votes = [vote(1, "medical"), vote(1, "general"), vote(1, "general", side="B"), vote(1, "tie")]
    assert sides(votes) == {"A": 2, "B": 1}


def written(folder: Path, records: list[Vote | Note], name: str = "feedback-a.jsonl") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"".join(map(to_line, records)))
    return folder


def test_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    votes = [vote(j, "medical" if i < 7 else "general") for j in range(12) for i in range(8)]
    votes.append(vote(1, "tie", note="كلاهما مقبول", specialty=None))
    written(tmp_path, [*votes, Note("about", "شرح واضح", "2026-12-02", None)])
    written(tmp_path / "earlier", votes[:3])  # a shorter copy of the same file
    assert main(["report", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    for line in (
        "97 votes of 12 judges", "the medical model is preferred", "medical 84, tie 1, both_bad 0",
        "side A won 84 of 96", "a bias of position", "internal_medicine 96, not given 1",
        "dialect 97, exact 97", "over 1 examples", "about · \u2067شرح واضح\u2069", "كلاهما مقبول",
    ):  # fmt: skip
        assert line in shown
    assert main(["report", str(tmp_path / "feedback-a.jsonl"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["pairs"][0]["choices"]["general"] == 12 and len(said["notes"]) == 2


def test_few_votes_and_no_difference_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "krippendorff", None)
    main(["report", str(written(tmp_path, [vote(1, "general"), vote(2, "medical")]))])
    shown = capsys.readouterr().out
    assert "no difference shown, fewer than 30 votes" in shown
    assert "pip install 'viobert[feedback]'" in shown


def test_errors_name_file_and_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, [vote(1, "tie")]) / "feedback-a.jsonl"
    with file.open("ab") as out:
        out.write(b'{"kind": "vote", "round"\n' + to_line(vote(1, "tie")))
    assert main(["report", str(tmp_path)]) == 2
    assert f"{file}: row 2: " in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "absent.jsonl", tmp_path / "empty"):
        assert main(["report", str(path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_the_command_needs_neither_torch_nor_gradio_nor_the_hub(tmp_path: Path) -> None:
    written(tmp_path, [vote(1, "tie"), vote(2, "tie")])
    code = (
        "import sys; from viobert.feedback.__main__ import main; main(sys.argv[1:]);"
        "heavy = {'torch', 'gradio', 'transformers', 'huggingface_hub'};"
        "sys.exit(not heavy.isdisjoint(sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code, "report", str(tmp_path)], check=True, timeout=60)
