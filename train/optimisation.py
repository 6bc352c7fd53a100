"""One optimizer step of masked language modelling, on one process or on many."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedType, InitProcessGroupKwargs, ProjectConfiguration
from transformers import BertForMaskedLM

from train.attention import choose
from train.batching import Batch
from train.checkpointing import weights
from train.cost import Shape, flops
from train.files import StageError
from train.machine import precision
from train.masking import combine
from train.model import MaskedLM, set_dropout
from train.options import Training
from train.recipe import How


def accelerator(how: How, folder: Path) -> Accelerator:
    """Processes and devices as ``accelerate launch`` or torchrun set them up, else one."""
    for name in how.trackers:
        if find_spec(name) is None:
            raise StageError(f"how.trackers: {name} is not installed; pip install {name}")
    # A second training in this process may want another precision.
    AcceleratorState._reset_state()
    return Accelerator(
        mixed_precision="bf16" if precision(how) == "bf16" else "no",
        log_with=list(how.trackers) or None,
        # The first process tokenises and evaluates alone, the others wait for it.
        kwargs_handlers=[InitProcessGroupKwargs(timeout=timedelta(hours=3))],
        project_config=ProjectConfiguration(
            project_dir=str(folder), logging_dir=str(folder / "tensorboard")
        ),
    )


def rate(step: int, steps: int, warmup: int, decay: float) -> float:
    """Share of the peak learning rate at ``step``: linear warm-up, level, linear fall to 0."""
    fall = max(1, min(round(steps * decay), steps - warmup))
    return min(1.0, (step + 1) / max(1, warmup), (steps - step) / fall)


@dataclass(frozen=True)
class Update:
    """Of one step. ``loss``: this process's share of the mean over all masked pieces of the step
    (the shares add up to it); the counts are those of all processes; ``stop``: whether a process
    was asked to end."""

    loss: torch.Tensor
    gradient_norm: torch.Tensor
    learning_rate: float
    pieces: int
    flops: float
    stop: bool


class Optimisation:
    """Model and AdamW behind an accelerator; ``update`` is one step."""

    def __init__(
        self, bert: BertForMaskedLM, training: Training, how: How, accelerator: Accelerator
    ) -> None:
        self.training, self.how, self.accelerator = training, how, accelerator
        set_dropout(bert, training.dropout, training.attention_dropout)
        self.shape = Shape.of(bert)
        kept = precision(how)
        kind = choose(how.attention, accelerator.device, kept, training.attention_dropout)
        if kind == "varlen" and (accelerator.device.type, kept) != ("cuda", "bf16"):
            raise StageError("how.attention: varlen runs on CUDA in bf16; grouped runs anywhere")
        model = MaskedLM(bert, kind, kept)
        if how.compile:
            bert.bert.compile(dynamic=True)
        self.kind, self.bert = kind, bert
        self.model, self.optimizer = accelerator.prepare(model, self._adamw(model))

    def _adamw(self, model: MaskedLM) -> torch.optim.Optimizer:
        decayed = [p for p in model.parameters() if p.ndim > 1]
        others = [p for p in model.parameters() if p.ndim <= 1]  # biases and norms
        groups = [
            {"params": decayed, "weight_decay": self.training.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(
            groups, lr=self.training.learning_rate, betas=self.training.betas, fused=True
        )

    def update(self, step: int, batches: Sequence[Batch], stop: bool = False) -> Update:
        """Forward and backward of this process's micro-batches, then the optimizer.

        The loss is the sum over the masked pieces of all processes and micro-batches, divided by
        their number. ``StageError`` when the memory does not suffice.
        """
        share = rate(step, self.training.steps, self.training.warmup, self.training.decay)
        learning_rate = self.training.learning_rate * share
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        targets, pieces, work, stops = self._totals(batches, stop)
        # Dropout's numbers follow from seed, step and process; there is no state to keep.
        process = self.accelerator.process_index
        seed = combine(step, self.training.seed, process)
        torch.manual_seed(int(seed) >> 1)
        self.model.train()
        try:
            loss, norm = self._step(batches, max(1.0, targets))
        except (torch.OutOfMemoryError, RuntimeError) as error:
            raise self._out_of_memory(error, max(len(batch.ids) for batch in batches)) from error
        return Update(loss, norm, learning_rate, int(pieces), work, stops > 0)

    def _totals(self, batches: Sequence[Batch], stop: bool) -> list[float]:
        targets = sum(len(batch.targets) for batch in batches)
        pieces = sum(batch.pieces for batch in batches)
        own = [float(targets), float(pieces), flops(self.shape, batches), float(stop)]
        if self.accelerator.num_processes == 1:
            return own
        # float32 counts exactly to 16 million only.
        counts = torch.tensor(own, dtype=torch.float64, device=self.accelerator.device)
        summed: list[float] = self.accelerator.reduce(counts, "sum").tolist()
        return summed

    def _step(self, batches: Sequence[Batch], targets: float) -> tuple[Any, Any]:
        device, processes = self.accelerator.device, self.accelerator.num_processes
        total = torch.zeros((), device=device)
        for number, batch in enumerate(batches, 1):
            last = number == len(batches)
            with nullcontext() if last else self.accelerator.no_sync(self.model):
                loss = self.model(batch.to(device)) / targets
                # Gradients are averaged over processes: what is wanted is their sum.
                self.accelerator.backward(loss * processes)
            total += loss.detach()
        norm = self.accelerator.clip_grad_norm_(self.model.parameters(), self.training.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return total, norm

    def _out_of_memory(self, error: RuntimeError, largest: int) -> Exception:
        known = ("out of memory", "can't allocate memory", "not enough memory")
        if not any(text in str(error) for text in known):
            return error
        smaller = max(self.training.length, largest // 2)
        advice = (
            f"try {smaller}; the result is the same, and training goes on from its checkpoint"
            if smaller < largest
            else "no smaller one holds a window; shorten what.training.length"
        )
        return StageError(
            f"out of memory with {largest} word pieces at once (how.micro_batch is "
            f"{self.how.micro_batch}): {advice}"
        )

    def whole(self) -> BertForMaskedLM | None:
        """The model in one piece; where it is sharded only on the first process, and a copy.
        Every process must call it."""
        if self.accelerator.distributed_type != DistributedType.FSDP:
            return self.bert
        found = weights(self.model)
        if not self.accelerator.is_main_process:
            return None
        copy = BertForMaskedLM(self.bert.config)
        copy.load_state_dict({name.removeprefix("bert."): found[name] for name in found})
        copy.to(self.accelerator.device)
        return copy
