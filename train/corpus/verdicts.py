"""Who stays of each cluster of duplicates, who leaked from an evaluation set, who is held out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from train.corpus import decontaminate, shards
from train.corpus import near_duplicates as near
from train.corpus.document import Document
from train.corpus.ingest import EVALUATION, NEW, Index
from train.corpus.near_duplicates import Indices, Shingles
from train.corpus.sketches import Sketches
from train.corpus.split import side
from train.recipe import Corpus, NearDuplicates


class Sketched:
    """The sketches of all shards. ``row`` [n]: each one's document, numbered over all shards."""

    def __init__(self, index: Index, folder: Path) -> None:
        self.index, self.folder = index, folder
        self.start = np.cumsum([0, *(shard["documents"] for shard in index)])
        parts = []
        for shard in index:
            with np.load((folder / shard["file"]).with_suffix(".npz")) as held:
                parts.append((held["rows"], held["keys"], held["exact"], held["words"]))
        rows = [part[0] + offset for part, offset in zip(parts, self.start, strict=False)]
        self.row: Indices = np.concatenate(rows)
        self.all = Sketches.concatenate([Sketches(*part[1:]) for part in parts])
        sizes = [len(r) for r in rows]
        self.new = np.repeat([shard["role"] == NEW for shard in index], sizes)
        self.item = np.repeat([shard["role"] == EVALUATION for shard in index], sizes)

    def some(self, places: Indices) -> Sketches:
        every = self.all
        return Sketches(every.keys[places], every.exact[places], every.words[places])

    def shingles(self, places: Indices, chosen: Indices, config: NearDuplicates) -> Shingles:
        """Shingle the texts of ``places[chosen]``, one shard after the other."""
        made = Shingles(chosen, self.some(places), config.shingle)
        wanted = self.row[places[chosen]]
        bounds = np.searchsorted(wanted, self.start)
        for shard, offset, first, last in zip(
            self.index, self.start, bounds, bounds[1:], strict=False
        ):
            if first < last:
                rows = (wanted[first:last] - offset).tolist()
                made.add(chosen[first:last], list(shards.texts(self.folder / shard["file"], rows)))
        return made

    def column(self, name: str) -> pa.ChunkedArray:
        """A column of all shards."""
        files = (pq.read_table(self.folder / s["file"], columns=[name]) for s in self.index)
        return pa.chunked_array([c for t in files for c in t.column(name).chunks], pa.string())


class Verdicts:
    """What the comparison of all documents decided, by row; ``apply`` writes it into them."""

    def __init__(self, sketched: Sketched) -> None:
        self.start = sketched.start
        self.ids, self.families = sketched.column("id"), sketched.column("family")
        #: row → (kind, row of the document that stays, exact similarity to it)
        self.repeats: dict[int, tuple[str, int, float]] = {}
        #: family → another one that it is kept together with, since they share near-duplicates
        self._joined: dict[str, str] = {}
        #: row → matches with items of evaluation sets: (set, item, similarity)
        self.leaks: dict[int, list[tuple[str, str, float]]] = {}

    def apply(
        self, number: int, role: str, documents: Iterable[Document], corpus: Corpus
    ) -> Iterator[Document]:
        """Fill in reason, contamination, family and split of the documents of a shard."""
        remove = {s.name for s in corpus.evaluation_sets if s.action == "remove"}
        for row, document in enumerate(documents, int(self.start[number])):
            for name, item, similarity in self.leaks.get(row, ()):
                decontaminate.tag(document, name, item, "near-duplicate", similarity)
                if name in remove and role == NEW and not document.reason:
                    document.reason = f"contaminated: {name}"
            if row in self.repeats and not document.reason:
                kind, stays, _ = self.repeats[row]
                document.reason = f"{kind} of {self.ids[stays]}"
            if not document.reason:
                document.family = self.family(document.family)
                document.split = side(document.family, corpus)
            yield document

    def family(self, name: str) -> str:
        """The family that decides on which side this one lies."""
        while name in self._joined:
            name = self._joined[name]
        return name

    def join(self, first: int, other: int) -> None:
        """Keep the families of two documents together, under the name of the first's."""
        one, two = (self.family(self.families[row].as_py()) for row in (first, other))
        if one != two:
            self._joined[two] = one

    def write_clusters(self, path: Path) -> None:
        """Every document that was left out as a duplicate, beside the one that stays."""
        found = sorted((stays, row, kind, s) for row, (kind, stays, s) in self.repeats.items())
        table = {
            "kept": [self.ids[stays].as_py() for stays, *_ in found],
            "left_out": [self.ids[row].as_py() for _, row, *_ in found],
            "kind": pa.array([kind for *_, kind, _ in found], pa.string()),
            "similarity": pa.array([s for *_, s in found], pa.float32()),
        }
        pq.write_table(pa.table(table), path, compression="zstd")


