"""A corpus that is there: its manifest and its documents, without what it takes to make one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from train.corpus import shards
from train.corpus.document import Document
from train.files import Run, StageError


def read_manifest(run: Run) -> dict[str, Any]:
    """What the corpus on disk was made from and holds; empty when there is none that is whole."""
    try:
        manifest: dict[str, Any] = json.loads(run.manifest.read_text(encoding="utf-8"))
        whole = all((run.corpus / name).exists() for name in manifest["outputs"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):  # absent, damaged, of another time
        return {}
    return manifest if whole and "version" in manifest else {}


def read_documents(run: Run, part: str) -> list[Document]:
    """The documents of one split; ``StageError`` when there is no corpus of this recipe."""
    return list(stream_documents(run, part))


def stream_documents(run: Run, part: str) -> Iterator[Document]:
    """As ``read_documents``, holding a thousand documents at a time."""
    if read_manifest(run).get("recipe") != run.recipe.digest("corpus"):
        raise StageError(
            f"{run.recipe.name}: no corpus of this recipe at {run.corpus}; run "
            f"python -m train corpus {run.recipe.path} first"
        )
    return (document for document in shards.read(run.documents) if document.split == part)
