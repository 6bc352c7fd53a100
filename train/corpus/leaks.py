"""What was found of evaluation sets in the sources: figures for the card, every match for a file,
so that scores can be shown with and without the items that the training text holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from train.corpus.document import Document
from train.corpus.hashing import exact_key
from train.corpus.overlap import EIGHT, EXACT, THIRTEEN
from train.recipe import EvaluationSet, Recipe

NEAR = "near-duplicate"
KINDS = (EXACT, NEAR, THIRTEEN, EIGHT)  # strongest first


def condemns(chosen: EvaluationSet, kind: str, share: float) -> bool:
    """Whether a match of this kind counts as contamination of the set."""
    return kind != EIGHT or share >= chosen.cover


class Report:
    """Gathers the tags of all documents, those left out too: a set's figures, and every match."""

    def __init__(self, recipe: Recipe) -> None:
        self.sets = {chosen.name: chosen for chosen in recipe.what.corpus.evaluation_sets}
        self._items: dict[str, dict[str, bytes]] = {name: {} for name in self.sets}
        self._twins: dict[tuple[str, bytes], list[str]] = {}
        self._tags: list[tuple[str, str, str, float, str, str, str, str]] = []
        self._more: Counter[str] = Counter()

    def add(self, document: Document, role: str = "new") -> None:
        """One document after all verdicts; ``role``: ``new``, ``earlier``, or ``evaluation`` for
        an item itself (without the items, their number and twins would not be known)."""
        if role == "evaluation":
            key = exact_key(document.text)
            self._items[document.source][document.id] = key
            self._twins.setdefault((document.source, key), []).append(document.id)
            return
        part = "earlier" if role == "earlier" else "" if document.reason else document.split
        tags = document.metadata.get("contamination", [])
        for name, item, kind, share in tags:
            about = (document.id, document.source, part or "left out", document.reason)
            self._tags.append((name, item, kind, share, *about))
        if document.metadata.get("contamination_more"):
            self._more.update({name: 1 for name, *_ in tags})

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row for each item and document that match; of items of the same words one has all
        the documents, the others one."""
        told: set[tuple[str, str]] = set()
        for name, item, kind, share, document, source, part, reason in self._tags:
            key = self._items[name].get(item)
            twins = [item]
            if key is not None and (name, item) not in told:
                twins = self._twins[name, key]  # once: not for each of many equal documents
                told.update((name, twin) for twin in twins)
            counts = condemns(self.sets[name], kind, share)
            for twin in twins:
                yield {
                    "set": name, "item": twin, "kind": kind, "share": share, "counts": counts,
                    "document": document, "source": source, "part": part, "reason": reason,
                }  # fmt: skip

    def write(self, path: Path) -> None:
        """``rows`` as parquet. ``part``: train, dev, test, earlier (an older corpus) or left out;
        ``counts``: whether the match condemns by the set's rule."""
        columns = ("set", "item", "kind", "document", "source", "part", "reason")
        schema = pa.schema(
            [*((c, pa.string()) for c in columns), ("share", pa.float32()), ("counts", pa.bool_())]
        )
        table = pa.Table.from_pylist(list(self.rows()), schema)
        pq.write_table(table, path, compression="zstd")

    def summary(self) -> dict[str, dict[str, Any]]:
        """Of each set: ``items``; how many of them match, each under the strongest of ``kinds``;
        ``contaminated``: how many by a match that counts, ``in_train``: by one in training text;
        ``documents`` with such a match, ``removed`` for it; ``cut_short``: documents that match
        more items than they keep tags."""
        strongest: dict[str, dict[str, int]] = {name: {} for name in self.sets}
        parts = ("contaminated", "in_train", "documents", "removed")
        counted = {name: {part: set[Any]() for part in parts} for name in self.sets}
        for row in self.rows():
            kinds, of, item = strongest[row["set"]], counted[row["set"]], row["item"]
            kinds[item] = min(kinds.get(item, len(KINDS)), KINDS.index(row["kind"]))
            if not row["counts"]:
                continue
            of["contaminated"].add(item)
            of["documents"].add((row["part"], row["document"]))
            if row["part"] == "train":
                of["in_train"].add(item)
            if row["reason"] == f"contaminated: {row['set']}":
                of["removed"].add((row["part"], row["document"]))
        return {
            name: {
                "action": chosen.action,
                "items": len(self._items[name]),
                "kinds": {k: list(strongest[name].values()).count(i) for i, k in enumerate(KINDS)},
                **{part: len(found) for part, found in counted[name].items()},
                "cut_short": self._more[name],
            }
            for name, chosen in self.sets.items()
        }
