"""What a model was made from, and whether it is done."""

from __future__ import annotations

import json

from train.corpus.made import read_manifest
from train.files import Run, StageError
from train.recipe import Recipe

_DECIDES = ("base", "continues", "corpus", "tokenizer", "model", "masking", "training", "stopping")


def deciding(recipe: Recipe) -> str:
    """Digest of what decides the weights: how they are evaluated does not."""
    return recipe.digest(*_DECIDES)


def identity(run: Run) -> str:
    """What decides the weights of a run: its recipe, its documents, the same of the run before it,
    and the documents that its vocabulary is learned from besides."""
    recipe = deciding(run.recipe)
    before, also = run.previous(), run.vocabulary()
    found = [identity(before) if before else "", f"{recipe}-{_documents(run)}"]
    return "+".join(filter(None, [*found, f"v-{_documents(also)}" if also else ""]))


def lineage(run: Run) -> list[Run]:
    """The runs that a run's model is made by, the first one first."""
    before = run.previous()
    return [*(lineage(before) if before else []), run]


def _documents(run: Run) -> str:
    return str(read_manifest(run).get("content", "none"))[:12]


def finished(run: Run) -> bool:
    """Whether ``best/`` is the end of a training by this very recipe on these very documents."""
    if not (run.done.exists() and (run.best / "config.json").exists()):
        return False
    done = json.loads(run.done.read_text(encoding="utf-8"))
    return bool(done["made_from"] == identity(run))


def require_finished(run: Run) -> None:
    """``StageError`` unless a run and those before it are trained."""
    for made in lineage(run):
        if not finished(made):
            raise StageError(
                f"{made.recipe.name}: no model of this recipe and corpus at {made.best}; run "
                f"python -m train pretrain {run.recipe.path} first"
            )


def base_name(run: Run) -> str:
    """The base as a checkpoint's name: what its recipe made, a local folder, or a Hub id."""
    base = run.base()
    if base:
        return str(base.best)
    folder = run.recipe.resolve(run.recipe.what.base)
    return str(folder) if folder.is_dir() else run.recipe.what.base
