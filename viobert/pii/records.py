"""Numbers of files, patients, samples, policies and passports: the code behind its cue."""

from __future__ import annotations

import re
from collections.abc import Iterator

Found = tuple[int, int, str]

_OWN = r"(?:ي|ه|ها|و|نا|ك|كم|هم|تي|ته|تها|تك)?"
_PREFIX = r"(?:و|ف)?(?:ال|بال|لل|عال|هال|ب|ل)?"
_NUMBER = rf"(?:{_PREFIX}(?:رقم|نمر[هت]?|نومرو|رمز|كود){_OWN}|no|nr|number|num|id|code)"
# These hold a code by themselves: "ملفي 10455".
_SURE = (
    rf"ملف{_OWN}|دوسي(?:ه|ي|هي)?|ضوسي|جوازي?|جواز سفر{_OWN}|جواز السفر|جوازات|باسبور{_OWN}|"
    rf"باسبورت{_OWN}|باسبوراتنا|"
    rf"بوليص[هت]{_OWN}|بوليس[هت] (?:ال)?تامين|تذكر[هت]{_OWN}|تيك[ي]?ت|mrn|mr|uhid|hn|file|"
    rf"policy|passport|accession|ticket|case|sample"
)
# These only together with a word for "number".
_WITH_NUMBER = (
    rf"مريض(?:ه)?|مراجع(?:ه)?|نزيل|منوم|متبرع|قبول|انبوب|خزع[هت]|شريح[هت]|روشت[هت]|ضمان|لاكنام|"
    rf"دفتر|فيش[هت]|سجل{_OWN}|عين[هت]{_OWN}|حال[هت]{_OWN}|تامين{_OWN}|كار[تط](?:ه)?|كرت|"
    rf"بطاق[هت]{_OWN}|"
    rf"وثيق[هت]{_OWN}|عضوي[هت]{_OWN}|مشترك|اشتراك|منتفع|مومن(?: عليه)?|مطالب[هت]|احال[هت]|"
    rf"تحويل[هت]|معامل[هت]|"
    rf"بلاغ|استشار[هت]{_OWN}|شكو[يت]|شكوي|طبي|طبيه|صحي|صحيه|تاميني|تامينيه|قضيه|تقرير{_OWN}|"
    rf"كارني(?:ه)?{_OWN}|لاسورانس|اسورانس|زياره|دخول|تسجيل|مستشفي|شكاوي|عمليه|حجز{_OWN}|قيد|"
    rf"مختبر|وصف[هت]|patient|sample|case|insurance|member|"
    r"specimen|medical record|record|claim"
)
_WORD = r"[^\W\d]+"
_GAP = r"[ :#/\-=«(\"'.]{1,4}"
_CODE = re.compile(
    r"(?<![a-z0-9])(?:(?:[a-z]{1,8}[-/_]){1,3}|[a-z]{1,5}|[a-z] |(?<![^\W\d])[\u0621-\u064a][-/])?"
    r"\d[\da-z]*(?:[-/_](?:\d[\da-z]*|[a-z]{1,4}(?![a-z])|[\u0621-\u064a](?![\u0621-\u064a])))*"
    r"(?![a-z0-9])"
)
_BETWEEN = rf"(?:{_GAP}(?!(?:وعمر|عمر|سن[هي]|يعاني|تعاني|منذ|غرف)\w*){_WORD}){{0,3}}?"
_CUE = re.compile(
    rf"(?<![^\W\d])(?:{_PREFIX}(?:{_SURE})(?:{_GAP}{_NUMBER})?(?:{_GAP}{_WORD}){{0,2}}?(?:{_GAP}{_NUMBER})?"
    rf"|{_NUMBER}(?:{_GAP}{_WORD}){{0,2}}?{_GAP}{_PREFIX}(?:{_SURE}|{_WITH_NUMBER}){_BETWEEN}"
    rf"|(?:{_PREFIX}(?!سجل)(?:{_SURE}|{_WITH_NUMBER})|(?:و|ف)?(?:ال|بال|لل)سجل){_BETWEEN}"
    rf"{_GAP}{_NUMBER}(?:{_GAP}{_WORD}){{0,2}}?)"
    rf"(?:{_GAP}|(?<=[\u0600-\u06ff]))\Z"
)
_HINTS = re.compile(
    r"ملف|دوسي|ضوسي|جواز|باسبور|بوليص|بوليس|تذكر|تيكت|مريض|مراجع|سجل|عين[هت]|حال[هت]|تامين|"
    r"كار[تط]|كرت|"
    r"بطاق|وثيق|عضوي|مشترك|اشتراك|منتفع|مومن|مطالب|طبي|تقرير|حجز|mrn|file|policy|passport|patient|"
    r"sample|case|insurance|member|specimen|record|ticket|accession|معامل|احال|تحويل|استشار|"
    r"قيد|كارني|اسورانس|زيار|دخول|تسجيل|uhid|hn|mr|شكو|بلاغ|عملي[هت]|مستشفي|نزيل|منوم|متبرع|"
    r"قبول|انبوب|خزع|شريح|روشت|ضمان|كنام|دفتر|فيش"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_DATE = re.compile(
    rf"(?:{_DAY}[/-]){{1,2}}(?:1[3-9]|20)\d\d$|(?:1[3-9]|20)\d\d(?:[/-]{_DAY}){{1,2}}$"
)
_YEAR = re.compile(r"(?:19|20|14)\d\d$")
_UNIT = re.compile(
    r" ?(?:%|مل?غ|ملجم|مجم|مل|جم|غم|سم|كجم|كيلو|كغ|سنه|سنوات|سنين|عام|شهر|شهور|اشهر|يوم|ايام|"
    r"اسبوع|اسابيع|مريض|"
    r"حال[هت]|شخص|صفح|ورق|مره|مرات|حبه|حبات|حبوب|جرع|درج|وحد|نبض|ضرب|ريال|جنيه|دينار|درهم|"
    r"دولار|الف|مليون|mg|ml|kg|cm|mm)(?:ه|ا|ات|ين|ان)?(?![^\W\d])"
)
_NUMBERED = re.compile(r"رقم|نمر|نومرو|رمز|كود|no|id|mrn")
_NOT_RECORD = re.compile(
    r"غرف|سرير|انتظار|طابور|هاتف|جوال|موبايل|تلفون|تليفون|تشغيل|فاتور|طابق|عياده رقم| بين|"
    r"قيم[هت]|سعر"
)


_REACH = 80  # characters before a code in which its cue may stand


def records(text: str) -> Iterator[Found]:
    """Three digits at least, and neither a date nor, without a word for "number", a year."""
    for match in _CODE.finditer(text):
        code, start = match[0], match.start()
        if sum(char.isdigit() for char in code) < 3 or _DATE.match(code):
            continue
        window = text[max(0, start - _REACH) : start]
        cue = _CUE.search(window) if _HINTS.search(window) else None
        if cue and not _NOT_RECORD.search(cue[0]) and not _is_value(text, match, cue[0]):
            yield start, match.end(), "RECORD"


def _is_value(text: str, match: re.Match[str], cue: str) -> bool:
    """Whether a code behind ``cue`` is a year, or an amount with its unit."""
    numbered = _NUMBERED.search(cue) is not None
    if _YEAR.match(match[0]) and (not numbered or "سجل" in cue):
        return True
    if not numbered and _UNIT.match(text, match.end()):
        return True
    return re.match(r"[.,]\d|[٪%]", text[match.end() : match.end() + 2]) is not None
