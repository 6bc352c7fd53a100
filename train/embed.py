"""The embed stage: a run's base and its model become the pair that the page carries."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from train.card import card, figures, licence_of, rescored
from train.evaluate.stage import compare_models, revision
from train.files import Run, StageError, replace_file, replace_folder
from train.lineage import require_finished
from train.taggers import embed_taggers
from viobert import checkpoints, scores
from viobert.scores import Score

#: The pair is part of the repository: it has to stay small.
MAX_BYTES = 16_000_000
#: Marks of the README around its table of figures.
START = "<!-- figures: written by `python -m train embed`, checked by a test -->"
END = "<!-- /figures -->"


def embed(run: Run, log: Any = print, folder: Path = checkpoints.EMBEDDED) -> None:
    """Copy a run's base and model to ``folder`` with a card each, the two that find entities, and
    the run's scores beside them.

    Also puts their figures into the README. Raises ``StageError`` when the run is unfinished, not
    scored as it is, or too large to embed.
    """
    base = run.base()
    if base is None:
        raise StageError(f"{run.recipe.path}: only a recipe whose base is a recipe makes a pair")
    require_finished(run)
    rows = _own_scores(run, base)
    roles: tuple[tuple[checkpoints.Role, Run], ...] = (("general", base), ("medical", run))
    for role, made in roles:
        name = Path(checkpoints.SEATS[role].stand_in).name
        weights = (made.best / "model.safetensors").stat().st_size
        if weights > MAX_BYTES:
            raise StageError(f"{made.best}: {weights / 1e6:.1f} MB of weights, 16 MB at most")
        own = [s for s in rows if s.model == made.recipe.name]
        text = card(made, name, own, weights)
        replace_folder(folder / name, partial(_fill, source=made.best, text=text))
        log(f"{folder / name}: {weights / 1e6:.1f} MB, {len(own)} scores on its card")
    named: dict[checkpoints.Role, str] = {role: made.recipe.name for role, made in roles}
    embed_taggers(run, named, rows, licence_of(run), folder, log)
    shutil.copyfile(run.scores, folder.parent / "scores.jsonl")
    readme = folder.parents[1] / "README.md"
    if readme.exists():
        write_figures(readme, rows)


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
    names = [Path(checkpoints.SEATS[role].stand_in).name for role in ("general", "medical")]
    models = {name: str(folder / name) for name in names}
    rows = compare_models(run, models, folder.parent / "scores.jsonl", log, only, keep)
    for name in names:
        path = folder / name / "README.md"
        text = rescored(path.read_text(encoding="utf-8"), [s for s in rows if s.model == name])
        replace_file(path, partial(Path.write_text, data=text, encoding="utf-8"))
    write_figures(folder.parents[1] / "README.md", rows)


def write_figures(readme: Path, rows: Sequence[Score]) -> None:
    """Put the table of figures between its two marks in the README."""
    before, _, rest = readme.read_text(encoding="utf-8").partition(START)
    _, mark, after = rest.partition(END)
    if not mark:
        raise StageError(f"{readme}: the marks {START!r} and {END!r} are gone")
    text = f"{before}{START}\n\n{figures(rows)}\n\n{END}{after}"
    replace_file(readme, lambda path: path.write_text(text, encoding="utf-8"))


def _own_scores(run: Run, base: Run) -> list[Score]:
    """The scores of exactly these weights, by exactly this recipe."""
    rows = list(scores.read(run.scores)) if run.scores.exists() else []
    present = {m.recipe.name: revision(checkpoints.load(str(m.best))) for m in (base, run)}
    scored = {s.model: s.revision for s in rows}
    if scored != present or any(s.envelope["recipe"] != run.recipe.digest() for s in rows):
        raise StageError(
            f"{run.recipe.name}: no scores of these models at {run.scores}; run "
            f"python -m train evaluate {run.recipe.path} first"
        )
    return rows


def _fill(path: Path, source: Path, text: str) -> None:
    shutil.copytree(source, path, dirs_exist_ok=True)
    (path / "README.md").write_text(text, encoding="utf-8")
