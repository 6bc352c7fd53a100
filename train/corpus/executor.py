"""Runs the tasks of the corpus through datatrove: on this machine, on Ray or on Slurm."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import multiprocess
from datatrove.executor.base import PipelineExecutor
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from loguru import logger
from tqdm import tqdm

from train.files import StageError, write_json
from train.recipe import How

# Exit codes of processes that did not end by themselves: SIGKILL is what the kernel sends for want
# of memory. SIGTERM and SIGINT are how a pool or a user ends them.
_KILLED = {-s for s in (signal.SIGKILL, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT)}


def executor(
    how: How,
    name: str,
    pipeline: list[PipelineStep],
    tasks: int,
    logs: Path,
    after: PipelineExecutor | None = None,
) -> PipelineExecutor:
    """datatrove's executor of the recipe's choice for ``tasks`` runs of a pipeline.

    ``logs`` holds what was said and which tasks are done; done ones are skipped by the next run.
    """
    workers = min(how.workers or os.cpu_count() or 1, tasks)
    given: dict[str, Any] = {"logging_dir": str(logs.absolute()), "depends": after}
    if how.executor == "slurm":
        from datatrove.executor.slurm import SlurmPipelineExecutor

        options = {"time": "24:00:00", "partition": "", "qos": "", **how.slurm}
        known = {k: options.pop(k) for k in ("time", "partition", "qos")}
        activate = Path(sys.prefix) / "bin" / "activate"
        return SlurmPipelineExecutor(
            pipeline,
            tasks=tasks,
            workers=how.workers or -1,
            job_name=name,
            venv_path=str(activate) if activate.exists() else None,
            mem_per_cpu_gb=4,
            sbatch_args=options,
            **known,
            **given,
        )
    if how.executor == "ray":
        from datatrove.executor.ray import RayPipelineExecutor

        return RayPipelineExecutor(
            pipeline, tasks=tasks, workers=workers, mem_per_cpu_gb=1, **given
        )
    return LocalPipelineExecutor(pipeline, tasks=tasks, workers=workers, **given)


def run(job: PipelineExecutor, name: str, logs: Path) -> None:
    """Run all tasks and wait for them; ``StageError`` if one is left undone."""
    logs.mkdir(parents=True, exist_ok=True)
    lost: list[int] = []
    try:
        with _progress(name, job.world_size, logs, lost), _quiet(logs / "said.txt"):
            job.run()
    except (KeyboardInterrupt, ConnectionError, EOFError):
        if not lost:
            raise
        raise StageError(
            f"{name}: a worker was killed (signal {-lost[0]}), most likely for want of memory; "
            "the same command goes on, perhaps with fewer how.workers or a smaller how.shard"
        ) from None
    left = job.get_incomplete_ranks()
    if left:
        raise StageError(f"{name}: {len(left)} of {job.world_size} tasks failed; {_said(logs)}")


def _said(logs: Path) -> str:
    """The first error in the logs of the tasks, and where they lie."""
    for path in sorted((logs / "logs").glob("task_*.log")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if found := re.match(r"[\w.]*(?:Error|Exception): (.*)", line):
                return f"{found[1]} ({path})"
    return f"see {logs / 'logs'}"


def refuse_while_queued(name: str, note: Path) -> None:
    """``StageError`` while the Slurm jobs of an earlier call wait or run."""
    jobs = ",".join(json.loads(note.read_text(encoding="utf-8")))
    asked = subprocess.run(["squeue", "--noheader", "--jobs", jobs], capture_output=True, text=True)
    if asked.returncode == 0 and asked.stdout.strip():  # of ended jobs it knows nothing
        raise StageError(f"{name}: jobs {jobs} are still queued or running")


def submit(job: Any, note: Path) -> None:
    """Queue a Slurm job and the one that it comes after, and note their numbers."""
    before = job.depends
    job.run()
    write_json(note, [str(j.job_id) for j in (before, job) if j.job_id and j.job_id != -1])


@contextlib.contextmanager
def _progress(name: str, tasks: int, logs: Path, lost: list[int]) -> Iterator[None]:
    """A bar over the tasks, whoever runs them: it counts datatrove's marks of completion.

    A pool waits for ever for the task of a worker that was killed: this interrupts it.
    """
    seen: set[Any] = set()
    with tqdm(total=tasks, desc=name, unit=" tasks", file=_terminal(), disable=None) as bar:
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.5):
                _update()
                _look()
                if lost and bar.n < tasks:
                    os.kill(os.getpid(), signal.SIGINT)
                    return

        def _look() -> None:
            seen.update(multiprocess.active_children())
            lost.extend(p.exitcode for p in seen if p.exitcode in _KILLED)

        def _update() -> None:
            done = logs / "completions"
            bar.update((len(list(done.iterdir())) if done.exists() else 0) - bar.n)

        watcher = threading.Thread(target=watch, daemon=True)
        # A job in the background of a shell may have been told to ignore what interrupts.
        before = signal.getsignal(signal.SIGINT)
        if before is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
            if before is signal.SIG_IGN:
                signal.signal(signal.SIGINT, before)
            _look()
            _update()


def _terminal() -> Any:
    """The standard error as it is now, out of reach of ``_quiet``."""
    try:
        return os.fdopen(os.dup(sys.stderr.fileno()), "w")
    except (OSError, ValueError):  # a test's replacement without a file
        return sys.stderr


@contextlib.contextmanager
def _quiet(path: Path) -> Iterator[None]:
    """datatrove tells every task's life on the standard error; here it goes to a file.

    Both the stream of this process and descriptor 2, which its workers inherit.
    """
    logger.remove()
    with path.open("a", encoding="utf-8") as said:
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            with contextlib.redirect_stderr(said):
                yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            logger.remove()
