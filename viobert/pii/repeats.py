"""A name once more, after a cue has told that it is one."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from viobert.pii.cues import PLACES
from viobert.pii.families import Families
from viobert.pii.given import GIVEN
from viobert.pii.lexicon import ADJECTIVES, AMBIGUOUS, WORDS
from viobert.pii.shapes import HEADS

Found = tuple[int, int, str]

_NEAR = 300  # characters


def again(reader: Families, found: list[Found]) -> Iterator[Found]:
    """The same names once more soon after, without a cue, clitics left out."""
    taken = [(start, end) for start, end, _ in found]
    for start, end, _ in found:
        name = reader.text[start:end].split(" ")
        if len(name[0]) < 3 or name[0] in HEADS or name[0] in ADJECTIVES or name[0] in WORDS:
            continue
        if name[0] not in GIVEN and name[0] not in AMBIGUOUS and len(name[0]) < 4:
            continue
        pattern = re.compile(rf"(?<![^\W_])[وف]?[بلك]?({re.escape(name[0])})(?![^\W_])")
        for match in pattern.finditer(reader.text, end, end + _NEAR):
            first, last = match.span(1)
            if any(first < b and a < last for a, b in taken):
                continue
            at = bisect_left(reader.starts, last) - 1
            if reader.word(at - 1) in PLACES:
                continue
            past = reader.extend(at + 1, 1, "role")
            second = reader.word(at + 1) if past > at + 1 else ""
            if second and second not in name[1:]:
                continue  # somebody else of that name
            taken.append((first, reader.end(past - 1)))
            yield first, reader.end(past - 1), "NAME"
