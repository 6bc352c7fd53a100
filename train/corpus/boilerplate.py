"""Lines that belong to a page and not to its text: own short lists in Arabic and English."""

from __future__ import annotations

import re

from viobert.text import strip_marks

#: A line of more words is prose, whatever it mentions.
LONGEST, SHORTEST, MOST_CHARACTERS = 14, 4, 300

# Lines are compared without harakat, with ا for أإآ, in lower case.
# No sentence about something else says these:
_ANYWHERE = """
جميع الحقوق محفوظة|كل الحقوق محفوظة|حقوق النشر محفوظة|حقوق الطبع محفوظة|©|(c) 20
اشترك في القناة|اشتركوا في القناة|الاشتراك في القناة|فعل الجرس|فعلوا الجرس|زر الجرس
ملفات تعريف الارتباط|سياسة الخصوصية|شروط الاستخدام|الشروط والاحكام|مواضيع ذات صلة
مقالات ذات صلة|روابط ذات صلة|نسيت كلمة المرور|عنوان بريدك الالكتروني|الحقول الالزامية
all rights reserved|use cookies|accept cookies|privacy policy|terms of use|terms of service
terms and conditions|skip to content|back to top|enable javascript
"""
# These are said in sentences too: only at the start of a line,
_FIRST = """
تابعونا على|تابعنا على|شارك المقال|شارك هذا المقال|شارك الموضوع|شارك الخبر|شارك عبر
اقرا ايضا|اقرا المزيد|قد يعجبك ايضا|قد يهمك ايضا|شاهد ايضا|المزيد من المقالات|مقالات مشابهة
المقال السابق|المقال التالي|العودة الى الاعلى|النشرة البريدية|القائمة البريدية|حمل التطبيق
copyright|subscribe to|read more|share this|follow us|powered by|leave a comment
"""
# and these only as the start of a line of no more than four words.
_ALONE = """
تسجيل الدخول|سجل الدخول|تسجيل الخروج|انشاء حساب|اضف تعليق|اترك تعليق|اكتب تعليق|اخلاء مسؤولية
اتصل بنا|تواصل معنا|اعلن معنا|من نحن|الصفحة الرئيسية|خريطة الموقع|اضغط هنا|انقر هنا|مشاركة عبر
sign in|log in|sign up|contact us|about us|home page
"""
ANYWHERE, FIRST, ALONE = (
    tuple(block.strip().replace("\n", "|").split("|")) for block in (_ANYWHERE, _FIRST, _ALONE)
)
_CUES = (*ANYWHERE, *FIRST, *ALONE)
_LEADING = re.compile(r"^\W+")
# Menus: four or more short parts between bars or arrows.
_MENU = re.compile(r"(?:[^|›»<>\n]*\w[^|›»<>\n]*[|›»]){3,}[^|›»<>\n]*\w[^|›»<>\n]*")


def boilerplate(text: str) -> float:
    """Share of the characters that stand in lines of boilerplate."""
    folded = strip_marks(text).lower()
    for seat in "أإآ":  # far faster than str.translate
        folded = folded.replace(seat, "ا")
    menu = folded.count("|") + folded.count("»") + folded.count("›") > 2
    if not menu and not any(cue in folded for cue in _CUES):
        return 0.0
    lines = folded.split("\n")
    return sum(len(line) for line in lines if _is_boilerplate(line)) / sum(map(len, lines))


def _is_boilerplate(line: str) -> bool:
    words = len(line.split())
    if words > LONGEST or len(line) > MOST_CHARACTERS:
        return False
    bare = _LEADING.sub("", line)
    return (
        any(cue in line for cue in ANYWHERE)
        or bare.startswith(FIRST)
        or (words <= SHORTEST and bare.startswith(ALONE))
        or _MENU.fullmatch(line) is not None
    )
