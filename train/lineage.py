"""What a model was made from, and whether it is done."""

from __future__ import annotations

import json

from train.corpus.made import read_manifest
from train.files import Run, StageError
from train.recipe import Recipe

_DECIDES = ("base", "corpus", "tokenizer", "model", "masking", "training", "stopping")


def deciding(recipe: Recipe) -> str:
    """Digest of what decides the weights: how they are evaluated does not."""
    return recipe.digest(*_DECIDES)


def identity(run: Run) -> str:
    """What decides the weights of a run: its recipe, its documents, the same of its base, and the
    documents that its vocabulary is learned from besides."""
    recipe = deciding(run.recipe)
    base, also = run.base(), run.vocabulary()
    found = [identity(base) if base else "", f"{recipe}-{_documents(run)}"]
    return "+".join(filter(None, [*found, f"v-{_documents(also)}" if also else ""]))


def _documents(run: Run) -> str:
    return str(read_manifest(run).get("content", "none"))[:12]


def finished(run: Run) -> bool:
    """Whether ``best/`` is the end of a training by this very recipe on these very documents."""
    if not (run.done.exists() and (run.best / "config.json").exists()):
        return False
    done = json.loads(run.done.read_text(encoding="utf-8"))
    return bool(done["made_from"] == identity(run))


def require_finished(run: Run) -> None:
    """``StageError`` unless a run and its base are trained."""
    base = run.base()
    for made in filter(None, (base, run)):
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
