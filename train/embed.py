"""The embed stage: a run's base and its model become the pair that the page carries."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

from train.evaluate.stage import compare_models
from train.figures import pair, write_texts
from train.files import Run, StageError, replace_folder
from train.lineage import require_finished
from train.publish import facts
from train.publish.facts import Facts
from train.publish.heads import candidates, kept
from train.publish.release import scored
from viobert import checkpoints, scores
from viobert.checkpoints import SEATS, TAGGERS, Role

#: The pair is part of the repository: it has to stay small.
MAX_BYTES = 16_000_000


def embed(run: Run, log: Any = print, folder: Path = checkpoints.EMBEDDED) -> None:
    """Copy a run's base and model to ``folder`` with a record of their making, the two that find
    entities, and the run's scores beside them; then write their cards and the README's figures.

    Raises ``StageError`` when the run is unfinished, not scored as it is, or too large to embed.
    """
    base = run.base()
    if base is None:
        raise StageError(f"{run.recipe.path}: only a recipe whose base is a recipe makes a pair")
    require_finished(run)
    scored(run)
    roles: tuple[tuple[Role, Run], ...] = (("general", base), ("medical", run))
    for role, made in roles:
        name = Path(SEATS[role].stand_in).name
        weights = (made.best / "model.safetensors").stat().st_size
        if weights > MAX_BYTES:
            raise StageError(f"{made.best}: {weights / 1e6:.1f} MB of weights, 16 MB at most")
        record = facts.facts(made)
        replace_folder(folder / name, partial(_fill, source=made.best, record=record))
        log(f"{folder / name}: {weights / 1e6:.1f} MB")
        _embed_tagger(run, role, record, folder, log)
    shutil.copyfile(run.scores, folder.parent / "scores.jsonl")
    write_texts(run, folder)


def _fill(path: Path, source: Path, record: Facts) -> None:
    shutil.copytree(source, path, dirs_exist_ok=True)
    facts.write(path, record)


def _embed_tagger(run: Run, role: Role, record: Facts, folder: Path, log: Any) -> None:
    """The first seed's head of the entity axis, where the recipe has one; ``StageError`` where it
    was not kept."""
    for head in candidates(run, record["name"]):
        if head.tags:
            name = Path(TAGGERS[role].stand_in).name
            replace_folder(folder / name, partial(_halve, source=kept(run, head)))
            log(f"{folder / name}: finds entities, seed {head.cell.seed}")


def _halve(path: Path, source: Path) -> None:
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    model: Any = AutoModelForTokenClassification.from_pretrained(source)
    model.half().save_pretrained(path)
    AutoTokenizer.from_pretrained(source).save_pretrained(path)


def rescore(
    run: Run,
    log: Any = print,
    folder: Path = checkpoints.EMBEDDED,
    only: str = "",
    keep: bool = False,
) -> None:
    """Score the embedded pair as it is by a recipe's evaluation, and show that everywhere.

    For a corpus that became stricter than the one that the pair was trained on: its test documents
    must not be among those. Settings that are not asked for keep the scores that they have.
    """
    models = {facts.read(at)["name"]: str(at) for at in pair(folder)}
    path = folder.parent / "scores.jsonl"
    earlier = list(scores.read(path)) if path.exists() else []
    compare_models(run, models, path, log, only, keep, earlier)
    write_texts(run, folder)
