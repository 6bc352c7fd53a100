from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.train.conftest import ROOT
from tests.train.evaluate.making import write_rows
from train.corpus.sources.errors import SourceError
from train.evaluate.sentences import read
from train.files import StageError
from viobert.ner import LABELS
from viobert.text import words

NER = ROOT / "assets" / "ner"


def entity(text: str, part: str, label: str) -> dict[str, Any]:
    return {"start": text.index(part), "end": text.index(part) + len(part), "label": label}


def test_entities_become_tags_of_whole_words(tmp_path: Path) -> None:
    text = "أتناول metformin 500 mg مرتين يومياً، وعندي صداعٌ وغثيان."
    found = [entity(text, "metformin", "DRUG"), entity(text, "500 mg مرتين يومياً", "DOSAGE"),
             entity(text, "صداعٌ", "SYMPTOM"), entity(text, "وغثيان", "SYMPTOM")]  # fmt: skip
    (sentence,) = read(write_rows(tmp_path / "s.jsonl", [{"text": text, "entities": found}]))
    assert sentence.tags == [
        "O", "B-DRUG", "B-DOSAGE", "I-DOSAGE", "I-DOSAGE", "I-DOSAGE", "O", "B-SYMPTOM",
        "B-SYMPTOM",
    ]  # fmt: skip
    assert [text[a:b] for a, b in sentence.spans][4:6] == ["مرتين", "يومياً"]
    assert sentence.without(["B-DRUG"]).tags[1] == "O"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": "صداع"}, "row 1: no column entities; it has text"),
        ({"text": "صداع شديد", "entities": [{"start": 0, "end": 3, "label": "S"}]},
         "row 1: S at 0–3 is not whole words"),
        ({"text": "صداع شديد", "entities": [{"start": 0, "label": "S"}]}, "needs start, end"),
        ({"text": "صداع شديد", "entities": [{"start": 0, "end": 4, "label": "S"},
                                            {"start": 0, "end": 9, "label": "D"}]},
         "row 1: D at 0–9 overlaps"),
    ],
)  # fmt: skip
def test_a_broken_row_is_named(row: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(StageError, match=said):
        read(write_rows(tmp_path / "s.jsonl", [row]))


def test_conll_is_read_with_strict_tags(tmp_path: Path) -> None:
    path = tmp_path / "s.conll"
    path.write_text("-DOCSTART- O\n\nعندي O\nارتفاع B-D\nضغط I-D\n\nلا O\n", encoding="utf-8")
    first, second = read(path)
    assert first.text == "عندي ارتفاع ضغط" and first.tags == ["O", "B-D", "I-D"]
    assert [first.text[a:b] for a, b in first.spans] == ["عندي", "ارتفاع", "ضغط"]
    assert second.tags == ["O"]
    path.write_text("عندي O\nضغط I-D\n", encoding="utf-8")
    assert read(path)[0].tags == ["O", "B-D"]  # as conlleval reads it
    path.write_text("عندي O\nضغط X-D\n", encoding="utf-8")
    with pytest.raises(StageError, match="sentence 1: X-D is no IOB2 tag"):
        read(path)
    path.write_text("عندي\n", encoding="utf-8")
    with pytest.raises(SourceError, match="row 1: not CoNLL"):
        read(path)
    with pytest.raises(StageError, match="no such file"):
        read(tmp_path / "none.jsonl")
    path.write_text("", encoding="utf-8")
    with pytest.raises(SourceError, match="the file is empty"):
        read(path)


DATA = Path(os.environ.get("VIOBERT_DATA", "") or "no-such-folder")


@pytest.mark.skipif(not DATA.is_dir(), reason="VIOBERT_DATA names no folder")
def test_a_real_conll_set_is_read() -> None:
    found = [s for part in ("train", "val", "test")
             for s in read(DATA / "tasks" / f"wojood_sample_{part}.txt")]  # fmt: skip
    assert len(found) == 1629
    assert {"B-PERS", "I-ORG"} <= {tag for s in found for tag in s.tags}


def shipped(part: str) -> list[dict[str, Any]]:
    lines = (NER / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_the_shipped_set_is_whole_and_varied() -> None:
    parts = {part: shipped(part) for part in ("train", "dev", "test")}
    assert {part: len(read(NER / f"{part}.jsonl")) for part in parts} == {
        "train": 450, "dev": 100, "test": 200
    }  # fmt: skip
    every = [row for rows in parts.values() for row in rows]
    assert len({row["id"] for row in every}) == len({row["text"] for row in every}) == 750
    for rows in parts.values():
        assert set(Counter(row["dialect"] for row in rows).values()) == {len(rows) // 5}
        labels = Counter(e["label"] for row in rows for e in row["entities"])
        assert set(labels) == set(LABELS) and min(labels.values()) >= 50
        assert any(not row["entities"] for row in rows)
    assert {row["kind"] for row in every} == {"patient", "clinician"}
    assert sum(row["text"].isascii() for row in every) == 0


def test_no_sentence_of_the_shipped_test_is_nearly_one_of_its_training() -> None:
    """No run of six words in common."""

    def runs(row: dict[str, Any]) -> set[tuple[str, ...]]:
        found = [row["text"][a:b] for a, b in words(row["text"])]
        return {tuple(found[i : i + 6]) for i in range(len(found) - 5)}

    learned = {run for part in ("train", "dev") for row in shipped(part) for run in runs(row)}
    assert not [row["id"] for row in shipped("test") if runs(row) & learned]


def test_the_shipped_set_holds_no_address_number_or_account() -> None:
    """Names are not looked at: a word that may be one («عمرو», his age) is in a few sentences."""
    from viobert.pii import find

    told = [(row["id"], row["text"][f.start : f.end])
            for part in ("train", "dev", "test") for row in shipped(part)
            for f in find(row["text"]) if f.type != "NAME"]  # fmt: skip
    assert not told
