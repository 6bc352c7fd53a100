from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from viobert import pii
from viobert.pii.measure import measure, wilson
from viobert.pii.phones import REGIONS

LABELLED = Path(__file__).parents[1] / "data" / "pii.jsonl"
HARD = LABELLED.with_name("names.jsonl")
SCRIPTS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹")


def found(text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in pii.find(text)]


def in_scripts(text: str) -> list[str]:
    return [text.translate(str.maketrans(SCRIPTS[0], script)) for script in SCRIPTS]


@pytest.mark.parametrize(
    ("text", "type_", "shown"),
    [
        ("راسليني علىnada.f@example.orgوشكرا", "EMAIL", "nada.f@example.org"),
        ("بريدي (Omar.T+x@clinic.example).", "EMAIL", "Omar.T+x@clinic.example"),
        ("اكتبي لي huda1990 @ gmail . com اليوم", "EMAIL", "huda1990 @ gmail . com"),
        ("تابعوا@noor_skin9 عن البشرة", "HANDLE", "@noor_skin9"),
        ("حسابي على انستقرام: lana.diet", "HANDLE", "lana.diet"),
        ("شوف سناب دكتورتنا", "", ""),
        ("صفحته وwww.facebook.com/some.person1.", "URL", "www.facebook.com/some.person1"),
        ("رابط https://t.me/kidney_group، والسلام", "URL", "https://t.me/kidney_group"),
        ("راجع https://www.who.int/ar/news وموقع netflix.com/title", "", ""),
        ("يوتيوب youtube.com/watch?v=abc", "URL", "youtube.com/watch?v=abc"),
    ],
)
def test_addresses_and_handles(text: str, type_: str, shown: str) -> None:
    assert found(text) == ([(type_, shown)] if type_ else [])


@pytest.mark.parametrize("region", REGIONS)
def test_numbers_of_every_arab_country_are_found_in_three_scripts(region: str) -> None:
    mobile = phonenumbers.PhoneNumberType.MOBILE
    number = phonenumbers.example_number_for_type(region, mobile)
    assert number is not None
    shapes = phonenumbers.PhoneNumberFormat
    international = phonenumbers.format_number(number, shapes.INTERNATIONAL)
    national = phonenumbers.format_number(number, shapes.NATIONAL)
    for written in (international, "00" + international[1:].replace(" ", "-"), national):
        for shown in in_scripts(written):
            assert found(f"جوالي{shown}، وشكرا") == [("PHONE", shown)]


@pytest.mark.parametrize(
    "line",
    [
        "اتصل بنا 05 51 23 45 67 بعد العصر",
        "الرقم (055) 123-4567 للعيادة",
        "للحجز +966 (0) 551234567",
    ],
)
def test_phones_in_groups_and_brackets(line: str) -> None:
    for text in in_scripts(line):
        assert [type_ for type_, _ in found(text)] == ["PHONE"]


@pytest.mark.parametrize(
    ("cue", "number"),
    [
        ("الرقم القومي ", "29001011234564"),
        ("", "29001011234564"),
        ("رقم الهوية: ", "1012345672"),
        ("هويتي", "784-1990-1234567-6"),
        ("الرقم الوطني لأمي ", "9801234567"),
    ],
)
def test_national_ids(cue: str, number: str) -> None:
    for shown in in_scripts(number):
        assert found(f"{cue}{shown}، السكر 210") == [("NATIONAL_ID", shown)]


def test_an_id_without_a_cue_needs_a_form_that_leaves_no_doubt() -> None:
    assert found("عدد القراءات 1012345672 قراءة و12345678901234 أخرى") == []
    assert found("29013011234564") == []  # thirteenth month


@pytest.mark.parametrize(
    ("text", "type_", "shown"),
    [
        ("الآيبانSA0380000000608010167519قبل الغد", "IBAN", "SA0380000000608010167519"),
        ("على KW81 CBKU 0000 0000 0000 1234 5601 01 رجاء", "IBAN", ""),
        ("ادفع 4111-1111-1111-1111 الآن", "CARD", "4111-1111-1111-1111"),
        ("بطاقة ٥٥٥٥٥٥٥٥٥٥٥٥٤٤٤٤", "CARD", "٥٥٥٥٥٥٥٥٥٥٥٥٤٤٤٤"),
        ("رقم الملف: A-20341 والوزن 81", "RECORD", "A-20341"),
        ("MRN 882-1290، السكر 210", "RECORD", "882-1290"),
        ("جواز سفر رقم P0486213", "RECORD", "P0486213"),
        ("السجل رقم 55-18-4471، شكرا", "RECORD", "55-18-4471"),
        ("رقم الملف 61-2093", "RECORD", "61-2093"),
        ("ميزانية البرنامج الوطني 41500000000 دينار", "", ""),
        ("العينة رقم 3 من 12", "", ""),
        ("الباركود 4111111111111112", "", ""),
    ],
)
def test_codes(text: str, type_: str, shown: str) -> None:
    spans = found(text)
    assert [one for one, _ in spans] == ([type_] if type_ else [])
    if shown:
        assert spans[0][1] == shown


