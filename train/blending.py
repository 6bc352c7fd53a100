"""Weights between those that a training began with and those it has come to."""

from __future__ import annotations

import copy
from typing import Any

import torch


class Blend:
    """On the straight line between two trainings of one model lie models that keep most of what the
    second has learned and lose little of what the first knew (Wortsman et al., 2022, "Robust
    fine-tuning of zero-shot models")."""

    def __init__(self, model: Any, share: float) -> None:
        """``model``: as training begins; ``share``: of what it comes to, above 0; 1: all of it."""
        self.share = share
        self.begun = (
            {name: weight.detach().cpu().clone() for name, weight in model.named_parameters()}
            if share < 1
            else {}
        )

    def of(self, model: Any) -> Any:
        """A copy of a trained ``model`` with the blended weights; the model itself if its share is
        all, and None for None."""
        if model is None or not self.begun:
            return model
        mixed = copy.deepcopy(model)
        with torch.no_grad():
            for name, weight in mixed.named_parameters():
                begun = self.begun[name].to(weight)
                weight.copy_(begun.lerp(weight, self.share))
        return mixed
