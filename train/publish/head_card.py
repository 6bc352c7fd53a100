"""The card of a fine-tuned head."""

from __future__ import annotations

from collections.abc import Sequence

from train.corpus.funnel import table
from train.publish import snippets
from train.publish.card import licence, page
from train.publish.facts import Facts
from train.publish.heads import Head
from train.publish.metadata import metadata, results
from train.publish.terms import terms
from viobert.charts import name as setting_of
from viobert.scores import ALL, Score, named, shown


def head_card(
    record: Facts, head: Head, scores: Sequence[Score], title: str, encoder: str, place: str,
    labels: Sequence[str], licences: Sequence[str], note: str = "",
) -> str:  # fmt: skip
    """The card as Markdown with metadata.

    ``scores``: those of the evaluation; ``encoder``: the name of the model it was made of;
    ``licences``: of the rows it learned from; ``note``: what was done to its weights afterwards.
    """
    cell = head.cell
    own = [s for s in scores if s.model == record["name"] and s.items == ALL
           and (s.axis, s.task, s.setting) == (cell.axis, cell.task, cell.setting)]  # fmt: skip
    # Of a single seed there is no row beside the mean, which it is.
    this = [s for s in own if s.seed == cell.seed and not s.against]
    this = this or [s for s in own if s.seed is None and not s.against]
    mean = [s for s in own if s.seed is None and s not in this]
    found = terms(record, licences)
    task = "token-classification" if head.tags else "text-classification"
    owner = encoder if "/" in encoder else None
    data = metadata(record, found, title, task, results(this), base_model=owner)
    of = head.labelled or "the model's own documents"
    parts = [
        f"# {title}",
        f"{encoder}, fine-tuned {_for(head)} on the training rows of {of}.",
        "**A research tool, not a medical device.**",
        f"Labels: {', '.join(labels)}.",
        "## Results",
        f"This very head is that of seed {cell.seed}, the first one and not the best. {_when(this)}"
        f"{note}",
        _table(this),
        *([f"Means over seeds {', '.join(map(str, mean[0].envelope.get('seeds', [])))}, and the "
           "difference from the base's heads:", _table(mean)] if mean else []),
        "## How to use",
        (snippets.FIND if head.tags else snippets.CLASSES).format(place=place),
        "## Limits",
        _limits(head),
        f"## Licence\n\n{licence(found)}",
        "## This card\n\nWritten by `python -m train` from the evaluation's `scores.jsonl`; how "
        "the encoder was made is told by its own card.",
    ]  # fmt: skip
    return page(data.to_yaml(), "\n\n".join(part for part in parts if part))


def _when(rows: Sequence[Score]) -> str:
    if not rows:
        return "It was not measured. "
    of = rows[0].envelope
    learned = of["dataset"].get("train") or of.get("rows_trained_on")
    return (
        f"Measured {of['time'][:10]} by recipe `{of['recipe']}`, code `{of['code']}`"
        + (f"; it learned from {learned:,} rows. " if learned else ". ")
    )  # fmt: skip


def _for(head: Head) -> str:
    return "to find medical entities (IOB2 tags on the first piece of each word)" if (
        head.tags) else f"to tell {head.cell.task} classes of texts"  # fmt: skip


def _table(rows: Sequence[Score]) -> str:
    lines = []
    for s in rows:
        less = ", less the base's" if s.against else ""
        lines.append([setting_of(s), named(s.metric) + less, shown(s), s.n, s.documents])
    return table(["setting", "measure", "value [95 %]", "items", "texts"], lines) if lines else ""


def _limits(head: Head) -> str:
    if head.tags:
        return (
            "The sentences were written for this purpose and no clinician has judged their "
            "annotation; real notes are harder. What it does not find is not absent."
        )
    return (
        "It knows these classes only and always names one. The rows are of one kind of text; "
        "expect less of others."
    )
