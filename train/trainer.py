"""One training of a masked language model, from documents to the best checkpoint."""

from __future__ import annotations

import copy
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.utils import broadcast_object_list
from tqdm import tqdm
from transformers import set_seed

from train import checkpointing, plot, telling
from train.batching import Steps, special_ids
from train.blending import Blend
from train.energy import Energy, gpus
from train.files import Run, StageError, replace_folder, write_json
from train.lineage import identity, lineage
from train.machine import devices, keep_memory
from train.metrics import Metrics, Progress
from train.optimisation import Optimisation, Update, accelerator
from train.readings import Readings
from train.signals import Stop
from train.start import start
from train.stopping import Judge, Reading, Verdict
from train.telling import Window
from train.tokens import Tokens

Log = Callable[[str], object]
#: What torch chose: an earlier training of this process may have had its own number.
_THREADS = torch.get_num_threads()


class Trainer:
    """One training, from what lies on disk to ``best/``."""

    def __init__(self, run: Run, log: Log = print) -> None:
        self.run, self.what, self.how = run, run.recipe.what, run.recipe.how
        self.config, self.made_from = self.what.training, identity(run)
        set_seed(self.config.seed)
        torch.set_num_threads(self.how.threads or _THREADS)
        self.accelerator = accelerator(self.how, run.folder)
        if self.accelerator.device.type == "cpu":
            keep_memory()
        self.main = self.accelerator.is_main_process
        self.log: Log = log if self.main else (lambda _: None)
        self.found = checkpointing.newest(run.checkpoints, self.made_from, self.log)
        with self.accelerator.main_process_first():
            bert, self.tokenizer, corpora = start(run, weights=not self.found)
        self.steps = self._steps(corpora)
        self.blend = Blend(bert, self.config.blend)
        self.readings = Readings(run, self.tokenizer, self.config.length) if self.main else None
        self.core = Optimisation(bert, self.config, self.how, self.accelerator)
        self.judge = Judge(self.what.stopping)
        self.metrics = Metrics(run.metrics, self.accelerator if self.how.trackers else None)
        self.step, self.evaluated, self.pieces = 0, -1, 0
        self.seconds = self.joules = 0.0
        self.window = Window(self.accelerator.device)

    def _say(self, line: str) -> None:
        self.log(f"{self.run.recipe.name}: {line}")

    def _steps(self, corpora: list[Tokens]) -> Steps:
        processes = self.accelerator.num_processes
        steps = Steps(
            corpora,
            special_ids(self.tokenizer),
            self.what.masking,
            batch_size=self.config.batch_size,
            length=self.config.length,
            micro_batch=self.how.micro_batch,
            seed=self.config.seed,
            replay=self.config.replay,
            short=self.config.short,
            short_length=self.config.short_length,
            shares=self._shares(),
            trainings=len(lineage(self.run)) - 1,
            process=self.accelerator.process_index,
            processes=processes,
        )
        if not all(drawn.count for drawn in steps.drawn):
            raise StageError(
                f"{self.run.recipe.path}: no document to train on, or to replay; raise "
                "what.training.documents"
            )
        if steps.batch_size < processes:
            raise StageError(
                f"{self.run.recipe.path}: {steps.batch_size} documents a step for {processes} "
                f"processes (there are {len(steps.windows.table)} in all, batch_size is "
                f"{self.config.batch_size})"
            )
        return steps

    def _shares(self) -> list[float]:
        """Of the training documents that are read, and of the base's that are replayed: those that
        the base has read."""
        base = self.run.base()
        return [self.config.documents, base.recipe.what.training.documents if base else 1.0]

    def train(self) -> bool:
        """Run until the steps or the patience of the recipe end; False if a SIGTERM came, with a
        checkpoint if it was before the end. Ctrl-C raises KeyboardInterrupt after the same."""
        self._resume()
        self._say(telling.needs(self.core, self.steps, self.what))
        if self.how.trackers:
            self.accelerator.init_trackers(self.run.recipe.name, {"made_from": self.made_from})
        self.begun = time.monotonic() - self.seconds
        here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        self.energy = Energy(gpus(here), before=self.joules)
        name, stopping = self.run.recipe.name, self.what.stopping
        self.progress = Progress(name, self.step, self.config.steps, stopping.every, self.main)
        try:
            with Stop().watch() as stop:
                ended = self._loop(stop)
        finally:
            self.progress.close()
            for tracker in self.accelerator.trackers if self.how.trackers else ():
                tracker.finish()
        # A signal may have come to some processes only, or during the last evaluation.
        stopped = self._anywhere(stop.signal)
        if ended:
            self._finish(ended)
        else:
            self._say(f"stopped at step {self.step}; the same command goes on from there")
        if stopped == signal.SIGINT:
            raise KeyboardInterrupt
        return not stopped

    def _anywhere(self, number: int) -> int:
        """The largest of all processes' numbers."""
        mine = torch.tensor([number], device=self.accelerator.device)
        return int(self.accelerator.gather(mine).max())

    def _loop(self, stop: Stop) -> str:
        """Why training ended: steps or patience; empty for a signal."""
        if self._due():
            self._evaluate()
        if self.judge.exhausted:
            return "patience"
        for batches in self.steps.loader(self.step, self.config.steps, self.how.loader_workers):
            update = self.core.update(self.step, batches, bool(stop.signal))
            self.step += 1
            self.pieces += update.pieces
            self.window.add(update, self.progress.advance())
            if self.step % self.how.log_every == 0:
                self._log_window(update)
            if update.stop:
                self._save()
                return ""
            if self._due():
                self._evaluate()
                if self.judge.exhausted:
                    return "patience"
            elif self.step % self.how.checkpoint_every == 0:
                self._save()
                self.progress.pause()
        return "steps"

    def _due(self) -> bool:
        """Whether this step is to be evaluated and was not yet."""
        at = self.step % self.what.stopping.every == 0 or self.step == self.config.steps
        return at and self.evaluated != self.step

    def _evaluate(self) -> None:
        """Read the model, keep a checkpoint and, if it is the best one, ``best/``."""
        self._check_finite()
        model = self.blend.of(self.core.whole())
        found: list[Any] = [None]
        if self.main:
            assert self.readings is not None and model is not None
            with torch.compiler.set_stance("force_eager"):
                found = [self.readings.take(model)]
        broadcast_object_list(found)
        reading: Reading = found[0]
        verdict = self.judge.judge(self.step, reading)
        self._record(reading, verdict)
        self.evaluated = self.step
        # The checkpoint before best/: a kill in between is made up for by ``_resume``.
        self._save()
        if verdict.is_best and self.main:
            self._write_best(model)
        self.progress.pause(evaluation=True)

    def _record(self, reading: Reading, verdict: Verdict) -> None:
        if not self.main:
            return
        self.metrics.write(
            self.step,
            seconds=round(time.monotonic() - self.begun, 1),
            score=verdict.score,
            **reading.values,
            **{f"{term}_error": error for term, error in reading.errors().items()},
            forgetting=verdict.forgetting,
            best=verdict.is_best,
            vetoed=verdict.vetoed or None,
        )
        with tqdm.external_write_mode():
            self._say(telling.evaluation(reading, verdict, self.step, self.what.stopping))
        plot.write(self.run)

    def _log_window(self, update: Update) -> None:
        window, self.window = self.window, Window(self.accelerator.device)
        loss = self._check_finite(window)
        if not self.main:
            return
        self.metrics.write(
            self.step,
            seconds=round(time.monotonic() - self.begun, 1),
            epoch=round(self.step / self.steps.per_epoch, 4),
            loss=loss,
            learning_rate=update.learning_rate,
            gradient_norm=float(update.gradient_norm),
            pieces=self.pieces,
            **window.speed(self.core),
            joules=self.energy.joules(),
        )
        best = f"{self.judge.best_score:+.2f}"
        self.progress.show(
            loss=f"{loss:.3f}", tokens_s=f"{window.pieces / window.seconds:.0f}", best=best
        )

    def _check_finite(self, window: Window | None = None) -> float:
        """Mean loss of the steps since the last line, 0 if there was none; ``StageError`` if it or
        a gradient is not a number."""
        window = window or self.window
        if not window.steps:
            return 0.0
        loss = float(self.accelerator.reduce(window.loss, "sum")) / window.steps
        if not np.isfinite(loss) or not torch.isfinite(window.norms):
            raise StageError(
                f"{self.run.recipe.name}: loss or gradient is not finite between steps "
                f"{self.step - window.steps} and {self.step}; lower what.training.learning_rate"
            )
        return loss

    def _save(self) -> None:
        loss = self._check_finite()
        state = checkpointing.tensors(self.core.model, self.core.optimizer.optimizer)
        if self.main:
            about = {
                "made_from": self.made_from,
                "judge": self.judge.state(),
                "evaluated": self.evaluated,
                "pieces": self.pieces,
                "seconds": round(time.monotonic() - self.begun, 1),
                "joules": self.energy.joules() or 0.0,
                "window": {"loss": loss, "steps": self.window.steps},
                "readings": self.readings.source if self.readings else "",
            }
            keep = self.how.keep_checkpoints
            checkpointing.write(self.run.checkpoints, self.step, state, about, keep)
        self.accelerator.wait_for_everyone()

    def _resume(self) -> None:
        if self.main:  # what comes now is not what was finished
            self.run.done.unlink(missing_ok=True)
        if self.found is None:
            if self.main:
                self.run.metrics.unlink(missing_ok=True)
            return
        about, path = self.found
        if self.readings and about["readings"] != self.readings.source:
            raise StageError(
                f"{path}: the texts of what.stopping.probe, cloze or general have changed since; "
                f"remove {path.parent} or put them back"
            )
        checkpointing.restore(
            self.core.model, self.core.optimizer.optimizer, checkpointing.load(path)
        )
        self.step, self.evaluated = about["step"], about["evaluated"]
        self.pieces, self.seconds = about["pieces"], about["seconds"]
        self.joules = about["joules"]
        self.window.steps = about["window"]["steps"]
        if self.main:  # the others' shares are in it
            self.window.loss += about["window"]["loss"] * self.window.steps
        self.judge.restore(about["judge"])
        if self.main:
            self.metrics.rewind(self.step, self.evaluated)
        self._restore_best(path)
        self._say(f"goes on from step {self.step}")

    def _restore_best(self, path: Path) -> None:
        """Write ``best/`` if a kill came between its checkpoint and it."""
        model = self.blend.of(self.core.whole())
        if not self.main or self.evaluated < 0:
            return
        if self.judge.best_step == self.step:
            self._write_best(model)
        elif not (self.run.best / "config.json").exists():
            raise StageError(
                f"{self.run.best}: gone, and {path} is of a later step than the best; remove "
                f"{path.parent} to start again"
            )

    def _write_best(self, model: Any) -> None:
        def fill(folder: Path) -> None:
            saved = getattr(torch, self.config.save_precision)
            copy.deepcopy(model).to(saved).save_pretrained(folder)
            self.tokenizer.save_pretrained(folder)

        replace_folder(self.run.best, fill)

    def _finish(self, ended: str) -> None:
        judge = self.judge
        if self.main:
            best = judge.best
            assert best is not None, "the base's reading at least"
            done = {
                "made_from": self.made_from,
                "steps": self.step,
                "ended_by": ended,
                "pieces": self.pieces,
                "epochs": round(self.step / self.steps.per_epoch, 2),
                "seconds": round(time.monotonic() - self.begun, 1),
                "joules": self.energy.joules(),
                "devices": devices(self.accelerator.device, self.accelerator.num_processes),
                "best": {"step": judge.best_step, "score": judge.best_score, **best.values},
            }
            write_json(self.run.done, done)
        self.accelerator.wait_for_everyone()
        self._say(
            f"ended by its {ended} at step {self.step}; best at step {judge.best_step} "
            f"(score {judge.best_score:+.2f}), {self.run.best}"
        )
