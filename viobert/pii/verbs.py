"""Verbs that follow a person's name, with the endings of the written language and the dialects."""

from __future__ import annotations

import re

from viobert.pii.fold import key

_VERB_STEMS = """
قال كتب وصف صرف شاف طلب عمل سوى نصح فحص حول حط رد جاوب عالج قرر غير وقف بدل بدا خلى رفض اكد سال
اخبر خبر ذكر اقترح جا اجا راح مشى دخل خرج طلع نزل رجع كان صار لاحظ شرح شخص عطى اعطى ادى حكى ولد
كشف حجز راجع سافر توفى اشتكى شكى تعب مرض وقع طاح ضرب اكل شرب نام اخذ اخد خذا خد جاب حس شعر حصل
اصيب عانى ظل بقى ضل سمع فهم عرف وجد لقى دفع بعت بعث ارسل حدد فضل احتاج تابع وصل اجرى قام اصبح
استخدم استعمل زاد نقص خف ساعد انكر وافق طمن افاد قلت جوز حفظ رحم شفي جزا وفق سامح اوصى اشار اجاب
اعتمد عرض قدم بين وضح حذر منع سمح علم ركب شال فتح قفل خاف حب ود نوى انتهى توقف استمر دوخ رضع ولدت
حملت تزوج تجوز طلق لبس غسل حلق تنازل دار خدم خاص عجب نسي نسى سهر صلى صام بكى صرخ ضحك رمى كمل خلص
كسر جرب هرب حضر غاب اتصل كلم تكلم اتكلم قعد جلس وقفت امر وجه وعد وثق شكر قيل وجع عدل درس
"""
_ENDINGS = (
    " ت تي نا و وا وه ني لي ليا لو له لها لنا لك ك كم ه ها هم تني تلي تلو تله تلها"
    " تلنا تو ته تها ناه لكم لهم لهن لكن نالو ونا وني"
)


def _verbs() -> frozenset[str]:
    forms: set[str] = set()
    for stem in key(_VERB_STEMS).split():
        bases = {stem, stem[:-1] + "ا"} if stem.endswith("ي") else {stem}
        if stem.endswith("ي"):
            forms.update(stem[:-1] + ending for ending in ("ت", "تني", "تلي", "تنا", "و", "وا"))
        if stem.endswith("ل"):
            forms.add(stem + "ي")  # قالي: قال لي
        forms.update(base + ending for base in bases for ending in _ENDINGS.split(" "))
    return frozenset(forms)


VERBS = _verbs()
#: Verbs by which a doctor prescribes: what follows "the doctor" is then a drug, not his name.
GIVING = re.compile(
    r"[وف]?(?:وصف|كتب|صرف|[اع]?عط[اي]|اعطا|عطا|ادا|اداني|نصح|ضاف|زود|زاد|بدل|غير|وقف|حط|خلا)"
    r"(?:ت|ني|لي|لو|له|لها|نا|لنا|تني|تلي|اني|ه|ها)*$"
)
