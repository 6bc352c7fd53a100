"""What may become a record of feedback, and what is refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viobert.feedback import LIMIT, FeedbackError, Note, Vote, free_text, note
from viobert.feedback.records import from_line, to_line
from viobert.feedback.screen import clean, personal

VOTE = Vote(
    round="r-1", example="chest-pain", text=None, winner="medical", side="A",
    models={"general": "UBC-NLP/MARBERTv2@ab12", "medical": "متوسط vio@embedded"},
    judge="0123456789abcdef", specialty="internal_medicine", reasons=("dialect", "exact"),
    note=None, k=5, day="2026-12-01",
)  # fmt: skip
DIGITS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹")


def in_scripts(text: str) -> list[str]:
    return [text.translate(str.maketrans(DIGITS[0], script)) for script in DIGITS]


def refused(text: str) -> tuple[str, ...]:
    with pytest.raises(FeedbackError) as raised:
        free_text(text, consent=True)
    assert raised.value.kind == "personal" and "\n" not in str(raised.value)
    return raised.value.types


@pytest.mark.parametrize(
    "text",
    [
        "الضغط ١٢٠/٨٠ والنبض ٧٢، والسكر 210 mg/dL بعد الأكل",
        "ميتفورمين 500 مجم مرتين يوميًا لمدة ١٤ يومًا",
        "التشخيص E11.9 ثم I10، والهيموغلوبين السكري 7.2% ثم 6.8%",
        "كلمة «التهاب» أدق من «وجع» هنا، والثانية أشيع في لهجة الخليج",
        "متلازمة كوشينغ ومرض باركنسون ليسا سواء",
        "النموذج A أخطأ الجرعة: 0.5 مل لا 5 مل",
        "الصفائح 150,000 والكريات البيضاء 11.2",
        "می\u200cخواهم دارو را بدانم",
    ],
)
def test_medical_notes_are_kept_as_they_are(text: str) -> None:
    assert free_text(text, consent=True) == text


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("اتصلوا بي على 0551234567 بعد العصر", "PHONE"),
        ("جوالي+966 55 123 4567، وشكرا", "PHONE"),
        ("رقم الهوية: 1012345672", "NATIONAL_ID"),
        ("النتيجة 48213 907 سليمة", "DIGITS"),
        ("النتيجة \u200e48-21-39", "DIGITS"),
        ("الرمز 4\u200c8\u200c2\u200c1\u200c3\u200c9", "DIGITS"),
    ],
)
def test_numbers_of_persons_are_refused_in_every_script(text: str, type_: str) -> None:
    for written in in_scripts(text):
        assert type_ in refused(written)


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("راسليني علىnada.f@example.orgوشكرا", "EMAIL"),
        ("تابعوا@noor_skin9 عن البشرة", "HANDLE"),
        ("اسمي أحمد محمد العتيبي وأعاني من الصداع", "NAME"),
        ("د. خالد السبيعي وصف الدواء", "NAME"),
        ("رابط https://t.me/kidney_group", "URL"),
        ("الرقم ①②③④⑤⑥", "DIGITS"),
        # What direction marks and invisible characters hide from the search.
        ("na\u200bda.f@exam\u202eple.org", "EMAIL"),
        ("055\u200b123\u20664567", "PHONE"),
    ],
)
def test_other_personal_data_are_refused_and_named(text: str, type_: str) -> None:
    assert type_ in refused(text)


def test_five_digits_pass_and_six_do_not() -> None:
    for five, six in zip(in_scripts("العدد 4821 3"), in_scripts("العدد 4821 - 39"), strict=True):
        assert free_text(five, True) == five
        assert refused(six) == ("DIGITS",)


def test_controls_go_and_lines_become_one() -> None:
    assert free_text(" دواء\u202e\x00 جيد\r\n\tجدا\u2069\ud800 ", True) == "دواء جيد جدا"


def test_without_consent_or_words_nothing_is_kept() -> None:
    assert free_text("نص أعجبني", consent=False) is None
    assert free_text(None, True) is free_text(" \u200f\n", True) is None
    for text, consent, kind in [("رأي", False, "no_consent"), (" \u200f", True, "empty")]:
        with pytest.raises(FeedbackError) as raised:
            note("home", text, consent, "2026-12-01")
        assert raised.value.kind == kind
    assert note("home", " رأي ", True, "2026-12-01") == Note("home", "رأي", "2026-12-01", None)


@pytest.mark.parametrize("length", [LIMIT + 1, 10_000_000])
def test_long_text_is_refused_and_the_limit_is_not(length: int) -> None:
    assert free_text("ب" * LIMIT + "\n", True) == "ب" * LIMIT
    with pytest.raises(FeedbackError) as raised:
        free_text("ب" * length, True)
    assert raised.value.kind == "too_long"
    with pytest.raises(FeedbackError) as raised:
        dataclasses.replace(VOTE, note="ب" * length)
    assert raised.value.kind == "too_long"


@pytest.mark.parametrize(
    "changed",
    [
        {"round": ""}, {"round": "a b"}, {"round": 3}, {"example": "x" * 81},
        {"text": "جملة"}, {"winner": "A"}, {"winner": None}, {"side": "a"},
        {"models": {"general": "a@1"}}, {"models": {"general": "a@1", "medical": "b"}},
        {"models": {"general": "a@1", "medical": "b@1", "third": "c@1"}}, {"models": None},
        {"judge": "Dr Mona"}, {"judge": "192.168.1.1"}, {"specialty": "x" * 41},
        {"specialty": "طب القلب"}, {"reasons": ["exact"]}, {"reasons": ("x",) * 9},
        {"reasons": ("كلام",)}, {"note": ""}, {"note": "سطر\nثان"}, {"k": 0}, {"k": True},
        {"k": 5.0}, {"day": "2026-12-01T10:00"}, {"day": "2026-13-01"}, {"day": "٢٠٢٦-١٢-٠١"},
        {"day": None},
    ],
)  # fmt: skip
def test_fields_that_cannot_stand_are_refused_in_one_line(changed: dict[str, Any]) -> None:
    with pytest.raises(FeedbackError) as raised:
        dataclasses.replace(VOTE, **changed)
    assert raised.value.kind == "bad_field"
    assert next(iter(changed)) in str(raised.value) or "text" in changed
    assert "\n" not in str(raised.value)


def test_records_come_back_as_they_went() -> None:
    own = dataclasses.replace(VOTE, example=None, text="عندي [MASK] في صدري", specialty=None)
    remark = Note("about", "الأولى أدق — والثانية أشيع 🩺", "2026-12-01", "ab" * 8)
    for record in (VOTE, own, dataclasses.replace(VOTE, note="أدق", reasons=()), remark):
        line = to_line(record)
        assert line.endswith(b"\n") and line.count(b"\n") == 1
        assert from_line(line) == record
    assert hash(VOTE) == hash(from_line(to_line(VOTE)))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=60))
def test_whatever_is_kept_is_clean_and_survives_the_file(text: str) -> None:
    try:
        kept = free_text(text, True)
    except FeedbackError as error:
        assert error.kind == "personal"
        return
    if kept is not None:
        assert clean(kept) == kept and not personal(kept)
        record = Note("home", kept, "2026-12-01", None)
        assert from_line(to_line(record)) == record
