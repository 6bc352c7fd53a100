"""Whether a word is an ordinary one: by the lists, or by its verb's, clitic's or ending's shape."""

from __future__ import annotations

import re

from viobert.pii.given import GIVEN
from viobert.pii.lexicon import AMBIGUOUS
from viobert.pii.nouns import NOUNS
from viobert.pii.stops import PLAIN, WITH_ARTICLE
from viobert.pii.surnames import FAMILY
from viobert.pii.verbs import VERBS

_NAMES = GIVEN | FAMILY | AMBIGUOUS
_PLAIN = PLAIN | NOUNS
_COMMON = WITH_ARTICLE | _PLAIN | frozenset("ال" + word for word in _PLAIN)
_PREFIXED = re.compile(r"(?:[وفبك]|ع|ه)?(?:ال|لل)\w|[وف](?:[بلكيتن])\w\w")
_VERB_SHAPE = re.compile(
    r"[يت]\w{2,}$|(?:كي|كت|بي|بت|هت|هي|حي|حت|غا|سي|ست|است|نست|نت|من?ت|ات|ان)\w{3,}$|"
    r"ب[يتن]\w{2,}$|ما\w+ش$"
)
_SURE_VERB = re.compile(
    r"[يت]\w{2,}$|ب[يت]\w{2,}$|(?:كي|كت|سي|ست|هت|هي|حي|حت|غا|است)\w{3,}$|\w{4,}وا$"
)
_VERB_ENDING = re.compile(
    r"\w{2,}(?:ت|تني|وني|اني|ني|ها|هم|كم|هن|نا|وا|و|ين|ون|ات|ته|لها)$|م\w{3,}ش$"
)


def is_verb(word: str) -> bool:
    """Whether a folded word is a verb, as far as its form shows."""
    if word in VERBS or (word[:1] in "وف" and word[1:] in VERBS):
        return True
    if word in _NAMES or word in _PLAIN:
        return False
    bare = word[1:] if word[:1] in "وف" and len(word) > 4 else word
    return _VERB_SHAPE.match(bare) is not None and not bare.startswith(("ال", "تي"))


def is_listed(word: str) -> bool:
    """Whether a folded word stands in one of the lists, alone or with a clitic."""
    if word in _COMMON or word in VERBS:
        return True
    return word[:1] in "وفبلك" and len(word) > 2 and (word[1:] in _COMMON or word[1:] in VERBS)


def is_surely_common(word: str) -> bool:
    """As ``is_common`` by the lists and the plainest verbs alone: families end as verbs do."""
    if is_listed(word) or word in _NAMES:
        return is_listed(word)
    return _has_clitic(word) or _owned(word) or _SURE_VERB.match(word) is not None


def _has_clitic(word: str) -> bool:
    if word[:1] == "و" or (word[:1] == "ل" and not word.endswith("ي")):
        return True
    return not word.startswith("ال") and _PREFIXED.match(word) is not None


def _owned(word: str) -> bool:
    """رقمي, حرارته, جرعتها: a listed noun with whose it is."""
    for suffix in ("ي", "ه", "و", "ك", "ها", "هم", "نا", "كم"):
        if word.endswith(suffix) and len(word) > 3:
            base = word[: -len(suffix)].removeprefix("ب").removeprefix("ل")
            if base in _PLAIN or (base.endswith("ت") and base[:-1] + "ه" in _PLAIN):
                return True
    return False


def is_common(word: str) -> bool:
    """Whether a folded word ends a name; names of the lexicon are asked for before."""
    if is_listed(word):
        return True
    if word in _NAMES:
        return False
    if _has_clitic(word) or _owned(word):
        return True
    return is_verb(word) or (not word.startswith("ال") and _VERB_ENDING.match(word) is not None)
