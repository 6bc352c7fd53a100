"""What a corpus was made from and holds, counted while it is written."""

from __future__ import annotations

import hashlib
import platform
import time
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from train.corpus.decontaminate import Report
from train.corpus.document import Document
from train.files import Run, file_hash

#: Steps that leave documents out, in order.
STEPS = ("licence", "quality", "contamination", "duplicates", "near-duplicates")
_PACKAGES = (
    "datatrove", "mwclient", "mwparserfromhell", "mwxml", "numba", "numpy", "phonenumbers",
    "pyarrow", "python-stdnum", "trafilatura", "viobert",
)  # fmt: skip


class Funnel:
    """Counts a source and step and reason, and the hash of what was kept."""

    def __init__(self) -> None:
        self.sources: dict[str, dict[str, Any]] = {}
        self._content = hashlib.sha256()

    def add(self, document: Document) -> None:
        source = self.sources.setdefault(document.source, _empty())
        source["read"] += 1
        if document.reason:
            step, reason = cause(document.reason)
            source["left_out"].setdefault(step, Counter())[reason] += 1
            return
        source["kept"] += 1
        source[document.split] += 1
        source["settings"][document.setting] += 1
        source["licences"][document.licence] += 1
        source["characters"] += len(document.text)
        source["words"] += int(document.metadata.get("quality", {}).get("words", 0))
        source["pii"].update(document.metadata.get("pii", {}))
        fields = (document.id, document.hash, document.split, document.setting, document.family)
        self._content.update(("\t".join(fields) + "\n").encode())

    @property
    def content(self) -> str:
        """Hash of what the documents are, whatever version of parquet holds them."""
        return self._content.hexdigest()

    def total(self, key: str) -> int:
        return sum(source[key] for source in self.sources.values())

    def reasons(self) -> str:
        return reasons(self.sources)


def reasons(sources: dict[str, dict[str, Any]]) -> str:
    """All reasons with their counts, the most frequent first."""
    found: Counter[str] = Counter()
    for source in sources.values():
        for step, counts in source["left_out"].items():
            mark = "contaminated: " if step == "contamination" else ""
            found.update({f"{mark}{reason}": count for reason, count in counts.items()})
    return ", ".join(f"{reason} {count}" for reason, count in found.most_common())


def _empty() -> dict[str, Any]:
    counts = dict.fromkeys(("read", "kept", "train", "dev", "test", "characters", "words"), 0)
    named: dict[str, Counter[str]] = {name: Counter() for name in ("settings", "licences", "pii")}
    return {**counts, "left_out": {}, **named}


def cause(reason: str) -> tuple[str, str]:
    """Step and kind of a reason; a duplicate's names the other document: the kind does not."""
    if reason.startswith("licence "):
        return "licence", reason
    if reason.startswith("contaminated: "):
        return "contamination", reason.removeprefix("contaminated: ")
    if reason.startswith("duplicate of "):
        return "duplicates", "duplicate"
    if reason.startswith("near-duplicate of "):
        return "near-duplicates", "near-duplicate"
    return "quality", reason


def manifest(
    run: Run, made_from: dict[str, Any], funnel: Funnel, report: Report, seconds: dict[str, float]
) -> dict[str, Any]:
    """The contents of ``manifest.json``; two equal runs differ in times and versions alone."""
    corpus = run.recipe.what.corpus
    return {
        **made_from,
        "name": run.recipe.name,
        "purpose": corpus.purpose,
        "pii": corpus.pii,
        "names_kept": [s.path or s.url for s in corpus.sources if s.names == "keep"],
        "content": funnel.content,
        "documents": funnel.total("kept"),
        "excluded": funnel.total("read") - funnel.total("kept"),
        "splits": {part: funnel.total(part) for part in ("train", "dev", "test")},
        "characters": funnel.total("characters"),
        "words": funnel.total("words"),
        "sources": funnel.sources,
        "contamination": report.summary(),
        "outputs": {
            path.name: file_hash(path)
            for path in (run.documents, run.excluded, run.ledger, run.clusters, run.contamination)
        },
        "versions": {"python": platform.python_version(), **dict(_versions())},
        "seconds": seconds,
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _versions() -> list[tuple[str, str]]:
    found = []
    for package in _PACKAGES:
        try:
            found.append((package, version(package)))
        except PackageNotFoundError:
            continue
    return found
