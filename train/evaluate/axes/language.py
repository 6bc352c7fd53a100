"""Masked language modelling on held-out text: the domain's, and general text that may be
forgotten."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from train.corpus.document import Document
from train.corpus.made import read_documents, read_manifest, stream_documents
from train.corpus.sources import local
from train.evaluate.axes import Axis, Cell, Context, Found
from train.evaluate.intrinsic import Outcomes, score
from train.evaluate.words import FOLDS, windows
from train.files import Run, StageError, file_hash
from train.recipe import Source
from train.tokens import document_key
from viobert import checkpoints

VERSION = 1
MASKED = "masked-language-modelling"
#: A setting of fewer texts has no interval worth the name.
FEWEST_TEXTS = 5


def settings(run: Run) -> list[tuple[str, str]]:
    """The settings of the test documents; ``StageError`` for one that the recipe names and that
    has too few texts."""
    documents = read_documents(run, "test")
    if not documents:
        raise StageError(f"{run.recipe.path}: no test document; raise what.corpus.test")
    texts = _count(documents)
    chosen = run.recipe.what.evaluation.intrinsic
    for name, parts in chosen.items():
        count = sum(texts[part] for part in parts)
        if count < FEWEST_TEXTS:
            raise StageError(
                f"{run.recipe.path}: what.evaluation.intrinsic.{name}: {count} test texts, "
                f"{FEWEST_TEXTS} are needed; there are {dict(texts)}"
            )
    found = list(chosen) or sorted(name for name, count in texts.items() if count >= FEWEST_TEXTS)
    if not found:
        few = f"fewer than {FEWEST_TEXTS} test texts in every setting"
        raise StageError(f"{run.recipe.path}: {few}: {dict(texts)}")
    return [(MASKED, name) for name in found]


def _count(documents: Sequence[Document]) -> Counter[str]:
    """Independent texts of each setting."""
    return Counter(setting for setting, _ in {(d.setting, d.family) for d in documents})


def source(run: Run, _: str) -> list[Any]:
    config = run.recipe.what.evaluation
    content = read_manifest(run).get("content", "")
    return [VERSION, content, config.folds, config.length, config.intrinsic, config.left_to_right]


def compute(context: Context, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Found]]:
    documents = read_documents(context.run, "test")
    yield from _by_setting(context, cells, documents, left_to_right=False)


def compute_left_to_right(context: Context, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Found]]:
    documents = _some(read_documents(context.run, "test"), context.config.left_to_right)
    yield from _by_setting(context, cells, documents, left_to_right=True)


def _by_setting(
    context: Context, cells: Sequence[Cell], documents: list[Document], left_to_right: bool
) -> Iterator[tuple[Cell, Found]]:
    """The words of all documents scored once, then told apart by setting."""
    own, about = _score(context, cells[0], documents, left_to_right)
    document = own.document
    chosen = context.config.intrinsic
    for cell in cells:
        wanted = chosen.get(cell.setting, [cell.setting])
        inside = np.array([d.setting in wanted for d in documents])[document]
        if not inside.any():
            raise StageError(f"{cell.name}: none of its texts has a word to score")
        yield cell, Found(_table(own, documents).filter(pa.array(inside)), about)


def settings_left_to_right(run: Run) -> list[tuple[str, str]]:
    """The settings that have enough texts among those that are scored piece by piece."""
    count = run.recipe.what.evaluation.left_to_right
    some = _some(read_documents(run, "test"), count) if count else []
    texts = _count(some)
    chosen = run.recipe.what.evaluation.intrinsic
    return [
        ("left-to-right", name)
        for _, name in (settings(run) if some else [])
        if sum(texts[part] for part in chosen.get(name, [name])) >= FEWEST_TEXTS
    ]


def settings_general(run: Run) -> list[tuple[str, str]]:
    return [(MASKED, "general")] if run.recipe.what.evaluation.forgetting else []


def source_general(run: Run, _: str) -> list[Any]:
    config = run.recipe.what.evaluation
    assert config.forgetting
    base = run.base()
    if config.forgetting.path or not base:
        paths = local.files(run.recipe, Source(path=config.forgetting.path))
        texts: list[str] = [file_hash(path) for path in paths]
    else:
        texts = [read_manifest(base).get("content", "")]
    return [VERSION, texts, config.forgetting.documents, config.folds, config.length]


def compute_general(context: Context, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Found]]:
    documents = general_texts(context.run)
    for cell in cells:
        own, about = _score(context, cell, documents, left_to_right=False)
        yield cell, Found(_table(own, documents), about)


def general_texts(run: Run) -> list[Document]:
    """General text that no training read: a file's, or the test documents of the base's recipe.

    Of a file the documents that training looked at (``stopping.general``) are left out.
    """
    config, stopping = run.recipe.what.evaluation.forgetting, run.recipe.what.stopping.general
    assert config
    base = run.base()
    if base and not config.path:
        return _some(stream_documents(base, "test"), config.documents)
    origin = Source(path=config.path)
    found = (d for path in local.files(run.recipe, origin) for d in local.read(path, origin))
    seen = stopping.documents if stopping and stopping.path == config.path else 0
    return _some(found, seen + config.documents)[seen:]


def _some(documents: Any, count: int) -> list[Document]:
    """By hash, not in the order of the files: every source has its share."""
    return heapq.nsmallest(count, documents, key=lambda d: document_key(d.id))


def _score(
    context: Context, cell: Cell, documents: list[Document], left_to_right: bool
) -> tuple[Outcomes, dict[str, Any]]:
    """Outcomes of the words that every compared model's tokenizer knows."""
    loaded = [checkpoints.load(s.place) for s in context.subjects]
    which = [s.name for s in context.subjects].index(cell.model)
    config = context.config
    length = min([config.length, *(c.max_length for c in loaded)])
    seed = config.seeds[0] if cell.seed is None else cell.seed
    found, left_out = windows(documents, [c.tokenizer for c in loaded], length, seed)
    folds = FOLDS if left_to_right else config.folds
    model = loaded[which].model.to(context.device)  # type: ignore[arg-type]
    own = score(
        model, loaded[which].tokenizer, found, which, folds, cell.name, False, left_to_right
    )
    masks = "each word by itself, its pieces from left to right, the ones before shown"
    if not left_to_right:
        masks = f"{folds} of {FOLDS} disjoint folds of whole words, all pieces [MASK]"
    about = {
        "dataset": _dataset(documents),
        "masking": masks,
        "window": length,
        "left_out": {"words that a tokenizer does not know": left_out} if left_out else {},
    }
    return own, about


def _dataset(documents: Sequence[Document]) -> dict[str, Any]:
    hashes = "".join(sorted(d.hash for d in documents))
    return {
        "name": "general text" if not documents[0].setting else "test documents",
        "rows": len(documents),
        "hash": f"{document_key(hashes):016x}",
    }


def _table(own: Outcomes, documents: Sequence[Document]) -> pa.Table:
    ids = pa.array([d.id for d in documents])
    texts = pa.array([f"{d.setting}:{d.family or d.id}" for d in documents])
    place = pa.array(own.document)
    columns = {
        "item": pa.DictionaryArray.from_arrays(place, ids),
        "document": pa.DictionaryArray.from_arrays(place, texts),
        **{
            name: getattr(own, name)
            for name in ("nll", "top1", "top5", "reciprocal_rank", "characters", "pieces")
        },
    }
    return pa.table(columns)


AXES = (
    Axis("intrinsic", settings, source, compute, shared=True),
    Axis(
        "left-to-right", settings_left_to_right, source, compute_left_to_right,
        seeded=False, shared=True, in_grid=False,
    ),
    Axis(
        "forgetting", settings_general, source_general, compute_general,
        shared=True, in_grid=False,
    ),
)  # fmt: skip
