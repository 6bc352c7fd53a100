"""Cells side by side in processes: one that fails, or dies, stops none of the others."""

from __future__ import annotations

import multiprocessing
import os
import select
import shutil
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from train.evaluate.axes import Cell, Context, registry
from train.evaluate.envelope import envelope
from train.evaluate.measures import measures
from train.evaluate.outcomes import Store
from train.machine import keep_memory
from viobert.scores import PRIMARY

#: What takes long, and every worker needs.
_IMPORTED = ["train.evaluate.axes.classes", "transformers.models.bert.modeling_bert"]
#: Seconds in which a worker ends by itself, and what one says that did not.
_GRACE, ENDED = 3.0, 70


@dataclass(frozen=True)
class Job:
    """Cells of one axis and model that are computed together."""

    axis: str
    cells: tuple[Cell, ...]


@dataclass
class Result:
    """What became of a job's cells: the primary metric of those that are done, and the error that
    ended it early, if one did."""

    job: Job
    done: dict[Cell, float] = field(default_factory=dict)
    error: str = ""
    trace: str = ""

    @property
    def missing(self) -> list[Cell]:
        return [cell for cell in self.job.cells if cell not in self.done]


def work(context: Context, job: Job) -> Result:
    """Compute the cells of a job, each written when it is there."""
    axis, store, result = registry()[job.axis], Store(context), Result(job)
    try:
        for cell, found in axis.compute(context, job.cells):
            store.write(axis, cell, found, envelope())
            if axis.head and not context.keep:  # another's, from before
                shutil.rmtree(context.heads / axis.head(cell), ignore_errors=True)
            result.done[cell] = primary(cell, found.table)
    except Exception as error:
        result.error = " ".join(f"{type(error).__name__}: {error}".split())[:500]
        result.trace = traceback.format_exc()
    return result


def primary(cell: Cell, table: Any) -> float:
    """The metric that a cell is judged by."""
    _, found = measures(cell.axis, table)
    measure = found[PRIMARY[cell.axis]]
    return float(measure.value(measure.counts.sum(0)))


def run(context: Context, jobs: Sequence[Job], workers: int, threads: int) -> Iterator[Result]:
    """Results as they come, from ``workers`` processes of ``threads`` threads each."""
    waiting = list(jobs)
    crew = [_Worker(context, threads) for _ in range(min(workers, len(jobs)))]
    try:
        for worker in crew:
            worker.give(waiting.pop(0))
        while busy := [w for w in crew if w.job]:
            ready = wait([end for w in busy for end in (w.pipe, w.process.sentinel)])
            for i, worker in enumerate(crew):
                if worker.job and (worker.pipe in ready or worker.process.sentinel in ready):
                    result = worker.take()
                    if not worker.process.is_alive():
                        worker.end()
                        worker = crew[i] = _Worker(context, threads)
                    if waiting:
                        worker.give(waiting.pop(0))
                    yield result
    finally:
        for worker in crew:
            worker.end()


class _Worker:
    """A process forked from one that has imported everything and computed nothing: torch's threads
    cannot be forked."""

    def __init__(self, context: Context, threads: int) -> None:
        forks = multiprocessing.get_context("forkserver")
        forks.set_forkserver_preload(_IMPORTED)
        self.pipe, theirs = forks.Pipe()
        self.job: Job | None = None
        # Bars of several processes would write over each other, and over the table.
        before = os.environ.get("TQDM_DISABLE")
        os.environ["TQDM_DISABLE"] = "1"
        try:
            self.process = forks.Process(
                target=_serve, args=(theirs, context, threads), daemon=True
            )
            self.process.start()
        finally:
            os.environ.pop("TQDM_DISABLE")
            if before is not None:
                os.environ["TQDM_DISABLE"] = before
        theirs.close()

    def give(self, job: Job) -> None:
        self.job = job
        self.pipe.send(job)

    def take(self) -> Result:
        """The result of its job; of a worker that died, that it did."""
        assert self.job
        job, self.job = self.job, None
        try:
            if self.pipe.poll():
                result: Result = self.pipe.recv()
                return result
        except (EOFError, OSError):
            pass
        self.process.join(10)
        code = self.process.exitcode
        why = " (killed: out of memory?)" if code == -9 else ""
        return Result(job, error=f"its process ended with exit code {code}{why}")

    def end(self) -> None:
        """At once if it is at work, else when it has closed what it opened."""
        self.pipe.close()
        if not self.job:
            self.process.join(10)
        if self.process.is_alive():
            self.process.terminate()
            self.process.join(10)


def end_with_master(pipe: Connection) -> None:
    """Who was killed can end nobody: a cell would be computed on, for no one."""
    gone = select.poll()
    gone.register(pipe.fileno(), 0)  # 0: its hanging up, which is always told
    gone.poll()
    time.sleep(_GRACE)  # one that waits for work ends by itself
    os._exit(ENDED)


def _serve(pipe: Connection, context: Context, threads: int) -> None:
    import signal

    import torch
    from threadpoolctl import threadpool_limits

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who started it ends it
    if hasattr(select, "poll"):  # not on Windows
        threading.Thread(target=end_with_master, args=(pipe,), daemon=True).start()
    torch.set_num_threads(threads)
    threadpool_limits(threads)  # of numpy's and scipy's own
    if context.device == "cpu":
        keep_memory()
    while True:
        try:
            pipe.send(work(context, pipe.recv()))
        except (EOFError, OSError):  # the one who started it is gone
            return
