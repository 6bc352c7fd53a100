"""Killed, out of disk, started twice: the corpus ends as if nothing had happened, or says why."""

from __future__ import annotations

import glob
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import multiprocess
import pytest

from tests.train.corpus.making import kept, recipe, row, text, write_lines
from train.corpus.build import build
from train.files import Run, StageError
from train.recipe import load

#: Processes forked from one that has everything loaded start at once.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["train.corpus.build"])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe with several sources, shards, duplicates and an evaluation set."""
    folder = tmp_path_factory.mktemp("small")
    rows = [row(f"d{i}", text(i % 900) + (" وبعد" if i >= 900 else "")) for i in range(1200)]
    write_lines(folder / "d.jsonl", rows)
    write_lines(folder / "e.jsonl", [row(f"e{i}", text(i)) for i in range(800, 1000)])
    write_lines(folder / "exam.jsonl", [{"id": "q", "text": text(5)}])
    sets = [{"name": "exam", "path": "exam.jsonl"}]
    sources = [{"path": "d.jsonl"}, {"path": "e.jsonl"}]
    return recipe(folder, sources, {"shard": 100, "workers": 1}, evaluation_sets=sets).path


@pytest.fixture(scope="module")
def undisturbed(small: Path) -> dict[str, bytes]:
    run = Run(load(small), small.parent / "undisturbed")
    build(run, lambda _: None)
    return files(run)


def files(run: Run) -> dict[str, bytes]:
    """What a run has made, byte by byte; of the manifest what does not tell of time."""
    made = {p.name: p.read_bytes() for p in run.corpus.iterdir() if p.suffix == ".parquet"}
    manifest = json.loads(run.manifest.read_text(encoding="utf-8"))
    for told in ("seconds", "made"):
        del manifest[told]
    return {**made, "manifest.json": json.dumps(manifest).encode()}


def work(path: Path, runs: Path, moment: str = "") -> None:
    """What a process does until it is killed: by itself, once files match ``moment``."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    run = Run(load(path), runs)
    if moment:
        die_once_there(str(run.corpus / moment))
    with run.lock():
        build(run, lambda _: None)


def die_once_there(pattern: str) -> None:
    """SIGKILL for this process at the first file it or a child opens or renames while others match:
    some are there too briefly for another process to see."""
    main, looking = os.getpid(), [False]

    def look(event: str, _: Any) -> None:
        if event not in ("open", "os.rename", "os.remove", "os.rmdir") or looking[0]:
            return
        looking[0] = True  # glob opens folders itself
        if glob.glob(pattern):
            os.kill(main, signal.SIGKILL)
        looking[0] = False

    sys.addaudithook(look)


def appearing(folder: Path, pattern: str) -> Iterator[bool]:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        yield bool(glob.glob(str(folder / pattern)))  # pathlib's trips over a folder that goes


@pytest.mark.parametrize(
    "moment",
    [
        "work-*/raw/00003.parquet",
        "work-*/raw/00009*.tmp",
        "work-*/raw/index.json",
        "work-*/prepared/00001.npz",
        "work-*/prepared/00006*",
        "work-*/out/*",
        "excluded.parquet",
        "manifest.json",
    ],
)
def test_a_killed_run_goes_on_to_the_same_bytes(
    small: Path, undisturbed: dict[str, bytes], tmp_path: Path, moment: str
) -> None:
    run = Run(load(small), tmp_path)
    child: Any = FORKS.Process(target=work, args=(small, tmp_path, moment))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL, "it ended before the moment came"
    build(run, lambda _: None)
    assert files(run) == undisturbed
    assert not list(run.corpus.rglob("*.tmp"))


def test_a_worker_that_outlives_its_run_does_not_reach_the_next_one(
    tmp_path: Path,
) -> None:
    rows = [row(f"d{i}", text(i)) for i in range(600)]
    write_lines(tmp_path / "d.jsonl", rows)
    path = recipe(tmp_path, [{"path": "d.jsonl"}], {"shard": 20, "workers": 2}).path
    run = Run(load(path), tmp_path / "runs")
    child: Any = FORKS.Process(target=work, args=(path, tmp_path / "runs"))
    child.start()
    for there in appearing(run.corpus, "work-*/prepared/00003.npz"):
        if there or not child.is_alive():
            break
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    write_lines(tmp_path / "d.jsonl", [{**r, "text": f"{r['text']} جديد"} for r in rows])
    build(run, lambda _: None)
    assert all(r["text"].endswith("جديد") for r in kept(run).values())


@pytest.mark.parametrize("interrupts", [signal.default_int_handler, signal.SIG_IGN])
def test_a_killed_worker_is_noticed_and_the_run_goes_on(
    small: Path, undisturbed: dict[str, bytes], tmp_path: Path, interrupts: Any
) -> None:
    """Also in a job that was started with SIGINT ignored, as shells do in the background."""
    before = signal.signal(signal.SIGINT, interrupts)
    chosen = load(small)
    chosen.how.workers = 2
    run = Run(chosen, tmp_path)

    def kill() -> None:
        for there in appearing(run.corpus, "work-*/prepared/00001.npz"):
            if there:
                break
        workers = [p for p in multiprocess.active_children() if "PoolWorker" in p.name]
        os.kill(workers[0].pid, signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()
    try:
        with pytest.raises(StageError, match=r"a worker was killed \(signal 9\)"):
            build(run, lambda _: None)
        assert signal.getsignal(signal.SIGINT) is interrupts
    finally:
        signal.signal(signal.SIGINT, before)
    build(run, lambda _: None)
    assert files(run) == undisturbed


def test_a_second_run_on_one_folder_is_refused_and_harms_nothing(
    small: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    run = Run(load(small), tmp_path)
    command = [sys.executable, "-m", "train", "corpus", str(small), "--runs", str(tmp_path)]
    with run.lock():
        second = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert second.returncode == 2
        assert second.stderr.strip().splitlines()[-1].startswith("train: small: another process")
        build(run, lambda _: None)
    assert files(run) == undisturbed


def test_a_full_disk_is_said_in_one_line_and_leaves_nothing_half_written(
    small: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    def narrow() -> None:  # no file may grow beyond: what a full disk does, with another number
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    command = [sys.executable, "-m", "train", "corpus", str(small), "--runs", str(tmp_path)]
    full = subprocess.run(command, capture_output=True, text=True, timeout=60, preexec_fn=narrow)
    assert full.returncode == 2
    assert "train: " in full.stderr.splitlines()[-1] and "Traceback" not in full.stderr
    run = Run(load(small), tmp_path)
    assert not run.documents.exists() and not list(run.corpus.rglob("*.tmp"))
    build(run, lambda _: None)
    assert files(run) == undisturbed
