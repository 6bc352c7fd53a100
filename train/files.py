"""Where a run keeps what it makes, and how a file is written so that it is whole or absent."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from train.recipe import Recipe


class StageError(RuntimeError):
    """One line: what stops this stage and what to do."""


class Run:
    """The folder ``<runs>/<recipe name>/`` and the names of what lies in it."""

    def __init__(self, recipe: Recipe, runs: Path) -> None:
        self.recipe = recipe
        self.runs = runs
        self.folder = runs / recipe.name
        earlier = self.earlier()  # has the same documents
        self.corpus: Path = earlier.corpus if earlier else self.folder / "corpus"
        self.documents = self.corpus / "documents.parquet"
        self.excluded = self.corpus / "excluded.parquet"
        self.ledger = self.corpus / "ledger.parquet"
        self.clusters = self.corpus / "clusters.parquet"
        self.contamination = self.corpus / "contamination.parquet"
        self.manifest = self.corpus / "manifest.json"
        self.fetched = runs / "fetched"
        self.tokens = self.folder / "tokens"
        self.checkpoints = self.folder / "checkpoints"
        self.best = self.folder / "best"
        self.metrics = self.folder / "metrics.jsonl"
        self.curves = self.folder / "curves.html"
        self.done = self.folder / "pretrain.json"
        self.scores = self.folder / "scores.jsonl"
        self.evaluation = self.folder / "evaluation"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold this run and those before it for one process; ``StageError`` if another does."""
        before = self.previous()
        self.folder.mkdir(parents=True, exist_ok=True)
        # One object a file: within a process a run may be held again, as another's base is.
        lock = FileLock(self.folder / ".lock", timeout=0, is_singleton=True)
        try:
            with before.lock() if before else nullcontext(), lock:
                yield
        except Timeout:
            raise StageError(
                f"{self.recipe.name}: another process works on {self.folder}"
            ) from None

    def base(self) -> Run | None:
        """The run that makes this one's base, if its base is a recipe."""
        recipe = self.recipe.base_recipe()
        return Run(recipe, self.runs) if recipe else None

    def earlier(self) -> Run | None:
        """The run whose model this one goes on from, if its recipe continues one."""
        recipe = self.recipe.earlier_recipe()
        return Run(recipe, self.runs) if recipe else None

    def previous(self) -> Run | None:
        """The run whose weights this one's training begins with: an earlier stage, or the base."""
        return self.earlier() or self.base()

    def vocabulary(self) -> Run | None:
        """The run whose documents this one's vocabulary is learned from as well."""
        recipe = self.recipe.vocabulary_recipe()
        return Run(recipe, self.runs) if recipe else None


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` atomically, indented, in UTF-8."""
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    replace_file(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary neighbour, then put it in the place of ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_folder(path: Path, write: Callable[[Path], object]) -> None:
    """As ``replace_file``, for a folder. Two processes must not do it at once (``Run.lock``)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, old = path.with_name(f"{path.name}.tmp"), path.with_name(f"{path.name}.old")
    if old.exists() and not path.exists():
        os.replace(old, path)  # killed between the two renames below
    for left_over in (temporary, old):
        shutil.rmtree(left_over, ignore_errors=True)
    try:
        temporary.mkdir()
        write(temporary)
        if path.exists():
            os.replace(path, old)
        os.replace(temporary, path)
    except BaseException:
        if old.exists() and not path.exists():
            os.replace(old, path)
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as data:
        while block := data.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
