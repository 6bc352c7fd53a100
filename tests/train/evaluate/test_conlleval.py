"""Entities against the rules of the original conlleval.pl, written down here from its text."""

from __future__ import annotations

from typing import Any

import numpy as np
from seqeval.scheme import IOB2, Entities

from tests.train.evaluate.test_measures import random_tags
from viobert.ner import decode, entities, tags

Chunk = tuple[int, int, str]


def conlleval(sequence: list[str]) -> set[Chunk]:
    """Chunks [first, last] as conlleval 2004-01-26 finds them (its startOfChunk and endOfChunk):
    one begins at B, and at I after O or after another type; it ends before B, O or another type."""
    found, start = set(), -1
    previous, kind = "O", ""
    for i, tag in enumerate([*sequence, "O"]):
        edge, _, label = tag.partition("-")
        ends = previous != "O" and (edge in ("B", "O") or label != kind)
        begins = edge == "B" or (edge == "I" and (previous == "O" or label != kind))
        if ends:
            found.add((start, i - 1, kind))
        if begins:
            start = i
        previous, kind = edge, label
    return found


def strict(sequence: list[str]) -> set[Chunk]:
    found = Entities([sequence], IOB2).entities[0]
    return {(e.start, e.end - 1, e.tag) for e in found}


def ours(sequence: list[str]) -> set[Chunk]:
    spans = [(i, i + 1) for i in range(len(sequence))]
    return {(e.start, e.end - 1, e.label) for e in entities(sequence, spans)}


def test_well_formed_tags_have_the_same_entities_under_all_three_rules() -> None:
    generator = np.random.default_rng(5)
    for _ in range(500):
        sequence = random_tags(generator, int(generator.integers(1, 15)))
        assert conlleval(sequence) == strict(sequence) == ours(sequence)


def test_where_tags_are_ill_formed_strict_drops_what_conlleval_begins() -> None:
    assert conlleval(["I-DRUG", "O"]) == {(0, 0, "DRUG")} and strict(["I-DRUG", "O"]) == set()
    mixed = ["B-DRUG", "I-DISEASE", "I-DISEASE", "O", "B-DRUG"]
    assert conlleval(mixed) == {(0, 0, "DRUG"), (1, 2, "DISEASE"), (4, 4, "DRUG")}
    assert strict(mixed) == ours(mixed) == {(0, 0, "DRUG"), (4, 4, "DRUG")}
    generator = np.random.default_rng(6)
    names = tags(["DRUG", "DISEASE"])
    for _ in range(500):
        sequence = [str(t) for t in generator.choice(names, 8)]
        assert ours(sequence) == strict(sequence)


def test_what_is_decoded_is_the_best_of_all_well_formed_sequences() -> None:
    import itertools

    names = tags(["DRUG", "DISEASE"])

    def well_formed(path: tuple[int, ...]) -> bool:
        before = ["O", *(names[i] for i in path)]
        pairs: Any = zip(before, before[1:], strict=False)
        return all(not b.startswith("I-") or a[1:] == b[1:] for a, b in pairs)

    generator = np.random.default_rng(7)
    for _ in range(30):
        scores = np.log(generator.dirichlet(np.ones(5) * 0.3, 4))
        every = [p for p in itertools.product(range(5), repeat=4) if well_formed(p)]
        best = max(every, key=lambda p: sum(scores[i, t] for i, t in enumerate(p)))
        assert decode(scores, names) == list(best)
    assert decode(np.zeros((0, 5)), names) == []
