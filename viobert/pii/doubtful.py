"""Names that are ordinary words as well."""

from __future__ import annotations

from viobert.pii.cues import PLACES
from viobert.pii.families import Families
from viobert.pii.given import GIVEN
from viobert.pii.lexicon import ADJECTIVES, AMBIGUOUS, WORDS
from viobert.pii.shapes import (
    AGED,
    MINE,
    PRAISE,
    QUALIFIES,
    STRONG,
    TOWNS,
    VERBAL,
    VERY,
)
from viobert.pii.stops import DESCRIBING


class Doubtful(Families):
    """Whether a word that may be a name is one, by what stands around it."""

    def is_construct(self, at: int, kind: str) -> bool:
        """جمال البشرة, وليد 34 أسبوعا: an adjective or a noun with what belongs to it."""
        following = self.word(at + 1)
        if kind in ("self", "dot", "label", "sign") or not self.adjoins(at + 1):
            return False
        counted = following[:1].isdigit() or following.startswith("لل")
        noun = following.startswith("ال") and not (
            self.is_family(at + 1) or self.is_given(at + 1) or self.ambiguous(at + 1)
        )
        return noun or (counted and kind in ("role", "kin"))

    def ambiguous_name(self, at: int, kind: str) -> int:
        """As ``name_at`` for a name that is a word as well."""
        word = self.word(at)
        if self.is_ali_the_preposition(at, kind in STRONG) or self.counts_years(at):
            return at
        if word == "ايه" and self.folded.raw(self.starts[at]) != "آ":
            return at
        lone = word in ADJECTIVES and word not in ("علي", "عمر", "زين")
        if lone and (self.word(at + 1) in VERY or self.is_construct(at, kind)):
            return at
        lord = word in ("ربي", "احسن", "وفي")  # my Lord, or ربى; better; and in
        if word in VERBAL and (lord or kind not in ("self", "dot", "label", "doctor")):
            second = self.is_given(at + 1) or self.is_family(at + 1) or self.compound(at + 1) > 0
            told = AGED.match(self.word(at + 1)) is not None
            if not (
                (self.stops(at + 1) and not lord) or (self.adjoins(at + 1) and (second or told))
            ):
                return at
        end = self.extend(at + 1, 1, kind, sure=kind in ("self", "dot", "label"))
        if end > at + 1 and word != self.word(at + 1):
            known = self.compound(at + 1) or self.is_given(at + 1) or self.is_family(at + 1)
            known = known or (self.ambiguous(at + 1) and word not in PRAISE)
            return end if known or kind != "i" or self.word(end) in MINE else at
        if kind in ("self", "dot", "label") or self.joined(at + 1):
            return end
        if kind in ("i", "with"):
            if self.word(at + 1) == "من" and self.word(at + 2) in TOWNS:
                return end
            mine = self.word(at + 1) in MINE and (word not in PRAISE or not self.adjoins(at + 1))
            return end if mine or (kind == "with" and self.stops(at + 1)) else at
        if word not in ADJECTIVES and word not in WORDS:
            return end
        return at if self.describes(at, kind) else end

    def describes(self, at: int, kind: str) -> bool:
        """Whether a lone ambiguous word behind a cue is an adjective or a noun, by what follows."""
        word, following = self.word(at), self.word(at + 1)
        adjective = word in ADJECTIVES
        if self.stops(at + 1):
            return adjective and kind in ("role", "kin") and word in PRAISE
        if not self.adjoins(at + 1):
            return True
        if word in PRAISE and (
            following.startswith("وم")
            or (following in ("من", "ما") and self.word(at + 2) in ("اي", "كل", "شاء", "شا"))
        ):
            return True
        if kind != "role" and (self.verb_follows(at + 1) or self.at_work(at + 1, kind)):
            return word in PRAISE and following in DESCRIBING
        if (
            QUALIFIES.match(following)
            or (following == "من" and word in PRAISE)
            or (following.startswith("و") and adjective)
        ):
            return True
        if kind == "role":
            told = self.verb_follows(at + 1) or following in DESCRIBING
            return not told or (word in PRAISE and following in DESCRIBING)
        return word in PRAISE and following in DESCRIBING

    def at_work(self, at: int, kind: str) -> bool:
        """A doctor "in the hospital" or "on WhatsApp"."""
        places = ("عيادته", "عيادتها", "عياده", "العياده", "الواتس", "الواتساب", "الرقم", "التلفون")
        place = self.word(at + 1) in PLACES or self.word(at + 1) in places
        return kind == "doctor" and self.word(at) in ("في", "علي") and place

    def mostly_name(self, at: int) -> bool:
        return self.word(at) not in ADJECTIVES and self.word(at) not in WORDS

    def joined(self, at: int) -> tuple[int, int] | None:
        """A name joined by و to the one before: its token and how many letters are clitics."""
        if not self.adjoins(at) and self.gap(at) not in ("، ", ", "):
            return None
        word = self.word(at)
        if word == "و":
            return (at + 1, 0) if self.is_given(at + 1) else None
        if word.startswith("و") and word not in GIVEN:
            if self.word(at)[1:] == "عمرو":
                return None
            for letters in (1, 2):
                bare = word[letters:]
                clitic = letters == 1 or word[1] in "لب"
                if clitic and len(bare) > 2 and bare in GIVEN and bare not in ADJECTIVES:
                    sure = bare not in AMBIGUOUS or self.stops(at + 1) or self.verb_follows(at + 1)
                    return (at, letters) if sure else None
        return None
