"""Where a name begins."""

from __future__ import annotations

from viobert.pii import common
from viobert.pii.cues import PERSONS
from viobert.pii.doubtful import Doubtful
from viobert.pii.fold import TAKEN
from viobert.pii.lexicon import LATIN
from viobert.pii.shapes import (
    AGED,
    CONSTRUCT,
    DESCRIBES,
    OF_PERSON,
    PILLS,
    SIGNED,
    STRONG,
)
from viobert.pii.verbs import GIVING, VERBS


class Starts(Doubtful):
    """Whether a name begins at a word, and with how sure a sign."""

    def name_at(self, at: int, kind: str, cue: int) -> int:
        """The token after the name that begins at ``at``; ``at`` where none does."""
        if at >= len(self.words) or self.is_adverb(at):
            return at
        word = self.word(at)
        size = self.compound(at)
        if size and word not in ("با", "ال", "ايت", "ولد", "بنت", "ابن", "بن", "اولاد", "بني"):
            return self.extend(at + size, 1, kind)
        if self.is_given(at):
            if word in CONSTRUCT and self.is_construct(at, kind):
                return at
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
            return second or self.ends_here(at + 1)
        if kind == "called":
            person = any(self.word(cue - back) in PERSONS for back in (1, 2, 3))
            return person and (second or self.ends_here(at + 1))
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
            two = not drug and self.two_unknown(at)
            return given or (second and not drug) or told or two or self.signs(at, cue)
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

    def ends_here(self, at: int) -> bool:
        """Whether a name before ``at`` is whole: a stop, a verb, "and" or a plain word follows."""
        word = self.word(at)
        plain = self.verb_follows(at) or word.startswith("و") or common.is_listed(word)
        return self.stops(at) or (self.adjoins(at) and plain)

    def two_unknown(self, at: int) -> bool:
        """Two words of no list and of no verb's or adjective's form, then a stop or a verb."""
        if self.word(at)[0] in "بلكف" and self.word(at + 1).startswith("ال"):
            return False
        first = self.like_a_name(at) or self.word(at).endswith(("ان", "ه"))
        second = self.adjoins(at + 1) and self.unknown(at + 1)
        return first and second and (self.stops(at + 2) or self.goes_on(at + 2))

    def latin_name(self, at: int, kind: str) -> int:
        """As ``name_at`` for a name in Latin letters with capitals; 0 where none is."""
        if not self.is_latin(at):
            return 0
        known = self.word(at) in LATIN
        capital = self.folded.raw(self.starts[at]).isupper()
        if not known and not (
            capital and kind in ("dot", "self", "label") and len(self.word(at)) > 2
        ):
            return 0
        end = at + 1
        while end - at < 5 and self.gap(end) in (" ", "-", ". ") and self.is_latin(end):
            first, last = self.starts[end], self.end(end) - 1
            capital = self.folded.raw(first).isupper()
            shouted = capital and last > first and self.folded.raw(last).isupper()
            if not (
                self.word(end) in LATIN
                or (capital and not shouted)
                or self.word(end) in ("al", "el", "bin", "ben", "abu")
            ):
                break
            end += 1
        return end
