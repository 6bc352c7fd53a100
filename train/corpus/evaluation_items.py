"""The items of a recipe's evaluation sets, as documents that no training text may repeat."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from train.corpus.clean import Clean
from train.corpus.document import Document, Step
from train.corpus.personal import PersonalData
from train.corpus.sources import tables
from train.corpus.sources.encoding import open_text
from train.corpus.sources.errors import SourceError
from train.recipe import EvaluationSet, Recipe, RecipeError

#: One token a line with its tag behind it, a blank line after each sentence.
CONLL = (".txt", ".conll", ".bio", ".iob", ".iob2")


def files(recipe: Recipe, chosen: EvaluationSet) -> list[Path]:
    """The files of an evaluation set, sorted; its path may be a glob."""
    if chosen.dataset:
        return _from_hub(recipe, chosen)
    pattern = recipe.resolve(chosen.path, escape=glob.escape)
    found = sorted(Path(p) for p in glob.glob(str(pattern)))
    if not found:
        where = recipe.resolve(chosen.path)
        raise RecipeError(f"{recipe.path}: evaluation set {chosen.name}: no file at {where}")
    return found


def _from_hub(recipe: Recipe, chosen: EvaluationSet) -> list[Path]:
    """The files of a data set on the Hub, from the Hub's own cache once they are there."""
    from huggingface_hub import snapshot_download

    name, _, revision = chosen.dataset.partition("@")
    patterns = [chosen.path] if chosen.path else [f"*{ending}" for ending in tables.ENDINGS]
    about: dict[str, Any] = {"repo_type": "dataset", "revision": revision or None}
    try:
        folder = Path(snapshot_download(name, allow_patterns=patterns, **about))
    except Exception as error:  # the library lets through whatever its own libraries raise
        said = " ".join(str(error).split())[:300]
        raise RecipeError(
            f"{recipe.path}: evaluation set {chosen.name}: the Hub did not give {chosen.dataset} "
            f"({said})"
        ) from error
    found = sorted(p for p in folder.rglob("*") if p.is_file() and tables.is_table(p))
    if not found:
        raise RecipeError(
            f"{recipe.path}: evaluation set {chosen.name}: no table in {chosen.dataset}"
        )
    return found


def items(recipe: Recipe) -> Iterator[Document]:
    """Every item of every set: ``source`` is the set's name, ``id`` the item's id in the set.

    An item is cleaned, and de-identified where the corpus is, as the documents are that it is
    compared with. Its id is its cell ``id``, else the number of its row (of its sentence in
    CoNLL), with the file's name before it where a set has several files.
    """
    steps: list[Step] = [Clean(), *([PersonalData()] if recipe.what.corpus.pii else [])]
    for chosen in recipe.what.corpus.evaluation_sets:
        for name, values, where in rows(recipe, chosen):
            text = joined(values, chosen.columns, where)
            document = Document(id=name, text=text, source=chosen.name, licence="", ref="")
            for step in steps:
                step.apply(document)
            yield document


def rows(recipe: Recipe, chosen: EvaluationSet) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The rows of a set: the item's id in it, its cells, and its place for errors."""
    paths = files(recipe, chosen)
    seen: set[str] = set()
    for path in paths:
        for row, values in _rows(path):
            number = f"{path.stem}:{row}" if paths[1:] else str(row)
            name = tables.text(values.get("id")) or number
            if name in seen:
                raise SourceError(f"{path}, row {row}: id {name} stands twice in {chosen.name}")
            seen.add(name)
            yield name, values, f"{path}, row {row}"


def joined(values: dict[str, Any], columns: Iterable[str], where: str) -> str:
    """The texts of some cells, a line each; a list's parts are lines too, an empty cell none."""
    lines: list[str] = []
    for column in columns:
        if column not in values:
            known = ", ".join(sorted(map(str, values)))
            raise SourceError(f"{where}: no column {column}; there are {known}")
        lines += _lines(values[column], f"{where}: column {column}")
    return "\n".join(lines)


def _lines(cell: Any, where: str) -> list[str]:
    if isinstance(cell, dict):  # options by letter
        cell = list(cell.values())
    if isinstance(cell, (list, tuple)):
        return [line for part in cell for line in _lines(part, where)]
    text = tables.text(cell)
    if text is None:
        raise SourceError(f"{where} is neither text nor a list of texts")
    return [text] if text.strip() else []


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    return conll(path) if path.suffix.lower() in CONLL else tables.rows(path)


def conll(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The sentences of a CoNLL file, numbered from 1: ``text``, ``tokens`` and ``tags`` (of several
    tags of a token the first)."""
    number, tokens, tags = 0, list[str](), list[str]()
    with open_text(path) as text:
        for row, line in enumerate(chain(text, [""]), 1):
            fields = line.split()
            if fields and fields[0] != "-DOCSTART-":
                if len(fields) < 2:
                    raise SourceError(f"{path}, row {row}: not CoNLL, a token without a tag")
                tokens.append(fields[0])
                tags.append(fields[1])
            elif tokens:
                number += 1
                yield number, {"text": " ".join(tokens), "tokens": tokens, "tags": tags}
                tokens, tags = [], []
    if not number:
        raise SourceError(f"{path}: the file holds no sentence")
