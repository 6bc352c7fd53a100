"""Two processes give what one gives."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from accelerate import Accelerator

from tests.train.conftest import ROOT
from tests.train.making import last_state, small_run, told
from train.files import Run, StageError
from train.pretrain import pretrain

#: Without dropout, whose numbers each process draws for its own documents.
EXACT: dict[str, dict[str, Any]] = {
    "how": {"precision": "fp32", "micro_batch": 512, "threads": 1, "log_every": 1}
}

Pair = tuple[Run, subprocess.CompletedProcess[str]]


def launch(*command: str, processes: int = 2) -> subprocess.CompletedProcess[str]:
    """Processes as torchrun starts them, on this machine's CPU and loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", str(processes),
            "--master_addr", "127.0.0.1", "--master_port", str(port), *command,
        ],
        cwd=ROOT, text=True, capture_output=True, timeout=240, check=False,
        env={
            **os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1",
            "ACCELERATE_USE_CPU": "true",
        },
    )  # fmt: skip


def pretrain_by_two(run: Run) -> subprocess.CompletedProcess[str]:
    recipe, runs = str(run.recipe.path), str(run.runs)
    return launch("-m", "train", "pretrain", recipe, "--runs", runs)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory, small_corpus: Path) -> Run:
    run = small_run(tmp_path_factory.mktemp("one"), small_corpus, **EXACT)
    assert pretrain(run, lambda _: None)
    return run


@pytest.fixture(scope="module")
def by_two(tmp_path_factory: pytest.TempPathFactory, small_corpus: Path) -> Pair:
    """The same by two processes, and what they said."""
    run = small_run(tmp_path_factory.mktemp("two"), small_corpus, **EXACT)
    return run, pretrain_by_two(run)


def losses(run: Run, key: str = "loss") -> list[float]:
    return [line[key] for line in told(run) if key in line]


def test_two_processes_follow_the_curve_of_one(one: Run, by_two: Pair) -> None:
    two, result = by_two
    assert result.returncode == 0, result.stderr
    assert "on 2 × cpu" in result.stdout and result.stdout.count("ended by its steps") == 1
    assert len(losses(one)) == 14
    assert losses(two) == pytest.approx(losses(one), rel=1e-5)
    for key in ("gradient_norm", "nats_per_word", "score"):
        assert losses(two, key) == pytest.approx(losses(one, key), rel=1e-3), key
    assert losses(two, "pieces") == losses(one, "pieces")
    done = [json.loads(run.done.read_text(encoding="utf-8")) for run in (one, two)]
    assert done[0]["made_from"] == done[1]["made_from"] and done[0]["pieces"] == done[1]["pieces"]


def test_one_process_goes_on_where_two_were(
    one: Run, by_two: Pair, small_corpus: Path, tmp_path: Path
) -> None:
    """The number of processes is how, not what."""
    shutil.copytree(by_two[0].folder, tmp_path / by_two[0].folder.name, symlinks=True)
    two = small_run(tmp_path, small_corpus, **EXACT)
    for newest in sorted(two.checkpoints.iterdir())[1:]:
        (newest / "state.pt").unlink()
    two.done.unlink()
    (kept,) = [p for p in two.checkpoints.iterdir() if (p / "state.pt").exists()]
    said: list[str] = []
    assert pretrain(two, said.append)
    step = int(kept.name.removeprefix("step-"))
    assert any(f"goes on from step {step}" in line for line in said) and 0 < step < 14
    assert losses(two) == pytest.approx(losses(one), rel=1e-5)
    assert last_state(two)[1]["step"] == 14


def test_fewer_documents_than_processes_are_refused(
    small_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one of two would be told: starting them takes long."""
    monkeypatch.setattr(Accelerator, "num_processes", 2)
    run = small_run(tmp_path, small_corpus, training={"batch_size": 1})
    with pytest.raises(StageError, match=r"1 documents a step for 2 processes \(there are"):
        pretrain(run, lambda _: None)


def test_a_sharded_model_is_trained_and_taken_up_again_as_a_whole_one(tmp_path: Path) -> None:
    result = launch("-m", "tests.train.sharded", str(tmp_path / "checkpoints"))
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout.strip().splitlines()[-1])
    assert found["apart"] < 1e-5 and found["same"]
