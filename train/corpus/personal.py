"""Personal data out of the stored text: typed placeholders in its place."""

from __future__ import annotations

from collections import Counter

from train.corpus.document import Document, Step
from viobert import pii


class PersonalData(Step):
    """Replaces what ``viobert.pii`` finds in text and title; counts it in the metadata."""

    dropped_too = True  # what was left out is kept on disk, and looked at

    def apply(self, document: Document) -> None:
        keep = document.metadata.get("names") == "keep"
        types = [t for t in pii.TYPES if t != "NAME"] if keep else pii.TYPES
        document.text, found = pii.replace(document.text, types)
        if keep:
            document.compared = pii.replace(document.text, ("NAME",))[0]
        document.title, in_title = pii.replace(document.title, types)
        if found or in_title:
            counts = Counter(span.type for span in (*found, *in_title))
            document.metadata["pii"] = dict(sorted(counts.items()))
