"""Words that speak of a telephone."""

from __future__ import annotations

import re

_NOUN = (
    r"جوال\w{0,3}|موبايل\w{0,3}|مبايل\w{0,3}|موبيل\w{0,3}|محمول\w{0,3}|نقال\w{0,3}|خلي?وي\w{0,2}|"
    r"هاتف\w{0,3}|هواتف\w{0,3}|تي?لي?فون\w{0,3}|تلفن\w{0,3}|تي?لي?فونات|وات?س\w{0,4}|ارضي|فاكس|"
    r"سنترال|بورتابل\w{0,2}|نومر\w{1,3}|نمر(?:ه|ت)\w{0,3}|نوامر|استعلامات|طواري|استقبال|"
    r"سكرتار\w{2}|ثابت|فيكس|بور?طابل\w{0,2}|نومرو|تيليفون\w{0,2}|خط|خطي|خطها|خطه|نداء|"
    r"tele?|phone|telephone|mobile|whatsapp|fax|cell|mob|gsm"
)
_VERB = (
    r"[يتنا]?[وت]?تواصل\w{0,4}|[يتنا]?ت?تصل\w{0,4}|اتصال\w{0,3}|اتصل\w{0,4}|دقوا|دقولي|دقي|"
    r"رنوا|رنولي|"
    r"[يتنا]?كلم\w{0,4}|[يتنا]?راسل\w{0,4}|مراسل\w{0,3}|ابع[تث]\w{0,4}|ارسل\w{0,4}|احك[يو]\w{0,3}|"
    r"احج[زو]\w{0,3}|للحجز|حجز|عيط\w{0,4}|لاستفسار\w{0,2}|استفسار|خاب?ر\w{0,3}|call|contact"
)
# A bare number word only where it is close, and numbers nothing else.
_NUMBER = (
    r"(?:ال|عال|بال)?رقم(?:ي|ه|ها|نا|هم|ك|و|كم)?|(?:ال)?ارقام(?:ي|نا)?|ارقامهم|الرقمين|رقمين|number"
)
_CLITICS = r"(?:و|ف)?(?:ال|عال|بال|لل|هال|ل|ب|ع)?"
_CUE = re.compile(
    rf"(?<![^\W\d])(?:(?P<noun>{_CLITICS}(?:{_NOUN}))|(?P<verb>{_CLITICS}(?:{_VERB}))"
    rf"|(?P<number>(?:و|ف|ل|ب)?(?:{_NUMBER})))(?![^\W\d])"
)
_OTHER_NUMBERS = re.compile(
    r"تشغيل|فاتور|طلب|غرف|سرير|دور|ملف|بطاق|حساب|هوي|عين|تامين|بوليص|جواز|موعد|حجز|مرجع|تسلسل|"
    r"قيد|رخص|ترخيص|اشعار|علب|باركود|بارکود|صفح|انتظار|طابور|موديل|نسخ|قومي|وطني|مدني|lot|"
    r"batch|ndc|"
    r"سجل|قضي|قرار|قانون|مريض|حال[هات]|id"
)
#: Behind a number: "this is my number", "on WhatsApp".
AFTER = re.compile(
    r"[ ،(:\-]{0,3}(?:هذا|هذه|هاد|هادا|ده|دا|هو|هي|هيدا|هاي)? ?(?:"
    rf"(?:ال)?(?:{_NOUN})|رقم(?:ي|ه|ها|نا|و)|عال?وات?س\w*|للتواصل|للاتصال|للحجز|"
    rf"للاستفسار)(?![^\W\d])"
)
_OTHER_CODE = re.compile(
    r"(?:رقم|نمر[هت])\w* (?:ال)?(?:تشغيل|فاتور|طلب|ملف|بطاق|حساب|هوي|عين|تامين|بوليص|جواز|قومي|"
    r"وطني|مدني|مريض)"
)
_SENTENCE_END = re.compile(r"[؟!\n؛]|\.\s")


def cue_before(text: str, start: int) -> str:
    """``noun``, ``verb``, ``number`` or nothing: what speaks of a telephone before ``start``."""
    before = text[max(0, start - 48) : start]
    ends = [match.end() for match in _SENTENCE_END.finditer(before)]
    before = before[ends[-1] :] if ends else before
    best = ""
    for match in _CUE.finditer(before):
        between = before[match.end() :]
        other = _OTHER_NUMBERS if match.lastgroup == "number" else _OTHER_CODE
        if re.search(r"\d", between) or other.search(before[match.start() :]):
            continue
        if match.lastgroup == "number" and len(between.split()) > 3:
            continue
        best = match.lastgroup or ""
    return best
