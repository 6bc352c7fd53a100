"""Two models in the shape of a base and its continuation, and their grid, made once a session."""

from __future__ import annotations

from typing import Any

import pytest

from tests.train.evaluate.making import context, small_run
from train.evaluate.axes import Context
from train.evaluate.stage import compare_models
from train.files import Run
from viobert.scores import Score

Models = dict[str, str]


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


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return small_run(tmp_path_factory.mktemp("grid"))


@pytest.fixture(scope="session")
def filled(run: Run, models: Models) -> tuple[Context, list[Score], list[str]]:
    """The whole grid, computed by two processes."""
    said: list[str] = []
    rows = compare_models(run, models, run.scores, said.append)
    return context(run, models), rows, said
