from __future__ import annotations

import json
from collections import Counter

import dill
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.corpus.boilerplate import boilerplate
from train.corpus.document import Document
from train.corpus.quality import Quality, tags, verdict
from train.recipe import Quality as Thresholds
from viobert.text import has_arabic, key, strip_marks, words

CONSULTATION = (
    "السلام عليكم، أعاني من ألمٍ في الصدر منذ ٣ أيام، وضغطي 150/95، وآخذ Concor 5 mg صباحًا.\n"
    "وعليكم السلام، هذا الضغط مرتفع؛ راجع طبيب القلب اليوم، ولا توقف الدواء من نفسك."
)
GOOD = [
    CONSULTATION,
    "خد metformin 500 mg بعد الأكل مرتين",
    "ضغطك 160/100 وسكرك 280 mg/dL وده عالي جدًا يا فندم",
    "HbA1c 7.2 % ، Hb 11.4 g/dL ، WBC 6.1 ×10⁹/L ، TSH 2.3 mIU/L : نتائج مقبولة مع فقر دم بسيط",
    "شو بعمل دكتورة، ابني عمرو سنتين وحرارتو ٣٩ ومو عم تنزل عالباراسيتامول 😢",
    "وش الحل يا دكتور؟ صار لي شهر أكح ولا نمت!!!",
    "هل القهوة تضر مريض الضغط؟\nهل القهوة تضر مريض الضغط؟ نعم إن زادت على ثلاثة فناجين.",
    "لا بأس باستخدام ملفات المريض القديمة، واقرأ أيضًا نشرة الدواء قبل البدء به وتواصل معنا",
]


@pytest.mark.parametrize("text", GOOD)
def test_good_medical_text_stays(text: str) -> None:
    assert verdict(tags(text), Thresholds()) == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("... 😂 !!!", "empty"),
        ("ألم شديد", "too short"),
        ("the patient has pain in the chest و ألم", "little Arabic"),
        ("1 2 3 4 5 6 7", "little Arabic"),
        ("ألم في الظهر\n" * 6 + "منذ أسبوع وما زال", "repeated lines"),
        ("راجع الطبيب فورًا راجع الطبيب فورًا راجع الطبيب فورًا يا أخي", "repetitive"),
        ("اشرب الماء كثيرًا كل يوم بعد الأكل. " * 12, "repeated phrase"),
        (" ".join(f"{'تناول الدواء بعد الأكل بنصف ساعة مع كوب ماء كبير ثم نم جيدا'} {i}"
                  for i in range(3) for _ in range(2)), "repetitive"),
        ("اشترك في القناة وفعّل الجرس ليصلك كل جديد", "boilerplate"),
        ("© 2021 جميع الحقوق محفوظة لموقع العيادة\nالصفحة الرئيسية | من نحن | اتصل بنا | الأقسام",
         "boilerplate"),
        ("أنا اليوم بخير الحمد لله " + "💙💚 " * 20, "symbols"),
        ("أنا اليوم بخير الحمد لله " + ". " * 40, "punctuation"),
        ("جدول القياس اليوم كان هكذا " + " ".join(str(1000 + 7 * i) for i in range(30)), "digits"),
        ("ا ل م ف ي ا ل ص د ر م ن ذ", "short words"),
        ("المريضيعانيمنألمشديد فيالصدرمنذيومينمع ضيقفيالتنفسوتعرق وغثيانوقيءمتكررين ويحتاجإلىتخطيط",
         "long words"),
    ],
)  # fmt: skip
def test_poor_text_goes_with_its_reason(text: str, reason: str) -> None:
    document = Document(id="a", text=text, source="s", licence="CC0-1.0", ref="r")
    step = dill.loads(dill.dumps(Quality(Thresholds())))
    step.apply(document)
    assert document.reason == reason
    assert document.metadata["quality"] == tags(text)


def test_every_threshold_of_the_recipe_cuts() -> None:
    off = {
        "min_words": 1, "min_arabic": 0, "max_repeated_lines": 1, "max_top_ngram": 1,
        "max_repeated_ngrams": 1, "max_boilerplate": 1, "max_symbols": 1, "max_punctuation": 1,
        "max_digits": 1, "min_mean_word": 0, "max_mean_word": 100,
    }  # fmt: skip
    assert set(off) == set(Thresholds.__dataclass_fields__)
    text = CONSULTATION + "\nتابعونا على تويتر 😂\n" + CONSULTATION
    found = tags(text)
    assert verdict(found, Thresholds(**off)) == ""  # type: ignore[arg-type]
    strict = {k: 1000 if k == "min_words" else 100 - v if k == "min_mean_word" else 1 - v
              for k, v in off.items()} | {"max_mean_word": 0.1}  # fmt: skip
    reasons = {k: verdict(found, Thresholds(**{**off, k: v})) for k, v in strict.items()}  # type: ignore[arg-type]
    assert all(reasons.values()) and len(set(reasons.values())) == len(off), reasons


