"""Training text × evaluation sets: what a document repeats of a set's items, and who leaves for it.

Tags first: ``metadata["contamination"]`` lists ``[set, item, kind, share]``, the strongest first.
A match condemns when it is exact, shares a 13-gram, covers ``cover`` of the item's 8-grams, or is
a near-duplicate (which only the comparison of all documents finds). A set whose action is
``remove`` drops condemned documents; of one that is only reported the items are listed.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from train.corpus.document import Document, Step
from train.corpus.evaluation_items import files, items
from train.corpus.hashing import word_hashes
from train.corpus.leaks import KINDS, Report, condemns
from train.corpus.overlap import Index
from train.files import file_hash, replace_file
from train.recipe import Recipe

__all__ = ["Contamination", "Report", "condemns", "files", "index", "items", "tag"]

#: Tags that a document keeps; ``metadata["contamination_more"]`` counts the rest.
MOST = 50
_VERSION = 1  # of the index: raised when items or n-grams are made otherwise

_held: dict[str, Index] = {}


class Contamination(Step):
    """Tags a document with the items that it repeats; drops it for a set that must be absent.

    The index is built once a process or, with ``folder``, once: the others load it from there.
    """

    def __init__(self, recipe: Recipe, folder: Path | None = None, key: str = "") -> None:
        super().__init__()
        self.recipe, self.folder, self.key = recipe, folder, key
        self._index: Index | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_index": None}  # tens of megabytes; a worker has its own

    def apply(self, document: Document) -> None:
        if self._index is None:
            self._index = index(self.recipe, self.folder, self.key)
        matches = self._index.matches(word_hashes(document.compared or document.text))
        if not matches:
            return
        for match in matches:
            tag(document, match.name, match.item, match.kind, match.share)
        for chosen in self.recipe.what.corpus.evaluation_sets:
            own = (m for m in matches if m.name == chosen.name)
            if chosen.action == "remove" and any(condemns(chosen, m.kind, m.share) for m in own):
                document.reason = f"contaminated: {chosen.name}"
                return


def tag(document: Document, name: str, item: str, kind: str, share: float) -> None:
    """Note that a document matches an item; ``share`` of a near-duplicate is its similarity."""
    metadata = document.metadata
    tags = [*metadata.get("contamination", []), [name, item, kind, round(float(share), 4)]]
    tags.sort(key=lambda t: (KINDS.index(t[2]), -t[3]))  # stable: else in the order of the items
    if len(tags) > MOST:
        metadata["contamination_more"] = metadata.get("contamination_more", 0) + 1
    metadata["contamination"] = tags[:MOST]


def prepare(recipe: Recipe, folder: Path) -> str:
    """Write the index of a recipe's evaluation sets to ``folder``; its key, for ``index``."""
    key = _key(recipe)
    index(recipe, folder, key)
    return key


def index(recipe: Recipe, folder: Path | None = None, key: str = "") -> Index:
    """The index of a recipe's evaluation sets; made once, kept in memory and in ``folder``.

    With its ``key`` known, one that lies in ``folder`` is taken without a look at the sets.
    """
    key = key or _key(recipe)
    if key not in _held:
        _held.clear()
        _held[key] = _shared(recipe, folder, key) if folder else _build(recipe)
    return _held[key]


def _key(recipe: Recipe) -> str:
    """What the index is made from: the files, and how they are read."""
    corpus = recipe.what.corpus
    made_from: list[Any] = [_VERSION, corpus.pii]
    for chosen in corpus.evaluation_sets:
        hashes = [file_hash(path) for path in files(recipe, chosen)]
        made_from.append([chosen.name, chosen.columns, chosen.common, hashes])
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()


def _shared(recipe: Recipe, folder: Path, key: str) -> Index:
    """From the folder; built by the first of the processes that come at the same time."""
    path = folder / "evaluation.npz"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        found = _load(path, key) if path.exists() else None
        if found is None:
            found = _build(recipe)
            held: dict[str, Any] = dict(found.arrays)
            held["names"] = np.frombuffer(json.dumps([key, found.names]).encode(), np.uint8)
            replace_file(path, lambda temporary: _save(temporary, held))
    return found


def _save(path: Path, arrays: dict[str, Any]) -> None:
    with path.open("wb") as out:
        np.savez(out, **arrays)


def _load(path: Path, key: str) -> Index | None:
    """The index of a file, or None when it was made from something else."""
    with np.load(path) as held:
        made_from, names = json.loads(held["names"].tobytes())
        if made_from != key:
            return None
        arrays = {name: held[name] for name in held.files if name != "names"}
    return Index(arrays, [(name, item) for name, item in names])


def _build(recipe: Recipe) -> Index:
    common = {chosen.name: chosen.common for chosen in recipe.what.corpus.evaluation_sets}
    return Index.build([(d.source, d.id, d.text) for d in items(recipe)], common)
