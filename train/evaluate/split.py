"""Which rows of a labelled set are learned from and which are tested on: told by the text alone."""

from __future__ import annotations

import hashlib

import numpy as np

from train.masking import combine, uniform
from train.tokens import document_key
from viobert.text import key

#: Shares of the labelled rows: train learns, dev is read while a model is trained, test only by the
#: evaluation.
TRAIN, DEV = 0.6, 0.2
_PART = 11


def part(text: str) -> str:
    """train, dev or test: follows from the text alone, so that equal texts go together."""
    point = place(text, _PART)
    return "train" if point < TRAIN else "dev" if point < TRAIN + DEV else "test"


def place(text: str, stream: int, seed: int = 0) -> float:
    """A point in [0, 1) for a text; texts of one matching key have one."""
    draw = uniform(combine(document_key(key(text)), seed, 0), stream, np.zeros(1, np.int64))
    return float(draw[0])


def text_id(text: str) -> str:
    """Names a text among others, 16 hex digits; texts of one matching key have one name."""
    return hashlib.blake2b(key(text).encode(), digest_size=8).hexdigest()
