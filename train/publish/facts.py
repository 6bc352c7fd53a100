"""What a model was made from and by, as one record that travels with it (``provenance.json``)."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from train.corpus.card import HARD, measured
from train.corpus.made import read_manifest
from train.files import Run, StageError, write_json
from train.lineage import deciding
from viobert.checkpoints import ROOT
from viobert.pii.measure import Measured

#: What a manifest tells that a card repeats.
_OF_MANIFEST = ("content", "purpose", "documents", "words", "splits", "pii", "names_kept",
                "sources", "contamination", "made")  # fmt: skip
_OF_RECIPE = ("tokenizer", "model", "masking", "training", "stopping")
NAME = "provenance.json"

Facts = dict[str, Any]


def facts(run: Run) -> Facts:
    """The record of a finished run: under ``earlier``, if it is not the first, of the stage before,
    and under ``base`` of what all stages adapt."""
    stage = _stage(run)
    return {
        "name": stage.pop("name"),
        "recipe": stage.pop("recipe"),
        "corpus": _corpus(run),
        **_vocabulary(run),
        **stage,
        "model": shape(run.best),
        "base": _base(run),
    }


def _stage(run: Run) -> Facts:
    """One training, and those before it on the same text."""
    what, earlier = run.recipe.what, run.earlier()
    parts = {key: getattr(what, key) for key in _OF_RECIPE}
    return {
        "name": run.recipe.name,
        "recipe": {
            "file": _file(run.recipe.path),
            "digest": deciding(run.recipe),
            **{key: dataclasses.asdict(part) for key, part in parts.items() if part is not None},
        },
        "training": json.loads(run.done.read_text(encoding="utf-8")),
        **({"earlier": _stage(earlier)} if earlier else {}),
    }


def _vocabulary(run: Run) -> Facts:
    """The other corpus that its word pieces were learned from, if there is one."""
    also = run.vocabulary()
    return {"vocabulary": {"name": also.recipe.name, "corpus": _corpus(also)}} if also else {}


def _corpus(run: Run) -> Facts:
    manifest = read_manifest(run)
    told = {key: manifest[key] for key in _OF_MANIFEST}
    told["datasets"] = [s.dataset for s in run.recipe.what.corpus.sources if s.dataset]
    told["measured"] = {kind: _rates(found) for kind, found in measured("test").items()}
    hard = measured(file=HARD).get("NAME")
    told["hard_names"] = _rates(hard) if hard else None
    return told


def _rates(found: Measured) -> dict[str, Any]:
    """How well one type of personal data is found on labelled sentences no rule was tuned on."""
    return {
        "spans": found.spans,
        "recall": [found.recall, *found.recall_interval],
        "precision": [found.precision, *found.precision_interval],
    }


def _base(run: Run) -> Facts | None:
    made, name = run.base(), run.recipe.what.base
    if made:
        return facts(made)
    if not name:
        return None
    release = run.recipe.release
    if not release.base_licence:
        raise StageError(
            f"{run.recipe.path}: release.base_licence must say what may be done with {name}"
        )
    repository, _, revision = name.partition("@")
    local = run.recipe.resolve(name).is_dir()
    return {
        "name": Path(name).name if local else repository,
        "hub": None if local else repository,
        "revision": revision or None,
        "licence": release.base_licence,
        "link": release.base_link or None,
    }


def shape(folder: Path) -> dict[str, int]:
    """Layers, width, … and the number of weights of a transformers folder."""
    from safetensors import safe_open

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    keys = ("num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size",
            "max_position_embeddings", "vocab_size")  # fmt: skip
    weights = 0
    for path in sorted(folder.glob("model*.safetensors")):
        with safe_open(path, "numpy") as stored:
            for name in stored.keys():  # noqa: SIM118
                size = 1
                for side in stored.get_slice(name).get_shape():
                    size *= side
                weights += size
    return {**{key: int(config[key]) for key in keys}, "parameters": weights}


def chain(record: Facts) -> list[Facts]:
    """A model's record, then those of its bases that were made here."""
    found, at = [], record
    while at and "corpus" in at:
        found.append(at)
        at = at["base"]
    return found


def stages(record: Facts) -> list[Facts]:
    """The trainings of a model on its own text, the last one first."""
    found, at = [], record
    while at:
        found.append(at)
        at = at.get("earlier", {})
    return found


def texts(record: Facts) -> list[Facts]:
    """Name and corpus of every text that a model was made from: its own, those of its bases, and
    those that only their vocabularies were learned from."""
    found: dict[str, Facts] = {}
    for made in chain(record):
        for of in (made, made.get("vocabulary")):
            if of:
                found.setdefault(of["corpus"]["content"], of)
    return list(found.values())


def foreign(record: Facts) -> Facts | None:
    """The base that was not made here, if the chain ends in one."""
    last = chain(record)[-1]["base"]
    return last if last else None


def read(folder: Path) -> Facts:
    """The record in a model's folder; ``StageError`` if there is none."""
    try:
        found: Facts = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StageError(f"{folder / NAME}: {error}") from error
    return found


def write(folder: Path, record: Facts) -> None:
    """Put the record into a model's folder."""
    write_json(folder / NAME, record)


def _file(path: Path) -> str:
    """A recipe's place in the project, or its file name."""
    whole = path.resolve()
    return str(whole.relative_to(ROOT)) if whole.is_relative_to(ROOT) else path.name
