"""Every text of the page, in Arabic and in English."""

from __future__ import annotations

from viobert.page.strings.arabic import ARABIC
from viobert.page.strings.common import TITLE, Language, Strings
from viobert.page.strings.english import ENGLISH

__all__ = ["ARABIC", "ENGLISH", "STRINGS", "TITLE", "Language", "Strings"]

STRINGS: dict[Language, Strings] = {"ar": ARABIC, "en": ENGLISH}
