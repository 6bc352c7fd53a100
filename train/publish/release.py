"""A release as folders, one a repository: complete, checked, ready to be pushed."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from train.corpus.licences import permits
from train.evaluate.stage import revision
from train.files import Run, StageError, replace_folder, write_json
from train.lineage import require_finished
from train.publish import facts
from train.publish.card import card, licence
from train.publish.facts import Facts
from train.publish.head_card import head_card
from train.publish.heads import Head, candidates, ending, kept, licences, permitted
from train.publish.terms import Terms, terms
from viobert import checkpoints, scores
from viobert.checkpoints import EMBEDDED, SEATS, TAGGERS
from viobert.scores import Score

#: What a transformers folder holds that a release takes along.
_FILES = ("config.json", "model*.safetensors", "model.safetensors.index.json", "tokenizer.json",
          "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
          "vocab.txt")  # fmt: skip


#: Of the heads that the project carries.
ROUNDED = "Its weights are kept in half precision, rounded after they were scored."


@dataclass(frozen=True)
class Part:
    """One repository: its Hub id, what it holds, on what terms; ``head`` of the main one: none."""

    name: str
    folder: Path
    terms: Terms
    head: Head | None = None


@dataclass(frozen=True)
class Beside:
    """A head, where its weights lie, the licences of the rows it learned from, and what was done to
    the weights after they were scored."""

    head: Head
    folder: Path
    licences: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Origin:
    """What is released: the record of its making, all scores of its evaluation, weights, heads."""

    record: Facts
    rows: list[Score]
    encoder: Path
    heads: list[Beside]


def of_run(run: Run, log: Any = print) -> Origin:
    """A finished run with its scores and the heads that may be passed on; ``StageError`` for what
    is missing, with the command that makes it."""
    require_finished(run)
    rows = scored(run)
    allowed = permitted(run, run.recipe.name, log)
    found = [Beside(head, kept(run, head), licences(run, head)) for head in allowed]
    return Origin(facts.facts(run), rows, run.best, found)


def of_embedded(run: Run, folder: Path = EMBEDDED) -> Origin:
    """The medical model that the project carries, by what lies beside it."""
    encoder = folder / Path(SEATS["medical"].stand_in).name
    record = facts.read(encoder)
    if record["name"] != run.recipe.name:
        raise StageError(f"{encoder} was made by {record['name']}, not by {run.recipe.name}")
    rows = list(scores.read(folder.parent / "scores.jsonl"))
    _same_weights(encoder, record["name"], rows, f"{run.recipe.path} --embedded")
    tagger = folder / Path(TAGGERS["medical"].stand_in).name
    there = [h for h in candidates(run, record["name"]) if h.tags]
    found = [Beside(head, tagger, licences(run, head), ROUNDED) for head in there]
    found = [of for of in found if all(permits(given, "open") for given in of.licences)]
    return Origin(record, rows, encoder, found)


def scored(run: Run) -> list[Score]:
    """The scores of exactly these weights by exactly this recipe; ``StageError`` otherwise."""
    rows = list(scores.read(run.scores)) if run.scores.exists() else []
    base = run.base()
    for made in filter(None, (base, run)):
        _same_weights(made.best, made.recipe.name, rows, str(run.recipe.path))
    if any(s.envelope["recipe"] != run.recipe.digest() for s in rows):
        again = _again(str(run.recipe.path))
        raise StageError(f"{run.scores}: no scores of these models by this recipe; {again}")
    return rows


def _same_weights(folder: Path, name: str, rows: Sequence[Score], recipe: str) -> None:
    there = revision(checkpoints.load(str(folder)))
    if {s.revision for s in rows if s.model == name} != {there}:
        raise StageError(f"{name}: no scores of these models ({folder}); {_again(recipe)}")


def _again(recipe: str) -> str:
    return f"run python -m train evaluate {recipe} first"


def write(origin: Origin, out: Path, repository: str) -> list[Part]:
    """Fill ``out/<name>/`` for the model and each head, the model last.

    ``repository``: the Hub id of the model. Existing folders of those names are replaced.
    """
    title = repository.rpartition("/")[2]
    parts = []
    for of in origin.heads:
        labels = labels_of(of.folder)
        name = f"{repository}-{ending(of.head, labels)}"
        target = out / name.rpartition("/")[2]
        text = head_card(
            origin.record, of.head, origin.rows, target.name, repository, name, labels,
            of.licences, of.note,
        )  # fmt: skip
        found = terms(origin.record, of.licences)
        filled = partial(_fill, source=of.folder, text=text, origin=origin, found=found)
        replace_folder(target, filled)
        parts.append(Part(name, target, found, of.head))
    beside = _beside([part.name for part in parts])
    text = card(origin.record, origin.rows, title, repository, beside)
    named = {part.head.name: part.name.removeprefix(f"{repository}-")
             for part in parts if part.head}  # fmt: skip
    origin = dataclasses.replace(origin, record={**origin.record, "heads": named})
    found = terms(origin.record)
    filled = partial(_fill, source=origin.encoder, text=text, origin=origin, found=found)
    replace_folder(out / title, filled)
    return [*parts, Part(repository, out / title, found)]


def _beside(names: Sequence[str]) -> str:
    if not names:
        return ""
    links = [f"[{n.rpartition('/')[2]}](https://huggingface.co/{n})" for n in names]
    return f"Fine-tuned heads of it: {', '.join(links)}."


def labels_of(folder: Path) -> list[str]:
    """The labels of a head; of IOB2 tags the types of entities."""
    names = json.loads((folder / "config.json").read_text(encoding="utf-8"))["id2label"].values()
    types = sorted({name[2:] for name in names if name[:2] in ("B-", "I-")})
    return types or list(names)


def _fill(folder: Path, source: Path, text: str, origin: Origin, found: Terms) -> None:
    for pattern in _FILES:
        for path in source.glob(pattern):
            shutil.copyfile(path, folder / path.name)
    (folder / "README.md").write_text(text, encoding="utf-8")
    facts.write(folder, origin.record)
    scores.write(folder / "scores.jsonl", origin.rows)
    if found.name:
        (folder / "LICENSE.md").write_text(f"# Licence\n\n{licence(found)}\n", encoding="utf-8")
    _mark(folder / "config.json", origin.record)
    _bound(folder / "tokenizer_config.json", origin.record["model"]["max_position_embeddings"])


def _mark(path: Path, record: Facts) -> None:
    """Base, revision and recipe in the model's own configuration."""
    config = json.loads(path.read_text(encoding="utf-8"))
    base = record["base"] or {}
    config["viobert"] = {
        "base": base.get("hub") or base.get("name"),
        "base_revision": base.get("revision") or base.get("training", {}).get("made_from"),
        "recipe": record["recipe"]["digest"],
        "made_from": record["training"]["made_from"],
    }
    write_json(path, config)


def _bound(path: Path, positions: int) -> None:
    """The tokenizer's length, which some state as 1e30, is the model's: 512 at most."""
    config = json.loads(path.read_text(encoding="utf-8"))
    config["model_max_length"] = min(checkpoints.MAX_PIECES, positions)
    write_json(path, config)
