"""Attention within documents that lie one after the other, without padding.

Registered with transformers under two names, so that its own BERT runs on flat batches:
``viobert_varlen`` (torch's kernel for sequences of unequal length; CUDA, half precision) and
``viobert_grouped`` (documents of like length padded together for attention alone; anywhere).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from torch.nn.attention.varlen import varlen_attn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

#: Padding that a group of documents may have, as a share of its real pieces. More groups pad less
#: and cost more calls; 0.1 was best or near it for tweets and for documents of 189 pieces.
WASTE = 0.1


@dataclass(frozen=True)
class Group:
    """``documents`` of at most ``longest`` pieces; ``bias``: (documents × heads, 1, longest), 0
    where there is a piece and the lowest number where there is padding."""

    documents: int
    longest: int
    bias: torch.Tensor


@dataclass(frozen=True)
class Plan:
    """How flat rows (piece × heads + head) become padded groups, and back.

    ``gather``: (padded rows) → flat row; ``back``: (flat rows) → padded row; ``padding``: the
    padded rows that hold nothing.
    """

    gather: torch.Tensor
    back: torch.Tensor
    padding: torch.Tensor
    groups: list[Group]


def plan(lengths: Sequence[int], heads: int, dtype: torch.dtype, device: torch.device) -> Plan:
    """Groups for documents of ``lengths`` pieces that lie one after the other."""
    sizes = np.asarray(lengths, np.int64)
    starts = np.cumsum(sizes) - sizes
    few = dtype == torch.bfloat16 and device.type == "cpu"
    gathers, paddings, groups, at = [], [], [], 0
    for members in _group(sizes):
        count, longest = len(members), int(sizes[members].max())
        if few:  # shapes, as in ``train.batching.rounded``
            count, longest = -(-count // 4) * 4, -(-longest // 16) * 16
        own, first = np.zeros((2, count, 1), np.int64)
        own[: len(members), 0], first[: len(members), 0] = sizes[members], starts[members]
        real = np.arange(longest) < own
        piece = np.where(real, first + np.arange(longest), 0)
        rows = piece[:, None, :] * heads + np.arange(heads)[:, None]
        hole = np.broadcast_to(~real[:, None, :], rows.shape)
        gathers.append(rows.ravel())
        paddings.append(np.flatnonzero(hole.ravel()) + at)
        at += rows.size
        bias = torch.zeros(real.shape, dtype=dtype)
        bias[torch.from_numpy(~real)] = torch.finfo(dtype).min
        bias = bias.repeat_interleave(heads, 0)[:, None].to(device)
        groups.append(Group(count, longest, bias))
    gather, padding = np.concatenate(gathers), np.concatenate(paddings)
    used = np.delete(np.arange(len(gather)), padding)
    back = np.empty(len(used), np.int64)
    back[gather[used]] = used
    moved = [torch.from_numpy(array).to(device) for array in (gather, back, padding)]
    return Plan(moved[0], moved[1], moved[2], groups)


def _group(sizes: np.ndarray) -> list[np.ndarray]:
    """Documents of like length together, the longest first, each group within ``WASTE``."""
    order = np.argsort(-sizes, kind="stable")
    groups, first, real = [], 0, 0
    for at, size in enumerate(sizes[order]):
        if at > first and (at - first + 1) * sizes[order[first]] > (1 + WASTE) * (real + size):
            groups.append(order[first:at])
            first, real = at, 0
        real += int(size)
    return [*groups, order[first:]]


class _Move(torch.autograd.Function):
    """Rows of a matrix in another order, the ``padding`` rows of the result set to 0.

    The gradient goes back by the inverse order, which is far faster than the scattered addition
    of ``index_select``: no row but padding is taken twice.
    """

    @staticmethod
    def forward(
        ctx: Any, rows: torch.Tensor, there: torch.Tensor, back: torch.Tensor,
        padding: torch.Tensor | None, holes: torch.Tensor | None,
    ) -> torch.Tensor:  # fmt: skip
        ctx.save_for_backward(back)
        ctx.holes = holes
        moved = rows.index_select(0, there)
        return moved if padding is None else moved.index_fill_(0, padding, 0)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None, None, None]:
        (back,) = ctx.saved_tensors
        moved = gradient.index_select(0, back)
        if ctx.holes is not None:
            moved.index_fill_(0, ctx.holes, 0)
        return moved, None, None, None, None


def grouped(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    plan: Plan | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """``query`` and the like: (1, heads, pieces, size). Without a ``plan``: as ``sdpa``."""
    if plan is None:
        found: tuple[torch.Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout, scaling, **options
        )
        return found
    _, heads, pieces, size = query.shape
    scale = size**-0.5 if scaling is None else scaling
    padded = []
    for states in (query, key, value):
        rows = states[0].transpose(0, 1).reshape(pieces * heads, size)
        padded.append(_Move.apply(rows, plan.gather, plan.back, plan.padding, None))
    counts = [group.documents * heads * group.longest for group in plan.groups]
    outs = []
    for group, *parts in zip(plan.groups, *(p.split(counts) for p in padded), strict=True):
        shape = (group.documents * heads, group.longest, size)
        q, k, v = (part.view(shape) for part in parts)
        outs.append(_dense(q, k, v, group.bias, scale, dropout).reshape(-1, size))
    out = _Move.apply(torch.cat(outs), plan.back, plan.gather, None, plan.padding)
    return out.view(1, pieces, heads, size), None


def _dense(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bias: torch.Tensor,
    scale: float, dropout: float,
) -> torch.Tensor:  # fmt: skip
    """(sequences, longest, size). On a CPU the backward of torch's own kernel takes two to three
    times as long as these products."""
    bias = bias.expand(-1, query.shape[1], -1)
    if query.device.type != "cpu":
        return functional.scaled_dot_product_attention(
            query, key, value, attn_mask=bias, dropout_p=dropout, scale=scale
        )
    scores = torch.baddbmm(bias, query, key.transpose(1, 2), alpha=scale)
    weights = functional.dropout(torch.softmax(scores, -1), dropout, training=dropout > 0)
    return torch.bmm(weights, value)


def varlen(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    cu_seq_lens_q: torch.Tensor | None = None,
    max_length_q: int = 0,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """``query`` and the like: (1, heads, pieces, size). Without bounds: as ``sdpa``."""
    if cu_seq_lens_q is None:
        found: tuple[torch.Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout, scaling, **options
        )
        return found
    out = varlen_attn(
        query[0].transpose(0, 1),
        key[0].transpose(0, 1),
        value[0].transpose(0, 1),
        cu_seq_lens_q,
        cu_seq_lens_q,
        max_length_q,
        max_length_q,
        scale=scaling,
    )
    assert isinstance(out, torch.Tensor)
    return out[None], None


NAMES = {"varlen": "viobert_varlen", "grouped": "viobert_grouped"}
for _name, _function in (("varlen", varlen), ("grouped", grouped)):
    AttentionInterface.register(NAMES[_name], _function)
    # Padded inputs (evaluation, other people's code) keep their mask.
    AttentionMaskInterface.register(NAMES[_name], sdpa_mask)


def choose(wanted: str, device: torch.device, precision: str, dropout: float) -> str:
    """The attention for ``auto``: varlen where its kernel runs and can do what is asked."""
    if wanted != "auto":
        return wanted
    able = device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)
    return "varlen" if able and precision == "bf16" and not dropout else "grouped"
