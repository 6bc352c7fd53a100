"""Arabic text: words, matching key, and isolates for mixed directions."""

from __future__ import annotations

import re
import unicodedata

#: Harakat, Quranic signs and superscript alef: combining marks that a reader may leave out.
#: U+0653–U+0655 (madda and hamza as combining marks) are letters' parts, not vowels.
MARKS = (
    "\u0610-\u061a\u064b-\u0652\u0656-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8"
    "\u06ea-\u06ed"
)
TATWEEL = "\u0640"

_MARKS_OR_TATWEEL = re.compile(f"[{MARKS}{TATWEEL}]")
_ARABIC = re.compile("[\u0621-\u063a\u0641-\u064a\u0671-\u06d3\ufb50-\ufdff\ufe70-\ufefc]")
# A letter or digit, then letters, digits and every Arabic combining mark. Tatweel may stand
# inside a word but a run of nothing else is decoration, not a word.
_WORD = re.compile(f"{TATWEEL}*[^\\W_{TATWEEL}](?:[^\\W_]|[{MARKS}\u0653-\u0655])*")


def strip_marks(text: str) -> str:
    """Text without harakat and tatweel; hamza and madda stay."""
    return _MARKS_OR_TATWEEL.sub("", unicodedata.normalize("NFC", text))


def key(text: str) -> str:
    """Matching key: two spellings that a BERT with stripped accents cannot tell apart share it.

    Harakat, tatweel, hamza seats and madda are dropped (أ إ آ → ا, ؤ → و, ئ → ي), Latin letters
    folded. ة and ى keep their own key.
    """
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in decomposed if c != TATWEEL and unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", bare).casefold()


def words(text: str) -> list[tuple[int, int]]:
    """Character spans [start, end) of the words of ``text``.

    A word is a run of letters and digits with its marks, clitics included; punctuation and
    symbols separate words and belong to none (``120/80`` is two words).
    """
    return [match.span() for match in _WORD.finditer(text)]


def has_arabic(text: str) -> bool:
    """Whether ``text`` holds at least one Arabic letter (digits and marks do not count)."""
    return _ARABIC.search(text) is not None


def ltr(text: str) -> str:
    """``text`` isolated left to right (LRI…PDI): numbers keep their sign in Arabic lines."""
    return f"\u2066{text}\u2069"


def rtl(text: str) -> str:
    """``text`` isolated right to left (RLI…PDI): Arabic with Latin inside keeps its order."""
    return f"\u2067{text}\u2069"
