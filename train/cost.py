"""What a step costs: floating-point operations, share of a device's peak, memory."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch

from train.batching import Batch

#: Dense bf16 TFLOP/s with fp32 accumulation, as the makers state them, by a part of the device's
#: name. The first that fits counts.
PEAKS = {
    "H200": 989.0, "H100 PCIe": 756.0, "H100 NVL": 835.0, "H100": 989.0, "A100": 312.0,
    "A10G": 70.0, "A10": 125.0, "L40S": 362.0, "L4": 121.0, "RTX 4090": 165.0, "B200": 2250.0,
}  # fmt: skip
#: CUDA's own context and the kernels' work space, bytes.
CONTEXT = 0.8e9


@dataclass(frozen=True)
class Shape:
    """The numbers of a BERT that decide what it costs."""

    layers: int
    hidden: int
    heads: int
    intermediate: int
    vocabulary: int
    parameters: int

    @classmethod
    def of(cls, model: Any) -> Shape:
        """That of a ``BertForMaskedLM``."""
        config = model.config
        return cls(
            config.num_hidden_layers,
            config.hidden_size,
            config.num_attention_heads,
            config.intermediate_size,
            config.vocab_size,
            sum(p.numel() for p in model.parameters()),
        )

    @property
    def encoder(self) -> int:
        """Weights of the encoder's matrices."""
        return self.layers * (4 * self.hidden**2 + 2 * self.hidden * self.intermediate)


def flops(shape: Shape, batches: Iterable[Batch]) -> float:
    """Of forward and backward: what the model needs, whatever else the machine does for it.

    A matrix product of m × k × n counts 2mkn, the backward twice the forward (Kaplan et al., 2020,
    and PaLM's appendix B, attention included).
    """
    total = 0.0
    for batch in batches:
        squares = sum(n * n for n in batch.lengths)
        head = shape.hidden**2 + shape.hidden * shape.vocabulary
        total += 6.0 * (batch.pieces * shape.encoder + len(batch.masked) * head)
        total += 12.0 * squares * shape.hidden * shape.layers
    return total


def peak(device: torch.device, stated: float = 0.0) -> float | None:
    """Dense bf16 FLOP/s of a device: as stated (TFLOP/s), or the maker's for a known GPU."""
    if stated:
        return stated * 1e12
    if device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(device)
    fitting = (v for part, v in PEAKS.items() if re.search(rf"\b{part}\b", name))
    return next((value * 1e12 for value in fitting), None)


@dataclass(frozen=True)
class Memory:
    """Bytes at the peak of a step, by what they hold."""

    state: float
    activations: float
    head: float
    other: float

    @property
    def total(self) -> float:
        return self.state + self.activations + self.head + self.other

    def __str__(self) -> str:
        scale, unit = (1e9, "GB") if self.total > 1e9 else (1e6, "MB")
        parts = (self.total, self.state, self.activations, self.head)
        whole, state, activations, head = (f"{value / scale:.1f}" for value in parts)
        return (
            f"about {whole} {unit} at the peak of a step (weights, gradients and optimizer "
            f"{state}, activations {activations}, prediction head {head})"
        )


def memory(
    shape: Shape, pieces: int, *, attention: str, precision: str, rate: float, length: int,
    dropout: bool, cuda: bool,
) -> Memory:  # fmt: skip
    """Estimated for a micro-batch of ``pieces``; ``length``: mean length of a document.

    Counted from what autograd keeps of transformers' BERT under autocast: see the test, which
    compares the activations with what it does keep.
    """
    half = 2 if precision == "bf16" else 4
    h, i = shape.hidden, shape.intermediate
    # Inputs of query, key, value (each its own cast), of the feed-forward layer, and both norms'.
    inputs = (3 * half + half) * h if half == 2 else 2 * half * h
    norms = 2 * 4 * h
    inner = 2 * half * i
    states = 4 * half * h
    if attention == "grouped":
        states += half * shape.heads * length * (2 if dropout else 1)
    masks = 2 * h if dropout else 0
    layer = inputs + norms + inner + states + masks
    table = shape.vocabulary * h
    return Memory(
        state=16.0 * shape.parameters + (2.0 * (shape.encoder + table) if half == 2 else 0.0),
        activations=float(pieces * (shape.layers * layer + 8 * h)),
        # Logits, their logarithms and gradients, in fp32.
        head=pieces * rate * shape.vocabulary * 12.0,
        # Two gradients of the tied table meet.
        other=(4.0 + half) * table + (CONTEXT if cuda else 0.0),
    )
