"""The data card of a corpus, and its funnel as a figure."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from train.corpus import shards
from train.corpus.funnel import figure, funnel, table
from train.corpus.licences import duties
from train.corpus.manifest import STEPS, reasons
from train.files import Run, replace_file
from viobert import pii
from viobert.checkpoints import EMBEDDED, ROOT
from viobert.pii.measure import Measured, measure

#: Documents whose word pieces are counted.
SAMPLE = 2000
#: The labelled sentences on which the search for personal data is measured.
LABELLED = ROOT / "tests" / "data" / "pii.jsonl"
HARD = LABELLED.with_name("names.jsonl")


def write(run: Run, manifest: dict[str, Any]) -> None:
    """``README.md`` in the manner of a data set card, and ``funnel.html``, beside the manifest."""
    text = card(manifest, pieces(run, manifest))
    replace_file(run.corpus / "README.md", lambda path: path.write_text(text, encoding="utf-8"))
    page = figure(manifest).to_html(include_plotlyjs=True, full_html=True)
    page = page.replace("<head>", f"<head><title>{manifest['name']}: funnel</title>", 1)
    replace_file(run.corpus / "funnel.html", lambda path: path.write_text(page, encoding="utf-8"))


def pieces(run: Run, manifest: dict[str, Any]) -> str:
    """About how many word pieces: counted on a sample, by the tokenizer at hand."""
    base = run.base()
    folders = [(run.recipe.name, run.best), ("base-mini", EMBEDDED / "base-mini")]
    if base:
        folders.insert(1, (base.recipe.name, base.best))
    there = [(n, f / "tokenizer.json") for n, f in folders if (f / "tokenizer.json").exists()]
    name, path = there[0] if there else ("", None)
    if path is None or not manifest["words"]:
        return ""
    from tokenizers import Tokenizer

    every = max(1, manifest["documents"] // SAMPLE)
    chosen = [d for i, d in enumerate(shards.read(run.documents)) if i % every == 0]
    encoded = Tokenizer.from_file(str(path)).encode_batch_fast(
        [d.text for d in chosen], add_special_tokens=False
    )
    words = sum(d.metadata["quality"]["words"] for d in chosen)
    rate = sum(map(len, encoded)) / max(1, words)
    return (
        f" About {round(rate * manifest['words'], -3):,.0f} word pieces ({rate:.2f} a word on "
        f"{len(chosen):,} documents, tokenizer of {name})."
    )


def line(run: Run, manifest: dict[str, Any]) -> str:
    """What the stage says at its end."""
    parts = ", ".join(f"{part} {count}" for part, count in manifest["splits"].items())
    left_out = f"{manifest['excluded']} left out"
    if manifest["excluded"]:
        left_out += f" ({reasons(manifest['sources'])})"
    return (
        f"{manifest['name']}: {manifest['documents']} documents ({parts}), {left_out}; "
        f"card: {run.corpus / 'README.md'}"
    )


def card(manifest: dict[str, Any], pieces: str = "") -> str:
    """The card as Markdown; ``pieces``: what is known of its length in word pieces."""
    sections = [
        _head(manifest),
        f"# Corpus of {manifest['name']}",
        _summary(manifest) + pieces,
        "## From source to corpus\n\n" + funnel(manifest),
        "## Why documents were left out\n\n" + _why(manifest),
        "## Licences\n\n" + _licences(manifest),
        "## Personal data\n\n" + _personal(manifest),
        "## Evaluation sets\n\n" + _contamination(manifest),
        "## Files\n\n" + _FILES,
        "## How it was made\n\n" + _made(manifest),
    ]
    return "\n\n".join(sections) + "\n"


_FILES = """\
- `documents.parquet`: the kept documents; `text` is cleaned and de-identified, `split` is train,
  dev or test, `metadata` holds tags (JSON).
- `excluded.parquet`: the others, de-identified too, each with its `reason`.
- `clusters.parquet`: who was left out as a duplicate of whom, with their exact Jaccard similarity.
- `contamination.parquet`: items of evaluation sets that occur in the sources.
- `ledger.parquet`: id, hash, licence, reference and split of each kept document, without text. It
  may be passed on where the text may not: `python -m train corpus RECIPE --verify ledger.parquet`
  rebuilds the corpus and compares.
