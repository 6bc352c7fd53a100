"""The judge tab, the note box and the about page by their handlers, with tiny models."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import gradio as gr
import pytest

from viobert.feedback import Feedback, FeedbackError, Note, Vote, read
from viobert.feedback.report import MIN_VOTES
from viobert.feedback.screen import Kind
from viobert.feedback.store import Status
from viobert.page import bars
from viobert.page.about import about_html
from viobert.page.examples import examples, of_dialect
from viobert.page.judge import CHOICES, Judge, following
from viobert.page.limits import Limits
from viobert.page.models import Models, Outcome
from viobert.page.note import NoteBox
from viobert.page.strings import ARABIC, STRINGS, Language
from viobert.page.tab import Frame
from viobert.text import has_arabic, ltr

OWN = "عندي [MASK] في صدري"
PHONE = "0501234567"
ID = "0123456789abcdef"


class Asked:
    """A request as far as the limits look at it."""

    headers: dict[str, str] = {}
    client = None


REQUEST: Any = Asked()


@pytest.fixture(scope="module")
def models(general: Path, medical: Path) -> Models:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIOBERT_BASE", str(general))
        patch.setenv("VIOBERT_MODEL", str(medical))
        patch.setenv("VIOBERT_OFFLINE", "1")
        loaded = Models()
        loaded.load()
    return loaded


def _frame(models: Models, folder: Path, limits: Limits) -> Frame:
    demo = gr.Blocks()
    with demo:
        return Frame(demo, models, Feedback(folder), limits, gr.State("ar"), gr.State(None))


@pytest.fixture()
def judge(models: Models, tmp_path: Path) -> Judge:
    frame = _frame(models, tmp_path, Limits(0))
    tab = Judge(frame)
    with frame.demo:
        tab.lay_out(ARABIC)
        tab.connect()
    return tab


def _open(judge: Judge, text: str, language: Language = "ar") -> dict[str, Any]:
    names = ["round", "asked", "notice", "a", "b", *CHOICES, "another", "told"]
    return dict(zip(names, judge.open(text, language, None, REQUEST), strict=True))


def _vote(judge: Judge, name: Any, choice: Any = "A", /, **given: Any) -> dict[str, Any]:
    given = {
        "reasons": [], "specialty": None, "note": "", "consent": False, "judge": "",
        "language": "ar", "request": REQUEST,
    } | given  # fmt: skip
    names = [
        "judge", "round", "notice", "a", "b", *CHOICES, "another", "why", "note", "consent", "told"
    ]  # fmt: skip
    return dict(zip(names, judge.vote(choice, name, **given), strict=True))


def _stored(judge: Judge) -> list[Vote | Note]:
    return read(judge.frame.feedback.files())


def _only(judge: Judge) -> Vote:
    (vote,) = _stored(judge)
    assert isinstance(vote, Vote)
    return vote


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("choice", CHOICES)
def test_a_whole_round(judge: Judge, choice: str, language: Language) -> None:
    texts, example = STRINGS[language].judge, examples()[3]
    opened = _open(judge, example.text, language)
    assert opened["asked"] == opened["notice"] == "" and opened["A"].interactive is True
    for side in ("a", "b"):
        assert opened[side].count("<li") == 5 and "tiny" not in opened[side]
    done = _vote(
        judge, opened["round"], choice, reasons=["context", "medical"], specialty="cardiology",
        judge=ID, language=language,
    )  # fmt: skip
    assert texts.thanks in done["notice"] and done["round"] == "" and done["judge"] == ID
    assert "tiny-general" in done["notice"] and "tiny-medical" in done["notice"]
    assert [done[c].interactive for c in CHOICES] == [False] * 4 and done["another"].visible
    assert (done["why"], done["note"], done["consent"]) == ([], "", False)
    vote = _only(judge)
    assert (vote.example, vote.text, vote.note) == (example.id, None, None)
    assert (vote.judge, vote.specialty, vote.k) == (ID, "cardiology", 5)
    assert set(vote.reasons) == {"context", "medical"}
    expected = {"tie": "tie", "both_bad": "both_bad", vote.side: "medical"}
    assert vote.winner == expected.get(choice, "general")
    # What was on the medical side before the vote is named medical after it.
    shown = {"A": done["a"], "B": done["b"]}
    assert "tiny-medical" in shown[vote.side] and vote.models["medical"].startswith("tiny-medical@")
    assert "1" in done["told"] and str(MIN_VOTES) in done["told"]


def test_nothing_votes_twice_or_without_a_round(judge: Judge) -> None:
    for forged in ("", "forged", None, 7, ["x"], {"x": 1}):
        assert ARABIC.judge.errors["unknown"] in _vote(judge, forged)["notice"]
    name = _open(judge, examples()[0].text)["round"]
    assert ARABIC.judge.thanks in _vote(judge, name, "A")["notice"]
    again = _vote(judge, name, "B")
    assert ARABIC.judge.errors["used"] in again["notice"] and "tiny" not in str(again)
    assert _only(judge).example == examples()[0].id


def test_personal_data_in_a_note_keep_the_round_open(judge: Judge) -> None:
    name = _open(judge, examples()[0].text)["round"]
    for language in STRINGS:
        texts = STRINGS[language].judge
        given: dict[str, Any] = {"note": f"اتصل على {PHONE}", "language": language}
        assert texts.errors["no_consent"] in _vote(judge, name, **given)["notice"]
        refused = _vote(judge, name, consent=True, **given)
        assert texts.personal["PHONE"] in refused["notice"] and PHONE not in refused["notice"]
        assert refused["note"] == refused["round"] == gr.skip()  # to be mended, not typed anew
        long = _vote(judge, name, note="قلب " * 200, consent=True, language=language)
        assert texts.errors["too_long"] in long["notice"]
    assert _stored(judge) == []
    done = _vote(judge, name, note="الجرعة 500 ملغ", consent=True)
    assert ARABIC.judge.thanks in done["notice"] and _only(judge).note == "الجرعة 500 ملغ"


@pytest.mark.parametrize("consent", [True, False, "yes", 1, None])
def test_a_sentence_is_kept_with_consent_only(judge: Judge, consent: Any) -> None:
    _vote(judge, _open(judge, OWN)["round"], consent=consent)
    vote = _only(judge)
    assert vote.example is None and vote.text == (OWN if consent is True else None)


def test_a_personal_sentence_votes_without_its_text(judge: Judge) -> None:
    name = _open(judge, f"{OWN} {PHONE}")["round"]
    refused = _vote(judge, name, consent=True)["notice"]
    told = ARABIC.judge.sentence_errors["personal"].format(ARABIC.judge.personal["PHONE"])
    assert told in refused
    assert _stored(judge) == []
    assert ARABIC.judge.thanks in _vote(judge, name)["notice"]
    assert _only(judge).text is None


def test_identical_answers_open_no_round(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = judge.frame.models.compare(OWN)
    same = Outcome((outcome.predictions[0],) * 2, None, (), OWN, outcome.answering)
    monkeypatch.setattr(judge.frame.models, "compare", lambda *_, **__: same)
    for language, strings in STRINGS.items():
        opened = _open(judge, OWN, language)
        assert strings.judge.alike in opened["asked"] and opened["round"] == ""
        assert opened["A"].interactive is False and opened["another"].visible is True
        assert "<li" not in opened["a"] + opened["b"]


@pytest.mark.parametrize("text", ["", "بلا قناع", "heart [MASK]", "قلب " * 60 + "[MASK]", None])
def test_a_sentence_that_cannot_be_asked(judge: Judge, text: Any) -> None:
    opened = _open(judge, text)
    assert 'class="problem"' in opened["asked"] and opened["round"] == ""
    assert not opened["A"].interactive and not opened["another"].visible


def test_a_judge_s_number_is_the_server_s(judge: Judge) -> None:
    for forged in ("", None, 5, "x" * 16, ID.upper(), f"{ID}0", "<b>", ["a"], {"a": ID}):
        given = _vote(judge, "forged", judge=forged)["judge"]
        assert re.fullmatch("[0-9a-f]{16}", given) and given != forged
    assert _vote(judge, "forged", judge=ID)["judge"] == ID
    # With a random secret, as Gradio has it, each start of the server would forget all judges.
    assert judge.judge.secret == "viobert-judge" == judge.judge.storage_key


def test_codes_that_are_none_are_left_out(judge: Judge) -> None:
    name = _open(judge, examples()[0].text)["round"]
    _vote(judge, name, reasons=["medical", "x", {"a": 1}, "medical"], specialty=["cardiology"])
    vote = _only(judge)
    assert vote.reasons == ("medical",) and vote.specialty is None


def test_a_full_disk_loses_no_vote(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    name = _open(judge, examples()[0].text)["round"]

    def full(_: object) -> None:
        raise FeedbackError("disk", "the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(judge.frame.feedback, "add", full)
        assert ARABIC.judge.errors["disk"] in _vote(judge, name)["notice"]
    assert ARABIC.judge.thanks in _vote(judge, name)["notice"]


def test_a_win_rate_from_thirty_votes_on(judge: Judge) -> None:
    for number in range(MIN_VOTES):
        opened = _open(judge, examples()[number % 5].text)
        done = _vote(judge, opened["round"], "tie", judge=f"{number % 6:016x}")
        assert ("50%" in done["told"]) == (number == MIN_VOTES - 1)
    assert "\u2066[" in done["told"] and ARABIC.judge.no_difference in done["told"]


def test_one_judges_votes_have_a_share_and_no_interval(judge: Judge) -> None:
    for number in range(MIN_VOTES):
        done = _vote(
            judge, _open(judge, examples()[number % 5].text)["round"], "tie", judge="f" * 16
        )
    assert "50%" in done["told"] and ARABIC.judge.single in done["told"]
    assert "[" not in done["told"] and "95%" not in done["told"] and " ،" not in done["told"]


def test_the_lists_of_two_blanks_are_told_apart(judge: Judge) -> None:
    opened = _open(judge, "عندي [MASK] في [MASK]")
    assert all(f"<h3>{ARABIC.blank.format(ltr('2'))}</h3>" in opened[side] for side in "ab")


def test_too_many_calls_are_told_and_lose_nothing(models: Models, tmp_path: Path) -> None:
    frame = _frame(models, tmp_path, Limits(1))
    judge, note = Judge(frame), NoteBox(frame, gr.State("fill"))
    with frame.demo:
        judge.lay_out(ARABIC)
    name = _open(judge, examples()[0].text)["round"]
    assert name and ARABIC.busy in _vote(judge, name)["notice"]
    assert ARABIC.busy in _open(judge, OWN)["asked"]
    assert ARABIC.busy in note.take("نص", True, "fill", "ar", REQUEST)[0]
    assert judge.rounds.peek(name) is not None


def test_wording_keeps_an_open_round(judge: Judge) -> None:
    name = _open(judge, examples()[0].text)["round"]
    for strings in STRINGS.values():
        open_, closed = (judge.word(strings, "msa", n, None) for n in (name, ""))
        assert len(open_) == len(closed) == len(judge.worded)
        assert str(open_).count("<li") == 10 and str(closed).count("<li") == 0
        assert "tiny" not in str(open_)


def test_the_next_example_comes_round() -> None:
    rows = of_dialect("gulf")
    assert following("", "gulf") == following(rows[-1].text, "gulf") == rows[0].text
    assert following(rows[0].text, "gulf") == rows[1].text
    assert following(OWN, "no such dialect") == examples()[0].text


@pytest.mark.parametrize("language", ["ar", "en"])
def test_a_note_on_any_tab(models: Models, tmp_path: Path, language: Language) -> None:
    frame, texts = _frame(models, tmp_path, Limits(0)), STRINGS[language].note
    box = NoteBox(frame, gr.State("fill"))
    for text, consent, kind in (
        (" ", True, "empty"), (None, True, "empty"), ("نص", False, "no_consent"),
        ("نص", 1, "no_consent"), ("قلب " * 200, True, "too_long"),
    ):  # fmt: skip
        assert texts.errors[kind] in box.take(text, consent, "fill", language, REQUEST)[0]
    refused = box.take(f"هاتفي {PHONE}", True, "fill", language, REQUEST)
    assert STRINGS[language].judge.personal["PHONE"] in refused[0] and PHONE not in refused[0]
    assert refused[1:] == [gr.skip(), gr.skip()]
    told, text, consent = box.take("الخط صغير", True, "results", language, REQUEST)
    assert texts.thanks in told and (text, consent) == ("", False)
    (note,) = read(frame.feedback.files())
    assert isinstance(note, Note) and (note.tab, note.text) == ("results", "الخط صغير")


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_about_page_says_all_and_no_measured_figure(models: Models, language: Language) -> None:
    strings = STRINGS[language]
    html = about_html(strings, models)
    for anchor in ("what", "data", "measured", "limits", "privacy", "licences", "citation"):
        assert f'<section id="{anchor}">' in html
    for said in ("AraMed", "MentalQA", "TICO-19", "CITATION.cff", "Apache-2.0", "OFL", "CC0"):
        assert said in html, said
    assert bars.escape(strings.warning) in html and f'href="./?lang={language}"' in html
    texts = " ".join(p for _, paragraphs in strings.about.sections.values() for p in paragraphs)
    assert set(re.findall(r"(\d+) ?[%٪]", texts)) == {"95"}
    assert set(re.findall(r"\d+[.,]\d+", texts)) == {"2.0", "4.0"}  # of licences
    assert has_arabic(html) == (language == "ar")


def test_every_refusal_and_status_is_worded() -> None:
    kinds = set(get_args(Kind))
    for strings in STRINGS.values():
        assert set(strings.judge.errors) >= {*kinds - {"empty"}, "used", "expired", "unknown"}
        assert set(strings.judge.sentence_errors) == {"too_long", "personal"}
        assert set(strings.note.errors) == kinds
        assert set(strings.judge.status) == set(get_args(Status))
        assert tuple(strings.judge.choices) == CHOICES
