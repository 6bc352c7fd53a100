"""Words of a text as parts of names."""

from __future__ import annotations

from viobert.pii import common
from viobert.pii.cues import CUES
from viobert.pii.fold import TAKEN, Folded
from viobert.pii.given import GIVEN
from viobert.pii.lexicon import AMBIGUOUS
from viobert.pii.shapes import AGE, HEADS, NEGATIONS, PRAISED
from viobert.pii.stops import DESCRIBING
from viobert.pii.surnames import FAMILY


class Words:
    """The words of one folded text, and what kind of word each is."""

    def __init__(self, folded: Folded, words: list[str]) -> None:
        self.folded = folded
        self.text = folded.text
        self.words = words
        self.starts: list[int] = []
        at = 0
        for word in words:
            at = self.text.find(word, at)
            self.starts.append(at)
            at += len(word)

    def word(self, at: int) -> str:
        return self.words[at] if 0 <= at < len(self.words) else ""

    def end(self, at: int) -> int:
        return self.starts[at] + len(self.words[at])

    def gap(self, at: int) -> str:
        """What stands between a token and the one before it."""
        if not 0 < at < len(self.words):
            return "\n"
        return self.text[self.end(at - 1) : self.starts[at]]

    def adjoins(self, at: int) -> bool:
        return at < len(self.words) and self.gap(at) in (" ", "  ", "-")

    def stops(self, at: int) -> bool:
        """Whether punctuation, a line's or the text's end stands before token ``at``."""
        gap = self.gap(at) if at < len(self.words) else self.text[self.end(-1) :] + "\n"
        return gap.strip(" ")[:1] not in ("", TAKEN)

    def compound(self, at: int) -> int:
        """How many tokens the compound that begins here has (عبد الله, أبو زيد); 0: none."""
        word, following = self.word(at), self.word(at + 1)
        if not following or not self.adjoins(at + 1):
            return 0
        if word == "عبد":
            return 0 if common.is_listed(following) and not following.startswith("ال") else 2
        if word in HEADS and word != "عبد":
            inner = self.compound(at + 1)
            if inner:
                return 1 + inner
            known = following in GIVEN or following in FAMILY or following in AMBIGUOUS
            if word == "ام" and following.startswith("ال"):
                return 2 if known or following[2:] in GIVEN or following[2:] in AMBIGUOUS else 0
            if known or (not common.is_common(following) and len(following) > 2):
                return 2
            return 0
        if following in ("الدين", "الاسلام", "الزهراء", "الهدي") and not common.is_common(word):
            return 2
        if following == "الدين" and word in AMBIGUOUS | {
            "عز",
            "نور",
            "صلاح",
            "علاء",
            "شمس",
            "فخر",
            "خير",
        }:
            return 2
        if following in ("الله", "ﷲ") and word in PRAISED:
            return 2
        return 0

    def is_adverb(self, at: int) -> bool:
        """ليلاً, قليلاً: fathatan stands on no name."""
        start, end = self.folded.span(self.starts[at], self.end(at))
        return "\u064b" in self.folded.original[start : end + 1]

    def is_given(self, at: int) -> bool:
        word = self.word(at)
        if word in AMBIGUOUS:
            return False
        if word in GIVEN or (word.startswith("عبدال") and len(word) > 6):
            return True
        glued = word.startswith("ابو") or (
            word.endswith(("الدين", "الله"))
            and not word.startswith(("و", "ما", "ال", "ي", "ان", "است"))
        )
        return glued and len(word) > 5 and not common.is_listed(word)

    def is_family(self, at: int) -> bool:
        """A known family name, a given name with the article, a nisba (ال…ي), بو…, بن…, أو…."""
        word = self.word(at)
        if word in FAMILY:
            return not (word == "الحمد" and self.word(at + 1) == "لله")
        if word.startswith(("بو", "بن", "بل")) and (word[2:] in GIVEN or word[2:] in AMBIGUOUS):
            return len(word) > 4
        if common.is_common(word):
            return False
        if word.startswith("ال") and len(word) > 4:
            return (word[2:] in GIVEN and word[2:] not in AMBIGUOUS) or word.endswith("ي")
        if word.startswith(("بو", "بل", "بن")) and len(word) > 4 and not common.is_verb(word):
            return True
        return word.startswith("او") and word[2:] in GIVEN

    def ambiguous(self, at: int) -> bool:
        return self.word(at) in AMBIGUOUS

    def unknown(self, at: int, lenient: bool = False) -> bool:
        """A word that may be a name for all that the lists (``lenient``: and not shapes) say."""
        word = self.word(at)
        common_word = common.is_surely_common(word) if lenient else common.is_common(word)
        return (
            len(word) > 2
            and "\u0621" <= word[0] <= "\u064a"
            and not any(char.isdigit() for char in word)
            # أعاني, أبلغ: the first person's hamza.
            and self.folded.raw(self.starts[at]) != "أ"
            and not (word[0] in "بلكفو" and self.folded.raw(self.starts[at] + 1) in "أإ")
            and not common_word
            and not (word[0] in "بلكف" and (word[1:] in GIVEN or word[1:] in AMBIGUOUS))
            and word not in CUES
        )

    def is_ali_the_preposition(self, at: int, strong: bool = False) -> bool:
        """على and علي fold alike: before the article, a digit or a suffix it is no name."""
        if self.word(at) != "علي":
            return False
        if self.stops(at + 1):
            return False
        if not self.adjoins(at + 1):
            return True
        written_so = self.folded.raw(self.end(at) - 1) == "ى"
        following = self.word(at + 1)
        known = (
            self.is_given(at + 1)
            or self.compound(at + 1) > 0
            or following in FAMILY
            or (self.is_family(at + 1) and (strong or not following.startswith("ال")))
        )
        if known or (self.ambiguous(at + 1) and not written_so):
            return False
        if not written_so and self.unknown(at + 1) and (self.stops(at + 2) or self.goes_on(at + 2)):
            return following.startswith("ال") and not (strong and self.stops(at + 2))
        return (
            written_so
            or following.startswith("ال")
            or not (common.is_common(following) or common.is_verb(following))
        )

    def is_latin(self, at: int) -> bool:
        word = self.word(at)
        return bool(word) and word.isascii() and word.isalpha()

    def goes_on(self, at: int) -> bool:
        """Whether a sentence about the person goes on: nothing of the name is left."""
        word = self.word(at)
        known = word in DESCRIBING or word in NEGATIONS
        return self.verb_follows(at) or known or (word[:1] == "و" and common.is_common(word))

    def verb_follows(self, at: int) -> bool:
        word = self.word(at)
        return (
            self.gap(at) == " "
            and bool(word)
            and (common.is_verb(word) or AGE.match(word) is not None)
        )
