from __future__ import annotations

import pytest

from viobert import text


def words(line: str) -> list[str]:
    return [line[a:b] for a, b in text.words(line)]


def test_words_carry_their_clitics_and_harakat_and_no_punctuation() -> None:
    assert words("يُعاني مُحَمَّدٌ، وبالعلاجِ المناسبِ؛ يتحسّن؟") == [
        "يُعاني",
        "مُحَمَّدٌ",
        "وبالعلاجِ",
        "المناسبِ",
        "يتحسّن",
    ]
    assert words("ضغطه 120/80 (metformin 500mg)") == ["ضغطه", "120", "80", "metformin", "500mg"]
    assert words("٣٨٫٥ درجة") == ["٣٨", "٥", "درجة"]
    assert words("مـــرض ـــ و ـه") == ["مـــرض", "و", "ـه"]
    assert words("را\u0654س") == ["را\u0654س"]
    assert words(" … !؟ ") == []


def test_marks_go_hamza_and_madda_stay() -> None:
    assert text.strip_marks("آلامُ الرَّأْسِ مـــؤلمةٌ") == "آلام الرأس مؤلمة"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("آلام", "الام", True), ("مُؤلم", "مولم", True), ("رئة", "رية", True),
        ("مـرض", "مرض", True), ("Metformin", "metformin", True), ("ﻻ", "لا", True),
        ("مدرسة", "مدرسه", False), ("على", "علي", False), ("٥", "5", False),
    ],
)  # fmt: skip
def test_the_matching_key(one: str, other: str, same: bool) -> None:
    assert (text.key(one) == text.key(other)) is same


@pytest.mark.parametrize(
    ("line", "there"),
    [("ألم", True), ("5 ؟، ٥ mg", False), ("", False), ("ﻻ", True), ("\u064e", False)],
)
def test_arabic_letters(line: str, there: bool) -> None:
    assert text.has_arabic(line) is there


def test_isolates_wrap_and_close() -> None:
    assert text.ltr("-0.42") == "\u2066-0.42\u2069"
    assert text.rtl("اكتب [MASK]") == "\u2067اكتب [MASK]\u2069"
