"""The page's own HTML, texts, examples and endpoint, with real tiny models."""

from __future__ import annotations

import dataclasses
import importlib
import re
import threading
import time
from pathlib import Path
from typing import Any, get_args

import gradio as gr
import pytest

from viobert.checkpoints import Kind
from viobert.feedback.store import Feedback
from viobert.fill_mask import Prediction, Problem, ProblemKind, check
from viobert.ner import LABELS
from viobert.page import bars, marks, theme
from viobert.page.build import build, launch_options
from viobert.page.endpoint import endpoints
from viobert.page.examples import examples, of_dialect
from viobert.page.limits import Limits
from viobert.page.models import Models, Outcome, Surprised
from viobert.page.strings import ARABIC, ENGLISH, STRINGS, Strings
from viobert.surprise import WordSurprise
from viobert.text import has_arabic

SENTENCE = "المريض يعاني من [MASK] في الصدر"
HOSTILE = "<img src=x onerror=alert(1)>${alert(1)}{{x}}\"'`"


@pytest.fixture(scope="module")
def models(general: Path, medical: Path) -> Models:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIOBERT_BASE", str(general))
        patch.setenv("VIOBERT_MODEL", str(medical))
        patch.setenv("VIOBERT_OFFLINE", "1")
        loaded = Models()
        loaded.load()
    assert loaded.state == "ready"
    return loaded


def _prediction(word: str, probability: float, token: str | None = None) -> Prediction:
    return Prediction(word, token or word, probability, 1)


#: Texts that are Arabic on either page: examples of what to type.
ARABIC_ANYWAY = {"placeholder", "other_language"}
#: Keys whose Arabic and English are both Latin or neither: signs and codes.
ALIKE = {"csv", "sources"}


def _both(arabic: Any, english: Any, name: str = "") -> None:
    """Each text is there in both languages, and in its own."""
    assert type(arabic) is type(english), name
    if dataclasses.is_dataclass(arabic):
        for field in dataclasses.fields(arabic):
            _both(getattr(arabic, field.name), getattr(english, field.name), field.name)
    elif isinstance(arabic, dict):
        assert arabic.keys() == english.keys(), name
        for key in arabic:
            _both(arabic[key], english[key], name)
    elif isinstance(arabic, list | tuple):
        assert len(arabic) == len(english), name
        for left, right in zip(arabic, english, strict=True):
            _both(left, right, name)
    elif isinstance(arabic, str) and name not in ARABIC_ANYWAY | {"language", "direction"}:
        assert arabic.strip() and english.strip(), name
        assert has_arabic(arabic) or name in ALIKE, (name, arabic)
        assert not has_arabic(english), (name, english)


def test_both_languages_have_every_text() -> None:
    _both(ARABIC, ENGLISH)
    for strings in STRINGS.values():
        assert set(strings.reasons) == set(get_args(Kind))
        assert set(strings.problems) == {*get_args(ProblemKind), "loading", "failed"}
        assert set(strings.entities.labels) == set(LABELS)
        assert {row.dialect for row in examples()} == set(strings.dialects)
        assert {row.specialty for row in examples()} == set(strings.specialties)


def test_examples_cover_every_dialect_and_can_be_asked() -> None:
    assert len(examples()) >= 24
    assert len({row.id for row in examples()}) == len({row.text for row in examples()})
    assert all(row.text.count("[MASK]") == 1 and check(row.text) is None for row in examples())
    assert all(len(of_dialect(dialect)) >= 5 for dialect in ARABIC.dialects)


@pytest.mark.parametrize("strings", STRINGS.values(), ids=STRINGS)
def test_every_problem_is_worded_with_isolated_numbers(strings: Strings) -> None:
    for kind in get_args(ProblemKind):
        html = bars.notice(Outcome(problem=Problem(kind, 1234567, 512)), strings)
        assert 'role="alert"' in html and "{" not in html
        if kind.startswith("too_"):
            assert "\u2066512\u2069" in html
        if kind in ("too_many_masks", "too_long"):
            assert "\u20661,234,567\u2069" in html
    assert bars.notice(Outcome(), strings) == ""
    assert "\u2067" in bars.notice(Outcome(problem="loading"), ARABIC)


def test_panels_mark_what_both_models_expect(models: Models) -> None:
    general = [[_prediction("ألم", 0.5), _prediction("ضيق", 0.25), _prediction("ـات", 0.1, "##ات")]]
    medical = [[_prediction("الم", 0.25), _prediction("حرقة", 0.2), _prediction("ات", 0.1)]]
    first, second, legend = bars.panels(models, Outcome((general, medical)), ARABIC)
    assert ARABIC.common in legend and ARABIC.scale in legend
    marks = [re.findall(r'class="(common|own)"', panel) for panel in (first, second)]
    assert marks == [["common", "own", "own"], ["common", "own", "own"]]
    # One scale: half of the largest probability is half a bar, in either panel.
    widths = [re.findall(r"inline-size:([\d.]+)%", panel) for panel in (first, second)]
    assert widths == [["100.0", "50.0", "20.0"], ["50.0", "40.0", "20.0"]]
    assert '<bdi class="percent" dir="ltr">50.0%</bdi>' in first


