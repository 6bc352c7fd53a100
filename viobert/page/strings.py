"""Every text of the page, in Arabic and in English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from viobert.checkpoints import Kind, Role, Source

Language = Literal["ar", "en"]
TITLE = "vioBERT"


@dataclass(frozen=True)
class Strings:
    """One language. Fields in braces are filled with isolated numbers or names."""

    language: Language
    direction: Literal["rtl", "ltr"]
    tagline: str
    warning_title: str
    warning: str
    other_language: str
    sentence: str
    placeholder: str
    insert: str
    compare: str
    examples: str
    roles: dict[Role, str]
    waiting: str
    blank: str
    common: str
    scale: str
    continuation: str
    loading: str
    ready: str
    failed: str
    sources: dict[Source, str]
    unavailable: str
    reasons: dict[Kind, str]
    problems: dict[str, str]
    dialects: dict[str, str]
    specialties: dict[str, str]


ARABIC = Strings(
    language="ar",
    direction="rtl",
    tagline="اكتب جملة وأخفِ منها كلمة، وقارن ما يتوقعه نموذج عربي عام وما يتوقعه نموذج طبي.",
    warning_title="أداة بحثية لا جهاز طبي.",
    warning="لا تكتب بيانات مرضى حقيقيين، ولا تبنِ قرارًا علاجيًّا على ما تراه هنا.",
    other_language="English",
    sentence="الجملة",
    placeholder="مثال: المريض يعاني من [MASK] في الصدر",
    insert="أدرج [MASK]",
    compare="قارن",
    examples="أمثلة جاهزة",
    roles={"general": "نموذج عام", "medical": "نموذج طبي"},
    waiting="ضع [MASK] مكان الكلمة المخفية ثم اضغط «قارن».",
    blank="الفراغ {}",
    common="كلمة توقعها النموذجان معًا",
    scale="الأشرطة بمقياس واحد في اللوحتين",
    continuation="جزء من كلمة",
    loading="يجري تحميل النموذجين…",
    ready="النموذجان جاهزان",
    failed="لم يُحمَّل أي نموذج",
    sources={"hub": "من Hugging Face", "folder": "مجلد محلي", "embedded": "بديل صغير مضمَّن"},
    unavailable="تعذّر تحميل {}: {}",
    reasons={
        "missing": "لا مجلد بهذا الاسم أو لا ملف config.json فيه",
        "offline": "ليس على هذا الجهاز، والاتصال بـ Hugging Face موقوف",
        "unreachable": "ليس على هذا الجهاز، وتعذّر الوصول إلى Hugging Face",
        "not_found": "لا مستودع عامًّا بهذا الاسم في Hugging Face",
        "gated": "المستودع مقيَّد ولا إذن لهذا الجهاز",
        "unknown_revision": "لا نسخة بهذا الاسم في المستودع",
        "not_masked_lm": "ليس نموذج لغة مقنَّعًا",
        "no_tokenizer": "لا مُقطِّع يلائم النموذج",
        "no_mask_token": "مُقطِّعه بلا رمز قناع",
        "broken_weights": "تعذّرت قراءة أوزانه",
    },
    problems={
        "empty": "اكتب جملة أولًا.",
        "no_mask": "ضع [MASK] مكان الكلمة التي تريد إخفاءها؛ زر «أدرج [MASK]» يضعها عند المؤشر.",
        "too_many_masks": "في الجملة {found} من [MASK]، والحد {limit}.",
        "too_many_characters": "النص أطول من {limit} حرف. اختصره من فضلك.",
        "too_long": "النص {found} قطعة بتقطيع النموذج، والحد {limit}. اختصره من فضلك.",
        "no_arabic": "لا حرف عربيًّا في النص؛ النموذجان يعرفان العربية وحدها.",
        "loading": "ما زال تحميل النموذجين جاريًا. أعد المحاولة بعد قليل.",
        "failed": "لم يُحمَّل أي نموذج، فلا إجابة الآن.",
    },
    dialects={
        "msa": "فصحى",
        "egyptian": "مصرية",
        "gulf": "خليجية",
        "levantine": "شامية",
        "maghrebi": "مغاربية",
    },
    specialties={
        "cardiology": "القلب",
        "dentistry": "الأسنان",
        "dermatology": "الجلد",
        "ent": "الأنف والأذن والحنجرة",
        "endocrinology": "السكري والغدد",
        "gastroenterology": "الجهاز الهضمي",
        "infectious": "الأمراض المعدية",
        "nephrology": "الكلى",
        "neurology": "الأعصاب",
        "obstetrics": "الحمل والولادة",
        "ophthalmology": "العيون",
        "orthopedics": "العظام",
        "pediatrics": "الأطفال",
        "pulmonology": "الصدر والتنفس",
    },
)

ENGLISH = Strings(
    language="en",
    direction="ltr",
    tagline="Hide a word of an Arabic sentence, and compare what a general Arabic model "
    "and a medical one expect there.",
    warning_title="A research tool, not a medical device.",
    warning="Do not enter real patients’ data, and base no treatment on what you see here.",
    other_language="العربية",
    sentence="Sentence",
    placeholder="مثال: المريض يعاني من [MASK] في الصدر",
    insert="Insert [MASK]",
    compare="Compare",
    examples="Examples",
    roles={"general": "General model", "medical": "Medical model"},
    waiting="Put [MASK] in place of the hidden word, then press “Compare”.",
    blank="Blank {}",
    common="A word that both models expect",
    scale="Bars have one scale in both panels",
    continuation="part of a word",
    loading="The models are loading…",
    ready="Both models are ready",
    failed="No model could be loaded",
    sources={
        "hub": "from Hugging Face",
        "folder": "local folder",
        "embedded": "small embedded stand-in",
    },
    unavailable="{} could not be loaded: {}",
    reasons={
        "missing": "no such folder, or no config.json in it",
        "offline": "not on this machine, and Hugging Face is switched off",
        "unreachable": "not on this machine, and Hugging Face cannot be reached",
        "not_found": "Hugging Face knows no such public repository",
        "gated": "the repository is gated and this machine has no access",
        "unknown_revision": "the repository has no such revision",
        "not_masked_lm": "not a masked language model",
        "no_tokenizer": "no tokenizer that fits the model",
        "no_mask_token": "its tokenizer has no mask token",
        "broken_weights": "its weights cannot be read",
    },
    problems={
        "empty": "Write a sentence first.",
        "no_mask": "Put [MASK] where the hidden word stands; “Insert [MASK]” puts it at the caret.",
        "too_many_masks": "The sentence has {found} [MASK]s; the limit is {limit}.",
        "too_many_characters": "The text is longer than {limit} characters. Please shorten it.",
        "too_long": "The text has {found} word pieces; the limit is {limit}. Please shorten it.",
        "no_arabic": "The text has no Arabic letter; both models know Arabic only.",
        "loading": "The models are still loading. Please try again in a moment.",
        "failed": "No model could be loaded, so there is no answer now.",
    },
    dialects={
        "msa": "Standard",
        "egyptian": "Egyptian",
        "gulf": "Gulf",
        "levantine": "Levantine",
        "maghrebi": "Maghrebi",
    },
    specialties={
        "cardiology": "Heart",
        "dentistry": "Teeth",
        "dermatology": "Skin",
        "ent": "Ear, nose, throat",
        "endocrinology": "Diabetes, hormones",
        "gastroenterology": "Digestion",
        "infectious": "Infections",
        "nephrology": "Kidneys",
        "neurology": "Nerves",
        "obstetrics": "Pregnancy",
        "ophthalmology": "Eyes",
        "orthopedics": "Bones",
        "pediatrics": "Children",
        "pulmonology": "Lungs",
    },
)

STRINGS: dict[Language, Strings] = {"ar": ARABIC, "en": ENGLISH}
