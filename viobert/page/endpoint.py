"""The public JSON endpoints: /fill_mask, /surprise, /entities, /health."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import gradio as gr

from viobert.checkpoints import Answering
from viobert.fill_mask import Prediction, with_masks
from viobert.ner import Entity
from viobert.page.limits import Limits
from viobert.page.models import Models, Outcome, Surprised, Tagged
from viobert.page.strings import ENGLISH
from viobert.surprise import WordSurprise, total

MAX_K = 20
Endpoint = Callable[..., dict[str, Any]]


class Endpoints:
    """The functions behind the endpoints; each refuses with ``gr.Error`` in one line."""

    def __init__(self, models: Models, limits: Limits) -> None:
        self._models, self._limits = models, limits

    def fill_mask(
        self, text: str, k: int = 5, word: str = "", request: gr.Request | None = None
    ) -> dict[str, Any]:
        """The most probable words at each [MASK] of an Arabic text, by two models.

        Args:
            text: an Arabic sentence with one to five [MASK]s
            k: how many words per mask, 1 to 20
            word: a word whose probability and rank are wanted, too (optional)
        """
        _admit(self._limits, request, text=text, word=word)
        if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= MAX_K:
            raise refusal(f"k must be a whole number from 1 to {MAX_K}")
        outcome = self._models.compare(text, k, word)
        _check(outcome)
        return {"text": with_masks(text), "models": answers(outcome)}

    def surprise(self, text: str, request: gr.Request | None = None) -> dict[str, Any]:
        """How many bits each word of an Arabic sentence surprises two models by.

        Args:
            text: an Arabic sentence of at most 64 word pieces
        """
        _admit(self._limits, request, text=text)
        found = self._models.surprise(text)
        _check(found, {"too_long": ENGLISH.surprise.too_long})
        told = [
            {**_who(one), "total_bits": total(words), "words": [_bits(text, w) for w in words]}
            for one, words in zip(found.answering, found.words, strict=True)
        ]
        return {"text": text, "models": told}

    def entities(self, text: str, request: gr.Request | None = None) -> dict[str, Any]:
        """The medical entities that two models find in an Arabic text.

        Args:
            text: an Arabic text of at most 2,000 characters
        """
        _admit(self._limits, request, text=text)
        found = self._models.entities(text)
        _check(found)
        told = [
            {**_who(one), "entities": [_entity(text, e) for e in spans]}
            for one, spans in zip(found.answering, found.entities, strict=True)
        ]
        return {"text": text, "models": told}

    def health(self) -> dict[str, Any]:
        """Whether the models are loaded, and which they are."""
        return {
            "status": self._models.state,
            "version": _version(),
            "models": [_who(one) for one in self._models.answering],
            "entities": [_who(one) for one in self._models.tagging],
        }


def endpoints(models: Models, limits: Limits) -> dict[str, Endpoint]:
    """The public functions by their names."""
    own = Endpoints(models, limits)
    return {f.__name__: f for f in (own.fill_mask, own.surprise, own.entities, own.health)}


def _bits(text: str, word: WordSurprise) -> dict[str, Any]:
    at = {"start": word.start, "end": word.end}
    return {"word": text[word.start : word.end], **at, "bits": word.bits}


def _entity(text: str, found: Entity) -> dict[str, Any]:
    at = {"start": found.start, "end": found.end}
    told = {"label": found.label, "score": found.score}
    return {"text": text[found.start : found.end], **at, **told}


def answers(outcome: Outcome) -> list[dict[str, Any]]:
    """Plain JSON: one entry a model, with its predictions per mask."""
    found = []
    for i, (one, masks) in enumerate(zip(outcome.answering, outcome.predictions, strict=True)):
        told = {**_who(one), "masks": [[plain(p) for p in mask] for mask in masks]}
        if outcome.own:
            told["word"] = [
                {"word": w.word, "pieces": list(w.pieces), "known": w.known, "rank": w.rank,
                 "probability": w.probability}
                for w in outcome.own[i]
            ]  # fmt: skip
        found.append(told)
    return found


def plain(prediction: Prediction) -> dict[str, Any]:
    """One prediction as JSON; the probability is between 0 and 1."""
    return {
        "word": prediction.word,
        "token": prediction.token,
        "probability": prediction.probability,
    }


def refusal(message: str) -> gr.Error:
    """An error for the caller's eyes that leaves no traceback in the log."""
    return gr.Error(message, print_exception=False)


def _who(one: Answering) -> dict[str, Any]:
    checkpoint = one.checkpoint
    return {
        "role": one.role,
        "name": checkpoint.name,
        "revision": checkpoint.revision,
        "source": checkpoint.source,
    }


def _admit(limits: Limits, request: gr.Request | None, **texts: str) -> None:
    """Gradio hands on whatever JSON a caller sent."""
    for name, text in texts.items():
        if not isinstance(text, str):
            raise refusal(f"{name} must be a string")
    if not limits.allow(request):
        raise refusal(ENGLISH.busy)


def _check(found: Outcome | Surprised | Tagged, others: dict[str, str] | None = None) -> None:
    """Refuse in one English line where there is a problem."""
    problem, worded = found.problem, {**ENGLISH.problems, **(others or {})}
    if problem is None:
        return
    if isinstance(problem, str):
        raise refusal(worded[problem])
    raise refusal(worded[problem.kind].format(found=problem.found, limit=problem.limit))


def _version() -> str:
    try:
        return version("viobert")
    except PackageNotFoundError:  # a Space installs requirements.txt alone
        return "source"
