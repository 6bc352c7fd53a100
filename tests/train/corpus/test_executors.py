"""The same recipe on this machine, on Ray and on Slurm gives the same corpus."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.train.corpus.making import kept, reasons, recipe, row, text, write_lines
from train.corpus.build import build
from train.files import Run, StageError

# A cluster of one node: sbatch runs the job's script at once, task after task.
SBATCH = """#!{python}
import os, re, subprocess, sys
script = sys.stdin.read() if sys.argv[-1].startswith("-") else open(sys.argv[-1]).read()
last = int((re.search(r"--array=0-(\\d+)", script) or [0, 0])[1])
extra = dict(p.split("=", 1) for a in sys.argv if a.startswith("--export=ALL,")
             for p in a.removeprefix("--export=ALL,").split(","))
for task in range(last + 1):
    env = {{**os.environ, **extra, "SLURM_ARRAY_TASK_ID": str(task), "SLURM_JOB_ID": "1",
           "SLURM_NODELIST": "localhost"}}
    done = subprocess.run(["bash"], input=script, text=True, env=env, capture_output=True)
    with open(os.environ["SLURM_SAID"], "a") as said:
        said.write(done.stdout + done.stderr)
print("Submitted batch job 1")
"""
SRUN = """#!/bin/bash
while [[ "$1" == -* ]]; do [[ "$1" == "-n" ]] && shift; shift; done
exec "$@"
"""
SCONTROL = "#!/bin/bash\necho localhost\n"
# A queue in which everything waits.
WAITING = """#!/bin/bash
echo "Submitted batch job 7"
"""


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    rows = [row(f"d{i}", text(i % 80) + (" وبعد" if i > 99 else "")) for i in range(120)]
    write_lines(folder / "d.jsonl", [*rows, row("short", "ألم")])
    return folder / "d.jsonl"


def built(rows: Path, folder: Path, executor: str, **how: object) -> Run:
    shutil.copy(rows, folder / "d.jsonl")
    chosen = {"executor": executor, "workers": 2, "shard": 50, **how}
    run = Run(recipe(folder, [{"path": "d.jsonl"}], chosen), folder / "runs")
    build(run, lambda _: None)
    return run


@pytest.fixture(scope="module")
def local(rows: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return built(rows, tmp_path_factory.mktemp("local"), "local")


def the_same(one: Run, other: Run) -> None:
    assert kept(one) == kept(other) and reasons(one) == reasons(other)
    assert one.documents.read_bytes() == other.documents.read_bytes()


def test_ray_gives_the_same_documents(rows: Path, local: Run, tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    try:
        the_same(local, built(rows, tmp_path, "ray"))
    finally:
        ray.shutdown()


def put(folder: Path, **commands: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in commands.items():
        (folder / name).write_text(content, encoding="utf-8")
        (folder / name).chmod(0o755)


def test_jobs_that_still_wait_are_not_queued_again(
    rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "bin", sbatch=WAITING, squeue="#!/bin/bash\necho 7 cpu small PD\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    run = built(rows, tmp_path, "slurm")
    assert not run.manifest.exists()
    with pytest.raises(StageError, match="jobs 7,7 are still queued"):
        build(run, lambda _: None)
    put(tmp_path / "bin", squeue="#!/bin/bash\nexit 1\n")
    build(run, lambda _: None)  # they are gone and left nothing: queued anew


def test_slurm_gives_the_same_documents(
    rows: Path, local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bin"
    put(folder, sbatch=SBATCH.format(python=sys.executable), srun=SRUN, scontrol=SCONTROL)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_SAID", str(tmp_path / "said.txt"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    run = built(rows, tmp_path, "slurm", slurm={"partition": "cpu", "time": "1:00:00"})
    the_same(local, run)
    script = (tmp_path / "said.txt").read_text(encoding="utf-8")
    assert "Starting data processing job small-prepare" in script
