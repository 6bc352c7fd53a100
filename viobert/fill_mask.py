"""The most probable word pieces at each [MASK]."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from viobert.checkpoints import Checkpoint
from viobert.text import TATWEEL, has_arabic

if TYPE_CHECKING:
    import torch

MASK = "[MASK]"
MAX_MASKS = 5
MAX_CHARACTERS = 5_000
CONTINUATION = "##"

# Editors put invisible direction marks beside brackets.
_GAP = r"[\s\u200e\u200f\u2066-\u2069]*"
_VARIANTS = re.compile(
    rf"[\[［<＜]{_GAP}(?:mask|ｍａｓｋ){_GAP}[\]］>＞]|_{{3,}}|＿{{3,}}", re.IGNORECASE
)

ProblemKind = Literal[
    "empty", "too_many_characters", "no_mask", "too_many_masks", "no_arabic", "too_long"
]


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


def with_masks(text: str, mask: str = MASK) -> str:
    """``text`` with every way of writing a mask replaced by ``mask``, and no lone surrogates."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _VARIANTS.sub(lambda _: mask, whole)


def check(text: str, checkpoint: Checkpoint | None = None) -> Problem | None:
    """What is wrong with ``text``, or None. Length in pieces is judged only with a checkpoint."""
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
    if checkpoint is not None:
        pieces = len(checkpoint.tokenizer(with_masks(text, _mask_of(checkpoint)))["input_ids"])
        if pieces > checkpoint.max_length:
            return Problem("too_long", pieces, checkpoint.max_length)
    return None


class FillMask:
    """Fills the masks of a text with one checkpoint."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    def __call__(self, text: str, k: int = 5) -> list[list[Prediction]]:
        """The ``k`` most probable pieces for each mask of ``text``, masks in reading order.

        Probabilities are over the whole vocabulary, special tokens and continuation pieces
        included, each mask on its own. Raises ValueError where ``check`` finds a problem.
        """
        problem = check(text, self.checkpoint)
        if problem is not None:
            raise ValueError(f"cannot fill this text: {problem.kind}")
        probabilities = self._at_masks(with_masks(text, _mask_of(self.checkpoint)))
        values, ids = probabilities.topk(min(k, probabilities.shape[-1]))
        return [
            [self._prediction(*best, rank) for rank, best in enumerate(zip(*row, strict=True), 1)]
            for row in zip(values.tolist(), ids.tolist(), strict=True)
        ]

    def _at_masks(self, text: str) -> torch.Tensor:
        """Probabilities (masks × vocabulary)."""
        import torch

        model = self.checkpoint.model
        inputs = self.checkpoint.tokenizer(text, return_tensors="pt")
        where = inputs["input_ids"][0] == self.checkpoint.tokenizer.mask_token_id
        with torch.inference_mode():
            if model.config.model_type == "bert":
                # The head's projection onto the vocabulary is costly: only at the masks.
                hidden = model.base_model(**inputs).last_hidden_state[0, where]
                logits = model.get_submodule("cls")(hidden)
            else:
                logits = model(**inputs).logits[0, where]
        probabilities: torch.Tensor = logits.softmax(-1)
        return probabilities

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