def test_two_masks_get_a_numbered_block_each(models: Models) -> None:
    outcome = models.compare("عندي [MASK] في صدري و[MASK] من يومين")
    for panel in bars.panels(models, outcome, ARABIC)[:2]:
        assert panel.count("<ol>") == panel.count("<h3>") == 2
        assert panel.count("<li") == 10
    assert "<h3>" not in bars.panels(models, models.compare(SENTENCE), ARABIC)[0]


def test_nothing_is_drawn_unescaped(models: Models) -> None:
    masks = [[_prediction(HOSTILE, 0.5)]]
    html = "".join(bars.panels(models, Outcome((masks, masks)), ENGLISH))
    assert "<img" not in html and "&lt;img" in html


@pytest.mark.parametrize(
    ("probability", "shown"),
    [(1.0, "100.0%"), (0.4213, "42.1%"), (0.0006, "0.1%"), (0.0004, "<0.1%"), (0.0, "<0.1%")],
)
def test_percentages(probability: float, shown: str) -> None:
    assert bars.percent(probability) == shown


def test_chip_says_who_answers_and_why_not_another(
    general: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = Models()
    assert ARABIC.loading in bars.chip(models, ARABIC)
    assert models.compare(SENTENCE, patience=0).problem == "loading"
    monkeypatch.setenv("VIOBERT_OFFLINE", "1")
    monkeypatch.setenv("VIOBERT_BASE", str(general))
    monkeypatch.setenv("VIOBERT_MODEL", "/secret/place/gone<b>")
    monkeypatch.setattr("viobert.checkpoints.ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    models.load()
    chip = bars.chip(models, ENGLISH)
    assert ENGLISH.failed in chip and "Traceback" not in chip and "<b>" not in chip
    assert models.compare(SENTENCE).problem == "failed"


def test_models_load_while_the_page_waits(
    general: Path, medical: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIOBERT_BASE", str(general))
    monkeypatch.setenv("VIOBERT_MODEL", str(medical))
    models = Models()
    models.start()
    assert len(models.compare(SENTENCE).predictions) == 2


def test_endpoint_answers_in_plain_json(models: Models) -> None:
    told = endpoints(models, Limits(0))["fill_mask"]("عندي ___ في صدري و[ mask ]", 3)
    assert told["text"] == "عندي [MASK] في صدري و[MASK]"
    assert [m["role"] for m in told["models"]] == ["general", "medical"]
    for model in told["models"]:
        assert set(model) == {"role", "name", "revision", "source", "masks"}
        assert [len(mask) for mask in model["masks"]] == [3, 3]
        assert set(model["masks"][0][0]) == {"word", "token", "probability"}


@pytest.mark.parametrize(
    ("text", "k", "message"),
    [
        (SENTENCE, 0, "k must be"), (SENTENCE, 21, "k must be"), (SENTENCE, "5", "k must be"),
        (SENTENCE, None, "k must be"), (SENTENCE, True, "k must be"), (SENTENCE, 2.5, "k must be"),
        (None, 5, "text must be"), (7, 5, "text must be"), ([SENTENCE], 5, "text must be"),
        ({"text": SENTENCE}, 5, "text must be"), ("", 5, "Write a sentence"),
        ("بلا قناع", 5, "Put [MASK]"), ("قلب " * 60 + "[MASK]", 5, "limit is 48"),
    ],
)  # fmt: skip
def test_endpoint_refuses_in_one_line(
    models: Models, text: object, k: object, message: str
) -> None:
    with pytest.raises(gr.Error) as caught:
        endpoints(models, Limits(0))["fill_mask"](text, k)
    assert message in caught.value.message and "\n" not in caught.value.message
    assert not caught.value.print_exception


def test_a_megabyte_is_refused_at_once(models: Models) -> None:
    began = time.monotonic()
    outcome = models.compare("قلب [MASK] " * 100_000)
    assert isinstance(outcome.problem, Problem) and outcome.problem.kind == "too_many_characters"
    assert time.monotonic() - began < 0.2


def test_importing_the_app_starts_nothing() -> None:
    before = {thread.name for thread in threading.enumerate()}
    app = importlib.import_module("app")
    assert callable(app.build) and callable(app.main)
    assert "models" not in {thread.name for thread in threading.enumerate()} - before


def test_page_offers_its_endpoints_and_keeps_no_history(models: Models, tmp_path: Path) -> None:
    demo = build(models, Feedback(tmp_path))
    public = [f.api_name for f in demo.fns.values() if f.api_visibility == "public"]
    assert public == ["fill_mask", "surprise", "entities", "health"]
    options = launch_options()
    assert options["run_history"] is options["enable_monitoring"] is options["show_error"] is False
    css = theme.PlexArabic().stylesheet()["css"] or ""
    files = re.findall(r"file=([^']+)'", css)
    assert len(files) == 4 and all(Path(file).is_file() for file in files)
    assert "http" not in css


@pytest.mark.parametrize(("more", "said"), [(0.04, "same"), (-1.0, "calmer"), (1.0, "wilder")])
def test_a_difference_of_no_bits_is_none(models: Models, more: float, said: str) -> None:
    words = tuple([WordSurprise(0, 3, bits, 1)] for bits in (5.0, 5.0 + more))
    for strings in STRINGS.values():
        html = marks.surprise_rows(models, Surprised(words, text="ألم"), strings)
        begun = getattr(strings.surprise, said).partition("{")[0]
        assert html.count(bars.escape(begun)) == 1
