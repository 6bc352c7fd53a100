"""Pushes to a Hub on the loopback, by the real client; no vote waits for it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest
from test_feedback import VOTE
from test_feedback_storm import REMARK

from tests.hub import TOKEN, Fault, Hub, running, until
from viobert.feedback import Feedback, read
from viobert.feedback.records import to_line

NAME = "org/votes"
Make = Callable[..., Feedback]


@pytest.fixture()
def hub() -> Iterator[Hub]:
    with running() as one:
        yield one


@pytest.fixture()
def make(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes a Feedback that is stopped in the end."""
    monkeypatch.delenv("VIOBERT_OFFLINE", raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("viobert.feedback.push.FIRST_DELAY", 0.1)
    made: list[Feedback] = []

    def feedback(
        folder: str = "a", token: str = TOKEN, every: float = 5.0, endpoint: str = ""
    ) -> Feedback:
        made.append(Feedback(tmp_path / folder, NAME, token, every, endpoint or hub.url))
        return made[-1]

    yield feedback
    for one in made:
        one.stop()


def pushed(hub: Hub) -> bytes:
    """What was pushed to the dataset NAME, one file after another."""
    there = hub.repository(NAME, "dataset").files() if NAME in hub.names("dataset") else {}
    return b"".join(content for path, content in there.items() if path.startswith("data/"))


def pushes(hub: Hub) -> int:
    """How often NAME was committed to since it was made."""
    return len(hub.repository(NAME, "dataset").commits) - 1


def uploads(hub: Hub) -> list[str]:
    return [asked for asked in hub.asked if "/preupload" in asked or "/commit" in asked]


def test_votes_arrive_in_a_private_dataset_and_are_not_sent_twice(hub: Hub, make: Make) -> None:
    feedback = make(every=0.005)
    feedback.add(VOTE)
    until(lambda: pushed(hub) == to_line(VOTE))
    until(lambda: feedback.status == "pushing")
    dataset = hub.repository(NAME, "dataset")
    assert dataset.events[0] == "created private" and "made public" not in dataset.events
    (path,) = (path for path in dataset.files() if path != ".gitattributes")
    assert path == f"data/{feedback.files()[0].name}"
    time.sleep(0.7)
    assert pushes(hub) == 1
    time.sleep(0.05)
    feedback.add(REMARK)
    until(lambda: pushed(hub) == to_line(VOTE) + to_line(REMARK))
    feedback.stop()
    asked, began = len(hub.asked), time.monotonic()
    feedback.stop()
    feedback.add(VOTE)  # still kept
    assert len(hub.asked) == asked and time.monotonic() - began < 1
    assert pushes(hub) == 2


def test_the_last_vote_before_the_end_is_pushed(hub: Hub, make: Make) -> None:
    feedback = make()
    until(lambda: feedback.status == "pushing")
    assert not pushed(hub)
    feedback.add(VOTE)
    feedback.stop()
    assert pushed(hub) == to_line(VOTE)
    at_once = make("b")
    at_once.add(REMARK)
    at_once.stop()  # though the Hub has not answered yet
    assert to_line(REMARK) in pushed(hub)


def test_a_vote_in_the_clock_tick_of_the_last_scan_is_pushed_in_the_end(
    hub: Hub, make: Make
) -> None:
    feedback = make()
    feedback.add(VOTE)
    until(lambda: feedback.status == "pushing" and pushed(hub))
    (file,) = feedback.files()
    tick = file.stat().st_mtime_ns
    feedback.add(REMARK)
    os.utime(file, ns=(tick, tick))
    feedback.stop()
    assert pushed(hub) == to_line(VOTE) + to_line(REMARK)


def test_no_push_sees_half_a_line(hub: Hub, make: Make) -> None:
    feedback = make(every=0.005)
    feedback.add(VOTE)
    until(lambda: pushed(hub))
    (file,) = feedback.files()
    with feedback._lock, file.open("ab", buffering=0) as out:
        out.write(b"half a")
        time.sleep(0.7)
        assert pushed(hub) == to_line(VOTE)
        out.truncate(len(to_line(VOTE)))


def test_a_public_dataset_gets_nothing_until_it_is_private(hub: Hub, make: Make) -> None:
    dataset = hub.create(NAME, "dataset", private=False)
    feedback = make(every=0.005)
    feedback.add(VOTE)
    until(lambda: feedback.status == "public")
    time.sleep(0.5)
    assert not uploads(hub) and "POST /api/repos/create" not in hub.asked
    dataset.private = True
    until(lambda: pushed(hub) == to_line(VOTE))
    until(lambda: feedback.status == "pushing")
    dataset.private = False  # by its owner, later
    until(lambda: feedback.status == "public")
    sent = len(uploads(hub))
    feedback.add(REMARK)
    feedback.stop()
    assert len(uploads(hub)) == sent and pushed(hub) == to_line(VOTE)


def test_a_wrong_token_leaves_all_on_the_disk(
    hub: Hub, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    feedback = make(token="hf_wrong")
    feedback.add(VOTE)
    until(lambda: feedback.status == "unreachable")
    assert not hub.names("dataset") and not uploads(hub) and read(feedback.files()) == [VOTE]
    assert "hf_wrong" not in caplog.text and "stays on the disk" in caplog.text


def test_errors_of_the_hub_are_recovered_from(hub: Hub, make: Make) -> None:
    hub.faults += [Fault("*", "", status=500), Fault("*", "", status=503)]
    feedback = make(every=0.005)
    until(lambda: feedback.status == "unreachable")
    until(lambda: feedback.status == "pushing")
    hub.faults.append(Fault("*", "", status=500, times=2))
    feedback.add(VOTE)
    until(lambda: feedback.status == "unreachable")
    until(lambda: pushed(hub) == to_line(VOTE))
    until(lambda: feedback.status == "pushing")


def test_a_hub_that_comes_later_gets_what_was_kept(make: Make) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.monotonic()
    feedback = make(endpoint=f"http://127.0.0.1:{port}")
    feedback.add(VOTE)
    assert feedback.status in ("starting", "unreachable") and time.monotonic() - began < 1
    until(lambda: feedback.status == "unreachable")
    with running(port) as late:
        until(lambda: pushed(late) == to_line(VOTE))
        feedback.stop()


def test_earlier_files_are_fetched_and_not_pushed_again(hub: Hub, make: Make) -> None:
    files = {
        "data/feedback-old.jsonl": to_line(VOTE), ".gitattributes": b"", "data/other.csv": b"x",
    }  # fmt: skip
    dataset = hub.add(NAME, files, kind="dataset", private=True)
    feedback = make()
    feedback.add(REMARK)
    until(lambda: len(dataset.files()) == 4)  # its own among them
    feedback.earlier()
    feedback.earlier()
    until(lambda: len(feedback.files()) == 2)
    assert read(feedback.files()) == [REMARK, VOTE]
    until(lambda: [file.name for file in feedback.folder.iterdir() if file.is_dir()] == ["earlier"])
    feedback.stop()
    files = dataset.files()
    assert len(files) == 4 and files["data/feedback-old.jsonl"] == to_line(VOTE)
    assert sum("resolve" in asked and asked.startswith("GET") for asked in hub.asked) == 1


@pytest.mark.parametrize("variable", ["VIOBERT_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_the_hub_is_not_asked(
    hub: Hub, make: Make, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "1")
    feedback = make()
    feedback.add(VOTE)
    feedback.earlier()
    feedback.stop()
    assert feedback.status == "disk" and not hub.asked
