"""How much each word of a sentence surprises a model, in bits."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from viobert.checkpoints import Checkpoint, load
from viobert.fill_mask import MASK, MAX_CHARACTERS, VARIANTS, Problem, with_masks
from viobert.ner import word_of
from viobert.runtime import Torch, left_to_right, log_probabilities
from viobert.text import has_arabic, words

MAX_SURPRISE_PIECES = 64

# What ``with_masks`` replaces: masks, surrogates in pairs, and lone ones.
_REPLACED = re.compile(
    rf"{VARIANTS.pattern}|[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]", VARIANTS.flags
)


@dataclass(frozen=True)
class WordSurprise:
    """Characters [start, end) of a text, a word, and how many ``pieces`` it is.

    ``bits``: PLL-word-l2r (Kauf and Ivanova 2023), negated: −log2 of its pieces' probabilities,
    each given the text around the word and the word's pieces before it. None where the vocabulary
    lacks a part of the word.
    """

    start: int
    end: int
    bits: float | None
    pieces: int


def total(words: Sequence[WordSurprise]) -> float:
    """Bits of all words that have some."""
    return math.fsum(word.bits for word in words if word.bits is not None)


def check_surprise(text: str, checkpoint: Checkpoint | None = None) -> Problem | None:
    """What is wrong with ``text``, or None. Length in pieces is judged only with a checkpoint."""
    if not text.strip():
        return Problem("empty")
    if len(text) > MAX_CHARACTERS:
        return Problem("too_many_characters", len(text), MAX_CHARACTERS)
    if not has_arabic(with_masks(text)):
        return Problem("no_arabic")
    if not _Shown(text, MASK).words:
        return Problem("no_words")
    if checkpoint is not None:
        mask = str(checkpoint.tokenizer.mask_token)
        pieces = len(checkpoint.tokenizer(with_masks(text, mask))["input_ids"])
        limit = min(MAX_SURPRISE_PIECES, checkpoint.max_length)
        if pieces > limit:
            return Problem("too_long", pieces, limit)
    return None


class Surprise:
    """Measures the words of a text with one checkpoint."""

    def __init__(self, checkpoint: Checkpoint | str, device: str = "cpu") -> None:
        """``checkpoint``: a masked language model, or its name as ``checkpoints.load`` takes it.

        On another ``device`` than the model's, a copy of it works. Raises CheckpointError.
        """
        self.checkpoint = load(checkpoint) if isinstance(checkpoint, str) else checkpoint
        self.runtime = Torch(_on(self.checkpoint.model, device))

    def __call__(self, text: str) -> list[WordSurprise]:
        """The words of ``text`` in order; masks in it stay hidden and are none.

        Raises ValueError where ``check_surprise`` finds a problem.
        """
        problem = check_surprise(text, self.checkpoint)
        if problem is not None:
            raise ValueError(f"cannot measure this text: {problem.kind}")
        tokenizer: Any = self.checkpoint.tokenizer
        shown = _Shown(text, str(tokenizer.mask_token))
        encoded = tokenizer(shown.text, return_offsets_mapping=True)
        ids = encoded["input_ids"]
        own: list[list[int]] = [[] for _ in shown.words]
        for place, word in enumerate(word_of(encoded["offset_mapping"], shown.words).tolist()):
            if word >= 0:
                own[word].append(place)
        bits = self._bits(ids, own)
        origins = [(shown.origin[start], shown.origin[end]) for start, end in shown.words]
        return [
            WordSurprise(*span, found, len(places))
            for span, found, places in zip(origins, bits, own, strict=True)
        ]

    def _bits(self, ids: list[int], own: list[list[int]]) -> list[float | None]:
        """For each word, given the places of its pieces."""
        tokenizer: Any = self.checkpoint.tokenizer
        special = set(tokenizer.all_special_ids)
        known = [bool(places) and special.isdisjoint(ids[i] for i in places) for places in own]
        copies = [
            left_to_right(ids, places, tokenizer.mask_token_id) if whole else []
            for places, whole in zip(own, known, strict=True)
        ]
        logs = iter(log_probabilities(self.runtime, [c for word in copies for c in word]))
        sums = [math.fsum(next(logs) for _ in word) / math.log(2) for word in copies]
        return [-value if whole else None for value, whole in zip(sums, known, strict=True)]


class _Shown:
    """A text as a model reads it.

    ``words``: their characters in it, ``origin``: where each character, and the end, was before.
    """

    def __init__(self, text: str, mask: str) -> None:
        parts: list[str] = []
        self.origin: list[int] = []
        at = 0
        for match in [*_REPLACED.finditer(text), None]:
            start, end = match.span() if match else (len(text), len(text))
            new = with_masks(text[start:end], mask)
            parts += [text[at:start], new]
            self.origin += [*range(at, start), *[start] * len(new)]
            at = end
        self.origin.append(len(text))
        self.text = "".join(parts)
        self.words = words(self.text.replace(mask, " " * len(mask)))


def _on(model: Any, device: str) -> Any:
    """The model on a device; the one given stays where it is."""
    import torch

    if next(model.parameters()).device == torch.device(device):
        return model
    # Weights go straight there: no second copy of them on this side.
    moved: dict[int, Any] = {id(b): b.to(device) for b in model.buffers()}
    for weight in model.parameters():
        moved[id(weight)] = torch.nn.Parameter(weight.detach().to(device), weight.requires_grad)
    return copy.deepcopy(model, moved)
