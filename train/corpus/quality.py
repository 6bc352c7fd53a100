"""How good a text is: tags first, cut later, by the thresholds of the recipe.

The tags follow Gopher's rules (Rae et al. 2021, table A1), with shares of words where Gopher
counts characters, on words as ``hashing`` sees them. What is rare in Arabic web text but common in
medicine (units, comparisons, lab values, Latin drug names) counts as no fault by itself.
"""

from __future__ import annotations

import functools
import unicodedata

import numpy as np
from numpy.typing import NDArray

from train.corpus.boilerplate import boilerplate
from train.corpus.document import Document, Step
from train.corpus.hashing import compiled, word_hashes
from train.recipe import Quality as Thresholds
from viobert.text import TATWEEL, has_arabic

FEW = 20  # words: in fewer no phrase can be said to be repeated
TOP, REPEATED = range(2, 5), range(5, 11)  # words of the n-grams that are counted

_SPACE, _MARK, _ARABIC, _LETTER, _DIGIT, _PUNCTUATION, _SYMBOL = range(7)
_LAST_LETTER = 0x323B0
_FACTOR = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
# Marks of the page, not of the sentence; what stands in a lab report is none of them.
_SYMBOLS = "#*|_~^\\{}[]@•·▪●■□◄►…"
_MEDICAL = "+<>=±×÷°≤≥≈−→←↑↓^"


class Quality(Step):
    """Puts ``tags`` into ``metadata["quality"]`` and drops what the recipe's thresholds cut."""

    def __init__(self, thresholds: Thresholds) -> None:
        super().__init__()
        self.thresholds = thresholds

    def apply(self, document: Document) -> None:
        found = tags(document.text)
        document.metadata["quality"] = found
        document.reason = verdict(found, self.thresholds)


def tags(text: str) -> dict[str, float]:
    """Figures on a text, rounded to 4 digits; shares lie in [0, 1].

    ``words``, ``mean_word`` (letters and digits); ``arabic`` (of the letters); ``digits``,
    ``punctuation`` and ``symbols`` (of the characters that are no space, haraka or tatweel);
    ``boilerplate`` and ``repeated_lines`` (of the characters; a line that stood before);
    ``top_2gram`` … ``top_4gram`` (of the words, in the n-gram that stands most often, if more than
    once); ``repeated_5gram`` … ``repeated_10gram`` (of the words, in n-grams that stood before).
    """
    hashes = word_hashes(text)
    count = _classes(text)
    letters = count[_ARABIC] + count[_LETTER]
    characters = letters + count[_DIGIT] + count[_PUNCTUATION] + count[_SYMBOL]
    found = {
        "words": len(hashes),
        "mean_word": (letters + count[_DIGIT]) / max(1, len(hashes)),
        "arabic": count[_ARABIC] / max(1, letters),
        "digits": count[_DIGIT] / max(1, characters),
        "punctuation": count[_PUNCTUATION] / max(1, characters),
        "symbols": count[_SYMBOL] / max(1, characters),
        "boilerplate": boilerplate(text),
        "repeated_lines": _repeated_lines(text),
    }
    shares = _repetition(hashes).tolist()
    found |= {f"top_{n}gram": shares[n] for n in TOP}
    found |= {f"repeated_{n}gram": shares[n] for n in REPEATED}
    return {name: round(float(value), 4) for name, value in found.items()}


def verdict(found: dict[str, float], limits: Thresholds) -> str:
    """The first reason to leave out a text of these tags, or nothing."""
    if not found["words"]:
        return "empty"
    if found["words"] < limits.min_words:
        return "too short"
    if found["arabic"] < limits.min_arabic:
        return "little Arabic"
    top = max(found[f"top_{n}gram"] for n in TOP)
    cuts = (
        ("repeated lines", found["repeated_lines"] > limits.max_repeated_lines),
        # In a dozen words one name with its abbreviation would do.
        ("repeated phrase", found["words"] >= FEW and top > limits.max_top_ngram),
        ("repetitive", found["repeated_5gram"] > limits.max_repeated_ngrams),
        ("boilerplate", found["boilerplate"] > limits.max_boilerplate),
        ("symbols", found["symbols"] > limits.max_symbols),
        ("punctuation", found["punctuation"] > limits.max_punctuation),
        ("digits", found["digits"] > limits.max_digits),
        ("short words", found["mean_word"] < limits.min_mean_word),
        ("long words", found["mean_word"] > limits.max_mean_word),
    )
    return next((reason for reason, cut in cuts if cut), "")


def _classes(text: str) -> list[int]:
    """How many characters of each class."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    counts: list[int] = np.bincount(_table().take(points, mode="clip"), minlength=7).tolist()
    return counts


@functools.cache
def _table() -> NDArray[np.uint8]:
    """The class of each code point; the last one's is that of all beyond, which are no letters."""
    return np.array([_class(chr(point)) for point in range(_LAST_LETTER + 1)], np.uint8)


def _class(character: str) -> int:
    category = unicodedata.category(character)
    if character == TATWEEL or category[0] in "MC":
        return _SPACE if character in "\n\t\r" else _MARK
    if category[0] == "L":
        return _ARABIC if has_arabic(character) else _LETTER
    if category[0] == "N":
        return _DIGIT
    if category[0] == "Z":
        return _SPACE
    if character in _SYMBOLS or (category[0] == "S" and character not in _MEDICAL):
        return _SYMBOL
    return _PUNCTUATION


def _repeated_lines(text: str) -> float:
    if "\n" not in text:
        return 0.0
    seen: set[str] = set()
    repeated = 0
    for line in text.split("\n"):
        if line in seen:
            repeated += len(line)
        seen.add(line)
    return repeated / len(text)


@compiled
def _repetition(hashes):  # type: ignore[no-untyped-def]
    """[11]: at 2 to 4 the share of words in the commonest n-gram, at 5 to 10 in repeated ones."""
    words = len(hashes)
    shares = np.zeros(11)
    size = 16
    while size < 2 * words:
        size *= 2
    keys, counts = np.empty(size, np.uint64), np.zeros(size, np.int64)
    grams = hashes.copy()
    for n in range(2, min(10, words) + 1):
        counts[:] = 0
        most, covered, until = 1, 0, 0
        for i in range(words - n + 1):
            gram = (grams[i] ^ (hashes[i + n - 1] * _FACTOR)) * _FACTOR
            gram ^= gram >> _HALF
            grams[i] = gram
            place = np.int64(gram % np.uint64(size))
            while counts[place] and keys[place] != gram:
                place = (place + 1) % size
            keys[place] = gram
            counts[place] += 1
            if counts[place] > 1:
                most = max(most, counts[place])
                covered += i + n - max(until, i)
                until = i + n
        if most == 1:
            break  # a longer n-gram repeats a shorter one
        shares[n] = min(1.0, most * n / words) if n < 5 else covered / words
    return shares
