"""Where a name begins."""

from __future__ import annotations

from viobert.pii import common
from viobert.pii.cues import PERSONS, PLACES
from viobert.pii.families import Families
from viobert.pii.fold import TAKEN
from viobert.pii.given import GIVEN
from viobert.pii.lexicon import ADJECTIVES, AMBIGUOUS, WORDS
from viobert.pii.shapes import (
    AGED,
    DESCRIBES,
    MINE,
    OF_PERSON,
    PILLS,
    PRAISE,
    QUALIFIES,
    SIGNED,
    STRONG,
)
from viobert.pii.verbs import GIVING, VERBS


class Starts(Families):
    """Whether a name begins at a word, and with how sure a sign."""

    def name_at(self, at: int, kind: str, cue: int) -> int:
        """The token after the name that begins at ``at``; ``at`` where none does."""
        if at >= len(self.words) or self.is_adverb(at):
            return at
        word = self.word(at)
        size = self.compound(at)
        if size and word not in ("ال", "ايت", "ولد", "بنت", "ابن", "بن", "اولاد", "بني"):
            return self.extend(at + size, 1, kind)
        if self.is_given(at):
            end = self.extend(at + 1, 1, kind)
            pill = word in PILLS and end == at + 1 and GIVING.match(self.word(cue - 1) or "-")
            return at if pill else end
        if self.ambiguous(at):
            return self.ambiguous_name(at, kind)
        strong = kind in STRONG and (self.is_given(at + 1) or self.signs(at, cue))
        if self.unknown(at, strong) and self.unknown_starts(at, kind, cue):
            return self.extend(at + 1, 1, kind)
        return at

    def signs(self, at: int, cue: int) -> bool:
        """Whether a title, two or three words and nothing else make a line: a signature."""
        return self.opens(cue) and any(
            self.adjoins(at + 1)
            and (more == 1 or self.adjoins(at + 2))
            and self.ends_line(at + more + 1)
            for more in (1, 2)
        )

    def opens(self, cue: int) -> bool:
        """Whether a line, or "answered by", stands before a cue."""
        return cue == 0 or "\n" in self.gap(cue) or self.word(cue - 1) in SIGNED

    def ends_line(self, at: int) -> bool:
        gap = self.gap(at) if at < len(self.words) else self.text[self.end(-1) :] + "\n"
        return TAKEN not in gap and ("\n" in gap or ":" in gap)

    def ambiguous_name(self, at: int, kind: str) -> int:
        """As ``name_at`` for a name that is a word as well."""
        word = self.word(at)
        if self.is_ali_the_preposition(at, kind in STRONG) or self.counts_years(at):
            return at
        if word == "ايه" and self.folded.raw(self.starts[at]) != "آ":
            return at
        end = self.extend(at + 1, 1, kind, sure=kind in ("self", "dot", "label"))
        if end > at + 1 and word != self.word(at + 1):
            known = self.compound(at + 1) or self.is_given(at + 1) or self.is_family(at + 1)
            known = known or (self.ambiguous(at + 1) and word not in PRAISE)
            return end if known or kind != "i" or self.word(end) in MINE else at
        if kind in ("self", "dot", "label") or self.joined(at + 1):
            return end
        if kind in ("i", "with"):
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
        if kind != "role" and (self.verb_follows(at + 1) or self.at_work(at + 1, kind)):
            return word in PRAISE and following in common.DESCRIBING
        if (
            QUALIFIES.match(following)
            or (following == "من" and word in PRAISE)
            or (following.startswith("و") and adjective)
        ):
            return True
        if kind == "role":
            told = self.verb_follows(at + 1) or following in common.DESCRIBING
            return not told or (word in PRAISE and following in common.DESCRIBING)
        return word in PRAISE and following in common.DESCRIBING

    def at_work(self, at: int, kind: str) -> bool:
        """A doctor "in the hospital" or "on WhatsApp"."""
        places = ("عيادته", "عيادتها", "عياده", "العياده", "الواتس", "الواتساب", "الرقم", "التلفون")
        place = self.word(at + 1) in PLACES or self.word(at + 1) in places
        return kind == "doctor" and self.word(at) in ("في", "علي") and place

    def mostly_name(self, at: int) -> bool:
        return self.word(at) not in ADJECTIVES and self.word(at) not in WORDS

    def unknown_starts(self, at: int, kind: str, cue: int) -> bool:
        word = self.word(at)
        if word.startswith("ال") or self.ends_like_word(word):
            return False
        if self.folded.raw(self.starts[at]) == "إ" and len(word) > 4:
            return False  # إقناع, إجراء: what is done, not who
        given = self.adjoins(at + 1) and (
            self.is_given(at + 1)
            or self.compound(at + 1) > 0
            or (self.ambiguous(at + 1) and self.ends_or_goes_on(at + 2))
        )
        second = given or (self.adjoins(at + 1) and self.is_family(at + 1))
        if kind in ("self", "label"):
            return second or self.stops(at + 1) or self.verb_follows(at + 1) or self.and_follows(at)
        if kind == "called":
            person = any(self.word(cue - back) in PERSONS for back in (1, 2, 3))
            return person and (
                second or self.stops(at + 1) or self.verb_follows(at + 1) or self.and_follows(at)
            )
        if kind == "dot":
            return not GIVING.match(self.word(cue - 1))
        if kind in ("kin", "role", "with"):
            if kind == "with" and given:
                return True
            told = AGED.match(self.word(at + 1)) is not None and self.gap(at + 1) == " "
            return told and self.like_a_name(at)
        if kind in ("doctor", "title"):
            drug = any(GIVING.match(self.word(cue - back)) for back in (1, 2, 3))
            told = (
                self.like_a_name(at)
                and not drug
                and (self.stops(at + 1) if kind == "title" else self.tells(at + 1))
            )
            return given or (second and not drug) or told or self.signs(at, cue)
        return False

    def like_a_name(self, at: int) -> bool:
        """Whether an unknown word has none of the forms of participles and adjectives."""
        return DESCRIBES.match(self.word(at)) is None and not self.is_adverb(at)

    def tells(self, at: int) -> bool:
        """Whether what follows says something of a person: an age, a state, an act."""
        word = self.word(at)
        return self.gap(at) == " " and (OF_PERSON.match(word) is not None or word in VERBS)

    @staticmethod
    def ends_like_word(word: str) -> bool:
        return word.endswith(("يه", "ات", "ين")) and len(word) > 4

    def and_follows(self, at: int) -> bool:
        return self.adjoins(at + 1) and self.word(at + 1).startswith("و")

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