def judge(corpus: Corpus, index: Index, folder: Path) -> Verdicts:
    """Compare all documents that are still kept, with each other and with what must not recur."""
    sketched = Sketched(index, folder)
    verdicts = Verdicts(sketched)
    config = corpus.near_duplicates
    places = np.flatnonzero(~sketched.item)
    if config:
        _leaks(sketched, verdicts, config, corpus)
        # What leaves for its contamination takes no other document with it.
        remove = {s.name for s in corpus.evaluation_sets if s.action == "remove"}
        gone = [r for r, found in verdicts.leaks.items() if any(f[0] in remove for f in found)]
        gone_new = np.isin(sketched.row[places], gone) & sketched.new[places]
        places = places[~gone_new]
    _repeats(sketched, verdicts, places, config)
    return verdicts


def _leaks(sketched: Sketched, verdicts: Verdicts, config: NearDuplicates, corpus: Corpus) -> None:
    """Documents that are near-duplicates of an item of an evaluation set."""
    items = np.flatnonzero(sketched.item)
    if not len(items):
        return
    keys, words = sketched.all.keys, sketched.all.words
    meets = np.zeros(len(keys), bool)
    for band in range(keys.shape[1]):
        meets |= np.isin(keys[:, band], keys[items[words[items] > 0], band])
    places = np.flatnonzero(meets & (words > 0))
    sketches = sketched.some(places)
    shingles = sketched.shingles(places, np.arange(len(places)), config)
    labels = near.link(sketches, near.equal_texts(sketches), shingles, config.threshold).labels
    is_item = sketched.item[places]
    names = sketched.column("source")
    for members in _groups(labels, np.arange(len(places))):
        items = members[is_item[members]]
        _, firsts = np.unique(sketches.exact[items], axis=0, return_index=True)
        for item in items[np.sort(firsts)]:  # of equal items one: the report knows the others
            row = int(sketched.row[places[item]])
            for other in members[~is_item[members]]:
                similarity = jaccard(shingles, int(item), int(other))
                if similarity >= config.threshold:
                    match = (names[row].as_py(), verdicts.ids[row].as_py(), similarity)
                    verdicts.leaks.setdefault(int(sketched.row[places[other]]), []).append(match)


def _repeats(
    sketched: Sketched, verdicts: Verdicts, places: Indices, config: NearDuplicates | None
) -> None:
    """One document of each cluster stays: an earlier corpus's, or else the longest. Families that
    meet in a cluster are kept on one side, that of its first document."""
    sketches = sketched.some(places)
    first_equal = near.equal_texts(sketches)
    new, row = sketched.new[places], sketched.row[places]
    for copy in np.flatnonzero((first_equal != np.arange(len(places))) & new):
        first = first_equal[copy]
        verdicts.repeats[int(row[copy])] = ("duplicate", int(row[first]), 1.0)
        if new[first]:
            verdicts.join(int(row[first]), int(row[copy]))
    if not config:
        return
    shingles = sketched.shingles(places, near.candidates(sketches, first_equal), config)
    found = near.link(sketches, first_equal, shingles, config.threshold)
    alone = np.flatnonzero(first_equal == np.arange(len(places)))
    for members in _groups(found.labels, alone):
        old = members[~new[members]]
        # argmax takes the first of the longest
        stays = int(old[0] if len(old) else members[np.argmax(sketches.words[members])])
        for member in members[new[members]][1:]:
            verdicts.join(int(row[members[new[members]][0]]), int(row[member]))
        for member in members[new[members] & (members != stays)]:
            similarity = jaccard(shingles, stays, int(member))
            verdict = ("near-duplicate", int(row[stays]), similarity)
            verdicts.repeats[int(row[member])] = verdict
    for copy, (kind, first, _) in verdicts.repeats.items():
        if kind == "duplicate" and first in verdicts.repeats:  # its first went for another one
            verdicts.repeats[copy] = verdicts.repeats[first]


def _groups(labels: Indices, among: Indices) -> Iterator[Indices]:
    """The clusters of more than one text, each ascending."""
    order = among[np.argsort(labels[among], kind="stable")]
    starts = np.flatnonzero(np.diff(labels[order])) + 1
    yield from (group for group in np.split(order, starts) if len(group) > 1)


def jaccard(shingles: Shingles, a: int, b: int) -> float:
    """Exact Jaccard similarity of two texts' shingles, by their places in the sketches."""
    one, other = (
        shingles.hashes[shingles.starts[r] : shingles.starts[r] + shingles.counts[r]]
        for r in (shingles.row[a], shingles.row[b])
    )
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)
