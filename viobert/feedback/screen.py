"""Free text of visitors: cleaned, and refused where it may say who somebody is."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from viobert import pii

Kind = Literal["too_long", "personal", "no_consent", "empty", "bad_field", "disk"]
#: Characters of a free text.
LIMIT = 500
#: The type of a run of digits in which ``viobert.pii`` saw nothing.
DIGITS = "DIGITS"
# Persian and Urdu words, and emoji, are written with them; all other invisible characters go.
_JOINERS = "\u200c\u200d"
_GAP = rf"[\s{_JOINERS}_\u2010-\u2015\u2212\u0640-]*"
_RUN = re.compile(rf"\d(?:{_GAP}\d){{5}}")


class FeedbackError(Exception):
    """Nothing was stored. ``kind`` says why; ``types`` names what was found, where ``personal``."""

    def __init__(self, kind: Kind, message: str, types: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.types = types


def clean(text: str) -> str:
    """Without control characters and marks of direction, on one line."""
    shown = "".join(c for c in text if c.isspace() or c in _JOINERS or not _invisible(c))
    return re.sub(r"\s+", " ", shown).strip()


def personal(text: str) -> tuple[str, ...]:
    """Types of what may be personal in a cleaned text, in order: ``viobert.pii``'s, or DIGITS."""
    types = dict.fromkeys(span.type for span in pii.find(text))
    # NFKC: digits in circles and superscripts are digits to a reader.
    if not types and _RUN.search(unicodedata.normalize("NFKC", text)):
        return (DIGITS,)
    return tuple(types)


def screen(text: str) -> None:
    """Whether a cleaned text may be stored.

    Raises FeedbackError: ``too_long``, or ``personal`` with the types.
    """
    if len(text) > LIMIT:
        raise FeedbackError("too_long", f"{len(text)} characters: at most {LIMIT} are kept")
    if types := personal(text):
        raise FeedbackError("personal", f"may be personal: {', '.join(types)}", types)


def free_text(text: str | None, consent: bool) -> str | None:
    """The text as it may be stored; None where there is none, or no consent to store it.

    Raises FeedbackError: ``too_long``, or ``personal`` with the types.
    """
    if text is None or not consent:
        return None
    if len(text) > 10 * LIMIT:  # not even cleaned
        raise FeedbackError("too_long", f"{len(text)} characters: at most {LIMIT} are kept")
    cleaned = clean(text)
    if not cleaned:
        return None
    screen(cleaned)
    return cleaned


def _invisible(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs")
