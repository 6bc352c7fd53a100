"""The health texts that the project wrote for training: in order, and no part of what they would
spoil."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests.train.conftest import RECIPES
from train.recipe import load
from viobert import pii
from viobert.checkpoints import ROOT

FILES = sorted((ROOT / "assets" / "health").glob("*/*.jsonl"))
KEYS = {"id", "source", "licence", "dialect", "specialty", "text"}


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for path in FILES for line in path.open(encoding="utf-8")]


def runs_of(text: str, count: int) -> set[tuple[str, ...]]:
    """Its runs of so many words, without marks."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    words = re.findall(r"\w+", bare.replace("ـ", ""))
    return {tuple(words[i : i + count]) for i in range(len(words) - count + 1)}


def test_every_text_is_complete_and_stands_once() -> None:
    found = rows()
    assert len({r["id"] for r in found}) == len({r["text"] for r in found}) == len(found) > 3000
    for path in FILES:
        for line in path.open(encoding="utf-8"):
            row = json.loads(line)
            assert row.keys() == KEYS and row["dialect"] == path.stem
            assert row["licence"] == "CC0-1.0"
            assert 20 <= len(row["text"].split()) <= 160, row["id"]


def test_no_text_holds_personal_data() -> None:
    found = [(r["id"], s) for r in rows() for s in pii.find(r["text"]) if s.type != "NAME"]
    assert not found


@pytest.mark.parametrize(("name", "count"), [("examples", 5), ("ner", 6), ("cloze", 6)])
def test_no_text_shares_a_run_of_words_with_what_is_shown_or_measured(
    name: str, count: int
) -> None:
    if name == "examples":
        whole = json.loads((ROOT / "assets" / "examples.json").read_text(encoding="utf-8"))
        others = [e["text"].replace("[MASK]", e["word"]) for e in whole]
    else:
        files = sorted((ROOT / "assets" / name).glob("*.jsonl"))
        found = [json.loads(line) for f in files for line in f.open(encoding="utf-8")]
        others = [
            r["text"].replace("[MASK]", word) for r in found for word in r.get("accepted", [""])
        ]
    held = set[tuple[str, ...]]().union(*(runs_of(text, count) for text in others))
    assert len(held) > 20
    assert not [r["id"] for r in rows() if runs_of(r["text"], count) & held]


def test_the_recipe_trains_on_them_and_measures_nothing_by_them() -> None:
    corpus = load(Path(RECIPES) / "mini-medical.yaml").what.corpus
    (source,) = (s for s in corpus.sources if "assets/health" in s.path)
    assert source.train_only
