"""The embed stage: a run's base and its model become the pair that the page carries."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from train.evaluate.stage import compare_models
from train.files import Run, StageError, replace_file, replace_folder
from train.lineage import require_finished
from train.publish import facts
from train.publish.card import card
from train.publish.facts import Facts
from train.publish.figures import figures
from train.publish.head_card import head_card
from train.publish.heads import candidates, kept, licences
from train.publish.release import ROUNDED, labels_of, scored
from viobert import checkpoints
from viobert.checkpoints import SEATS, TAGGERS, Role
from viobert.scores import Score

#: The pair is part of the repository: it has to stay small.
MAX_BYTES = 16_000_000
#: Where the project loads the pair from.
PLACE = "assets/models/"
#: Marks of the README around its table of figures.
START = "<!-- figures: written by `python -m train embed`, checked by a test -->"
END = "<!-- /figures -->"


def embed(run: Run, log: Any = print, folder: Path = checkpoints.EMBEDDED) -> None:
    """Copy a run's base and model to ``folder`` with a card and a record of their making, the two
    that find entities, and the run's scores beside them.

    Also puts their figures into the README. Raises ``StageError`` when the run is unfinished, not
    scored as it is, or too large to embed.
    """
    base = run.base()
    if base is None:
        raise StageError(f"{run.recipe.path}: only a recipe whose base is a recipe makes a pair")
    require_finished(run)
    rows = scored(run)
    roles: tuple[tuple[Role, Run], ...] = (("general", base), ("medical", run))
    for role, made in roles:
        name = Path(SEATS[role].stand_in).name
        weights = (made.best / "model.safetensors").stat().st_size
        if weights > MAX_BYTES:
            raise StageError(f"{made.best}: {weights / 1e6:.1f} MB of weights, 16 MB at most")
        record = facts.facts(made)
        replace_folder(folder / name, partial(_fill, source=made.best, record=record, rows=rows))
        log(f"{folder / name}: {weights / 1e6:.1f} MB")
        _embed_tagger(run, role, record, rows, folder, log)
    shutil.copyfile(run.scores, folder.parent / "scores.jsonl")
    readme = folder.parents[1] / "README.md"
    if readme.exists():
        write_figures(readme, rows)


def _fill(path: Path, source: Path, record: Facts, rows: Sequence[Score]) -> None:
    shutil.copytree(source, path, dirs_exist_ok=True)
    facts.write(path, record)
    name = path.name.removesuffix(".tmp")
    (path / "README.md").write_text(_card(name, record, rows), encoding="utf-8")


def _card(name: str, record: Facts, rows: Sequence[Score]) -> str:
    tagger = f"Fine-tuned to find entities: [{name}-ner](../{name}-ner)."
    return card(record, rows, name, PLACE + name, tagger)


def _embed_tagger(
    run: Run, role: Role, record: Facts, rows: Sequence[Score], folder: Path, log: Any
) -> None:
    """The first seed's head of the entity axis, where the recipe has one; ``StageError`` where it
    was not kept."""
    for head in candidates(run, record["name"]):
        if head.tags:
            name = Path(TAGGERS[role].stand_in).name
            source, labels = kept(run, head), labels_of(kept(run, head))
            encoder = Path(SEATS[role].stand_in).name
            given = licences(run, head)
            text = head_card(
                record, head, rows, name, encoder, PLACE + name, labels, given, ROUNDED
            )
            replace_folder(folder / name, partial(_halve, source=source, text=text))
            log(f"{folder / name}: finds entities, seed {head.cell.seed}")


def _halve(path: Path, source: Path, text: str) -> None:
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    model: Any = AutoModelForTokenClassification.from_pretrained(source)
    model.half().save_pretrained(path)
    AutoTokenizer.from_pretrained(source).save_pretrained(path)
    (path / "README.md").write_text(text, encoding="utf-8")


def rescore(
    run: Run,
    log: Any = print,
    folder: Path = checkpoints.EMBEDDED,
    only: str = "",
    keep: bool = False,
) -> None:
    """Score the embedded pair as it is by a recipe's evaluation, and show that everywhere.

    For a corpus that became stricter than the one that the pair was trained on: its test documents
    must not be among those.
    """
    models = {facts.read(at)["name"]: str(at) for at in _pair(folder)}
    rows = compare_models(run, models, folder.parent / "scores.jsonl", log, only, keep)
    write_cards(run, rows, folder)
    write_figures(folder.parents[1] / "README.md", rows)


def write_cards(run: Run, rows: Sequence[Score], folder: Path) -> None:
    """The cards of the embedded models anew, from their records and these scores."""
    for role, at in zip(SEATS, _pair(folder), strict=True):
        record = facts.read(at)
        _replace(at / "README.md", _card(at.name, record, rows))
        tagger = folder / Path(TAGGERS[role].stand_in).name
        for head in candidates(run, record["name"]):
            if head.tags and tagger.is_dir():
                place, labels, given = PLACE + tagger.name, labels_of(tagger), licences(run, head)
                text = head_card(
                    record, head, rows, tagger.name, at.name, place, labels, given, ROUNDED
                )
                _replace(tagger / "README.md", text)


def _pair(folder: Path) -> list[Path]:
    """The folders of the general and the medical model."""
    return [folder / Path(seat.stand_in).name for seat in SEATS.values()]


def write_figures(readme: Path, rows: Sequence[Score]) -> None:
    """Put the table of figures between its two marks in the README."""
    before, _, rest = readme.read_text(encoding="utf-8").partition(START)
    _, mark, after = rest.partition(END)
    if not mark:
        raise StageError(f"{readme}: the marks {START!r} and {END!r} are gone")
    _replace(readme, f"{before}{START}\n\n{figures(rows)}\n\n{END}{after}")


def _replace(path: Path, text: str) -> None:
    replace_file(path, lambda to: to.write_text(text, encoding="utf-8"))
