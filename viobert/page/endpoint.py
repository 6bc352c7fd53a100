"""The public JSON endpoint, /fill_mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from viobert.fill_mask import Prediction, with_masks
from viobert.page.models import Models, Outcome
from viobert.page.strings import ENGLISH

MAX_K = 20
Endpoint = Callable[[str, int], dict[str, Any]]


def make_endpoint(models: Models) -> Endpoint:
    """The function behind /fill_mask."""

    def fill_mask(text: str, k: int = 5) -> dict[str, Any]:
        """The most probable words at each [MASK] of an Arabic text, by two models.

        Args:
            text: an Arabic sentence with one to five [MASK]s
            k: how many words per mask, 1 to 20
        """
        if not isinstance(text, str):
            raise refusal("text must be a string")
        if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= MAX_K:
            raise refusal(f"k must be a whole number from 1 to {MAX_K}")
        outcome = models.compare(text, k)
        if outcome.problem is not None:
            raise refusal(explain(outcome))
        return {"text": with_masks(text), "models": answers(models, outcome)}

    return fill_mask


def answers(models: Models, outcome: Outcome) -> list[dict[str, Any]]:
    """Plain JSON: one entry a model, with its predictions per mask."""
    return [
        {
            "role": one.role,
            "name": one.checkpoint.name,
            "revision": one.checkpoint.revision,
            "source": one.checkpoint.source,
            "masks": [[plain(prediction) for prediction in mask] for mask in masks],
        }
        for one, masks in zip(models.answering, outcome.predictions, strict=True)
    ]


def plain(prediction: Prediction) -> dict[str, Any]:
    """One prediction as JSON; the probability is between 0 and 1."""
    return {
        "word": prediction.word,
        "token": prediction.token,
        "probability": prediction.probability,
    }


def explain(outcome: Outcome) -> str:
    """The outcome's problem in one English line."""
    problem = outcome.problem
    if problem is None or isinstance(problem, str):
        return ENGLISH.problems[problem or "failed"]
    return ENGLISH.problems[problem.kind].format(found=problem.found, limit=problem.limit)


def refusal(message: str) -> gr.Error:
    """An error for the caller's eyes that leaves no traceback in the log."""
    return gr.Error(message, print_exception=False)
