"""Personal data in Arabic text: found, and replaced by typed placeholders.

The corpus and the page's feedback both use it; it needs neither torch nor anything of ``train``.

The placeholder is an everyday Arabic word in square brackets, ``[هاتف]`` for a telephone number. A
WordPiece tokenizer that lower-cases splits off the brackets and finds the word in its vocabulary
where ``[NATIONAL_ID]`` becomes five Latin pieces or more; the word has no hamza or vowel to be
stripped; a reader's line keeps its direction; no special token (``[MASK]``) looks like it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from viobert.pii import addresses, codes, phones, records
from viobert.pii.fold import TAKEN, Folded, fold, key
from viobert.pii.names import names

__all__ = ["PLACEHOLDERS", "TYPES", "Span", "find", "replace"]

TYPES = ("EMAIL", "PHONE", "NATIONAL_ID", "IBAN", "CARD", "HANDLE", "URL", "RECORD", "NAME")

#: What stands for each type in replaced text.
PLACEHOLDERS = {
    "EMAIL": "[بريد]",
    "PHONE": "[هاتف]",
    "NATIONAL_ID": "[هوية]",
    "IBAN": "[بنك]",
    "CARD": "[بطاقة]",
    "HANDLE": "[مستخدم]",
    "URL": "[رابط]",
    "RECORD": "[سجل]",
    "NAME": "[اسم]",
}

_PLACEHOLDER = re.compile("|".join(re.escape(key(shown)) for shown in PLACEHOLDERS.values()))
_DIGITS = re.compile(r"\d{3}|\d[-/. ]\d")
_LONG = re.compile(r"\d(?:[ .()/-]{0,3}\d){6}")
_LETTER = re.compile(r"[^\W_]|[\u064b-\u0652\u0640]")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of the text, and their type."""

    start: int
    end: int
    type: str


def find(text: str, types: Collection[str] = TYPES) -> list[Span]:
    """Personal data of these types in ``text``, in order, without overlap."""
    spans = _find_once(text, types)
    while spans:
        # What was replaced may uncover more; nothing is found in the text that is left at the end.
        shown, origins = _replace(text, spans)
        more = _find_once(shown, types)
        if not more:
            break
        spans += [Span(origins[span.start], origins[span.end - 1] + 1, span.type) for span in more]
        spans.sort(key=lambda span: span.start)
    return spans


def replace(text: str, types: Collection[str] = TYPES) -> tuple[str, list[Span]]:
    """``text`` with a placeholder for each span, and the spans (offsets in the given text).

    A letter that touches a span gets a space between. Nothing is found in the result.
    """
    spans = find(text, types)
    return (_replace(text, spans)[0] if spans else text), spans


def _replace(text: str, spans: list[Span]) -> tuple[str, list[int]]:
    """The replaced text, and for each of its characters the offset where it comes from."""
    pieces: list[str] = []
    origins: list[int] = []
    at = 0
    for span in spans:
        pieces.append(text[at : span.start])
        origins += range(at, span.start)
        shown = PLACEHOLDERS[span.type]
        if span.start and span.start > at and _LETTER.match(text[span.start - 1]):
            shown = " " + shown
        if _LETTER.match(text[span.end : span.end + 1]):
            shown += " "
        pieces.append(shown)
        origins += [span.start] * len(shown)
        at = span.end
    pieces.append(text[at:])
    origins += range(at, len(text))
    return "".join(pieces), origins


def _find_once(text: str, types: Collection[str]) -> list[Span]:
    folded = fold(text)
    if "[" in text:
        folded.text = _PLACEHOLDER.sub(lambda match: TAKEN * len(match[0]), folded.text)
    found = [*_stages(folded), *(names(folded) if "NAME" in types else ())]
    found = sorted(f for f in found if f[2] in types)
    spans: list[Span] = []
    for start, end, type_ in found:
        start, end = folded.span(start, end)
        if not spans or start >= spans[-1].end:
            spans.append(Span(start, end, type_))
    return spans


def _stages(folded: Folded) -> Iterator[tuple[int, int, str]]:
    """Each kind of finder in turn; what one found is hidden from the next."""
    stages = [addresses.urls, addresses.emails, addresses.handles]
    if _DIGITS.search(folded.text):
        long = _LONG.search(folded.text) is not None
        if long:
            stages += [codes.ibans, codes.cards, codes.national_ids]
        stages.append(records.records)
        if long:
            stages.append(phones.phones)
    for stage in stages:
        for found in list(stage(folded.text)):
            folded.take(found[0], found[1])
            yield found
    for found in list(addresses.cued_handles(folded)):
        folded.take(found[0], found[1])
        yield found
