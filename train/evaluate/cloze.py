"""Sentences with one hidden word and the words that fit there: how often a model's first ones hold
one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from train.corpus.sources import tables
from train.corpus.sources.errors import SourceError
from train.evaluate.split import text_id
from train.files import StageError
from viobert.checkpoints import Checkpoint
from viobert.fill_mask import (
    CONTINUATION,
    MASK,
    FillMask,
    Prediction,
    check,
    check_word,
    with_masks,
)
from viobert.text import key, words

#: What the page shows.
FIRST = 5


@dataclass(frozen=True)
class Sentence:
    """``text``: with one [MASK]; ``accepted``: the words that fit, the expected one first."""

    id: str
    text: str
    accepted: tuple[str, ...]
    dialect: str

    def fits(self, found: Prediction) -> bool:
        """Whether it is one of the words, however spelt (``viobert.text.key``): a whole one."""
        return not found.continues and key(found.word) in self.keys

    @property
    def keys(self) -> set[str]:
        return set(map(key, self.accepted))


def read(path: Path) -> list[Sentence]:
    """JSONL (parquet …) with ``text``, ``accepted`` (a list of words) and ``dialect``.

    ``StageError`` names the row of whatever is wrong with one.
    """
    found: dict[str, Sentence] = {}
    try:
        for number, row in tables.rows(path):
            where = f"{path}, row {number}"
            sentence = _sentence(row, where)
            if found.setdefault(sentence.id, sentence) is not sentence:
                raise StageError(f"{where}: {sentence.text} stands there twice")
    except SourceError as error:
        raise StageError(str(error)) from error
    return list(found.values())


def _sentence(row: dict[str, Any], where: str) -> Sentence:
    text, dialect = (tables.text(row.get(column)) or "" for column in ("text", "dialect"))
    text, accepted = with_masks(text), row.get("accepted")
    if text.count(MASK) != 1:
        raise StageError(f"{where}: one [MASK] is needed, there are {text.count(MASK)}")
    if problem := check(text):
        raise StageError(f"{where}: no sentence to fill: {problem.kind}")
    if not isinstance(accepted, (list, tuple)) or not accepted or not dialect:
        raise StageError(f"{where}: accepted, a list of words, and dialect are needed")
    for word in accepted:
        if not isinstance(word, str) or check_word(word) or words(word) != [(0, len(word))]:
            raise StageError(f"{where}: {word!r} is no single word")
    return Sentence(text_id(text), text, tuple(accepted), dialect)


def answers(checkpoint: Checkpoint, sentences: Sequence[Sentence]) -> list[list[Prediction]]:
    """The ``FIRST`` most probable pieces of each sentence, as the page shows them; on the CPU.

    ``StageError`` for a sentence that is too long for the model.
    """
    fill = FillMask(checkpoint)
    for sentence in sentences:
        if problem := check(sentence.text, checkpoint):
            raise StageError(f"{checkpoint.name}: {sentence.text}: {problem.kind}")
    return [fill(sentence.text, FIRST)[0] for sentence in sentences]


def outcomes(sentences: Sequence[Sentence], found: Sequence[Sequence[Prediction]]) -> pa.Table:
    """A row a sentence: whether the first fits (``top1``), whether one of all does (``top5``)."""
    right = [[s.fits(one) for one in first] for s, first in zip(sentences, found, strict=True)]
    return pa.table(
        {
            "item": [s.id for s in sentences],
            "document": [s.id for s in sentences],
            "dialect": [s.dialect for s in sentences],
            "top1": [float(hits[0]) for hits in right],
            "top5": [float(any(hits)) for hits in right],
        }
    )


def fitting(tokenizer: Any, sentences: Sequence[Sentence]) -> list[list[int]]:
    """Of each sentence the pieces that are a whole word which fits, however spelt."""
    spelt: dict[str, list[int]] = {}
    for piece, number in tokenizer.get_vocab().items():
        if not piece.startswith(CONTINUATION):
            spelt.setdefault(key(piece), []).append(number)
    return [sorted(n for word in s.keys for n in spelt.get(word, [])) for s in sentences]


def reachable(checkpoint: Checkpoint, sentences: Sequence[Sentence]) -> int:
    """Of how many sentences a word that fits is one piece: the most that the model can have."""
    return sum(map(bool, fitting(checkpoint.tokenizer, sentences)))


@torch.inference_mode()
def nats(model: Any, tokenizer: Any, sentences: Sequence[Sentence]) -> NDArray[np.float64]:
    """Minus the logarithm of the probability of any word that fits, of each sentence that has one
    of a single piece; in fp32, on the model's device."""
    device, found = next(model.parameters()).device, []
    for sentence, pieces in zip(sentences, fitting(tokenizer, sentences), strict=True):
        if pieces:
            text = sentence.text.replace(MASK, tokenizer.mask_token)
            batch = tokenizer(text, return_tensors="pt").to(device)
            at = batch["input_ids"][0] == tokenizer.mask_token_id
            logs = model(**batch).logits[0, at].float().log_softmax(-1)
            found.append(-float(logs[0, pieces].logsumexp(0)))
    return np.array(found)
