"""Reasons to leave a document out: licence, quality, exact duplicate."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable

from train.corpus.document import Document
from viobert.text import has_arabic, strip_marks, words

_NOT_WORD = re.compile(r"[^\w]+")


def licence(allowed: Collection[str]) -> Callable[[Document], str]:
    """Drops what the recipe may not train on."""
    return lambda document: "" if document.licence in allowed else f"licence {document.licence}"


def quality(min_words: int, min_arabic: float) -> Callable[[Document], str]:
    """Drops texts that are too short or hardly Arabic."""

    def judge(document: Document) -> str:
        if not document.text:
            return "empty"
        if len(words(document.text)) < min_words:
            return "too short"
        letters = [c for c in strip_marks(document.text) if c.isalpha()]
        share = sum(map(has_arabic, letters)) / max(1, len(letters))
        return "" if share >= min_arabic else "little Arabic"

    return judge


def exact_duplicate(earlier: Iterable[str] = ()) -> Callable[[Document], str]:
    """Drops what was seen before; harakat, tatweel, case, space and punctuation aside.

    Digits are part of the key: 500 mg is not 50 mg. ``earlier``: texts that a base was built on.
    """
    seen = dict.fromkeys(map(_key, earlier), "the base's corpus")

    def judge(document: Document) -> str:
        first = seen.setdefault(_key(document.text), document.id)
        return "" if first == document.id else f"duplicate of {first}"

    return judge


def _key(text: str) -> bytes:
    words = _NOT_WORD.sub(" ", strip_marks(text)).casefold().strip()
    return hashlib.blake2b(words.encode(), digest_size=16).digest()