@pytest.mark.parametrize(
    "line",
    [
        "الضغط 120/80 والسكر 210 والكوليسترول 5.2",
        "موعدي 12/05/2021 الساعة 10:30 وفي 2019-2021",
        "التشخيص J45.0 والجرعة 500 ملغ كل 8 ساعات 3 أيام",
        "بلغ عددهم 1.250.000 نسمة أو 1250000 تقريبا، ISBN 0-521-52290-0",
        "هاتف العيادة مشغول منذ 3 أيام، وجوالي معطل",
    ],
)
def test_medicine_is_full_of_numbers_that_stay(line: str) -> None:
    for text in in_scripts(line):
        assert found(text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("راجعت د. سوسن الكيلاني أمس", ["سوسن الكيلاني"]),
        ("الدكتورة الصيدلانية رُبى عبد الكريم: خذ القرص", ["رُبى عبد الكريم"]),
        ("قال الدكتور أحـــمد أبو زهرة لا تقلق", ["أحـــمد أبو زهرة"]),
        ("اسمي جمانة وعمري 30", ["جمانة"]),
        ("ولدي عبدالإله عمره سنتين", ["عبدالإله"]),
        ("المريضان باسل وسهى بخير، والدواء لباسل", ["باسل", "سهى", "باسل"]),
        ("خويا نور الدين طاح", ["نور الدين"]),
        ("دكتور Karim El Masry حولني", ["Karim El Masry"]),
        ("الدكتورة أمل قالت اصبري", ["أمل"]),
        ("انتهى الجواب.\nالدكتور نديم الساحلي", ["نديم الساحلي"]),
        ("راني صليحة من وهران، عندي السكر", ["صليحة"]),
        ("اسمي ميران شديد وعمري 40 سنة", ["ميران شديد"]),
        ("الأستاذ مولود بوجلال عندو النقرس", ["مولود بوجلال"]),
        ("راجعت الدكتور زمهران الكويفي، والنتيجة سليمة", ["زمهران الكويفي"]),
        ("علاج الطفلة وضحة المطيري مستمر", ["وضحة المطيري"]),
        ("المرحومة شيما با مطرف توفيت بجلطة", ["شيما با مطرف"]),
    ],
)
def test_names_behind_a_cue(text: str, names: list[str]) -> None:
    assert found(text) == [("NAME", name) for name in names]


@pytest.mark.parametrize(
    "text",
    [
        "المريض يعاني من صداع",
        "قال لي الدكتور أوقف الدواء",
        "المريض سعيد بالنتيجة",
        "راجعت دكتورة نساء وولادة",
        "وصف لي الدكتور بنادول",
        "الدكتورة أمل في الشفاء",
        "طفل لديه متلازمة داون ومرض باركنسون",
        "معك حق، والسيد المدير قال انتظر",
        "فيتامين د محمد الله ناقص",
        "الطفل أشرف على الجفاف",
        "اسمها حساسية القمح، ودواء اسمه ياسمين",
        "شارع الدكتور محمد الصالح",
        "الطفل سليم البنية والطفلة جميلة النطق",
        "يا دكتور جمال البشرة راح بعد الكورتيزون",
        "كان الطفل وليد 30 أسبوعا",
        "دكتور اسمه مشهور جدا في الحي",
        "قرأت بحجة انقطاع الدواء، والدكتور قلّي اصبر",
        "مشكلتي اني انسى الموعد",
    ],
)
def test_what_only_looks_like_a_name_stays(text: str) -> None:
    assert found(text) == []


def test_offsets_hold_where_marks_and_invisible_characters_stand_between() -> None:
    text = "قالَ الدُّكتورُ مُحَمَّدٌ: هاتفي \u200e٠٥٥\u200f١٢٣٤٥٦٧\u200e"
    assert found(text) == [("NAME", "مُحَمَّدٌ"), ("PHONE", "٠٥٥\u200f١٢٣٤٥٦٧")]


def test_words_stay_words_around_a_placeholder() -> None:
    text = "راسلنا علىmona.k@example.comوشكرا، أو 0551234567."
    shown, spans = pii.replace(text)
    assert shown == "راسلنا على [بريد] وشكرا، أو [هاتف]."
    assert [span.type for span in spans] == ["EMAIL", "PHONE"]
    assert pii.replace("لا شيء هنا") == ("لا شيء هنا", [])


