"""Noise out, meaning untouched: digits, units and harakat stay as they are."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator

from train.corpus.document import Document

_TAGS = re.compile(
    r"</?(?:p|br|div|span|a|b|i|u|em|strong|li|ul|ol|img|font|h[1-6])\b[^<>]{0,300}>", re.IGNORECASE
)
# Latin on purpose, and no \b: an address may be glued to an Arabic word.
_URL = re.compile(r"(?:https?://|www\.)[^\s<>«»\u0600-\u06ff]+", re.IGNORECASE)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_HANDLE = re.compile(r"@[A-Za-z0-9_]{2,}")
_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_REPEATED = re.compile(r"([^\W\d])\1{3,}")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")


def clean(text: str) -> str:
    """One text: NFC; mark-up, addresses, invisible and control characters out; four or more of a
    letter become two; spaces and line ends single."""
    text = html.unescape(unicodedata.normalize("NFC", text))
    text = _TAGS.sub(" ", text)
    for pattern in (_URL, _EMAIL, _HANDLE):
        text = pattern.sub(" ", text)
    text = _CONTROL.sub(" ", _INVISIBLE.sub("", text))
    text = _REPEATED.sub(r"\1\1", text)
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def step(documents: Iterable[Document]) -> Iterator[Document]:
    """Clean every document that is still kept."""
    for document in documents:
        if not document.reason:
            document.text = clean(document.text)
        yield document
