"""The end of a process that pushes feedback: what was acknowledged arrives, nothing hangs."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_feedback import VOTE
from test_feedback_push import pushed

from tests.hub import Fault, Hub, running
from viobert.feedback.records import to_line


@pytest.fixture()
def hub() -> Iterator[Hub]:
    with running() as one:
        yield one


CHILD = """if True:
    import dataclasses, itertools, os, signal, sys, time
    from pathlib import Path
    from viobert.feedback import Feedback, install_sigterm, push
    from viobert.feedback.records import from_line
    folder, url, line, how = sys.argv[1:]
    push.FIRST_DELAY, push.LAST_PUSH = 0.1, 3
    if how == "handler":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    feedback = Feedback(Path(folder), "org/votes", "hf_of-the-test", 60, url)
    install_sigterm(feedback)
    while feedback.status != "pushing": time.sleep(0.01)
    print("ready", flush=True)
    input()
    for n in itertools.count():
        feedback.add(dataclasses.replace(from_line(line.encode()), round=f"r{n}"))
        os.write(1, f"r{n}\\n".encode())
        if how == "exit": sys.exit(0)
        if how == "locked" and n == 100:
            with feedback._lock:
                os.kill(os.getpid(), signal.SIGTERM)
"""


def child(hub: Hub, folder: Path, how: str) -> subprocess.Popen[bytes]:
    """A process that has reached the Hub, and votes once it is told to."""
    offline = ("VIOBERT_OFFLINE", "HF_HUB_OFFLINE")
    online = {name: value for name, value in os.environ.items() if name not in offline}
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), hub.url, to_line(VOTE).decode(), how],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=online,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    return process


def go(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()


@pytest.mark.parametrize(
    ("how", "status"), [("default", -signal.SIGTERM), ("handler", 7), ("locked", -signal.SIGTERM)]
)
def test_sigterm_pushes_what_was_acknowledged_then_does_what_it_did_before(
    hub: Hub, tmp_path: Path, how: str, status: int
) -> None:
    process = child(hub, tmp_path / "child", how)
    go(process)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().decode().strip() for _ in range(100)]
    if how != "locked":  # that one ends itself in the midst of a vote
        process.terminate()
        process.terminate()  # as a group and as a process
    process.communicate(timeout=10)
    assert process.returncode == status
    assert all(f'"{name}"'.encode() in pushed(hub) for name in acknowledged)


def test_an_ordinary_exit_pushes_too(hub: Hub, tmp_path: Path) -> None:
    process = child(hub, tmp_path / "child", "exit")
    go(process)
    assert process.wait(10) == 0 and b'"r0"' in pushed(hub)


@pytest.mark.parametrize("how", ["exit", "default"])
def test_a_hub_that_hangs_does_not_hold_up_the_end(hub: Hub, tmp_path: Path, how: str) -> None:
    process = child(hub, tmp_path / "child", how)
    hub.faults.append(Fault("*", "", seconds=30, times=math.inf))
    go(process)
    assert process.stdout is not None and process.stdout.readline()
    began = time.monotonic()
    if how == "default":
        process.terminate()
    process.communicate(timeout=10)
    assert 2 < time.monotonic() - began < 6
