"""A comparison as CSV that Excel opens in Arabic."""

from __future__ import annotations

import csv
import io

from viobert.fill_mask import with_masks
from viobert.page.models import Outcome
from viobert.page.strings import Strings

#: By this mark Excel knows UTF-8.
BOM = "\ufeff"

HEADS = (
    "sentence", "mask", "role", "name", "revision", "kind", "rank", "word", "token", "probability",
)  # fmt: skip


def as_csv(outcome: Outcome, strings: Strings) -> str:
    """One row a model, mask and word; empty when there is no answer."""
    if not outcome.predictions:
        return ""
    names = strings.columns
    sink = io.StringIO()
    rows = csv.writer(sink, lineterminator="\r\n")
    heads = [
        "sentence",
        "mask",
        "role",
        "name",
        "revision",
        "kind",
        "rank",
        "word",
        "token",
        "probability",
    ]
    rows.writerow([names[head] for head in heads])
    sentence = with_masks(outcome.text)
    for i, (one, masks) in enumerate(zip(outcome.answering, outcome.predictions, strict=True)):
        checkpoint = one.checkpoint
        start = [strings.roles[one.role], checkpoint.name, checkpoint.revision or ""]
        for j, mask in enumerate(masks):
            found = [(names["top"], p.rank, p.word, p.token, f"{p.probability:.6g}") for p in mask]
            if outcome.own:
                own = outcome.own[i][j]
                pieces = " ".join(own.pieces)
                found.append((names["own"], own.rank, own.word, pieces, f"{own.probability:.6g}"))
            for row in found:
                rows.writerow([_cell(str(v)) for v in (sentence, j + 1, *start, *row)])
    return BOM + sink.getvalue()


def _cell(value: str) -> str:
    """Harmless in a spreadsheet, which would run a text that begins like a formula."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
