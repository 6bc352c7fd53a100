"""Telephone numbers of the Arab League's countries, validated with ``phonenumbers``.

A number with a country code or a mobile number with its leading 0 stands for itself; anything
shorter needs a word before it that speaks of a telephone, for a laboratory has such numbers too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from viobert.pii.phone_cues import AFTER, cue_before

Found = tuple[int, int, str]

REGIONS = (
    "DZ", "BH", "KM", "DJ", "EG", "IQ", "JO", "KW", "LB", "LY", "MR", "MA", "OM", "PS", "QA", "SA",
    "SO", "SD", "SY", "TN", "AE", "YE",
)  # fmt: skip
_CODES = "213|973|269|253|20|964|962|965|961|218|222|212|968|970|974|966|252|249|963|216|971|967"
_MOBILES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)

_RUN = re.compile(r"(?:\(?\+ ?)?\(?\d(?:[ .\-/()]{0,3}\d){5,24}\+?")
_GROUP = re.compile(r"\d+")
_INTERNATIONAL = re.compile(rf"(?:00)?(?:{_CODES})0?\d{{6,10}}$")
_NATIONAL = re.compile(r"0[135679]\d{7,9}$")
_DATE = re.compile(
    r"(?<!\d)(?:\d{1,2} ?[./-] ?\d{1,2} ?[./-] ?(?:1[3-9]|20)\d\d"
    r"|(?:1[3-9]|20)\d\d ?[./-] ?\d{1,2} ?[./-] ?\d{1,2})(?!\d)|/.*/"
)
# Years, thousands with points, a law's number and year.
_YEARS = re.compile(
    r"\(?(1[3-9]\d\d|20\d\d) ?[-/.] ?(1[3-9]\d\d|20\d\d)(?: ?[-/.] ?(?:1[3-9]|20)\d\d)*\)?$"
)
_AMOUNT = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+$|\d+ ?[/(]+(?:1[0-9]|20)\d\d$")
_CHAIN = re.compile(r"\s*(?:[،,/؛|\-]|او|و|ولا|ولا|or)?\s*\Z")


def _valid(number: str, region: str | None, mobile: bool) -> bool:
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        return False
    if not phonenumbers.is_valid_number(parsed):
        return False
    return not mobile or phonenumbers.number_type(parsed) in _MOBILES


def _is_other(shown: str) -> bool:
    """Whether it is a date or a span of years."""
    years = _YEARS.match(shown)
    ascending = years is not None and years[1] <= years[2]
    return ascending or _DATE.search(shown) is not None


def _any_region(digits: str, mobile: bool) -> bool:
    return any(_valid(digits, region, mobile) for region in REGIONS)


def _is_phone(digits: str, plus: bool, groups: list[int], cue: str) -> bool:
    """``groups``: how many digits each of its groups has; a list of values has other ones."""
    plain = len(groups) <= 6 and (min(groups[1:], default=9) >= 2 or len(groups) <= 4)
    whole = groups[0] > 1 and groups[-1] > 1
    if plus:
        return 7 <= len(digits) <= 15 and _valid("+" + digits, None, False)
    if _INTERNATIONAL.match(digits) and (digits.startswith("00") or len(digits) >= 11):
        bare = digits.removeprefix("00")
        if (plain or bare != digits) and _valid(
            "+" + bare, None, mobile=not digits.startswith("00") and not cue
        ):
            return True
    if digits.startswith("00"):
        return plain and len(digits) >= 11 and _valid("+" + digits[2:], None, False)
    if (
        plain
        and whole
        and len(digits) >= 10
        and _NATIONAL.match(digits)
        and _any_region(digits, True)
    ):
        return True
    if not cue or not (8 if cue == "number" else 7) <= len(digits) <= 12:
        return False
    if _any_region(digits, mobile=cue == "verb" and digits[0] != "0"):
        return True
    # Behind the very word for a telephone a number that no plan knows is still one.
    return cue == "noun" and plain and 9 <= len(digits) <= 11 and digits[0] == "0"


def _windows(run: str) -> Iterator[tuple[int, int]]:
    """Stretches of whole digit groups, the longest first."""
    groups = [match.span() for match in _GROUP.finditer(run)]
    for size in range(min(len(groups), 9), 0, -1):
        for first in range(len(groups) - size + 1):
            yield groups[first][0], groups[first + size - 1][1]


def _brackets(run: str, start: int, end: int) -> int:
    """``start``, moved onto a plus and an opening bracket that closes inside the number."""
    if start and run[start - 1] == "+" or run[max(0, start - 2) : start] == "+ ":
        start = run.rindex("+", 0, start)
    while start and run[start - 1] in "(+" and (run[start - 1] == "+" or ")" in run[start:end]):
        start -= 1
    return start


def _in_run(text: str, at: int, run: str, chained: bool) -> Iterator[Found]:
    done: list[tuple[int, int]] = []
    for start, end in _windows(run):
        count = sum(char.isdigit() for char in run[start:end])
        if not 7 <= count <= 17 or any(start < b and a < end for a, b in done):
            continue
        begin = _brackets(run, start, end)
        shown = run[begin:end]
        if _is_other(shown) or (begin == 0 and _glued(text, at)):
            continue
        trailing = run[end : end + 1] == "+"
        plus = "+" in shown or trailing
        groups = [len(group) for group in _GROUP.findall(shown)]
        cue = "number" if chained else cue_before(text, at + begin)
        if not cue and AFTER.match(text, at + end):
            cue = "verb"
        if cue != "noun" and _AMOUNT.match(shown):
            continue
        digits = "".join(_GROUP.findall(shown.replace("(0)", "") if plus else shown))
        if _is_phone(digits, plus, groups, cue):
            done.append((start, end))
            yield at + begin, at + end + (trailing and "+" not in shown), "PHONE"


def _glued(text: str, at: int) -> bool:
    """Whether the run goes on from a Latin word, a decimal or an address."""
    if at == 0:
        return False
    before, earlier = text[at - 1], text[at - 2 : at - 1]
    if before in "=&%_#" or (before.isascii() and before.isalpha()):
        return True
    return before in ".,-/" and earlier.isascii() and earlier.isalnum()


def phones(text: str) -> Iterator[Found]:
    last = -1
    for match in _RUN.finditer(text):
        following = text[match.end() : match.end() + 1]
        if following.isascii() and (following.isalpha() or following == "_"):
            continue
        chained = last >= 0 and _CHAIN.match(text[last : match.start()]) is not None
        for found in _in_run(text, match.start(), match[0], chained):
            last = max(last, found[1])
            yield found
