"""Votes on the disk: none that was acknowledged is lost, whatever ends the process."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from test_feedback import VOTE

from viobert.feedback import Feedback, FeedbackError, Note, Vote, from_environment, read
from viobert.feedback.records import to_line

# Several threads vote; a round's id is written to the pipe once its vote was acknowledged.
STORM = """
import dataclasses, sys, threading, os, uuid
from pathlib import Path
from viobert.feedback import Feedback, read
from viobert.feedback.records import from_line
folder, vote, count = Path(sys.argv[1]), from_line(sys.argv[2].encode()), int(sys.argv[3])
feedback = Feedback(folder)
def storm():
    for _ in range(count):
        id = str(uuid.uuid4())
        feedback.add(dataclasses.replace(vote, round=id))
        os.write(1, (id + "\\n").encode())
threads = [threading.Thread(target=storm, daemon=True) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
REMARK = Note("about", "شرح واضح", "2026-12-01", None)


def storm(folder: Path, count: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", STORM, str(folder), to_line(VOTE).decode(), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def python(code: str, *arguments: object) -> str:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rounds(folder: Path) -> list[str]:
    return [vote.round for vote in read(Feedback(folder).files()) if isinstance(vote, Vote)]


def test_kill_9_in_a_storm_of_votes_loses_none_that_was_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(9)
    acknowledged: list[str] = []
    for _ in range(8):
        process = storm(tmp_path, 10**6)
        assert process.stdout is not None
        for _ in range(chance.randint(1, 400)):
            acknowledged.append(process.stdout.readline().decode().strip())
        process.send_signal(signal.SIGKILL)
        acknowledged += process.stdout.read().decode().split()
        assert process.wait(10) == -signal.SIGKILL
    kept = rounds(tmp_path)
    assert len(acknowledged) > 100 and set(acknowledged) <= set(kept)
    # At most one vote of each thread was stored and not yet acknowledged.
    assert len(kept) - len(acknowledged) <= 8 * 6


def test_two_processes_at_once_write_two_files(tmp_path: Path) -> None:
    processes = [storm(tmp_path, 50) for _ in range(2)]
    acknowledged = [line for p in processes for line in p.communicate(timeout=60)[0].split()]
    kept = rounds(tmp_path)
    assert len(kept) == 600 and set(kept) == {line.decode() for line in acknowledged}
    assert len(Feedback(tmp_path).files()) == 2


def test_a_forked_child_writes_its_own_file_though_the_lock_was_held(tmp_path: Path) -> None:
    code = """if True:
        import os, sys, threading
        from pathlib import Path
        from viobert.feedback import Feedback, note
        feedback = Feedback(Path(sys.argv[1]))
        def add(text): feedback.add(note("about", text, True, "2026-12-01"))
        add("الأصل")
        feedback._lock.acquire()
        child = os.fork()
        if not child:
            add("الفرع")
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        feedback._lock.release()
        add("الأصل ثانية")
    """
    python(code, tmp_path)
    files = Feedback(tmp_path).files()
    texts = sorted([record.text for record in read([file])] for file in files)  # type: ignore[type-var]
    assert texts == [["الأصل", "الأصل ثانية"], ["الفرع"]]


def test_a_full_disk_is_said_and_leaves_no_half_line(tmp_path: Path) -> None:
    code = """if True:
        import resource, sys
        from pathlib import Path
        from viobert.feedback import Feedback, FeedbackError, note
        feedback = Feedback(Path(sys.argv[1]))
        def add(text): feedback.add(note("about", text, True, "2026-12-01"))
        add("قبل")
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.RLIM_INFINITY))
        for _ in range(3):
            try:
                add("ب" * 400)
            except FeedbackError as error:
                print(error.kind)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        add("بعد")
    """
    assert python(code, tmp_path).split() == ["disk"] * 3
    (file,) = Feedback(tmp_path).files()
    assert [record.text for record in read([file])] == ["قبل", "بعد"]


def test_what_was_not_synced_is_not_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feedback = Feedback(tmp_path)
    feedback.add(VOTE)

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", fail)
        with pytest.raises(FeedbackError, match="Input/output") as raised:
            feedback.add(REMARK)
    assert raised.value.kind == "disk"
    assert read(feedback.files()) == [VOTE]
    feedback.add(REMARK)
    assert read(feedback.files()) == [VOTE, REMARK]


def test_a_folder_that_cannot_be_is_said_and_one_that_was_cleared_is_made_again(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FeedbackError) as raised:
        Feedback(tmp_path / "file" / "folder").add(VOTE)
    assert raised.value.kind == "disk" and "\n" not in str(raised.value)
    feedback = Feedback(tmp_path / "deep" / "er")
    feedback.add(VOTE)
    (file,) = feedback.files()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    file.unlink()
    feedback.add(REMARK)
    assert read(feedback.files()) == [REMARK]


def test_text_that_went_past_the_screen_is_not_stored(tmp_path: Path) -> None:
    with pytest.raises(FeedbackError) as raised:
        Feedback(tmp_path).add(Note("about", "جوالي 0551234567", "2026-12-01", None))
    assert raised.value.kind == "personal" and not list(tmp_path.iterdir())


def test_readers_skip_an_unfinished_last_line_only_and_count_a_round_once(tmp_path: Path) -> None:
    first, second = tmp_path / "feedback-1.jsonl", tmp_path / "feedback-2.jsonl"
    first.write_bytes(to_line(VOTE) + to_line(REMARK) + to_line(VOTE)[:-40])
    second.write_bytes(to_line(VOTE))
    assert read([first, second]) == [VOTE, REMARK]
    for line in (b"{}\n", b"\xff\n", b"\n", b"[1]\n", to_line(VOTE).replace(b'"A"', b'"C"')):
        second.write_bytes(to_line(VOTE) + line + to_line(REMARK))
        with pytest.raises(ValueError, match=rf"{second}: row 2: [^\n]+$"):
            read([second])


def test_the_environment_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VIOBERT_FEEDBACK_DIR", "VIOBERT_FEEDBACK_REPO", "FEEDBACK_TOKEN", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert from_environment().folder == tmp_path / "viobert" / "feedback"
    monkeypatch.setenv("VIOBERT_FEEDBACK_DIR", str(tmp_path / "votes"))
    monkeypatch.setenv("VIOBERT_FEEDBACK_REPO", "org/votes")
    before = threading.active_count()
    feedback = from_environment()
    assert (feedback.folder, feedback.status) == (tmp_path / "votes", "disk")  # no token
    feedback.earlier()
    feedback.stop()
    assert threading.active_count() == before and not os.listdir(tmp_path)
