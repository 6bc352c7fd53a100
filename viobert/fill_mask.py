"""The most probable word pieces at each [MASK]."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from viobert.checkpoints import Checkpoint, load
from viobert.runtime import RuntimeName, left_to_right, log_probabilities
from viobert.runtime import runtime as started
from viobert.text import TATWEEL, has_arabic, words

if TYPE_CHECKING:
    import torch

MASK = "[MASK]"
MAX_MASKS = 5
MAX_CHARACTERS = 5_000
MAX_WORD_CHARACTERS = 40
CONTINUATION = "##"

# Editors put invisible direction marks beside brackets.
_MARKS = "\u200e\u200f\u2066-\u2069"
_GAP = rf"[\s{_MARKS}]*"
VARIANTS = re.compile(
    rf"[\[［<＜]{_GAP}(?:mask|ｍａｓｋ){_GAP}[\]］>＞]|_{{3,}}|＿{{3,}}", re.IGNORECASE
)

ProblemKind = Literal[
    "empty", "too_many_characters", "no_mask", "too_many_masks", "no_arabic", "too_long",
    "bad_word", "no_words",
]  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """Why a text cannot be filled: how many were ``found`` and how many are allowed."""

    kind: ProblemKind
    found: int = 0
    limit: int = 0


@dataclass(frozen=True)
class Prediction:
    """One word piece at a [MASK].

    ``token`` is the vocabulary's entry; ``word`` is what a reader sees, where a piece that
    continues a word (``##ات``) is drawn joined to nothing (``ـات``). ``rank`` counts from 1.
    """

    word: str
    token: str
    probability: float
    rank: int

    @property
    def continues(self) -> bool:
        """Whether the piece is a word's middle or end, not a word."""
        return self.token.startswith(CONTINUATION)


@dataclass(frozen=True)
class OwnWord:
    """A given word at a [MASK], as ``pieces`` of the vocabulary.

    One piece: ``probability`` and ``rank`` over the vocabulary at the mask. Several: as many masks
    stand there, and ``probability`` is the product of the pieces', left to right, each given those
    before it; ``rank`` is its place among the single pieces at the single mask, so the two are of
    different numbers of masks. ``known``: False where the vocabulary lacks a part; both are 0 then.
    """

    word: str
    pieces: tuple[str, ...]
    probability: float
    rank: int
    known: bool


def with_masks(text: str, mask: str = MASK) -> str:
    """``text`` with every way of writing a mask replaced by ``mask``, and no lone surrogates."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return VARIANTS.sub(lambda _: mask, whole)


def check(
    text: str, checkpoint: Checkpoint | None = None, word: str | None = None
) -> Problem | None:
    """What is wrong with ``text``, or with a ``word`` for its masks, or None.

    Length in pieces, with those of ``word``, is judged only with a checkpoint.
    """
    if not text.strip():
        return Problem("empty")
    if len(text) > MAX_CHARACTERS:
        return Problem("too_many_characters", len(text), MAX_CHARACTERS)
    masked = with_masks(text)
    masks = masked.count(MASK)
    if masks == 0:
        return Problem("no_mask")
    if masks > MAX_MASKS:
        return Problem("too_many_masks", masks, MAX_MASKS)
    if not has_arabic(masked):
        return Problem("no_arabic")
    problem = None if word is None else check_word(word)
    if problem is None and checkpoint is not None:
        pieces = len(checkpoint.tokenizer(with_masks(text, _mask_of(checkpoint)))["input_ids"])
        pieces += max(0, len(_pieces(checkpoint, word)) - 1) if word is not None else 0
        if pieces > checkpoint.max_length:
            return Problem("too_long", pieces, checkpoint.max_length)
    return problem


def check_word(word: str) -> Problem | None:
    """``bad_word`` unless it is one word of at most 40 characters; space around it is allowed."""
    bare = _bare(word)
    if len(bare) <= MAX_WORD_CHARACTERS and words(bare) == [(0, len(bare))]:
        return None
    return Problem("bad_word", len(bare), MAX_WORD_CHARACTERS)


class FillMask:
    """Fills the masks of a text with one checkpoint."""

    def __init__(self, checkpoint: Checkpoint | str, runtime: RuntimeName = "torch") -> None:
        """``checkpoint``: a masked language model, or its name as ``checkpoints.load`` takes it.

        Raises CheckpointError, and RuntimeUnavailable where ``runtime`` cannot run it.
        """
        self.checkpoint = load(checkpoint) if isinstance(checkpoint, str) else checkpoint
        self.runtime = started(self.checkpoint.model, runtime)

    @property
    def precision(self) -> str:
        """What the runtime really computes in: ``f32``, ``bf16``."""
        return self.runtime.precision

    def __call__(self, text: str, k: int = 5) -> list[list[Prediction]]:
        """The ``k`` most probable pieces for each mask of ``text``, masks in reading order.

        Probabilities are over the whole vocabulary, special tokens and continuation pieces
        included, each mask on its own. Raises ValueError where ``check`` finds a problem.
        """
        _refuse(check(text, self.checkpoint))
        probabilities = self._at_masks(*self._encoded(text))
        values, ids = probabilities.topk(min(k, probabilities.shape[-1]))
        return [
            [self._prediction(*best, rank) for rank, best in enumerate(zip(*row, strict=True), 1)]
            for row in zip(values.tolist(), ids.tolist(), strict=True)
        ]

    def word(self, text: str, word: str) -> list[OwnWord]:
        """``word`` at each mask of ``text``, masks in reading order; the other masks stay hidden.

        After a clitic («و[MASK]») it is the word without it. Raises ValueError where ``check``
        finds a problem.
        """
        _refuse(check(text, self.checkpoint, word))
        bare, tokenizer = _bare(word), self.checkpoint.tokenizer
        pieces = _pieces(self.checkpoint, word)
        tokens = tuple(map(str, tokenizer.convert_ids_to_tokens(pieces)))
        ids, places = self._encoded(text)
        if not pieces or tokenizer.unk_token_id in pieces:
            return [OwnWord(bare, tokens, 0.0, 0, False) for _ in places]
        found = []
        for place, row in zip(places, self._at_masks(ids, places), strict=True):
            probability = float(row[pieces[0]])
            if len(pieces) > 1:
                shown = [*ids[:place], *pieces, *ids[place + 1 :]]
                own = range(place, place + len(pieces))
                copies = left_to_right(shown, own, ids[place])
                probability = math.exp(sum(log_probabilities(self.runtime, copies)))
            rank = 1 + int((row > probability).sum())
            found.append(OwnWord(bare, tokens, probability, rank, True))
        return found

    def _encoded(self, text: str) -> tuple[list[int], list[int]]:
        """The text's pieces, and the places of its masks in them."""
        tokenizer = self.checkpoint.tokenizer
        ids = tokenizer(with_masks(text, _mask_of(self.checkpoint)))["input_ids"]
        return ids, [i for i, piece in enumerate(ids) if piece == tokenizer.mask_token_id]

    def _at_masks(self, ids: list[int], places: list[int]) -> torch.Tensor:
        """Probabilities (masks × vocabulary)."""
        import torch

        logits = self.runtime.logits(torch.tensor([ids]), torch.tensor(places))
        return logits.softmax(-1)

    def _prediction(self, probability: float, piece: int, rank: int) -> Prediction:
        tokenizer = self.checkpoint.tokenizer
        token = str(tokenizer.convert_ids_to_tokens(piece))
        if token.startswith(CONTINUATION):
            rest = token.removeprefix(CONTINUATION)
            word = (TATWEEL if has_arabic(rest) else "…") + rest
        else:
            word = str(tokenizer.decode([piece])).strip() or token
        return Prediction(word, token, probability, rank)


def _mask_of(checkpoint: Checkpoint) -> str:
    return str(checkpoint.tokenizer.mask_token)


def _bare(word: str) -> str:
    """``word`` composed, without space and direction marks around it."""
    return re.sub(rf"^{_GAP}|{_GAP}$", "", unicodedata.normalize("NFC", word))


def _pieces(checkpoint: Checkpoint, word: str) -> list[int]:
    ids: list[int] = checkpoint.tokenizer(_bare(word), add_special_tokens=False)["input_ids"]
    return ids


def _refuse(problem: Problem | None) -> None:
    if problem is not None:
        raise ValueError(f"cannot fill this text: {problem.kind}")
