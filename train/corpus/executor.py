"""Runs the tasks of the corpus through datatrove: on this machine, on Ray or on Slurm."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datatrove.executor.base import PipelineExecutor
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from loguru import logger
from tqdm import tqdm

from train.files import StageError
from train.recipe import How


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
    with _progress(name, job.world_size, logs / "completions"), _quiet(logs / "said.txt"):
        job.run()
    left = job.get_incomplete_ranks()
    if left:
        raise StageError(
            f"{name}: {len(left)} of {job.world_size} tasks failed; see {logs / 'logs'}"
        )


@contextlib.contextmanager
def _progress(name: str, tasks: int, completions: Path) -> Iterator[None]:
    """A bar over the tasks, whoever runs them: it counts datatrove's marks of completion."""
    with tqdm(total=tasks, desc=name, unit=" tasks", file=_terminal()) as bar:
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.5):
                _update()

        def _update() -> None:
            done = len(list(completions.iterdir())) if completions.exists() else 0
            bar.update(done - bar.n)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
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
