"""Sentences with one hidden word: read, answered, and counted."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.train.conftest import ROOT
from tests.train.corpus.test_health_texts import runs_of
from tests.train.evaluate.making import context, small_run, write_rows
from train.evaluate import cloze, grid
from train.evaluate.axes import Cell, Context, Found, Subject, registry
from train.evaluate.compare import scores as compared
from train.evaluate.measures import measures
from train.evaluate.outcomes import Store
from train.evaluate.split import text_id
from train.files import StageError
from train.recipe import load
from viobert import checkpoints
from viobert.fill_mask import FillMask, Prediction
from viobert.scores import Score, named
from viobert.text import key, words

FOLDER = ROOT / "assets" / "cloze"
DIALECTS = ("msa", "egyptian", "gulf", "levantine", "maghrebi")
GOOD = {"dialect": "msa", "text": "يعاني من [MASK] في الصدر", "accepted": ["ألم", "وجع"]}


def rows(part: str) -> list[dict[str, Any]]:
    lines = (FOLDER / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def shown(word: str, token: str = "") -> Prediction:
    return Prediction(word, token or word, 0.1, 1)


def test_the_shipped_sentences_are_whole_and_stand_once() -> None:
    parts = {part: cloze.read(FOLDER / f"{part}.jsonl") for part in ("dev", "test")}
    every = [sentence for part in parts.values() for sentence in part]
    assert len({sentence.id for sentence in every}) == len(every) > 300
    for sentence in every:
        rest = sentence.text.replace("[MASK]", " ")
        there = {key(rest[start:end]) for start, end in words(rest)}
        assert len(sentence.keys) == len(sentence.accepted) and not there & sentence.keys, sentence
    told = (FOLDER / "README.md").read_text(encoding="utf-8")
    for dialect in DIALECTS:
        counts = [sum(s.dialect == dialect for s in part) for part in parts.values()]
        assert f"| {counts[0]} | {counts[1]} |" in told and min(counts) > 15
    assert f"| together | {len(parts['dev'])} | {len(parts['test'])} |" in told
    recipe = load(ROOT / "train" / "recipes" / "mini-medical.yaml")
    assert recipe.what.evaluation.cloze
    used = recipe.resolve(recipe.what.evaluation.cloze.test)
    assert used.resolve() == FOLDER / "test.jsonl"


@pytest.mark.parametrize("part", ["dev", "test"])
def test_the_part_is_that_of_a_hash_of_the_sentence(part: str) -> None:
    found = rows(part)
    assert all(set(r) == {"id", "dialect", "specialty", "text", "accepted"} for r in found)
    for row in found:
        digest = int(hashlib.sha256(row["text"].encode()).hexdigest(), 16)
        assert ("dev" if digest % 10 < 4 else "test") == part


@pytest.mark.parametrize(("name", "count"), [("examples", 4), ("ner", 6)])
def test_no_sentence_is_near_an_example_or_one_with_entities(name: str, count: int) -> None:
    """Whatever fitting word is filled in; ``assets/health`` is compared beside its own test."""
    if name == "examples":
        whole = json.loads((ROOT / "assets" / "examples.json").read_text(encoding="utf-8"))
        others = [e["text"].replace("[MASK]", e["word"]) for e in whole]
    else:
        files = (ROOT / "assets" / "ner").glob("*.jsonl")
        others = [json.loads(line)["text"] for f in files for line in f.open(encoding="utf-8")]
    held = set[tuple[str, ...]]().union(*(runs_of(text, count) for text in others))
    for row in (*rows("dev"), *rows("test")):
        for word in row["accepted"]:
            assert not runs_of(row["text"].replace("[MASK]", word), count) & held, row["text"]


def test_a_word_fits_in_any_spelling_but_not_a_piece_of_one() -> None:
    sentence = cloze.Sentence("1", GOOD["text"], ("ألم", "وجع"), "msa")
    assert all(sentence.fits(shown(word)) for word in ("الم", "أَلَم", "وجع"))
    assert not sentence.fits(shown("ـألم", "##ألم")) and not sentence.fits(shown("ضيق"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": "يعاني من ألم"}, r"row 2: one \[MASK\] is needed, there are 0"),
        ({"text": "[MASK] و[MASK]"}, r"row 2: one \[MASK\] is needed, there are 2"),
        ({"text": "ألم في ____ و[MASK]"}, r"row 2: one \[MASK\] is needed, there are 2"),
        ({"text": "pain in [MASK]"}, "row 2: no sentence to fill: no_arabic$"),
        ({"accepted": []}, "row 2: accepted, a list of words"),
        ({"accepted": "ألم"}, "row 2: accepted, a list of words"),
        ({"accepted": ["ألم شديد"]}, "row 2: 'ألم شديد' is no single word"),
        ({"accepted": [" ألم"]}, "row 2: ' ألم' is no single word"),
        ({"accepted": [5]}, "row 2: 5 is no single word"),
        ({"dialect": ""}, "row 2: accepted, a list of words, and dialect"),
        ({}, "row 2: .* stands there twice"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    path = write_rows(tmp_path / "cloze.jsonl", [GOOD, {**GOOD, **changes}])
    with pytest.raises(StageError, match=said):
        cloze.read(path)


@pytest.mark.parametrize(
    ("text", "said"), [(None, "No such file"), ("", "empty"), ('{"text": ', "row 1")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "cloze.jsonl"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(StageError, match=f"cloze.jsonl.*{said}"):
        cloze.read(path)


def test_the_axis_counts_what_the_page_would_show(tmp_path: Path, models: dict[str, str]) -> None:
    """Sentences whose fitting word is the base's first answer, its third, and none of them."""
    fill, made = FillMask(models["base"]), list[dict[str, Any]]()
    for number, row in enumerate(rows("dev")[:9]):
        whole = [p.word for p in fill(row["text"], 60)[0]]
        five = [p.word for p in fill(row["text"])[0]]
        fitting = [w for w in whole if len(key(w)) > 1 and words(w) == [(0, len(w))]]
        inside = [w for w in fitting if w in five]
        wanted = inside[:1] if number % 2 and inside else fitting[-1:]
        made.append({**row, "accepted": wanted, "dialect": DIALECTS[number % 2]})
    run = small_run(tmp_path, cloze={"test": "own.jsonl", "name": "own"})
    write_rows(tmp_path / "own.jsonl", made)
    there, axis = context(run, models), registry()["cloze"]
    for cell, found in axis.compute(there, [c for c in grid.cells(there) if c.axis == "cloze"]):
        fill = FillMask(there.subject(cell).place)
        for row, own in zip(made, found.table.to_pylist(), strict=True):
            hits = [not p.continues and key(p.word) == key(row["accepted"][0])
                    for p in fill(row["text"])[0]]  # fmt: skip
            assert (own["top1"], own["top5"]) == (float(hits[0]), float(any(hits)))
            assert own["item"] == text_id(row["text"]) and own["dialect"] == row["dialect"]
        assert found.about["dataset"]["name"] == "own" and found.about["dataset"]["rows"] == 9
        if cell.model == "base":
            assert 0 < sum(found.table["top5"].to_pylist()) < 9


