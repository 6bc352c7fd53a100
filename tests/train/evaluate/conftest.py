"""Two models in the shape of a base and its continuation, saved once a session."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def models(arabic: Any, bert: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name → folder: the random BERT, and the same a little moved."""
    import copy

    import torch

    folder = tmp_path_factory.mktemp("models")
    moved = copy.deepcopy(bert)
    torch.manual_seed(9)
    with torch.no_grad():
        for parameter in moved.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    places = {"base": bert, "adapted": moved}
    for name, model in places.items():
        model.save_pretrained(folder / name)
        arabic.save_pretrained(folder / name)
    return {name: str(folder / name) for name in places}
