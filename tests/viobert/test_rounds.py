"""Rounds: once, not for ever, and nobody but the server knows the sides."""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from viobert.feedback import Feedback, FeedbackError
from viobert.fill_mask import Prediction
from viobert.page import rounds as module
from viobert.page.models import Outcome
from viobert.page.rounds import EXPIRY, Choice, Rates, Round, RoundError, Rounds

GENERAL, MEDICAL = [[Prediction("ألم", "ألم", 0.5, 1)]], [[Prediction("ضيق", "ضيق", 0.4, 1)]]
OUTCOME = Outcome((GENERAL, MEDICAL), text="عندي [MASK]")
MODELS = {"general": "g@1", "medical": "m@2"}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _kind(rounds: Rounds, name: str) -> str:
    with pytest.raises(RoundError) as caught:
        rounds.take(name)
    return caught.value.kind


def test_a_round_is_taken_once() -> None:
    rounds = Rounds()
    opened = rounds.open(OUTCOME, "cardiology-msa", 5)
    assert rounds.peek(opened.id) == opened
    assert rounds.take(opened.id) == opened
    assert rounds.peek(opened.id) is None
    assert _kind(rounds, opened.id) == "used"
    assert _kind(rounds, "forged") == _kind(rounds, "") == "unknown"
    rounds.give_back(opened)
    assert rounds.take(opened.id) == opened


def test_of_many_threads_one_takes_it() -> None:
    rounds = Rounds()
    for _ in range(50):
        name = rounds.open(OUTCOME, None, 5).id

        def attempt(_: int, name: str = name) -> str:
            try:
                return rounds.take(name).id
            except RoundError as error:
                return error.kind

        with ThreadPoolExecutor(8) as pool:
            assert Counter(pool.map(attempt, range(8))) == {name: 1, "used": 7}


def test_a_round_expires_and_its_sentence_is_forgotten() -> None:
    clock = Clock()
    rounds = Rounds(clock)
    first = rounds.open(OUTCOME, None, 5)
    clock.now = EXPIRY - 1
    second = rounds.open(OUTCOME, None, 5)
    rounds.give_back(rounds.take(first.id))  # an older one behind a younger
    clock.now = EXPIRY + 1
    assert rounds.peek(first.id) is None and rounds.peek(second.id) is not None
    assert first.id not in rounds._open
    assert _kind(rounds, first.id) == "expired"
    assert rounds.take(second.id) == second


def test_few_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    rounds = Rounds()
    names = [rounds.open(OUTCOME, None, 5).id for _ in range(8)]
    assert list(rounds._open) == names[-3:] and len(rounds._ended) == 3
    assert _kind(rounds, names[0]) == "unknown" and _kind(rounds, names[4]) == "expired"
    assert rounds.take(names[-1]).id == names[-1]


def test_ids_and_sides_cannot_be_guessed() -> None:
    rounds = Rounds()
    opened = [rounds.open(OUTCOME, None, 5) for _ in range(400)]
    assert len({one.id for one in opened}) == 400 and all(len(one.id) >= 20 for one in opened)
    # Of 400 fair draws, fewer than 140 on one side are six standard deviations off.
    assert min(Counter(one.side for one in opened).values()) > 140
    for one in opened[:20]:
        other = "B" if one.side == "A" else "A"
        assert one.shown(one.side) == MEDICAL and one.shown(other) == GENERAL  # type: ignore[arg-type]


@pytest.mark.parametrize("side", ["A", "B"])
def test_a_choice_is_kept_by_role(side: module.Side) -> None:
    one = Round("x1", "عندي [MASK]", None, side, (GENERAL, MEDICAL), MODELS, 5, 0.0)
    other: Choice = "B" if side == "A" else "A"
    choices: tuple[Choice, ...] = (side, other, "tie", "both_bad")
    kept = [
        one.vote(choice, "0" * 16, text=None, note=None, specialty=None, reasons=())
        for choice in choices
    ]
    assert [vote.winner for vote in kept] == ["medical", "general", "tie", "both_bad"]
    assert {(vote.side, vote.pair, vote.k) for vote in kept} == {(side, ("g@1", "m@2"), 5)}
    assert all(len(vote.day) == 10 for vote in kept)
    with pytest.raises(FeedbackError):
        one.vote("A", "no hex", text=None, note=None, specialty=None, reasons=())


def test_rates_are_kept_for_seconds_and_bear_a_broken_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    feedback = Feedback(tmp_path)
    rates, pair = Rates(feedback), ("g@1", "m@2")

    def count() -> int | None:
        rate = rates.of(pair)
        return rate.votes if rate else None

    def vote(name: str) -> None:
        one = Round(name, "", "cardiology-msa", "A", (GENERAL, MEDICAL), MODELS, 5, 0.0)
        feedback.add(one.vote("A", "0" * 16, text=None, note=None, specialty=None, reasons=()))

    assert count() == 0
    vote("one")
    assert count() == 0
    rates.forget(pair)
    assert count() == 1
    vote("two")
    monkeypatch.setattr(module, "FRESH", -1.0)
    assert count() == 2
    (tmp_path / "feedback-broken.jsonl").write_text("{}\n")
    with caplog.at_level(logging.ERROR):
        assert count() is None
    assert "feedback-broken.jsonl: row 1" in caplog.text
