"""A folded copy of a text for matching, and the way back to the text's own characters."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from viobert.text import MARKS, TATWEEL

#: Stands where something was found already: neither letter, digit nor space.
TAKEN = "\ufffc"

# Hamza and madda as combining marks go too: the letters that carry them are folded.
_SKIPPED = re.compile(
    f"[{MARKS}\u0653-\u0655{TATWEEL}\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_OF_WORD = re.compile(f"[{MARKS}\u0653-\u0655{TATWEEL}]+")


def _table() -> dict[int, str]:
    table = {}
    for code in (*range(0xFB50, 0xFDC8), *range(0xFE70, 0xFEFD), *range(0xFF01, 0xFF5F)):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1:
            table[code] = plain
    for code in (*range(0x41, 0x5B), 0x660, 0x6F0):
        table[code] = chr(code).lower()
    for zero in (0x660, 0x6F0):
        table.update({zero + digit: str(digit) for digit in range(10)})
    pairs = (
        "أا",
        "إا",
        "آا",
        "ٱا",
        "ىي",
        "یي",
        "ئي",
        "ؤو",
        "ةه",
        "ەه",
        "ھه",
        "کك",
        "گك",
        "٫.",
        "٬,",
    )
    table.update({ord(pair[0]): pair[1] for pair in pairs})
    table.update({ord(space): " " for space in "\t\u00a0\u2002\u2003\u2007\u2009\u202f"})
    table.update({ord(dash): "-" for dash in "\u2010\u2011\u2012\u2013\u2014\u2212"})
    return {code: table.get(ord(char), char) for code, char in table.items()}


_TABLE = _table()


@dataclass
class Folded:
    """``text`` is folded; ``kept`` maps its characters to ``original`` (None: one to one)."""

    original: str
    text: str
    kept: list[int] | None

    def raw(self, index: int) -> str:
        """The original character behind a folded one."""
        return self.original[index if self.kept is None else self.kept[index]]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original; marks on the last letter belong to it."""
        if self.kept is not None:
            start, end = self.kept[start], self.kept[end - 1] + 1
            marks = _OF_WORD.match(self.original, end)
            end = marks.end() if marks else end
        return start, end

    def take(self, start: int, end: int) -> None:
        """Hide what was found from every later look."""
        self.text = self.text[:start] + TAKEN * (end - start) + self.text[end:]


def fold(text: str) -> Folded:
    """Letters' variants, digits, dashes and spaces made one, character by character; harakat,
    tatweel and invisible characters left out."""
    if _SKIPPED.search(text) is None:
        return Folded(text, text.translate(_TABLE), None)
    kept: list[int] = []
    at = 0
    for match in _SKIPPED.finditer(text):
        kept.extend(range(at, match.start()))
        at = match.end()
    kept.extend(range(at, len(text)))
    return Folded(text, _SKIPPED.sub("", text).translate(_TABLE), kept)


def key(word: str) -> str:
    """One word as it looks in a folded text."""
    return fold(word).text


def words(lines: str) -> frozenset[str]:
    """Words between blanks, each as it looks in a folded text."""
    return frozenset(key(lines).split())
