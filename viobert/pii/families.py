"""Where a name ends."""

from __future__ import annotations

import re

from viobert.pii import common
from viobert.pii.given import GIVEN
from viobert.pii.lexicon import ADJECTIVES
from viobert.pii.shapes import FAMILY_TOO, MAX_PARTS, MINE, STRONG, VERY
from viobert.pii.stops import DESCRIBING
from viobert.pii.tokens import Words
from viobert.pii.verbs import VERBS


class Families(Words):
    """What of the words after a given name belongs to it."""

    def extend(self, at: int, parts: int, kind: str, sure: bool = True) -> int:
        """The token after the name whose first part ends before ``at``."""
        first, complete = self.word(at - 1) if parts == 1 else "", False
        while parts < MAX_PARTS and self.adjoins(at) and not self.is_adverb(at):
            if self.word(at) == first and first in ADJECTIVES and not self.ends_or_goes_on(at + 1):
                break
            size = self.compound(at)
            if not size and (self.is_given(at) or self.is_family(at)):
                size = 1
            if not size and self.ambiguous(at) and self.second_is_name(at, kind):
                size = 1
            if not size and kind == "self" and self.word(at) in FAMILY_TOO:
                size = int(self.word(at + 1) in MINE and self.adjoins(at + 1))
            family = not (self.compound(at) or self.ambiguous(at) or self.is_given(at))
            following = self.word(at + 1)
            noun = common.is_listed(following) and not common.is_verb(following)
            told = self.verb_follows(at + 1) or noun or self.stops(at + 1)
            lenient = told and (kind in STRONG or self.word(at).endswith(("ي", "ه")))
            if (
                not size
                and not complete
                and self.unknown(at, lenient)
                and self.unknown_is_family(at, kind)
            ):
                bare = not self.word(at).startswith("ال")
                size = int(sure or bare or self.stops(at + 1) or self.goes_on(at + 1))
            if not size:
                break
            at, parts, sure, complete = at + size, parts + 1, True, family
        return at

    def second_is_name(self, at: int, kind: str = "") -> bool:
        """Whether an ambiguous word after a given name is a part of it."""
        if self.is_ali_the_preposition(at, kind in STRONG):
            return False
        if self.counts_years(at) or self.word(at) in VERBS and not self.ends_or_goes_on(at + 1):
            return False
        if self.word(at) in ADJECTIVES and self.word(at) not in ("علي", "عمر"):
            following = self.word(at + 1)
            if following in DESCRIBING or following in VERY:
                return False
            if following.startswith("ب") and self.adjoins(at + 1) and following not in GIVEN:
                return False
        return True

    def counts_years(self, at: int) -> bool:
        """عمر and عمرو before a number: somebody's age."""
        return (
            self.word(at) in ("عمر", "عمرو")
            and self.adjoins(at + 1)
            and (
                re.match(
                    r"\d|سن|شهر|خمس|ست|سبع|ثلاث|ثمان|تسع|اربع|عشر|اشهر|شهور|يوم|اسبوع|كم$",
                    self.word(at + 1),
                )
                is not None
            )
        )

    def ends_or_goes_on(self, at: int) -> bool:
        return self.stops(at) or self.is_given(at) or self.is_family(at)

    def unknown_is_family(self, at: int, kind: str) -> bool:
        """Whether a word of no list, after a given name, is its family name."""
        word, following, ends = self.word(at), self.word(at + 1), self.stops(at + 1)
        if ends or word.startswith("ال"):
            return True
        if word[0] == "ب" and word.endswith(("ه", "ات")) and len(word) > 4:
            return False  # بدعوه, بجزيره: a noun with its preposition
        goes_on = self.goes_on(at + 1)
        if word.endswith("ه"):
            noun = common.is_listed(following) and not common.is_verb(following)
            strong = kind in STRONG and noun and not (word[0] == "ا" and len(word) > 5)
            return strong or (goes_on and not word.startswith("م"))
        if kind in ("kin", "role", "with", "i", "called"):
            if word.startswith("م") and not word.endswith("ي"):
                return False
            nisba = word.endswith("ي") and common.is_common(following)
            return goes_on or nisba
        return not (word.startswith(("مت", "مس")) and len(word) > 4)
