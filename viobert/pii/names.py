"""People's names behind a cue.

A cue (اسمي, د., الدكتورة, المريض, ابني …) says that a name may follow; the lexicon of given
names says that it does. Names that are ordinary words too want a second sign: another part, a
verb, a stop.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from viobert.pii import common
from viobert.pii.cues import CUES, FILLERS, NO_PERSON, PERSONS, PLACES, SHORT, TREATMENTS
from viobert.pii.fold import TAKEN, Folded
from viobert.pii.given import GIVEN
from viobert.pii.lexicon import AMBIGUOUS
from viobert.pii.repeats import Found, again
from viobert.pii.shapes import HEADS, NAMED_AFTER, SHRINES
from viobert.pii.starts import Starts
from viobert.pii.surnames import FAMILY

_TOKEN = re.compile(r"[^\W_]+")
_CUE_GAP = re.compile(r" *[:/.\\\-«\"'(،]* *\Z")
_CLOSE_GAP = re.compile(r" *[:/\\\-«\"'(]* *\Z")
_SIGN_GAP = re.compile(r"[ ،,:.\-\n]*\Z")


class Reader(Starts):
    """The names of one folded text."""

    def names(self, cues: list[int]) -> Iterator[Found]:
        reached = 0
        for at in cues:
            kind = CUES[self.words[at]]
            if at < reached or not self.is_cue(at, kind):
                continue
            for start, end, clitics in self.behind(at, kind):
                reached = max(reached, end)
                yield self.starts[start] + clitics, self.end(end - 1), "NAME"

    def is_cue(self, at: int, kind: str) -> bool:
        before = self.word(at - 1) if self.gap(at) in (" ", "  ") else ""
        if self.word(at) == "سي":
            return before not in NO_PERSON and len(before) != 2 and self.is_given(at + 1)
        if kind == "dot":
            following = self.text[self.end(at) : self.end(at) + 2].strip()
            latin = self.word(at)[0].isascii()
            if self.word(at) in SHORT:
                return following[:1] in tuple("./\\") and self.is_given(at + 1)
            if not latin and following[:1] not in tuple("./:\\"):
                named = self.is_given(at + 1) or (
                    self.ambiguous(at + 1)
                    and (
                        self.mostly_name(at + 1)
                        or (self.adjoins(at + 2) and self.is_family(at + 2))
                    )
                    and self.word(at + 1) != "علي"
                )
                return named and before not in NO_PERSON and not before.isdigit()
            return before not in NO_PERSON and not before.isdigit()
        if self.word(at) == "اني" and not self.stops(at) and at:
            return False  # in Iraq "I", elsewhere "that I"
        if kind == "called":
            for back in (1, 2, 3):
                if self.word(at - back) in PERSONS or self.word(at - back) in NO_PERSON:
                    return self.word(at - back) in PERSONS
            return True
        named_after = self.word(at - 2) in PLACES and before in NAMED_AFTER
        shrine = self.word(at) in SHRINES and self.word(at + 1) in ("زينب", "نفيسه", "عايشه")
        treated = kind in ("role", "kin", "title") and before in TREATMENTS
        foreign = before in PLACES or (before in NO_PERSON and not treated)
        return not (foreign or named_after or shrine)

    def behind(self, cue: int, kind: str) -> Iterator[tuple[int, int, int]]:
        """First token, token after the last, letters of clitics: the names behind a cue."""
        at, skipped = cue + 1, False
        while at < len(self.words) and at - cue <= 5 and self.word(at) in FILLERS:
            if self.is_filled_by_name(at):
                break
            if not _CLOSE_GAP.match(self.gap(at)):
                return
            at, skipped = at + 1, True
        if (
            at >= len(self.words)
            or self.word(at) in CUES
            and not self.is_given(at)
            and not (self.word(at) == "سيد" and kind in ("kin", "self", "with"))
            and not (self.ambiguous(at) and self.adjoins(at + 1) and self.is_family(at + 1))
        ):
            return
        gap = self.gap(at)
        allowed = (
            _SIGN_GAP if kind == "sign" else _CUE_GAP if kind in ("dot", "self") else _CLOSE_GAP
        )
        if not allowed.match(gap) or TAKEN in gap:
            return
        if kind in ("role", "label") and ":" in gap:
            kind = "label"
        elif kind == "label":
            kind = "called"
        if skipped and kind in ("doctor", "title"):
            kind = "role" if kind == "title" else kind
        end = self.latin_name(at, kind) or self.name_at(at, kind, cue)
        if end > at and kind in ("doctor", "dot", "sign") and self.rest_is_family(end, cue):
            end += 1
        clitics = 0
        if end == at and ":" in gap and self.to_somebody(at):
            end, clitics = self.extend(at + 1, 1, kind), 1
        while end > at:
            yield at, end, clitics
            more = self.joined(end)
            if more is None:
                return
            at, clitics = more
            end = self.extend(at + 1, 1, kind)

    def is_filled_by_name(self, at: int) -> bool:
        """الحبيب بن يوسف: a word of courtesy that is a name, as its family's name tells."""
        name = (self.is_given(at) or self.ambiguous(at)) and self.word(at) not in CUES
        return name and (self.word(at + 1) in ("بن", "بنت") or self.word(at + 1) in FAMILY)

    def to_somebody(self, at: int) -> bool:
        """للولدين: لسارة حبة: a name behind a colon with the clitic that the cue had."""
        bare = self.word(at)[1:]
        known = bare in GIVEN or bare in AMBIGUOUS
        return self.word(at).startswith("ل") and len(bare) > 2 and known

    def rest_is_family(self, at: int, cue: int) -> bool:
        """Whether ``at`` is the last word of a signature's line: الدكتور X العسل is no noun."""
        alone = self.opens(cue) and self.ends_line(at + 1) and self.adjoins(at)
        word = self.word(at)
        noun = word.startswith("ال") and not word.startswith("السلام")
        return alone and "ال" in self.word(cue) and (noun or not common.is_listed(word))


