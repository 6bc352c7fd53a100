"""Sentences with one hidden word and the words that fit there: how often a model's first ones hold
one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.corpus.sources import tables
from train.evaluate.split import text_id
from train.files import StageError
from viobert.checkpoints import Checkpoint
from viobert.fill_mask import MASK, FillMask, Prediction, check, check_word
from viobert.text import key

#: What the page shows.
FIRST = 5


@dataclass(frozen=True)
class Sentence:
    """``text``: with one [MASK]; ``accepted``: the words that fit, the expected one first."""

    id: str
    text: str
    accepted: tuple[str, ...]
    variety: str

    def fits(self, found: Prediction) -> bool:
        """Whether it is one of the words, however spelt (``viobert.text.key``): a whole one."""
        return not found.continues and key(found.word) in set(map(key, self.accepted))


def read(path: Path) -> list[Sentence]:
    """JSONL (parquet …) with ``text``, ``accepted`` (a list of words) and ``variety``.

    ``StageError`` names the row of whatever is wrong with one.
    """
    if not path.exists():
        raise StageError(f"{path}: no such file")
    found = [_sentence(row, f"{path}, row {number}") for number, row in tables.rows(path)]
    if len({sentence.id for sentence in found}) < len(found):
        raise StageError(f"{path}: a sentence stands there twice")
    return found


def _sentence(row: dict[str, Any], where: str) -> Sentence:
    text, variety = (tables.text(row.get(column)) or "" for column in ("text", "variety"))
    accepted = row.get("accepted")
    if text.count(MASK) != 1 or (problem := check(text)):
        kind = "one [MASK] is needed" if text.count(MASK) != 1 else f"not to be filled: {problem}"
        raise StageError(f"{where}: {kind}")
    if not isinstance(accepted, (list, tuple)) or not accepted or not variety:
        raise StageError(f"{where}: accepted, a list of words, and variety are needed")
    for word in accepted:
        if not isinstance(word, str) or check_word(word):
            raise StageError(f"{where}: {word!r} is no single word")
    return Sentence(text_id(text), text, tuple(accepted), variety)


def answers(checkpoint: Checkpoint, sentences: Sequence[Sentence]) -> list[list[Prediction]]:
    """The first pieces of a model for each sentence, as the page shows them.

    ``StageError`` for a sentence that is too long for it.
    """
    fill = FillMask(checkpoint)
    for sentence in sentences:
        if problem := check(sentence.text, checkpoint):
            raise StageError(f"{checkpoint.name}: {sentence.text!r}: {problem.kind}")
    return [fill(sentence.text, FIRST)[0] for sentence in sentences]


def reachable(tokenizer: Any, sentence: Sentence) -> bool:
    """Whether some word that fits is one piece of the vocabulary."""
    cut = (tokenizer.tokenize(word) for word in sentence.accepted)
    return any(len(pieces) == 1 and pieces != [tokenizer.unk_token] for pieces in cut)
