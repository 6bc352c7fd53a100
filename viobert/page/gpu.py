"""The one call that a GPU helps: surprise, of models too large for a CPU's milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from viobert.surprise import Surprise, WordSurprise

#: Parameters below which a CPU answers in milliseconds; borrowing a GPU takes longer.
SMALL = 50_000_000
SECONDS = 15


def _borrowed(call: Callable[..., Any]) -> Callable[..., Any]:
    """On a ZeroGPU Space, ``call`` with a GPU; elsewhere ``call`` itself."""
    try:
        import spaces
    except ImportError:
        return call
    decorated: Callable[..., Any] = spaces.GPU(duration=SECONDS)(call)
    return decorated


@_borrowed
def _with_gpu(models: Sequence[Surprise], text: str) -> tuple[list[WordSurprise], ...]:
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    return tuple(Surprise(model.checkpoint, device)(text) for model in models)


def surprises(models: Sequence[Surprise], text: str) -> tuple[list[WordSurprise], ...]:
    """Each model's words with their bits."""
    sizes = [model.checkpoint.model.num_parameters() for model in models]
    if max(sizes) < SMALL:
        return tuple(model(text) for model in models)
    found: tuple[list[WordSurprise], ...] = _with_gpu(models, text)
    return found