def _signature(reader: Reader) -> Iterator[Found]:
    """A last line that is nothing but two to five parts of a name."""
    body, _, line = reader.text.rstrip(" .\n").rpartition("\n")
    if not body or len(line) > 60 or not line.strip():
        return
    at = bisect_left(reader.starts, len(body))
    last = len(reader.words)
    if not 2 <= last - at <= 6 or not (reader.is_given(at) or reader.compound(at)):
        return
    if reader.extend(at + (reader.compound(at) or 1), 1, "kin") == last:
        yield reader.starts[at], reader.end(last - 1), "NAME"


def _leads(words: list[str], at: int, kind: str) -> bool:
    """Whether a name may begin at ``at``, by its words alone: spares most cues a closer look."""
    while at < len(words) and words[at] in FILLERS and words[at] not in GIVEN:
        at += 1
    if at == len(words):
        return words[at - 1] in GIVEN
    word = words[at]
    if word in GIVEN or word in AMBIGUOUS or word in HEADS or words[at - 1] in GIVEN:
        return True
    if word[0] == "ل" and (word[1:] in GIVEN or word[1:] in AMBIGUOUS):
        return True
    if kind == "i":
        return word.startswith(("عبد", "ابو")) or word.endswith(("الدين", "الله"))
    return not common.is_listed(word)


def _may_sign(text: str) -> bool:
    line = text.rstrip(" .\n").rpartition("\n")[2]
    words = _TOKEN.findall(line) if len(line) <= 60 else []
    return 2 <= len(words) <= 6 and (
        words[0] in GIVEN or words[0] in HEADS or words[0][:3] in ("عبد", "ابو")
    )


def names(folded: Folded) -> list[Found]:
    words = _TOKEN.findall(folded.text)
    cues = [
        index
        for index, word in enumerate(words[:-1])
        if word in CUES and _leads(words, index + 1, CUES[word])
    ]
    signed = "\n" in folded.text and _may_sign(folded.text)
    if not cues and not signed:
        return []
    reader = Reader(folded, words)
    found = list(reader.names(cues))
    found += [
        one for one in _signature(reader) if not any(one[0] < b and a < one[1] for a, b, _ in found)
    ]
    return found + list(again(reader, found))
