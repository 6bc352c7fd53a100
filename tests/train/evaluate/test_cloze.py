"""Sentences with one hidden word: read, answered, and counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.train.conftest import ROOT
from tests.train.evaluate.making import write_rows
from train.evaluate import cloze, grid
from train.evaluate.axes import Context, registry
from train.evaluate.measures import measures
from train.evaluate.outcomes import Store
from train.files import StageError
from train.recipe import load
from viobert import checkpoints
from viobert.fill_mask import FillMask, Prediction
from viobert.scores import Score, named
from viobert.text import key, words

FOLDER = ROOT / "assets" / "cloze"
VARIETIES = {"msa", "egyptian", "gulf", "levantine", "maghrebi"}
GOOD = {"variety": "msa", "text": "يعاني من [MASK] في الصدر", "accepted": ["ألم", "وجع"]}


def shown(word: str, token: str = "") -> Prediction:
    return Prediction(word, token or word, 0.1, 1)


def test_the_shipped_sentences_are_whole_and_stand_once() -> None:
    parts = {part: cloze.read(FOLDER / f"{part}.jsonl") for part in ("dev", "test")}
    every = [sentence for part in parts.values() for sentence in part]
    assert len({sentence.id for sentence in every}) == len(every) > 300
    for sentence in every:
        rest = sentence.text.replace("[MASK]", " ")
        there = {key(rest[start:end]) for start, end in words(rest)}
        fitting = [key(word) for word in sentence.accepted]
        assert len(set(fitting)) == len(fitting) and not there & set(fitting), sentence
    for part in parts.values():
        assert {sentence.variety for sentence in part} == VARIETIES
    told = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"| together | {len(parts['dev'])} | {len(parts['test'])} |" in told
    recipe = load(ROOT / "train" / "recipes" / "mini-medical.yaml")
    assert recipe.resolve(recipe.what.evaluation.cloze).resolve() == FOLDER / "test.jsonl"


def test_a_word_fits_in_any_spelling_but_not_a_piece_of_one() -> None:
    sentence = cloze.Sentence("1", GOOD["text"], ("ألم", "وجع"), "msa")
    assert (
        sentence.fits(shown("الم")) and sentence.fits(shown("أَلَم")) and sentence.fits(shown("وجع"))
    )
    assert not sentence.fits(shown("ـألم", "##ألم")) and not sentence.fits(shown("ضيق"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": "يعاني من ألم"}, r"row 2: one \[MASK\] is needed"),
        ({"text": "[MASK] و[MASK]"}, r"row 2: one \[MASK\] is needed"),
        ({"text": "pain in [MASK]"}, "row 2: not to be filled.*no_arabic"),
        ({"accepted": []}, "row 2: accepted, a list of words"),
        ({"accepted": "ألم"}, "row 2: accepted, a list of words"),
        ({"accepted": ["ألم شديد"]}, "row 2: 'ألم شديد' is no single word"),
        ({"accepted": [5]}, "row 2: 5 is no single word"),
        ({"variety": ""}, "row 2: accepted, a list of words, and variety"),
        ({}, "stands there twice"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    path = write_rows(tmp_path / "cloze.jsonl", [GOOD, {**GOOD, **changes}])
    with pytest.raises(StageError, match=said):
        cloze.read(path)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(StageError, match="gone.jsonl: no such file"):
        cloze.read(Path("gone.jsonl"))


def test_the_axis_counts_what_the_page_would_show(
    filled: tuple[Context, list[Score], list[str]],
) -> None:
    """Against the page's own fill-mask, sentence by sentence."""
    made, rows, _ = filled
    path = made.run.recipe.resolve(made.config.cloze)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    store, axis = Store(made), registry()["cloze"]
    cells = [c for c in grid.cells(made) if c.axis == "cloze"]
    assert len(cells) == 2 and all(store.has(axis, cell) for cell in cells)
    for cell in cells:
        fill = FillMask(checkpoints.load(made.subject(cell).place))
        hits = []
        for line in lines:
            five = [p.word for p in fill(line["text"])[0] if not p.continues]
            hits.append(bool({key(w) for w in five} & {key(w) for w in line["accepted"]}))
        assert store.read(cell).table["top5"].to_pylist() == [float(hit) for hit in hits]
        (score,) = [s for s in rows if s.axis == "cloze" and s.metric == "fitting_top5"
                    and s.model == cell.model and not s.against]  # fmt: skip
        assert score.value == pytest.approx(sum(hits) / len(hits)) and score.n == len(lines)


def test_each_variety_is_told_apart() -> None:
    table = pa.table(
        {
            "item": list("abcd"), "document": list("abcd"),
            "variety": ["gulf", "gulf", "msa", "msa"],
            "top1": [0.0, 1.0, 0.0, 0.0], "top5": [1.0, 1.0, 0.0, 1.0],
        }
    )  # fmt: skip
    _, found = measures("cloze", table)
    values = {name: float(m.value(m.counts.sum(0))) for name, m in found.items()}
    assert values == {
        "fitting_top5": 0.75, "fitting_top1": 0.25, "fitting_top5_gulf": 1.0,
        "fitting_top5_msa": 0.5,
    }  # fmt: skip
    assert named("fitting_top5_gulf") == "fitting word in top-5, gulf"


def test_a_sentence_too_long_for_a_model_is_named(models: dict[str, str]) -> None:
    long = cloze.Sentence("1", "[MASK] " + "ألم شديد في الصدر " * 200, ("ألم",), "msa")
    with pytest.raises(StageError, match="too_long"):
        cloze.answers(checkpoints.load(models["base"]), [long])
