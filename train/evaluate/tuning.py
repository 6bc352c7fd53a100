"""Fine-tuning a head with its encoder: one loop for classes, entities and choices."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import get_linear_schedule_with_warmup, set_seed

from train.evaluate.examples import Example, batches, collate, order
from train.evaluate.options import FineTuning

_BUDGET = 8192  # word pieces a batch, padding included, when a head is read


@dataclass(frozen=True)
class Fitted:
    """A head, how good it was on dev after each reading, and which reading was kept."""

    model: Any
    readings: list[float]
    best: int


def fit(
    model: Any,
    train: Sequence[Example],
    judge: Callable[[Any], float],
    pad: int,
    config: FineTuning,
    seed: int,
    precision: str = "fp32",
) -> Fitted:
    """Train ``model`` and keep the weights that ``judge`` (on dev rows; higher is better) likes
    best. ``seed`` decides order and dropout, the head is the caller's; ``precision``: bf16 or
    fp32 of forward and backward, what is read out is in fp32."""
    set_seed(seed)
    steps = max(config.epochs * -(-len(train) // config.batch_size), config.least_steps)
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)
    schedule = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    marks = {round(steps * (i + 1) / config.epochs) for i in range(config.epochs)}
    device = next(model.parameters()).device
    readings: list[float] = []
    kept, best = None, -1
    model.train()
    steps_of = islice(order(train, config.batch_size, seed), steps)
    for step, members in enumerate(steps_of, 1):
        batch = collate([train[i] for i in members], pad, device, labels=True)
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        if step in marks:
            model.eval()
            readings.append(judge(model))
            model.train()
            if best < 0 or readings[-1] > readings[best]:
                best, kept = len(readings) - 1, copy.deepcopy(model.state_dict())
    assert kept is not None
    model.load_state_dict(kept)
    return Fitted(model.eval(), readings, best)


@torch.inference_mode()
def predict(model: Any, examples: Sequence[Example], pad: int) -> list[NDArray[np.float64]]:
    """Log-probabilities of each example: (classes,), (options,), or (pieces, tags)."""
    device = next(model.parameters()).device
    out: list[NDArray[np.float64]] = [np.zeros(0)] * len(examples)
    for members in batches(examples, _BUDGET):
        batch = collate([examples[i] for i in members], pad, device, labels=False)
        logs = torch.log_softmax(model(**batch).logits.float(), -1).double().cpu().numpy()
        for row, i in enumerate(members):
            found = logs[row]
            out[i] = found[: len(examples[i].pieces[0])] if found.ndim == 2 else found
    return out


def head(kind: Any, place: Path, config: FineTuning, seed: int, device: str, **options: Any) -> Any:
    """An encoder from a folder with a new head (``kind``: an Auto class), whose weights ``seed``
    draws."""
    from transformers.utils import logging

    set_seed(seed)
    said = logging.get_verbosity()
    logging.set_verbosity_error()  # of the new head, which is meant to be new
    try:
        model = kind.from_pretrained(
            place,
            dtype=torch.float32,
            local_files_only=True,
            hidden_dropout_prob=config.dropout,
            attention_probs_dropout_prob=config.dropout,
            **options,
        )
    finally:
        logging.set_verbosity(said)
    return model.to(device)
