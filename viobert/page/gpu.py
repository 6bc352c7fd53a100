"""The one call that a GPU helps: surprise, of models too large for a CPU's milliseconds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakValueDictionary

from viobert.checkpoints import Checkpoint, load
from viobert.surprise import Surprise, WordSurprise

_LOG = logging.getLogger(__name__)
#: Parameters below which a CPU answers in milliseconds; borrowing a GPU takes longer.
SMALL = 50_000_000
SECONDS = 15
#: Checkpoints by their folder. ZeroGPU's worker is forked from this process and has them; as an
#: argument each would be copied through shared memory, 0.65 GB for one of MARBERT's size.
_HERE: WeakValueDictionary[str, Checkpoint] = WeakValueDictionary()


def _borrowed(call: Callable[..., Any]) -> Callable[..., Any]:
    """On a ZeroGPU Space, ``call`` with a GPU; elsewhere ``call`` itself."""
    try:
        import spaces
    except ImportError:
        return call
    decorated: Callable[..., Any] = spaces.GPU(duration=SECONDS)(call)
    return decorated


@_borrowed
def _with_gpu(folders: Sequence[str], text: str) -> tuple[list[WordSurprise], ...]:
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    # A worker that was forked before a checkpoint was loaded loads it for itself.
    return tuple(Surprise(_HERE.get(of) or load(of), device)(text) for of in folders)


def surprises(models: Sequence[Surprise], text: str) -> tuple[list[WordSurprise], ...]:
    """Each model's words with their bits."""
    sizes = [model.checkpoint.model.num_parameters() for model in models]
    if max(sizes) < SMALL:
        return tuple(model(text) for model in models)
    _HERE.update((str(model.checkpoint.folder), model.checkpoint) for model in models)
    folders = [str(model.checkpoint.folder) for model in models]
    try:
        found: tuple[list[WordSurprise], ...] = _with_gpu(folders, text)
    except Exception as error:  # no quota left, no GPU free: in seconds a CPU answers too
        _LOG.warning("no GPU (%s: %s); answering on the CPU", type(error).__name__, error)
        return tuple(model(text) for model in models)
    return found
