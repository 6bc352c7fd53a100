"""What a training tells of itself: lines for the log, numbers for ``metrics.jsonl``."""

from __future__ import annotations

import resource
import sys

import torch

from train import cost
from train.batching import Steps
from train.machine import precision
from train.optimisation import Optimisation, Update
from train.options import Stopping
from train.recipe import What
from train.stopping import GENERAL, Reading, Verdict


class Window:
    """What happened since the last line of metrics."""

    def __init__(self, device: torch.device) -> None:
        self.loss, self.norms = torch.zeros((), device=device), torch.zeros((), device=device)
        self.steps = self.pieces = 0
        self.flops = self.seconds = 0.0

    def add(self, update: Update, seconds: float) -> None:
        """A step, and how long it took."""
        self.loss += update.loss
        self.norms += update.gradient_norm
        self.steps += 1
        self.pieces += update.pieces
        self.flops += update.flops
        self.seconds += seconds

    def speed(self, core: Optimisation) -> dict[str, float | None]:
        """Word pieces a second, of all processes; TFLOP/s, their share of the devices' peak where
        that is known, and the memory of this process or GPU."""
        work = self.flops / self.seconds
        device, devices = core.accelerator.device, core.accelerator.num_processes
        peak = cost.peak(device, core.how.peak_tflops)
        return {
            "tokens_per_second": round(self.pieces / self.seconds),
            "tflops": round(work / 1e12, 4),
            "mfu": round(work / (peak * devices), 4) if peak else None,
            "memory_gib": round(_peak_memory(device), 3),
        }


def evaluation(reading: Reading, verdict: Verdict, step: int, stopping: Stopping) -> str:
    """What an evaluation found, and what became of it."""
    values = reading.values
    text = (
        f"step {step}, score {verdict.score:+.2f}: {values['nats_per_word']:.4f} nats a "
        f"word, top-5 {values['fill_mask_top5']:.1%}"
    )
    if "probe_macro_f1" in values:
        text += f", probe macro-F1 {values['probe_macro_f1']:.3f}"
    if "cloze_nats" in values:
        text += f", sentences {values['cloze_nats']:.3f} nats"
    if verdict.forgetting is not None:
        text += f"; general text {values[GENERAL]:.4f}, forgetting {verdict.forgetting:+.4f} nats"
    if verdict.vetoed and stopping.general:
        text += f", beyond {stopping.general.bound:g}: cannot be the best"
    return text + (" (best)" if verdict.is_best else "")


def needs(core: Optimisation, steps: Steps, what: What) -> str:
    """The size of the model, and the memory that a step will need."""
    device, processes = core.accelerator.device, core.accelerator.num_processes
    mean = steps.mean_size
    estimate = cost.memory(
        core.shape,
        min(core.how.micro_batch, int(mean * steps.batch_size / processes)),
        attention=core.kind,
        precision=precision(core.how),
        rate=what.masking.rate,
        length=int(mean),
        dropout=bool(what.training.dropout or what.training.attention_dropout),
        cuda=device.type == "cuda",
    )
    return (
        f"{core.shape.parameters / 1e6:.1f} million parameters on {processes} × {device.type}, "
        f"attention {core.kind}; {estimate}"
    )


def _peak_memory(device: torch.device) -> float:
    """GiB: of the GPU as torch allocated it, else of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 2**30
