"""The grid when a cell fails, a worker dies, or all of it is killed."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.train.conftest import ROOT
from tests.train.evaluate.making import context, small_run
from train.evaluate import grid, workers
from train.evaluate.axes import Context
from train.evaluate.stage import compare_models
from train.files import StageError
from viobert import scores
from viobert.scores import Score

Models = dict[str, str]


def test_a_cell_that_fails_stops_none_of_the_others(models: Models, tmp_path: Path) -> None:
    run = small_run(tmp_path, coarse=None, fine=None, further={}, left_to_right=0)
    (tmp_path / "ner-test.jsonl").write_text('{"text": "ألم"}\n', encoding="utf-8")
    said: list[str] = []
    with pytest.raises(StageError, match=r"4 of 30 cells failed(.|\n)*ner-test.jsonl, row 1: no "
                       "column entities"):  # fmt: skip
        compare_models(run, models, run.scores, said.append)
    assert {s.axis for s in scores.read(run.scores)} >= {"intrinsic", "mcq", "zero-shot"}
    assert not [s for s in scores.read(run.scores) if s.axis == "ner"]
    assert any("failed: StageError" in line for line in said)


def test_a_killed_grid_goes_on_and_ends_the_same(
    filled: tuple[Context, list[Score], list[str]], models: Models, tmp_path: Path
) -> None:
    """SIGKILL in the middle: its workers end, and the same command ends with the same scores. Two
    axes are left to do, for time."""
    run = small_run(tmp_path)
    cells = run.evaluation / "cells"
    shutil.copytree(filled[0].folder / "cells", cells)
    for left in grid.choose(grid.cells(filled[0]), "axis=mcq|ner"):
        (cells / f"{left.name}.parquet").unlink()
    before = len(list(cells.iterdir()))
    code = (
        "import json, sys\nfrom pathlib import Path\nfrom train.evaluate.stage import "
        "compare_models\nfrom train.files import Run\nfrom train.recipe import load\n"
        "if __name__ == '__main__':\n    run = Run(load(Path(sys.argv[1])), Path(sys.argv[2]))\n"
        "    compare_models(run, json.loads(sys.argv[3]), run.scores)\n"
    )
    script = tmp_path / "evaluate.py"
    script.write_text(code, encoding="utf-8")
    command = [sys.executable, str(script), str(run.recipe.path), str(run.runs)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [*command, json.dumps(models)], env=env, cwd=tmp_path, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout
    assert any(line.startswith(f"[{before + 3}/") for line in process.stdout)
    process.kill()
    process.wait()
    until = time.monotonic() + 20
    while left := _of_group(process.pid):
        assert time.monotonic() < until, left
        time.sleep(0.1)
    done = list(cells.glob("*.parquet"))
    assert before + 3 <= len(done) < len(grid.cells(context(run, models)))
    said: list[str] = []
    rows = compare_models(run, models, run.scores, said.append)
    assert f", {len(done)} done before" in said[0]

    def bare(found: list[Score]) -> list[Score]:
        return [dataclasses.replace(s, envelope={}) for s in found]

    assert bare(rows) == bare(filled[1])


def test_a_worker_that_dies_is_told_and_replaced(
    filled: tuple[Context, list[Score], list[str]], tmp_path: Path
) -> None:
    made = dataclasses.replace(filled[0], folder=tmp_path)
    todo = grid.choose(grid.cells(made), "axis=probing|ner")
    jobs = grid.jobs(todo)
    results = []
    threading.Thread(target=_kill_one, args=(os.getpid(),), daemon=True).start()
    for result in workers.run(made, jobs, 1, 1):
        results.append(result)
    died = [r for r in results if "exit code -9" in r.error]
    assert len(died) == 1 and len(results) == len(jobs)
    assert all(not r.missing for r in results if r not in died)


def test_a_worker_in_the_middle_of_a_cell_ends_with_its_master() -> None:
    spawned = multiprocessing.get_context("spawn")
    ours, theirs = spawned.Pipe()
    worker = spawned.Process(target=_at_work, args=(theirs,))
    worker.start()
    theirs.close()
    assert ours.recv() == "at work"
    ours.close()  # as when it is killed
    worker.join(60)
    assert worker.exitcode == workers.ENDED


def _at_work(pipe: Connection) -> None:
    threading.Thread(target=workers.end_with_master, args=(pipe,), daemon=True).start()
    pipe.send("at work")
    time.sleep(100)


def _of_group(group: int) -> list[str]:
    """Those of a process group that are not gone."""
    import psutil

    found = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(one.pid) == group and one.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(one.cmdline()))
    return found


def _kill_one(parent: int) -> None:
    """The first worker, once it computes."""
    import psutil

    for _ in range(600):
        for child in psutil.Process(parent).children(recursive=True):
            forked = child.ppid() != parent and "forkserver" in " ".join(child.cmdline())
            if forked and child.cpu_times().user > 0.3:
                child.kill()
                return
        time.sleep(0.05)
