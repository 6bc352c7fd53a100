"""AHD: some 808,000 questions to doctors of Altibbi with their answers, in 90 categories.

Mendeley Data, doi 10.17632/mgj29ndgrk, version 5 (``AHD.xlsx``), and as CSV on Kaggle.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from train.corpus.document import Document
from train.corpus.sources import local, tables
from train.corpus.sources.errors import SourceError
from train.files import replace_file, write_json
from train.recipe import Recipe, Source

DOI = "10.17632/mgj29ndgrk.5"
#: As the repository states it.
LICENCE = "CC BY 4.0"
#: What copies of the data set call the columns, in lower case.
ALIASES = {
    "question": ("question", "questions", "سؤال", "السؤال"),
    "answer": ("answer", "answers", "إجابة", "الإجابة", "جواب", "الجواب"),
    "category": ("category", "label", "specialty", "speciality", "التخصص", "التصنيف"),
}
_BY_HAND = f"download AHD.xlsx from https://doi.org/{DOI} and name it under path: in the recipe"


def fetch(source: Source, folder: Path, recipe: Recipe) -> list[Path]:
    """The local files of ``path``, or those of the Kaggle data set ``dataset``.

    Kaggle wants credentials, which ``kagglehub`` looks for itself (``KAGGLE_API_TOKEN``,
    ``KAGGLE_USERNAME`` and ``KAGGLE_KEY``, ``~/.kaggle``); its cache resumes a broken download.
    """
    if source.path:
        return local.files(recipe, source)
    done = folder / "fetched.json"
    if done.exists():
        return [folder / name for name in json.loads(done.read_text(encoding="utf-8"))]
    downloaded = _download(source.dataset, recipe)
    found = sorted(p for p in downloaded.rglob("*") if p.is_file() and tables.is_table(p))
    if not found:
        raise SourceError(f"{recipe.path}: no table in {source.dataset}; {_BY_HAND}")
    names = ["-".join(path.relative_to(downloaded).parts) for path in found]
    for path, name in zip(found, names, strict=True):
        replace_file(folder / name, partial(_link, path))
    write_json(done, names)
    return [folder / name for name in names]


def read(path: Path, source: Source) -> Iterator[Document]:
    """One document a pair, the question first; ``metadata`` holds the category.

    Question and answer stay together, and all pairs of one question are one family: else the
    answer to a training question could be held out, or the question itself with another answer.
    """
    columns: dict[str, str] = {}
    ids = local.Ids(f"ahd-{tables.stem(path)}")
    for row, record in tables.rows(path):
        columns = columns or _columns(path, record, source)
        if not local.wanted(record, source):
            continue
        pair = local.cells(record, columns, f"{path}, row {row}")
        question, answer = pair["question"], pair["answer"]
        name = ids.of(question, answer)
        yield Document(
            id=name,
            text="\n".join(filter(None, (question, answer))),
            source="AHD",
            licence=source.licence or LICENCE,
            ref=f"https://doi.org/{DOI}, {path.name}, row {row}",
            setting=source.setting or "AHD",
            # An empty question asks nothing: such rows have nothing in common.
            family=f"ahd-{local.digest(' '.join(question.split()))}" if question else name,
            metadata={"category": pair["category"]} if pair.get("category") else {},
        )


def _columns(path: Path, record: dict[str, Any], source: Source) -> dict[str, str]:
    """Ours → the file's, by the recipe or by the known aliases; the category may be missing."""
    local.check(path, record, (*source.columns.values(), *source.where))
    lower = {name.strip().casefold(): name for name in reversed(record)}
    columns = dict(source.columns)
    for ours, aliases in ALIASES.items():
        theirs = next((lower[alias] for alias in aliases if alias in lower), None)
        if ours not in columns and theirs is not None:
            columns[ours] = theirs
    if not {"question", "answer"} <= columns.keys():
        raise SourceError(
            f"{path}: no columns of questions and answers among {', '.join(record)}; name them "
            f"in the recipe, columns: {{question: …, answer: …}}"
        )
    return columns


def _download(dataset: str, recipe: Recipe) -> Path:
    import kagglehub  # slow to import, and rarely needed
    from kagglehub.config import get_kaggle_credentials

    try:
        if not dataset or not get_kaggle_credentials():
            what = "dataset: names no Kaggle data set" if not dataset else "no Kaggle credentials"
            raise SourceError(f"{recipe.path}: AHD cannot be fetched ({what}); {_BY_HAND}")
        return Path(kagglehub.dataset_download(dataset))
    except SourceError:
        raise
    except Exception as error:  # the library lets through whatever its own libraries raise
        said = " ".join(str(error).split())[:300]
        raise SourceError(
            f"{recipe.path}: Kaggle did not give {dataset} ({said}); run again to go on, or "
            f"{_BY_HAND}"
        ) from error


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)  # costs no room
    except OSError:
        shutil.copyfile(path, target)