def test_the_grid_holds_the_axis(filled: tuple[Context, list[Score], list[str]]) -> None:
    made, scored, _ = filled
    path = made.run.recipe.path.parent / "cloze.jsonl"
    texts = {json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()}
    (first, second) = [c for c in grid.cells(made) if c.axis == "cloze"]
    items = Store(made).read(first).table["item"].to_pylist()
    assert set(items) == {text_id(text) for text in texts} and second.seed is None
    own = [s for s in scored if s.axis == "cloze"]
    assert {s.metric for s in own} == {
        "fitting_top5", "fitting_top1", *(f"fitting_top5_{name}" for name in DIALECTS)
    }  # fmt: skip
    for score in own:  # nobody looked for them in the corpus
        assert "contaminated" not in score.envelope and score.documents == score.n


def test_each_dialect_is_told_apart_by_its_own_sentences() -> None:
    """Two models that agree on every sentence of a dialect: of so few that says little."""
    sentences = [cloze.Sentence(str(i), "", ("ألم",), DIALECTS[i % 2]) for i in range(100)]

    def table(hits: int) -> Any:
        answers = [[shown("ألم" if i % 2 and i < hits else "ضيق")] * 5 for i in range(100)]
        return cloze.outcomes(sentences, answers)

    values = {
        n: float(m.value(m.counts.sum(0))) for n, m in measures("cloze", table(60))[1].items()
    }
    assert values == {
        "fitting_top5": 0.3, "fitting_top1": 0.3, "fitting_top5_msa": 0.0,
        "fitting_top5_egyptian": 0.6,
    }  # fmt: skip
    subjects = [Subject("base", "", "1"), Subject("adapted", "", "2")]
    cells = {
        Cell("cloze", "cloze", "all dialects", subject.name, None): Found(table(hits), {})
        for subject, hits in zip(subjects, (20, 60), strict=True)
    }
    (gain,) = [s for s in compared(cells, subjects, {}, 500)
               if s.against and s.metric == "fitting_top5_msa"]  # fmt: skip
    # Wilson's interval of 0 in 50, not in 100.
    assert gain.n == gain.documents == 50 and gain.high == pytest.approx(0.0713, abs=1e-3)
    assert named("fitting_top5_gulf") == "fitting word in top-5, gulf"


def test_what_a_model_can_reach_is_by_its_whole_pieces(models: dict[str, str]) -> None:
    checkpoint = checkpoints.load(models["base"])
    pieces = sorted(p for p in checkpoint.tokenizer.get_vocab() if "أ" in p and p[0] != "#")
    bare = pieces[-1].replace("أ", "ا")  # spelt otherwise than in the vocabulary
    strange = "قسطنطينيتهما"
    found = [cloze.Sentence("1", "", (bare,), "msa"), cloze.Sentence("2", "", (strange,), "msa")]
    assert cloze.reachable(checkpoint, found) == 1


def test_a_sentence_too_long_for_a_model_is_named(models: dict[str, str]) -> None:
    long = cloze.Sentence("1", "[MASK] " + "ألم شديد في الصدر " * 200, ("ألم",), "msa")
    with pytest.raises(StageError, match="too_long"):
        cloze.answers(checkpoints.load(models["base"]), [long])


def test_nats_are_those_of_any_fitting_word() -> None:
    """By transformers' own pipeline, of the pieces that are such a word."""
    from transformers import pipeline

    model = checkpoints.load(str(checkpoints.EMBEDDED / "viobert-mini"))
    sentences = cloze.read(FOLDER / "dev.jsonl")[:12]
    pieces = cloze.fitting(model.tokenizer, sentences)
    found = cloze.nats(model.model, model.tokenizer, sentences)
    assert 3 < len(found) == sum(map(bool, pieces)) == cloze.reachable(model, sentences)
    fill: Any = pipeline("fill-mask", model=model.model, tokenizer=model.tokenizer)
    named = [(s, own) for s, own in zip(sentences, pieces, strict=True) if own]
    for (sentence, own), nats in zip(named, found, strict=True):
        words = model.tokenizer.convert_ids_to_tokens(own)
        assert {key(word) for word in words} <= sentence.keys
        said = fill(sentence.text, targets=words, top_k=len(words))
        assert math.exp(-nats) == pytest.approx(sum(one["score"] for one in said), rel=1e-4)
