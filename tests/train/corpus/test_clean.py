from __future__ import annotations

import html
import re
import unicodedata

import dill
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from train.corpus.clean import Clean, clean
from train.corpus.document import Document

KEPT = [
    "السُّكَّري ١٢٠/٨٠ و 500 mg",
    "ضغط < 90 و > 140",
    "ضغط <90 ونبض >100 و p<0.05 و a <b",
    "100000 وحدة و ١١١١١ وحدة",
    "مساحة ½ م² وتركيز ㎎ ودرجة ℃ وجرعة ٥ µg",
    "زلال ++++ في البول",
    "قِسْطَرَةٌ، ثُمَّ مُتَابَعَةٌ؟",
    "راسلوني على علىali@clinic-x.net الآن",
    "حسابي facebook.com/someone.x وأيضًا https://t.me/some_one و https://wa.me/201000000000",
    "تابع @dr_none على https://www.instagram.com/none.x/ أو https://x.com/none_x",
    "https://eg.linkedin.com/in/none-x و https://m.facebook.com/none.x و tiktok.com/@none.x",
    "R&D و AT&T و فيتامين B12 & D3",
    "حرارة 38.5 … ثم نزلت",
    "Na+ و Ca++ ونسبة 1:4 و 2^10 و <3",
]


@pytest.mark.parametrize("text", KEPT)
def test_what_carries_meaning_stays_letter_for_letter(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p>ألم&nbsp;في <b>الصدر</b></p>", "ألم في الصدر"),
        ("ال<b>صد</b>ر", "الصدر"),
        ("داء [[سكري|السكري]] و[[الضغط]]<ref name=x>مصدر</ref>", "داء السكري والضغط مصدر"),
        ("يوم [اسم] وفترة [5-10]", "يوم [اسم] وفترة [5-10]"),
        ("فقرة<br/>ثانية<BR>ثالثة", "فقرة\nثانية\nثالثة"),
        ('<a href="http://x.org/a?b=1&amp;c=2" class=q>دواء</a><span>آخر</span>', "دواء آخر"),
        ("ضغط &lt; 90 و &gt; 140 &amp; نبض", "ضغط < 90 و > 140 & نبض"),
        ("&amp;lt;p&amp;gt;ألم&amp;nbsp;شديد&amp;lt;/p&amp;gt;", "ألم شديد"),
        ("قبل<script>if (a < b) { go('</p>') }</script>بعد", "قبل بعد"),
        ("قبل <STYLE type='text/css'>p > a {color: red}</style > بعد", "قبل بعد"),
        ("قبل<!-- ملاحظة <b>خفية</b> --> بعد", "قبل بعد"),
        ("<!DOCTYPE html><html><body>نص</body></html>", "نص"),
        (
            "كريات 10<sup>9</sup>/L و 6×10<sup>-3</sup> و H<sub>2</sub>O",
            "كريات 10⁹/L و 6×10⁻³ و H2O",
        ),
        ("انظر https://x.org/a?b=1 للمزيد", "انظر للمزيد"),
        ("انظر (https://x.org/a_(b)?c=%D8%A7). ثم", "انظر . ثم"),
        ("http://x.org/مرض-السكري/علاج_النوع نص www.y.net/q؟ نعم", "نص ؟ نعم"),
        ("http://x.orgانظر هنا", "انظر هنا"),
        ("https://netflix.com/a و HTTPS://WWW.X.ORG/A", "و"),
        ("https://www.youtube.com/watch?v=a https://www.linkedin.com/company/x", ""),
        ("ألمممممم شديييييد جداً", "ألمم شدييد جداً"),
        ("ألم شـــــــــديد", "ألم شــديد"),
        ("لماذا؟؟؟؟؟ يا دكتور!!!!!!! ..... ====", "لماذا؟؟؟ يا دكتور!!! ... ==="),
        ("ا\u0653لام\u200f \u202bالرأس\u202c", "آلام الرأس"),
        ("سر\u200bطان\ufeff ال\u00adرئة\ufffd", "سرطان الرئة"),
        ("سطر  أول \n\n\n سطر\tثان ", "سطر أول\nسطر ثان"),
        ("أول\r\nثان\rثالث\u2028رابع\x0cخامس", "أول\nثان\nثالث\nرابع\nخامس"),
        ("نبض\x00 \x1b\uf0b7 80", "نبض 80"),
        ("ﻣﺮﺽ ﺍﻟﺴﻜﺮﻱ ﻭﺍﻷﻧﺴﻮﻟﻴﻦ", "مرض السكري والأنسولين"),
        ("ﻻ ﻷ ﷲ ﷼ ﬁbrosis", "لا لأ الله ریال fibrosis"),
        ("قالﷺاطلب", "قال صلى الله عليه وسلم اطلب"),
    ],
)
def test_noise_goes(before: str, after: str) -> None:
    assert clean(before) == after
    assert clean(after) == after


PIECES = [
    *"<>/&;!- \n\rabpاـًّ١9+._@()",
    *("&amp;", "&lt;", "&gt;", "&#x200f;", "&nbsp", "<b", "<p>", "</script>", "<script>", "<sup>"),
    *("<!--", "-->", "https://", "www.", "x.org", "facebook.com/", "\u200b", "\u0653", "\ufefb"),
    *("\ufdfa", "\ufe70", "\ufffd", "\u0301", "ةةةة", "؟؟؟؟", "سكري", "\u2028", "\U0001f600\ufe0f"),
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
@example("<b<b<b>>> &am\u200bp;lt;p&gt;")
@example("wwhttps://xw.y.z مم\u200bمم")
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once == once.strip() and "  " not in once and "\n\n" not in once


WORDS = st.text("ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإآؤئًٌٍَُِّْ٠١٢٣٤٥٦٧٨٩0123456789%/.,،؟<>+-mgL", min_size=1)


@given(st.lists(WORDS, min_size=1).map(" ".join))
def test_arabic_with_digits_units_and_harakat_passes_unchanged(text: str) -> None:
    shortened = re.sub(r"([^\d\s+])\1{3,}", lambda m: m[0][: 2 if m[1].isalpha() else 3],
                       unicodedata.normalize("NFC", text))  # fmt: skip
    assert clean(text) == shortened


@given(st.lists(WORDS, min_size=1).map(" ".join))
def test_an_escaped_text_cleans_as_the_text(text: str) -> None:
    assert clean(html.escape(text)) == clean(text)
    assert clean(html.escape(html.escape(text))) == clean(text)


@pytest.mark.parametrize(
    "text",
    [
        "<b " * 20_000,
        "<!-- " * 20_000 + "-->",
        "<script>" * 10_000,
        "&amp;" * 20_000,
        "&" + "amp;" * 20_000,
        "<b" * 10_000 + ">" * 10_000,
        "https://" * 10_000,
        "(" * 20_000 + "www.",
        "َ" * 20_000,
    ],
)
def test_hostile_text_ends_soon(text: str) -> None:
    import time

    start = time.process_time()
    clean(text)
    assert time.process_time() - start < 2


def test_the_step_cleans_text_and_title_and_survives_pickling() -> None:
    document = Document(
        id="a", text="<p>ألم</p>", title="ألم&nbsp;", source="s", licence="CC0-1.0", ref="r"
    )
    dropped = Document(
        id="b", text="<p>", source="s", licence="CC0-1.0", ref="r", reason="elsewhere"
    )
    step = dill.loads(dill.dumps(Clean()))
    assert list(step.run([document, dropped])) == [document, dropped]
    assert (document.text, document.title, dropped.text) == ("ألم", "ألم", "<p>")
