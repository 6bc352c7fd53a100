"""The benchmarks run, and tell machines what they measured in lines of JSON and nothing else."""

from __future__ import annotations

import io
import json
import runpy
import subprocess
import sys
from contextlib import redirect_stdout
from typing import Any

import pytest
import torch

from viobert.checkpoints import ROOT


def started(script: str, *options: str) -> str:
    """What a benchmark prints, here where all is imported: a process of its own takes 10 s."""
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.chdir(ROOT)
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        patch.setattr(sys, "argv", [script, *options])
        runpy.run_path(script, run_name="__main__")
    return printed.getvalue()


def rows(printed: str) -> list[dict[str, Any]]:
    results = [json.loads(line) for line in printed.splitlines()]
    for result in results:
        assert set(result) == {"name", "ratio", "floor", "aim", "figures", "versions"}
    return results


def found_by(script: str, *options: str) -> list[dict[str, Any]]:
    return rows(started(script, *options, "--json"))


def test_near_duplicates_are_measured_beside_datasketch() -> None:
    """As one starts it, in a process of its own."""
    command = [sys.executable, "benchmarks/corpus.py", "--documents", "2000", "--runs", "1"]
    done = subprocess.run(
        [*command, "--json"], cwd=ROOT, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    (found,) = rows(done.stdout)
    assert found["ratio"] > 1 and found["floor"] == 5
    assert found["figures"]["viobert"]["precision"] == 1
    assert found["figures"]["viobert"]["recall"] >= 0.99


def test_masks_are_measured_beside_transformers() -> None:
    (found,) = found_by("benchmarks/masking.py", "--batches", "2", "--runs", "1")
    assert found["ratio"] > 10 and found["floor"] == 50
    both = [found["figures"][name]["pieces"] for name in ("transformers", "viobert")]
    assert both[0] == both[1] > 1000


def test_training_is_measured_beside_transformers() -> None:
    """In small and on a busy machine who is faster is chance; what the ratios are of is not."""
    tiny = ("--layers", "1", "--vocabulary", "3000", "--documents", "8", "--runs", "1")
    *speeds, head = found_by("benchmarks/training.py", *tiny, "--head", "2048")
    assert [row["floor"] for row in (*speeds, head)] == [3.5, 1.4, 4.5]
    for row, other in zip(speeds, ("padded", "grouped"), strict=True):
        own, others = (row["figures"][of]["pieces_per_second"] for of in ("viobert", other))
        assert row["ratio"] == pytest.approx(own / others, abs=0.01) and others > 0
    assert head["ratio"] > 1


def test_a_gpu_is_asked_for_where_there_is_none() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU: the benchmark itself is to be run")
    with pytest.raises(SystemExit, match="^--gpu: there is no GPU here$"):
        started("benchmarks/training.py", "--gpu")


def test_what_a_gpu_is_asked_to_do_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """On this CPU, in small; its speed is no figure."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from layouts import Shape
    from training import RECIPE, absolute, table

    shape = Shape(layers=1, hidden=64, heads=2, vocabulary=500)
    found = absolute(RECIPE, steps=1, shape=shape, compiled=False)
    assert found["figures"]["pieces_per_second"] > 0 and found["figures"]["batch_size"] == 256
    assert found["figures"]["mfu"] is None and "viobert-v3 on the CPU" in table(found)