def test_placeholders_are_never_found_and_leave_no_trace_of_their_type() -> None:
    shown = list(pii.PLACEHOLDERS.values())
    assert set(pii.PLACEHOLDERS) == set(pii.TYPES) and len(set(shown)) == len(pii.TYPES)
    assert found(" ".join(shown)) == []
    assert found("الدكتور [اسم] أحمد و[هاتف] 12345678 و[سجل] 4521") == []


FRAGMENTS = """
الدكتور د. اسمي ابني محمد أمل سعيد الحربي و سلمى ليلى علي على جوالي رقم هوية ملف 0551234567
٠٥٥١٢٣٤٥٦٧ 12345678 1012345672 29001011234564 a.b@example.org @lo_la t.me/abc سناب lana.d : ، .
[اسم] [هاتف] [ ] مُحَمَّد ـــ يعاني من رقم 4521 ( ) - / + SA0380000000608010167519
"""
PIECES = st.sampled_from([*FRAGMENTS.split(), "\u200f", "\n"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(PIECES, st.sampled_from(["", " "])), max_size=14))
def test_nothing_is_found_in_what_was_replaced(parts: list[tuple[str, str]]) -> None:
    text = "".join(word + blank for word, blank in parts)
    shown, spans = pii.replace(text)
    assert pii.replace(shown) == (shown, [])
    ends = [0, *(span.end for span in spans)]
    assert all(a <= s.start < s.end <= len(text) for a, s in zip(ends, spans, strict=False))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text_at_all_is_taken(text: str) -> None:
    shown, _ = pii.replace(text)
    assert pii.find(shown) == []


def test_measuring_counts_by_hand() -> None:
    item = {
        "text": "جوالي 0551234567 وأعاني من صداع، وابني اسمه قيس",
        "spans": [
            {"start": 6, "end": 16, "type": "PHONE"},
            {"start": 24, "end": 31, "type": "NAME"},
        ],
    }
    rows = measure([item])
    phone, name, every = rows["PHONE"], rows["NAME"], rows["all"]
    assert (phone.spans, phone.found, phone.recall, phone.precision) == (1, 1, 1.0, 1.0)
    assert (name.spans, name.found, name.recall, name.precision) == (1, 1, 0.0, 0.0)
    assert (every.spans, every.covered, every.exact, every.precision) == (2, 1, 1, 0.5)
    assert math.isnan(measure([])["all"].recall)
    assert wilson(0, 0) == (0.0, 1.0)
    by_scipy = binomtest(8, 10).proportion_ci(method="wilson")
    assert wilson(8, 10) == pytest.approx((by_scipy.low, by_scipy.high), abs=1e-6)


#: Recall and precision that every type reaches, and all together.
AIM = (0.98, 0.97)
#: Floors of the part that the rules' author did not see, by type; ``AIM`` for those not named.
BLIND: dict[str, tuple[float, float]] = {
    "all": (0.91, 0.95),
    "HANDLE": (0.94, 0.97),
    "NAME": (0.85, 0.91),
    "RECORD": (0.94, 0.97),
    "URL": (0.97, 0.97),
}


@pytest.mark.parametrize(("part", "floors"), [("dev", {}), ("test", BLIND)])
def test_the_labelled_set(part: str, floors: dict[str, tuple[float, float]]) -> None:
    lines = LABELLED.read_text(encoding="utf-8").splitlines()
    items = [item for item in map(json.loads, lines) if item["part"] == part]
    rows = measure(items)
    assert set(rows) == {*pii.TYPES, "all"}
    low = {}
    for type_, row in rows.items():
        recall, precision = floors.get(type_, AIM)
        if row.recall < recall or row.precision < precision:
            low[type_] = (round(row.recall, 3), round(row.precision, 3))
    assert not low


def test_the_hard_names() -> None:
    """Far from ``AIM``, and known: the floors tell when it gets worse, the ceilings when it gets
    better than the figures that README and log give."""
    items = [json.loads(line) for line in HARD.read_text(encoding="utf-8").splitlines()]
    texts = {item["text"] for item in items}
    assert len(texts) == len({item["id"] for item in items}) == len(items) == 1573
    assert not texts & {json.loads(line)["text"] for line in LABELLED.open(encoding="utf-8")}
    for item in items:
        ends = [0, *(span["end"] for span in item["spans"])]
        starts = [*(span["start"] for span in item["spans"]), len(item["text"])]
        assert all(end <= start for end, start in zip(ends, starts, strict=True))
        shown = [item["text"][s["start"] : s["end"]] for s in item["spans"]]
        assert all(name == name.strip() != "" for name in shown)
    names = measure(items)["NAME"]
    assert names.spans == 1172
    assert 0.60 <= names.recall < 0.63 and 0.79 <= names.precision < 0.82


def test_it_needs_no_heavy_library() -> None:
    code = "import sys, viobert.pii; print(*{'torch', 'numpy', 'train'} & {*sys.modules})"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.strip() == ""
