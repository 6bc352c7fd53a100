from __future__ import annotations

from pathlib import Path

import pytest

from train import metrics
from train.metrics import Metrics, Progress, read


class Clock:
    """A clock that is moved by hand."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture()
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(metrics, "time", clock)
    return clock


def test_lines_are_whole_and_what_is_unknown_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    Metrics(path).write(3, loss=1.5, mfu=None, best=True)
    assert path.read_text(encoding="utf-8") == '{"step": 3, "loss": 1.5, "best": true}\n'
    with path.open("a", encoding="utf-8") as file:
        file.write('{"step": 4, "lo')
    assert read(path) == [{"step": 3, "loss": 1.5, "best": True}]
    assert read(tmp_path / "none") == []


def test_rewinding_drops_what_will_be_written_again(tmp_path: Path) -> None:
    log = Metrics(tmp_path / "metrics.jsonl")
    for step in (2, 4, 4, 6):
        log.write(step, loss=step / 2)
    log.write(4, score=1.0)
    with log.path.open("a", encoding="utf-8") as file:
        file.write('{"step": 7, "lo')
    log.rewind(4, evaluated=4)
    assert [line["step"] for line in read(log.path)] == [2, 4, 4, 4]
    log.rewind(4, evaluated=0)  # its checkpoint was written before it was evaluated
    assert [line["step"] for line in read(log.path)] == [2, 4, 4]
    log.write(5, loss=1.0)
    assert [line["step"] for line in read(log.path)] == [2, 4, 4, 5]


def test_the_time_left_counts_evaluations_to_come_and_no_pause(clock: Clock) -> None:
    progress = Progress("x", 0, 100, every=30, show=False)
    assert progress.seconds_left() is None
    clock.now += 50
    progress.pause(evaluation=True)
    for _ in range(10):
        clock.now += 2
        assert progress.advance() == 2
    clock.now += 500  # a checkpoint on a slow disk
    progress.pause()
    # 90 steps of 2 s; evaluations at 30, 60, 90 and at the end.
    assert progress.seconds_left() == pytest.approx(90 * 2 + 4 * 50)
    for _ in range(20):
        clock.now += 2
        progress.advance()
    clock.now += 40
    progress.pause(evaluation=True)
    assert progress.seconds_left() == pytest.approx(70 * 2 + 3 * 45)


def test_the_time_left_ends_at_nothing(clock: Clock) -> None:
    progress = Progress("x", 58, 60, every=30, show=False)
    for left in (1, 0):
        clock.now += 3
        progress.advance()
        assert progress.seconds_left() == 3 * left
    progress.close()
