"""Sentences with one hidden word, and how many of them the pair fills."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.test_benchmarks import found_by
from viobert.checkpoints import ROOT
from viobert.fill_mask import MASK, Prediction, check, check_word
from viobert.text import key, words

VARIETIES = {"msa", "egyptian", "gulf", "levantine", "maghrebi"}


@pytest.fixture()
def cloze(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import cloze

    return cloze


def test_every_sentence_is_whole_and_stands_once(cloze: Any) -> None:
    parts = {part: cloze.items(part) for part in ("dev", "test")}
    every = [item for items in parts.values() for item in items]
    assert len({item["text"] for item in every}) == len(every) > 300
    for item in every:
        assert set(item) == {"variety", "field", "text", "accepted"}
        assert item["text"].count(MASK) == 1 and check(item["text"]) is None
        spans = words(item["text"].replace(MASK, " "))
        there = {key(item["text"].replace(MASK, " ")[start:end]) for start, end in spans}
        fitting = [key(word) for word in item["accepted"]]
        assert fitting and len(set(fitting)) == len(fitting) and not there & set(fitting)
        assert all(check_word(word) is None for word in item["accepted"]), item["accepted"]
    told = (cloze.SENTENCES / "README.md").read_text(encoding="utf-8")
    for items in parts.values():
        assert {item["variety"] for item in items} == VARIETIES
    assert f"| together | {len(parts['dev'])} | {len(parts['test'])} |" in told


def test_a_word_fits_in_any_spelling_but_not_a_piece_of_one(cloze: Any) -> None:
    item = {"text": "عندي [MASK] في صدري", "accepted": ["ألم", "وجع"]}

    def shown(word: str, token: str) -> Prediction:
        return Prediction(word, token, 0.1, 1)

    assert cloze.fits(item, shown("الم", "الم")) and cloze.fits(item, shown("أَلَم", "ألم"))
    assert not cloze.fits(item, shown("ـألم", "##ألم")) and not cloze.fits(
        item, shown("ضيق", "ضيق")
    )


def test_the_pair_is_compared_and_the_readme_tells_it() -> None:
    """The embedded pair itself, on the sentences that are for reporting."""
    (found,) = found_by("benchmarks/cloze.py")
    figures = found["figures"]
    model, base, gain = (figures[name] for name in ("model", "base", "difference"))
    assert figures["part"] == "test" and figures["sentences"] == 223
    assert gain["value"] == pytest.approx(model["value"] - base["value"], abs=0.0011)
    assert 0 < gain["low"] < gain["value"] < gain["high"] < 1
    hits = sum(int(re.match(r"\d+", figures[name])[0]) for name in VARIETIES)  # type: ignore[index]
    assert hits / 223 == pytest.approx(model["value"], abs=0.001)
    assert model["value"] <= figures["reachable"] / 223
    readme = " ".join(Path(ROOT / "README.md").read_text(encoding="utf-8").split())
    own, low, high = (f"{100 * value:.1f}" for value in model.values())
    assert (
        f"`viobert-mini` has a word that fits among its first five in {own} % [{low}, {high}], "
        f"`base-mini` in {100 * base['value']:.1f} %"
    ) in readme
