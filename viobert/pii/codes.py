"""National ids, IBANs, bank cards, and the numbers of files and patients."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from stdnum import iban, luhn

Found = tuple[int, int, str]

_GROUP = re.compile(r"\d+")
_LONG = re.compile(r"(?<!\d)\d(?:[ ./-]?\d){8,22}(?!\d)(?![a-z])")

# Twelve months' governorates of birth: 01-35, 88 for abroad.
_EGYPT = re.compile(r"[23]\d{6}(?:0[1-4]|1[1-9]|2[1-9]|3[1-5]|88)\d{5}$")
_EGYPT_WEIGHTS = (2, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_POSSESSIVE = r"(?:ي|ه|ها|و|نا|ك|كم|هم)?"
_ID_CUE = re.compile(
    rf"(?:رقم{_POSSESSIVE}|نمرت{_POSSESSIVE})? ?(?:ال)?(?P<kind>قومي|وطني|مدني(?:ه)?|"
    rf"شخصي)(?:ين|ان|ه)?(?!\w)"
    r"|(?<![^\W\d])(?:و|ف)?(?:ال|بال|لل|عال|ب|ل)?(?P<card>هوي(?:ه|ات|ت\w{1,3})|اقام(?:ه|"
    r"ت\w{1,3})|بطاق(?:ه|ت\w{1,3})"
    r"|لاكارت ناسيونال)(?![^\W\d])"
    r"|(?<![a-z])(?P<latin>emirates id|national id|iqama|nid|id)(?![a-z])"
)
_ID_GAP = re.compile(r"(?:[^\d؟!]|(?<!\d)\d{1,3}(?!\d)){0,70}\Z")
#: Beside one of these a Saudi number whose check holds is an id.
_ID_NEAR = re.compile(
    r"هوي|اقام|مقيم|احوال|سجل|حفيظ|بطاق|مدني|قومي|كفيل|مواطن|وافد|(?<![a-z])id(?![a-z])|iqama"
)
_OTHER_CODE = re.compile(
    r"جوال|هاتف|موبايل|تليفون|تلفون|جواز|ايبان|فيزا|(?:رقم|نمر[هت]|وال|،)\w* ?(?:ال)?(?:ملف|"
    r"عين[هت]|تامين|حساب)"
)
_MONEY = re.compile(r" ?(?:دينار|ريال|جنيه|درهم|دولار|ليره|يورو|اوقيه|نسمه|مليون)")
_NUMBERED = re.compile(r"رقم|نمر")
_ID_AFTER = re.compile(
    r"(?: ?[،,]? ?(?:و|او )? ?\d{9,15})?[^\d؟!\n\ufffc]{0,14}"
    r"(?:رقم\w* ?(?:ال)?(?:قومي|وطني|مدني|هوي|بطاق|اقام)|هويت|هويه|اقامت)"
)
_CHAIN = re.compile(r"\s*(?:[،,/؛|-]|و|او|ولا|ثم|والثاني\w*|والاخر\w*)?\s*:?\s*\Z")
_MONEY_CARD = re.compile(r"ايتمان|فيزا|ماستر|مدي|بنك|صراف|تامين|متابع")

_IBAN = re.compile(r"(?<![a-z0-9])[a-z]{2}\d{2}(?:[ -]?[a-z0-9]){11,30}")
_IBAN_CUE = re.compile(r"(?:ا?يبان|iban|الحساب|حساب)[^\d\n]{0,24}\Z")

_CARD_CUE = re.compile(
    r"(?:بطاق|كارت|كارط|كرت|كوارط|فيزا|ماستر|مدي|ايتمان|visa|master ?card|card|مدفوع|ادفع|دفع)"
    r"[^\n؟!]{0,40}\Z"
)


def _windows(run: str) -> Iterator[tuple[int, int, str]]:
    """Stretches of whole digit groups with their digits, the longest first."""
    groups = [match.span() for match in _GROUP.finditer(run)]
    for size in range(len(groups), 0, -1):
        for first in range(len(groups) - size + 1):
            start, end = groups[first][0], groups[first + size - 1][1]
            yield start, end, "".join(_GROUP.findall(run[start:end]))


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        return datetime.date(year, month, day) <= datetime.date.today()
    except ValueError:
        return False


def _egyptian(digits: str) -> bool:
    """Century, birthday, governorate, check digit (weights 2765432 7654 32, modulo 11)."""
    if not _EGYPT.match(digits):
        return False
    year = (1700 + 100 * int(digits[0])) + int(digits[1:3])
    if not _is_date(year, int(digits[3:5]), int(digits[5:7])):
        return False
    total = sum(int(d) * w for d, w in zip(digits, _EGYPT_WEIGHTS, strict=False))
    return (11 - total % 11) % 10 == int(digits[13])


def _is_id(digits: str, kind: str) -> bool:
    """``kind``: ``national`` behind a sure cue, ``card`` behind one that may mean a bank's,
    nothing without a cue; then only the ids whose form leaves no doubt (one in ten random numbers
    passes Luhn, so a Saudi id always needs a cue)."""
    if len(digits) == 14 and digits[0] in "23":
        return _egyptian(digits) or bool(kind)
    if len(digits) == 15 and digits.startswith("784"):
        return kind == "national" or luhn.is_valid(digits)
    if len(digits) == 10 and digits[0] in "12" and kind:
        return kind == "national" or luhn.is_valid(digits)
    return False


def _is_any_id(shown: str, kind: str) -> bool:
    """Behind a sure cue an id of another country, or one whose check fails."""
    digits = "".join(_GROUP.findall(shown))
    whole = shown.isdigit() or "-" in shown or len(digits) == 10
    return kind == "national" and whole and 9 <= len(digits) <= 15 and digits[0] != "0"


def _id_kind(text: str, start: int) -> str:
    before = text[max(0, start - 80) : start]
    kind = ""
    for match in _ID_CUE.finditer(before):
        between = before[match.end() :]
        if not _ID_GAP.match(between):
            continue
        if _OTHER_CODE.search(between):
            continue
        if match["card"] and match["card"].startswith("بطاق"):
            kind = "card" if not _MONEY_CARD.search(between) else ""
        elif match["kind"] == "شخصي" and "رقم" not in match[0]:
            continue
        elif match["kind"] and not _NUMBERED.search(match[0]) and len(between) > 12:
            kind = "card"
        else:
            kind = "national"
    if not kind and _ID_NEAR.search(before) and not _OTHER_CODE.search(before):
        kind = "card"
    return kind


def national_ids(text: str) -> Iterator[Found]:
    last = -1
    for match in _LONG.finditer(text):
        done: list[tuple[int, int]] = []
        for known in (True, False):
            for start, end, digits in _windows(match[0]):
                if not 9 <= len(digits) <= 15 or any(start < b and a < end for a, b in done):
                    continue
                at, past = match.start() + start, match.start() + end
                if _MONEY.match(text, past):
                    continue
                kind = _id_kind(text, at) or _neighbour(text, at, past, last, digits)
                if _is_id(digits, kind) if known else _is_any_id(match[0][start:end], kind):
                    done.append((start, end))
                    last = past
                    yield at, past, "NATIONAL_ID"


def _neighbour(text: str, at: int, past: int, last: int, digits: str) -> str:
    """As ``_id_kind``, by an id just before (``last``: where it ended) or a cue just after."""
    if last >= 0 and _CHAIN.match(text[last:at]):
        return "card" if len(digits) != 10 or digits[0] in "12" else "national"
    return "card" if _ID_AFTER.match(text, past) else ""


def ibans(text: str) -> Iterator[Found]:
    for match in _IBAN.finditer(text):
        end = _iban_end(text, match.start(), match.end())
        if end:
            yield match.start(), end, "IBAN"


def _iban_end(text: str, start: int, limit: int) -> int:
    """Where the IBAN that begins at ``start`` ends; 0 where none does."""
    for end in range(limit, start + 14, -1):
        whole = text[end - 1] not in " -" and not re.match("[a-z0-9]", text[end : end + 1])
        if whole and iban.is_valid(text[start:end], check_country=False):
            return end
    if _IBAN_CUE.search(text[max(0, start - 32) : start]):
        shape = re.compile(r"[a-z]{2}\d{2}(?:[ -]?[a-z]{4})?(?:[ -]?\d{1,4}){3,7}").match(
            text, start
        )
        return shape.end() if shape and len(re.sub("[ -]", "", shape[0])) >= 15 else 0
    return 0


def _is_card(digits: str, cued: bool) -> bool:
    """Visa, Mastercard, Amex, Discover, mada, UnionPay by prefix and length, with Luhn's check."""
    length = len(digits)
    known = (
        (digits[0] == "4" and length in (13, 16, 19))
        or (length == 16 and re.match(r"5[0-9]|2[2-7]|6|9682|35|36|9[0-9]", digits) is not None)
        or (length == 15 and digits[:2] in ("34", "37"))
        or (length == 19 and digits[0] == "6")
    )
    return known and (luhn.is_valid(digits) or (cued and length == 16))


def cards(text: str) -> Iterator[Found]:
    for match in _LONG.finditer(text):
        done: list[tuple[int, int]] = []
        for start, end, digits in _windows(match[0]):
            if not 13 <= len(digits) <= 19 or any(start < b and a < end for a, b in done):
                continue
            at = match.start() + start
            cued = _CARD_CUE.search(text[max(0, at - 60) : at]) is not None
            if _is_card(digits, cued):
                done.append((start, end))
                yield at, match.start() + end, "CARD"
