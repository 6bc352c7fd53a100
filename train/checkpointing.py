"""Checkpoints of a training: whole or refused, the same for one process and for many."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_state_dict,
    set_state_dict,
)

from train.files import StageError, file_hash, replace_folder, write_json

Log = Callable[[str], object]
STATE, ABOUT = "state.pt", "training.json"


def tensors(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Weights and optimizer state by the names of the parameters, wrapped or sharded or not.

    Every process must call it; the first holds all.
    """
    fresh = not optimizer.state
    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    weights, moments = get_state_dict(model, optimizer, options=options)
    if fresh:
        # torch made the state by a step that changed nothing, but counted it.
        returned: Any = moments.get("state", {})  # the first process has all
        for state in (*optimizer.state.values(), *returned.values()):
            state["step"].zero_()
    return {"model": weights, "optimizer": moments}


def weights(model: torch.nn.Module) -> dict[str, Any]:
    """As ``tensors``, without the optimizer."""
    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    return dict(get_model_state_dict(model, options=options))


def restore(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, state: dict[str, Any]
) -> None:
    """Put what ``tensors`` took back; every process must call it with the whole state."""
    set_state_dict(
        model,
        optimizer,
        model_state_dict=state["model"],
        optim_state_dict=state["optimizer"],
        options=StateDictOptions(full_state_dict=True),
    )


def write(folder: Path, step: int, state: dict[str, Any], about: dict[str, Any], keep: int) -> None:
    """Write the checkpoint of a step atomically; only the ``keep`` newest are left.

    ``about`` needs what ``state`` does not hold: what the run is made from, the judge's memory.
    Nothing else is state: the order of the documents, masks, learning rate and dropout follow from
    the seed and the step.
    """

    def fill(path: Path) -> None:
        try:
            torch.save(state, path / STATE)
        except RuntimeError as error:  # torch's word for a full disk
            raise StageError(f"{path}: cannot be written: {str(error).splitlines()[0]}") from error
        said = {**about, "step": step, "files": {STATE: file_hash(path / STATE)}}
        write_json(path / ABOUT, said)

    replace_folder(_place(folder, step), fill)
    found = list(_all(folder))
    # What lies above was refused, or this step would not be made again.
    above = [path for path in found if path > _place(folder, step)]
    for old in [*above, *found[len(above) + keep :]]:
        shutil.rmtree(old)


def newest(folder: Path, made_from: str, log: Log) -> tuple[dict[str, Any], Path] | None:
    """What is said about the newest checkpoint that is whole and of this training, and its place.

    Others are refused by name; ``StageError`` when there are only such. The first process alone
    may call it while others train.
    """
    for half in folder.glob("step-*.*"):  # a killed write's
        shutil.rmtree(half, ignore_errors=True)
    refused = foreign = None
    for path in _all(folder):
        about = _about(path)
        if about is None:
            log(f"{path}: not a whole checkpoint; refused")
            refused = refused or path
        elif about["made_from"] != made_from:
            log(f"{path}: made by another recipe or from other documents; refused")
            foreign = foreign or path
        else:
            return about, path
    if foreign:
        raise StageError(
            f"{foreign}: made by another recipe or from other documents; remove {folder} or give "
            "the recipe another name"
        )
    if refused:
        raise StageError(f"{refused}: not a whole checkpoint, and none is left; remove {folder}")
    return None


def load(path: Path) -> dict[str, Any]:
    """The tensors of a checkpoint, on the CPU."""
    state: dict[str, Any] = torch.load(path / STATE, map_location="cpu", weights_only=True)
    return state


def _place(folder: Path, step: int) -> Path:
    return folder / f"step-{step:08d}"


def _all(folder: Path) -> Iterator[Path]:
    """From the newest to the oldest."""
    found = [p for p in folder.glob("step-*") if p.name.removeprefix("step-").isdecimal()]
    yield from sorted(found, reverse=True)


def _about(path: Path) -> dict[str, Any] | None:
    try:
        about: dict[str, Any] = json.loads((path / ABOUT).read_text(encoding="utf-8"))
        whole = all(file_hash(path / name) == found for name, found in about["files"].items())
        return about if whole and {"made_from", "step", "judge"} <= about.keys() else None
    except (OSError, ValueError, KeyError, AttributeError):
        return None
