"""The sweep stage: one recipe with several settings and seeds, compared on dev documents."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from train import checkpointing, sweep_report
from train.fields import STRICT, Seed
from train.files import Run, StageError
from train.lineage import identity
from train.pretrain import pretrain
from train.recipe import Recipe, RecipeError, checked, load, parse, read
from train.sweep_report import Trained

#: What all trainings start from, as a variant.
START = "no step"


@dataclass(config=STRICT)
class Sweep:
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    """Names the folder, ``runs/<name>/``."""
    recipe: str
    """What is trained, relative to this file; its corpus is shared by all."""
    variants: Annotated[dict[str, dict[str, Any]], Field(min_length=2)]
    """By name, the keys of the recipe that it changes (``training.learning_rate: 5e-4``), under
    ``what`` unless they begin with ``how``."""
    seeds: Annotated[list[Seed], Field(min_length=1)] = dataclasses.field(
        default_factory=lambda: [42]
    )
    """Each variant is trained with each, as ``training.seed``."""
    set: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Keys that are changed for all."""
    against: Literal["first", "start"] = "first"
    """What the variants are compared with: the first of them, or what all start from."""


def sweep(path: Path, runs: Path, log: Any = print) -> bool:
    """Train every variant with every seed and write ``sweep.jsonl``, ``sweep.md`` and
    ``sweep.html``; what is trained already is kept. False if SIGTERM ended it.

    Only dev documents are read. Raises ``RecipeError`` and ``StageError``.
    """
    wanted = checked(Sweep, read(path), path)
    members = list(of(wanted, path, runs))
    source, trained = Run(load(path.parent / wanted.recipe), runs), list[Trained]()
    if not source.manifest.exists():
        raise StageError(
            f"{source.corpus}: no corpus; run python -m train corpus {source.recipe.path} first"
        )
    with source.lock():
        for number, (variant, seed, run) in enumerate(members, 1):
            log(f"{wanted.name}: {number} of {len(members)}, {variant}, seed {seed}")
            _share_corpus(run, source)
            with run.lock():
                if not pretrain(run, log):
                    return False
                trained.append(result(run, variant, seed))
    if wanted.against == "start":
        first = members[: len(wanted.seeds)]
        trained[:0] = [before(run, seed) for _, seed, run in first]
    sweep_report.write(runs / wanted.name, wanted.name, trained, log)
    return True


def of(wanted: Sweep, path: Path, runs: Path) -> list[tuple[str, int, Run]]:
    """Variant, seed and run of each training, checked before the first begins."""
    source = path.parent / wanted.recipe
    raw = read(source)
    parse(raw, source)  # tells what is wrong with it
    _comparable(wanted, path)
    found, names = [], set[str]()
    for (variant, changes), seed in itertools.product(wanted.variants.items(), wanted.seeds):
        name = f"{wanted.name}.{re.sub(r'[^a-z0-9.]+', '-', variant.lower()).strip('-')}.{seed}"
        if name in names:
            raise RecipeError(f"{path}: {variant} has the same folder as another, {name}")
        names.add(name)
        changed = {**wanted.set, **changes, "training.seed": seed}
        found.append((variant, seed, Run(_changed(raw, changed, name, source, path), runs)))
    return found


def _comparable(wanted: Sweep, path: Path) -> None:
    """``RecipeError`` for what makes two models incomparable: other dev documents, some that a base
    has read, other words of them, or less of their context."""
    for key in {**wanted.set, **{k: v for of in wanted.variants.values() for k, v in of.items()}}:
        if key.split(".")[0] in ("corpus", "base"):
            raise RecipeError(f"{path}: {key}: the models of a sweep share corpus and base")
    for variant, changes in wanted.variants.items():
        for key in changes:
            if key.startswith(("stopping", "tokenizer", "training.length", "training.seed")):
                raise RecipeError(
                    f"{path}: {variant}: {key}: all are read the same way; it belongs to set or "
                    "seeds"
                )


def _changed(raw: Any, changes: dict[str, Any], name: str, source: Path, path: Path) -> Recipe:
    """The recipe with some keys set anew."""
    out = {**copy.deepcopy(raw), "name": name}
    for key, value in changes.items():
        parts = key.split(".")
        at = out if parts[0] == "how" else out["what"]
        for part in parts[:-1]:
            at = at.setdefault(part, {})
            if not isinstance(at, dict):
                raise RecipeError(f"{path}: {key}: {part} holds no keys")
        at[parts[-1]] = value
    try:
        return parse(out, source)
    except RecipeError as error:
        raise RecipeError(f"{path}: {name}: {error}") from None


def _share_corpus(run: Run, source: Run) -> None:
    """Let a run find the corpus of the recipe that it is a variant of."""
    run.folder.mkdir(parents=True, exist_ok=True)
    if not run.corpus.exists():
        run.corpus.unlink(missing_ok=True)
        run.corpus.symlink_to(os.path.relpath(source.corpus, run.folder))


def result(run: Run, variant: str, seed: int) -> Trained:
    """What the best evaluation of a finished training measured."""
    done, judge = _done(run)
    return Trained(
        variant, seed, **judge["best"], step=done["best"]["step"], pieces=done["pieces"],
        seconds=done["seconds"], devices=done["devices"],
    )  # fmt: skip


def before(run: Run, seed: int) -> Trained:
    """What was measured before the first step of a finished training."""
    done, judge = _done(run)
    return Trained(
        START, seed, **judge["base"], step=0, pieces=0, seconds=0.0, devices=done["devices"]
    )


def _done(run: Run) -> tuple[dict[str, Any], dict[str, Any]]:
    """The record of a finished training, and its judge's readings."""
    done = json.loads(run.done.read_text(encoding="utf-8"))
    found = checkpointing.newest(run.checkpoints, identity(run), lambda _: None)
    if found is None:
        raise StageError(f"{run.checkpoints}: no checkpoint; remove {run.folder} to train again")
    return done, found[0]["judge"]
