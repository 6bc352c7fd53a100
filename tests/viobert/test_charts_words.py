from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from viobert import charts
from viobert.checkpoints import ROOT
from viobert.naming import axis, gains, interval, metric, name, number, setting, unit
from viobert.page.strings.names import ARABIC, ENGLISH
from viobert.published import Published, PublishedError, told
from viobert.published import read as read_published
from viobert.scores import Score, read

SCORES = list(read(ROOT / "assets" / "scores.jsonl"))
FIGURES = read_published(ROOT / "assets" / "published.json")
ARABIC_LETTER = re.compile("[\u0621-\u064a]")
LATIN = re.compile("[A-Za-z]")


def texts(figure: Any) -> list[str]:
    """All that a reader of a figure can read, numbers of the axes left out."""
    shown = [a.text for a in figure.layout.annotations if a.text]
    for key in figure.layout:
        if key.startswith("yaxis"):
            shown += list(figure.layout[key].ticktext or ())
    for trace in figure.data:
        shown += [*([trace.name] if trace.name else []), *trace.y, *trace.text]
    return shown


def test_every_name_of_the_shipped_scores_has_words_in_both_languages() -> None:
    for words in (ARABIC, ENGLISH):
        for score in SCORES:
            assert score.axis in words.axes and score.task in words.tasks
            assert score.setting in words.settings
            assert "_" not in metric(score, words)
            assert words is ENGLISH or ARABIC_LETTER.search(metric(score, words))
        assert {s.verdict for s in gains(SCORES)} <= set(words.verdicts)
        assert {f.metric for f in FIGURES} <= set(words.published)


def test_arabic_names_have_no_latin_word() -> None:
    for score in SCORES:
        assert not LATIN.search(name(score, ARABIC) + axis(score, ARABIC) + setting(score, ARABIC))
        assert not LATIN.search(metric(score, ARABIC).replace("F1", ""))
        assert not LATIN.search(unit(score, ARABIC))


def test_no_two_settings_have_one_name() -> None:
    for words in (ARABIC, ENGLISH):
        names = [name(s, words) for s in gains(SCORES)]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("words", [ARABIC, ENGLISH])
def test_the_forest_is_drawn_in_words(words: Any) -> None:
    figure = charts.forest(SCORES, words)
    isolate = "\u2067" if words.direction == "rtl" else "\u2066"
    shown = texts(figure)
    assert shown
    for text in shown:
        for line in re.sub("</?b>", "", text).split("<br>"):
            assert line.startswith(isolate) and line.endswith("\u2069"), text
        if words is ARABIC:
            assert not LATIN.search(re.sub("<[^>]*>|F1", "", text)), text
    assert figure.layout.font.family.startswith("IBM Plex Sans Arabic")
    assert figure.layout.yaxis.side == ("right" if words is ARABIC else "left")
    assert figure.layout.xaxis.autorange != "reversed" and figure.layout.height > 300


def test_the_forest_holds_every_gain_and_its_interval() -> None:
    drawn = {}
    for trace in charts.forest(SCORES, ARABIC).data:
        for at, label in enumerate(trace.y):
            x, error = trace.x[at], trace.error_x
            drawn[label[1:-1]] = sorted((x - error.arrayminus[at], x, x + error.array[at]))
    for score in gains(SCORES):
        scale = 1 if score.better < 0 else 100
        ends = sorted(scale * score.better * v for v in (score.low, score.value, score.high))
        assert drawn[name(score, ARABIC)] == pytest.approx(ends)
    assert len(drawn) == len(gains(SCORES))


def test_without_words_the_forest_is_the_reports() -> None:
    figure = charts.forest(SCORES)
    assert {label for t in figure.data for label in t.y} == {name(s) for s in gains(SCORES)}
    assert [a.text for a in figure.layout.annotations] == [
        "Fewer nats a word", "Percentage points more"
    ]  # fmt: skip


def test_reported_figures_are_never_drawn_with_measured_ones() -> None:
    figure = charts.published(FIGURES, ARABIC)
    assert all(t.type == "bar" and t.marker.pattern.shape for t in figure.data)
    assert all(t.type == "scatter" for t in charts.forest(SCORES, ARABIC).data)
    # Percent and percentage points on axes of their own; a fall is drawn as its size.
    assert [list(t.x) for t in figure.data] == [[82.7], [15.6, 0.93, 1.62, 0.97, 0.62]]
    assert figure.data[0].xaxis != figure.data[1].xaxis
    assert figure.data[0].text == ("\u2066\u221282.7%\u2069",)
    assert all(t[0] == "\u2066" and t[-1] == "\u2069" for d in figure.data for t in d.text)
    assert all("المؤلفون" in a.text for a in figure.layout.annotations if a.text)


def test_numbers_bear_a_true_minus_and_no_signed_zero() -> None:
    fields: dict[str, Any] = {
        "axis": "ner", "task": "entities", "setting": "strict", "model": "m", "revision": "r",
        "seed": None, "metric": "f1", "value": -0.031, "low": -0.05, "high": -0.0001, "n": 1,
        "documents": 1, "against": "b@1",
    }  # fmt: skip
    score = Score(**fields)
    assert number(score, score.value) == "\u22123.1" and unit(score, ENGLISH) == "points"
    assert interval(score) == "[\u22125.0, 0.0]"
    assert number(Score(**{**fields, "metric": "nats_per_word"}), 0.25) == "+0.250"


def test_hostile_names_are_text_in_a_figure() -> None:
    scores = [s for s in gains(SCORES) if s.axis == "ner"]
    hostile = [Score(**{**vars(scores[0]), "setting": "<b>&x</b>", "axis": "ner"})]
    hostile.append(Score(**{**vars(scores[0]), "setting": "other"}))
    shown = " ".join(texts(charts.forest(hostile, ARABIC)))
    assert "&lt;b&gt;&amp;x" in shown and "<b>&x" not in shown


def test_published_figures_are_those_of_the_card() -> None:
    assert [(f.metric, told(f)) for f in FIGURES if f.model == "vioBERT-v3"] == [
        ("medical_perplexity", "\u221282.7%"), ("fill_mask_top5", "+15.6"), ("ner_f1", "+0.93"),
        ("f1_39_classes", "+1.62"), ("f1_5_classes", "+0.97"), ("mcq_accuracy", ""),
    ]  # fmt: skip
    assert all("no interval" in f.note for f in FIGURES[:5])
    assert [f.model for f in FIGURES if f.language == "English"] == ["BioBERT"]


@pytest.mark.parametrize(
    "change",
    [{"value": None}, {"value": "1"}, {"value": True}, {"unit": "parity"}, {"unit": "nats"},
     {"source": "javascript:alert(1)"}, {"metric": ""}, {"extra": 1}, {"value": float("nan")}],
)  # fmt: skip
def test_a_published_row_that_cannot_be_shown_is_named(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    path = tmp_path / "p.json"
    good = vars(Published("m", 1.0, "points", "a", "b", "Arabic", "https://x.org", "n"))
    path.write_text(json.dumps([good, {**good, **change}]), encoding="utf-8")
    with pytest.raises(PublishedError, match=r"p\.json, row 2: "):
        read_published(path)


@pytest.mark.parametrize("text", ["{", "{}", "[1]", "[{}]"])
def test_a_published_file_of_another_shape_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PublishedError, match=r"p\.json"):
        read_published(path)
