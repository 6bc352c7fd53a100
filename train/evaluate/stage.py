"""The evaluate stage: base and adapted on the same hidden words, scores with paired intervals."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from train.corpus.build import read_documents, read_manifest
from train.corpus.document import Document
from train.evaluate.compare import Candidate, compare, table
from train.evaluate.intrinsic import score
from train.evaluate.words import windows
from train.files import Run, StageError
from train.lineage import base_name, require_finished
from viobert import checkpoints, scores
from viobert.checkpoints import Checkpoint
from viobert.scores import Score


def evaluate(run: Run, log: Any = print) -> list[Score]:
    """Score a run's model, and its base, on the test documents; write ``scores.jsonl``.

    Raises ``StageError`` when the run is not trained or has no test document.
    """
    require_finished(run)
    models = {run.recipe.name: str(run.best)}
    if run.recipe.what.base:
        base = run.base()
        models = {base.recipe.name if base else run.recipe.what.base: base_name(run), **models}
    rows = compare_models(run, models, log)
    scores.write(run.scores, rows)
    return rows


def compare_models(run: Run, models: dict[str, str], log: Any = print) -> list[Score]:
    """Score checkpoints (name → where it lies; the base first) on a run's test documents."""
    documents = read_documents(run, "test")
    if not documents:
        raise StageError(f"{run.recipe.path}: no test document; raise what.corpus.test")
    config = run.recipe.what.evaluation
    loaded = [checkpoints.load(place) for place in models.values()]
    length = min([config.length, *(c.max_length for c in loaded)])
    found, left_out = windows(documents, [c.tokenizer for c in loaded], length, config.seed)
    candidates = [
        Candidate(name, revision(c), score(c.model, c.tokenizer, found, which, config.folds, name))
        for which, (c, name) in enumerate(zip(loaded, models, strict=True))
    ]
    rows = compare(documents, candidates, config, _envelope(run, documents, left_out, length))
    if not rows:
        raise StageError(f"{run.recipe.name}: too few test documents with words to score")
    log(table(rows))
    return rows


def revision(checkpoint: Checkpoint) -> str:
    """A Hub revision, or a hash of the weights (in fp32) for a model that has none."""
    if checkpoint.revision:
        return checkpoint.revision
    digest = hashlib.sha256()
    for name, tensor in sorted(checkpoint.model.state_dict().items()):
        digest.update(name.encode() + tensor.float().cpu().numpy().tobytes())
    return digest.hexdigest()[:12]


def _envelope(
    run: Run, documents: Sequence[Document], left_out: int, length: int
) -> dict[str, Any]:
    import torch
    import transformers

    return {
        "recipe": run.recipe.digest(),
        "code": _code_version(),
        "dataset": {
            "name": f"{run.recipe.name} test",
            "documents": len(documents),
            "hash": read_manifest(run)["content"][:16],
        },
        "masking": f"{run.recipe.what.evaluation.folds} of 7 disjoint folds of whole words, "
        "all pieces [MASK]",
        "window": length,
        "words_left_out": left_out,
        "environment": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _code_version() -> str:
    """The commit of the checkout, or the installed version."""
    command = ["git", "-C", str(checkpoints.ROOT), "describe", "--always", "--dirty"]
    try:
        said = subprocess.run(command, text=True, capture_output=True, check=True)
        return said.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return version("viobert")
