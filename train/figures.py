"""The figures stage: every number and picture of README and cards, from what the project holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from train import experiments
from train.files import Run, StageError, replace_file
from train.publish import facts
from train.publish.card import card
from train.publish.facts import Facts
from train.publish.head_card import head_card
from train.publish.heads import candidates, licences
from train.publish.readme import blocks, renewed
from train.publish.release import ROUNDED, labels_of
from viobert import checkpoints, scores
from viobert.checkpoints import SEATS, TAGGERS
from viobert.naming import gains
from viobert.scores import Score

#: Where the project loads the pair from.
PLACE = "assets/models/"


def figures(run: Run, log: Any = print, folder: Path = checkpoints.EMBEDDED) -> None:
    """Write README and cards anew, and draw their pictures; reads neither data nor runs.

    Without a browser the pictures stay as they are, and the log says so. Raises ``StageError``
    when a record or a mark of the README is missing.
    """
    from train.pictures import draw

    write_texts(run, folder)
    log(f"{folder.parents[1] / 'README.md'}, experiments and the cards in {folder}: written")
    draw(folder, log)


def write_texts(run: Run, folder: Path = checkpoints.EMBEDDED) -> None:
    """Cards of the embedded pair, and README and page of experiments where there are any, from the
    pair's records and what lies beside it."""
    rows = read_scores(folder)
    base, model = (facts.read(at) for at in pair(folder))
    if model["name"] != run.recipe.name:
        raise StageError(f"{folder}: the pair of {model['name']}, not of {run.recipe.path}")
    root = folder.parents[1]
    pages = {
        root / "README.md": blocks(rows, base, model, _sentences(run)),
        root / experiments.PAGE: experiments.blocks(folder),
    }
    texts = {at: renewed(at, written) for at, written in pages.items() if at.exists()}
    for page, text in texts.items():
        _replace(page, text)
    write_cards(run, rows, folder)


def read_scores(folder: Path) -> list[Score]:
    """The scores of the pair in ``folder``; ``StageError`` if they compare no two models."""
    path = folder.parent / "scores.jsonl"
    rows = list(scores.read(path)) if path.exists() else []
    if not gains(rows):
        raise StageError(f"{path}: no differences of two models; embed a pair first")
    return rows


def write_cards(run: Run, rows: Sequence[Score], folder: Path) -> None:
    """The cards of the embedded models anew, from their records and these scores."""
    for role, at in zip(SEATS, pair(folder), strict=True):
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


def pair(folder: Path) -> list[Path]:
    """The folders of the general and the medical model."""
    return [folder / Path(seat.stand_in).name for seat in SEATS.values()]


def _card(name: str, record: Facts, rows: Sequence[Score]) -> str:
    tagger = f"Fine-tuned to find entities: [{name}-ner](../{name}-ner)."
    return card(record, rows, name, PLACE + name, tagger)


def _sentences(run: Run) -> int:
    """How many the entity heads learned from."""
    config = run.recipe.what.evaluation.entities
    if not config:
        return 0
    lines = run.recipe.resolve(config.train).read_text(encoding="utf-8").splitlines()
    return sum(1 for line in lines if line.strip())


def _replace(path: Path, text: str) -> None:
    replace_file(path, lambda to: to.write_text(text, encoding="utf-8"))
