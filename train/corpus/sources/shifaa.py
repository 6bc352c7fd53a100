"""Shifaa: some 84,000 Arabic medical consultations, 16 specialisations, 585 diagnoses.

``Ahmed-Selem/Shifaa_Arabic_Medical_Consultations`` on the Hugging Face Hub.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from train.corpus.document import Document
from train.corpus.sources import local, tables
from train.corpus.sources.errors import SourceError
from train.files import replace_file, write_json
from train.recipe import Recipe, Source

DATASET = "Ahmed-Selem/Shifaa_Arabic_Medical_Consultations"
COLUMNS = {
    "title": "Question Title",
    "question": "Question",
    "answer": "Answer",
    "specialisation": "Main Specialization",
    "diagnosis": "Hierarchical Diagnosis",
}
#: The Hub's tags → the names that recipes use; a tag that is not here is taken as it is.
LICENCES = {
    "mit": "MIT",
    "apache-2.0": "Apache-2.0",
    "cc0-1.0": "CC0-1.0",
    "cc-by-4.0": "CC BY 4.0",
    "cc-by-sa-4.0": "CC BY-SA 4.0",
    "cc-by-nc-4.0": "CC BY-NC 4.0",
    "cc-by-nc-sa-4.0": "CC BY-NC-SA 4.0",
    "cc-by-nc-nd-4.0": "CC BY-NC-ND 4.0",
}


def fetch(source: Source, folder: Path, recipe: Recipe) -> list[Path]:
    """The local files of ``path``, or the splits of ``dataset`` (``id@revision``) as parquet.

    The licence that the data set's card states is written into a column of its own.
    ``HF_ENDPOINT`` and the other variables of the Hub's library are honoured, and its cache
    resumes a broken download.
    """
    if source.path:
        return local.files(recipe, source)
    done = folder / "fetched.json"
    if done.exists():
        return [folder / name for name in json.loads(done.read_text(encoding="utf-8"))]
    name, _, revision = (source.dataset or DATASET).partition("@")
    cache = folder / "cache"
    try:
        splits = _download(name, revision or None, cache)
    except Exception as error:  # the library lets through whatever its own libraries raise
        said = " ".join(str(error).split())[:300]
        raise SourceError(
            f"{recipe.path}: the Hub did not give {source.dataset or DATASET} ({said}); run again "
            f"to go on, or name local files under path: in the recipe"
        ) from error
    names = [f"{split}.parquet" for split in splits]
    for file, split in zip(names, splits.values(), strict=True):
        replace_file(folder / file, split.to_parquet)
    write_json(done, names)
    shutil.rmtree(cache)
    return [folder / name for name in names]


def read(path: Path, source: Source) -> Iterator[Document]:
    """One document a consultation: title, question, answer.

    ``metadata`` holds ``specialisation`` and ``diagnosis``, the path from the widest class to the
    narrowest. Consultations with one and the same question are one family.
    """
    ids = local.Ids(f"shifaa-{tables.stem(path)}")
    columns = {**COLUMNS, **source.columns}
    for index, (row, record) in enumerate(tables.rows(path)):
        if not index:
            local.check(path, record, (*columns.values(), *source.where))
        if not local.wanted(record, source):
            continue
        where = f"{path}, row {row}"
        cells = local.cells(record, columns, where)
        values: dict[str, Any] = {"licence": source.licence or record.get("licence")}
        local.problem(values, where, ("licence",))
        name = ids.of(cells["question"], cells["answer"])
        yield Document(
            id=name,
            text=_text(cells),
            source="Shifaa",
            licence=values["licence"],
            ref=f"{source.dataset or DATASET}, {path.name}, row {row}",
            title=cells["title"],
            setting=source.setting or "Shifaa",
            # An empty question asks nothing: such rows have nothing in common.
            family=f"shifaa-{local.digest(_squeeze(cells['question']))}"
            if cells["question"]
            else name,
            metadata=_labels(cells),
        )


def _text(cells: dict[str, str]) -> str:
    """Title, question and answer; many questions begin with their title, which then is enough."""
    title, question = cells["title"], cells["question"]
    if _squeeze(question).startswith(_squeeze(title)):
        title = ""
    return "\n".join(filter(None, (title, question, cells["answer"])))


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _labels(cells: dict[str, str]) -> dict[str, Any]:
    path = [part.strip() for part in cells["diagnosis"].split(">")]
    labels = {"specialisation": cells["specialisation"], "diagnosis": list(filter(None, path))}
    return {name: value for name, value in labels.items() if value}


def _download(name: str, revision: str | None, cache: Path) -> dict[str, Any]:
    """The splits by name, with the card's licence as a column if it states one."""
    from datasets import DatasetDict, load_dataset  # slow to import, and rarely needed
    from huggingface_hub import HfApi

    card = HfApi().dataset_info(name, revision=revision).card_data
    stated = card.get("license") if card else None
    found = load_dataset(name, revision=revision, cache_dir=str(cache))
    assert isinstance(found, DatasetDict)
    if not stated:
        return dict(found)
    tags = [stated] if isinstance(stated, str) else stated
    licence = ", ".join(LICENCES.get(tag, tag) for tag in tags)
    return {
        key: split.add_column("licence", [licence] * len(split)) for key, split in found.items()
    }
