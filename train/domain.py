"""How often the words of a text are hidden: those of its domain more often than the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from train.masking import starts
from train.options import Masking
from train.tokens import Tokens

#: Pieces that are counted at once.
_CHUNK = 1 << 24


def rates(corpora: Sequence[Tokens], size: int, masking: Masking) -> NDArray[np.float64]:
    """(size,) how likely a word is chosen that begins with each of ``size`` ids.

    In proportion to its share of the first corpus over that of the last (each id counted once more
    than it is there) to the power ``masking.domain``: in the first corpus ``masking.rate`` on
    average, at most half-way from there to 1. Hiding the domain's words more is Gu et al.'s
    selective masking ("Train No Evil", EMNLP 2020) without a classifier, and Golchin et al.'s of
    keywords ("Do not Mask Randomly", RepL4NLP 2023) by degrees.
    """
    from scipy.optimize import brentq

    own, base = (_counted(corpora[i], size, masking) for i in (0, -1))
    weights = ((own + 1) / (own + 1).sum() / ((base + 1) / (base + 1).sum())) ** masking.domain
    most = (1 + masking.rate) / 2

    def likely(scale: float) -> NDArray[np.float64]:
        return np.asarray(np.minimum(most, scale * weights), np.float64)

    scale = brentq(
        lambda scale: np.average(likely(scale), weights=own) - masking.rate,
        0.0,
        most / weights.min(),
    )
    return likely(scale)


def _counted(tokens: Tokens, size: int, masking: Masking) -> NDArray[np.int64]:
    """How often a word (or, where pieces are hidden, a piece) begins with each id."""
    found = np.zeros(size, np.int64)
    for at in range(0, len(tokens.ids), _CHUNK):
        ids, words = (array[at : at + _CHUNK] for array in (tokens.ids, tokens.words))
        found += np.bincount(ids[starts(words)] if masking.unit == "word" else ids, minlength=size)
    return found