- `funnel.html`: the table above as a figure. `manifest.json`: all counts, hashes and versions."""


def _head(manifest: dict[str, Any]) -> str:
    size = manifest["documents"]
    bounds = [(1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M")]
    category = next((name for most, name in bounds if size < most), "1M<n<10M")
    return "\n".join(
        ["---", "language: [ar]", "license: other", f"size_categories: [{category}]",
         "task_categories: [fill-mask]", "tags: [arabic, medical]", "---"]
    )  # fmt: skip


def _summary(manifest: dict[str, Any]) -> str:
    splits = ", ".join(f"{count:,} {part}" for part, count in manifest["splits"].items())
    return (
        f"{manifest['documents']:,} documents ({splits}), {manifest['words']:,} words, "
        f"{manifest['characters']:,} characters, for weights whose use is meant to be "
        f"**{manifest['purpose']}**. {manifest['excluded']:,} documents of the sources were left "
        "out. Every document carries its licence and its reference."
    )


def _why(manifest: dict[str, Any]) -> str:
    rows = [
        (name, step, reason, count)
        for name, source in sorted(manifest["sources"].items())
        for step in STEPS
        for reason, count in sorted(source["left_out"].get(step, {}).items())
    ]
    return table(["source", "step", "reason", "documents"], rows) if rows else "None was."


def _licences(manifest: dict[str, Any]) -> str:
    found: Counter[str] = Counter()
    for source in manifest["sources"].values():
        found.update(source["licences"])
    return table(
        ["licence", "documents", "what it asks for"],
        [(name, count, duties(name)) for name, count in found.most_common()],
    )


def _personal(manifest: dict[str, Any]) -> str:
    if not manifest["pii"]:
        return "**Not looked for** (`pii: false`): the texts are as their sources give them."
    found: Counter[str] = Counter()
    for source in manifest["sources"].values():
        found.update(source["pii"])
    tuned, blind = measured("dev"), measured("test")
    rows = []
    for kind in (*pii.TYPES, "all"):
        replaced = found.total() if kind == "all" else found[kind]
        rows.append((kind, replaced, *_rates(blind.get(kind)), *_rates(tuned.get(kind))))
    columns = ("spans", "precision", "recall")
    head = [
        "type",
        "replaced here",
        *(f"blind: {c}" for c in columns),
        *(f"tuned: {c}" for c in columns),
    ]
    keep = ", ".join(f"`{source}`" for source in manifest["names_kept"])
    hard = measured(file=HARD).get("NAME")
    return (
        "Replaced by typed placeholders. Precision and recall were measured on a labelled set "
        "written for the project (`tests/data/pii.jsonl`), with 95 % Wilson intervals: on a blind "
        "part that no rule was written on, which tells what to expect, and on the part that the "
        "rules were tuned on. Recall: the share of labelled spans that were replaced whole; "
        "precision: of what was replaced, the share that lies within a span of that type. This is "
        "no guarantee of anonymity.\n\n"
        + table(head, rows)
        + (_hard(hard) if hard else "")
        + (f"\n\nPeople's names were left where they are public: {keep}." if keep else "")
        + "\n\n`id`, `ref` and `metadata` are as the sources give them."
    )


def _hard(names: Measured) -> str:
    _, precision, recall = _rates(names)
    return (
        f"\n\nNames are the weak side. On {names.spans} others in sentences that were written to "
        "be hard (rare names, names that are ordinary words too, cues of every dialect; "
        f"`tests/data/names.jsonl`) recall is {recall} and precision {precision}."
    )


@cache
def measured(part: str = "", file: Path = LABELLED) -> dict[str, Measured]:
    """How well personal data is found in labelled sentences, or in one part of them."""
    if not file.exists():  # installed without the tests
        return {}
    lines = file.read_text(encoding="utf-8").splitlines()
    return measure(item for item in map(json.loads, lines) if item.get("part", "") == part)


def _contamination(manifest: dict[str, Any]) -> str:
    found = manifest["contamination"]
    if not found:
        return "The recipe names none: nothing was looked for."
    rows = [
        (name, of["items"], *of["kinds"].values(), of["contaminated"], of["in_train"],
         of["action"], of["removed"])
        for name, of in found.items()
    ]  # fmt: skip
    kinds = next(iter(found.values()))["kinds"]
    head = ["set", "items", *kinds, "contaminated", "in train", "action", "documents removed"]
    return (
        "Items that occur in the sources (or in the base's corpus), by the strongest likeness; "
        "`contamination.parquet` names each, so that scores can be shown with and without "
        "them. An item of fewer than eight words is found only where it is a document by "
        "itself.\n\n" + table(head, rows)
    )


def _rates(found: Measured | None) -> tuple[Any, str, str]:
    if found is None:
        return ("—", "—", "—")

    def rate(share: float, interval: tuple[float, float]) -> str:
        return f"{share:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"

    return (
        found.spans,
        rate(found.precision, found.precision_interval),
        rate(found.recall, found.recall_interval),
    )


def _made(manifest: dict[str, Any]) -> str:
    seconds = manifest["seconds"]
    rows = [(i["source"], i["file"], i["sha256"][:16]) for i in manifest["inputs"]]
    shown = rows[:20]
    more = f"\n\nand {len(rows) - 20} more files (`manifest.json`)" if len(rows) > 20 else ""
    versions = ", ".join(f"{name} {v}" for name, v in manifest["versions"].items())
    return (
        f"{manifest['made']}, recipe {manifest['recipe']}, corpus version {manifest['version']}; "
        f"{sum(seconds.values()):.0f} s ("
        + ", ".join(f"{phase} {s:.0f} s" for phase, s in seconds.items())
        + f"). {versions}.\n\nContent hash {manifest['content'][:16]}.\n\n"
        + table(["source", "file", "SHA-256"], shown)
        + more
    )