def test_a_value_at_the_threshold_stays() -> None:
    twice = "ألم في الصدر مع ضيق نفس وتعرق بارد وغثيان شديد"
    found = tags(f"{twice} {twice}")
    assert found["repeated_5gram"] == found["repeated_10gram"] == 0.5
    assert verdict(found, Thresholds(max_top_ngram=1)) == ""
    assert verdict(tags("ألم في الصدر اليوم"), Thresholds(min_words=4)) == ""


VOCABULARY = ["ألم", "الألم", "صدر", "5", "mg", "مُزمِن", "د", "سكري", "لا"]


@settings(max_examples=150)
@given(st.lists(st.sampled_from(VOCABULARY), max_size=60))
def test_repetition_agrees_with_counting_in_plain_python(tokens: list[str]) -> None:
    found = tags(" ".join(tokens))
    plain = [key(token) for token in tokens]
    for n in range(2, 11):
        grams = [tuple(plain[i : i + n]) for i in range(len(plain) - n + 1)]
        if n < 5:
            most = max(Counter(grams).values(), default=0)
            expected = min(1, most * n / len(plain)) if most > 1 else 0
            assert found[f"top_{n}gram"] == pytest.approx(expected, abs=1e-4)
        else:
            held = {i + j for i, g in enumerate(grams) if g in grams[:i] for j in range(n)}
            share = len(held) / max(1, len(plain))
            assert found[f"repeated_{n}gram"] == pytest.approx(share, abs=1e-4)


@settings(max_examples=100)
@given(st.text("ابتلمَّـ abc٣7%<+#😂،.\n°", max_size=80))
def test_counts_agree_with_plain_python(text: str) -> None:
    found = tags(text)
    bare = [c for c in strip_marks(text) if not c.isspace()]
    letters = [c for c in bare if c.isalpha()]
    assert found["words"] == len(words(key(text)))
    assert found["arabic"] == round(sum(map(has_arabic, letters)) / max(1, len(letters)), 4)
    assert found["digits"] == round(sum(map(str.isdigit, bare)) / max(1, len(bare)), 4)
    assert found["symbols"] == round(sum(c in "#😂" for c in bare) / max(1, len(bare)), 4)
    length = len(letters) + sum(map(str.isdigit, bare))
    assert found["mean_word"] == round(length / max(1, found["words"]), 4)


@given(st.text())
def test_any_text_has_tags_that_json_holds(text: str) -> None:
    found = tags(text)
    assert json.loads(json.dumps(found)) == found
    assert all(0 <= v <= 1 for k, v in found.items() if k not in ("words", "mean_word"))


@pytest.mark.parametrize(
    ("line", "is_boilerplate"),
    [
        ("جميع الحُقوق محفوظة ٢٠٢٠", True),
        ("إقرأ أيضًا: فوائد الزنجبيل", True),
        ("الرئيسية » الصحة » القلب » الضغط", True),
        ("We use cookies to improve your experience.", True),
        ("من نحن", True),
        ("فمن نحن حتى نلومه", False),
        ("ما أقدر أكتب تعليق على نتيجة التحليل قبل ما أشوف الصورة", False),
        ("الضغط | السكر", False),
        ("انتبه يا أخي إلى أن سياسة الخصوصية في المشفى تمنع أن يعرض ملفك على زائر", False),
    ],
)  # fmt: skip
def test_boilerplate_is_told_from_prose(line: str, is_boilerplate: bool) -> None:
    assert boilerplate(line) == is_boilerplate


def test_boilerplate_is_a_share_of_the_text() -> None:
    prose = "الزكام يزول وحده خلال أسبوع، والراحة والسوائل تكفي في الغالب."
    line = "تابعونا على فيسبوك"
    assert boilerplate(f"{prose}\n{line}") == len(line) / (len(prose) + len(line))


def test_a_name_beside_its_abbreviation_is_no_repetition() -> None:
    text = "يرتبط المستقبل بالإنزيم المحول للأنجيوتنسين (الإنزيم المحول للأنجيوتنسين، ACE) في الرئة"
    document = Document(id="a", text=text, source="s", licence="CC0-1.0", ref="r")
    Quality(Thresholds()).apply(document)
    assert document.reason == ""
