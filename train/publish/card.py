"""A masked language model's card: what was recorded and measured, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from huggingface_hub import ModelCard

from train.publish import snippets
from train.publish.credits import citations
from train.publish.facts import Facts, foreign
from train.publish.figures import measured
from train.publish.made import contamination, data, made, personal, shape
from train.publish.metadata import metadata, results
from train.publish.terms import Terms, terms
from viobert.scores import Score

EXAMPLES = ("المريض يعاني من [MASK] في الصدر", "عندي [MASK] شديد في الرأس من يومين")


def card(record: Facts, scores: Sequence[Score], title: str, place: str, sibling: str = "") -> str:
    """The card as Markdown with metadata.

    ``scores``: all of the evaluation (of them, those of this model are told, and its differences);
    ``place``: what transformers load it by; ``sibling``: a sentence on what lies beside it.
    """
    # A mean over seeds where there are several; the seeds apart are in scores.jsonl.
    own = [s for s in scores if s.model == record["name"] and s.seed is None]
    found = terms(record)
    widget = [{"text": text} for text in EXAMPLES]
    data_of = metadata(record, found, title, "fill-mask", results(own), widget=widget)
    return page(data_of.to_yaml(), _body(record, scores, title, place, sibling, found))


def page(yaml: str, body: str) -> str:
    """Metadata and text as one file; both are read again, so that nothing unreadable is written."""
    text = f"---\n{yaml.strip()}\n---\n\n{body.strip()}\n"
    ModelCard(text)
    return text


def _body(
    record: Facts, scores: Sequence[Score], title: str, place: str, sibling: str, found: Terms
) -> str:
    rate = 5e-5 if record["model"]["hidden_size"] >= 512 else 1e-3
    beside = f"\n\n{sibling}" if sibling else ""
    parts = [
        f"# {title}",
        f"{_purpose(record)}{beside}",
        "**A research tool, not a medical device.** It knows which words are usual, not what is "
        "true, and must not be asked for diagnoses, doses or advice.",
        shape(record),
        *measured(record["name"], scores),
        f"## How to use\n\n{snippets.FILL.format(place=place)}",
        "Fine-tuned to classify texts:",
        snippets.CLASSIFY.format(place=place, rate=rate),
        "Fine-tuned to find entities (IOB2 tags on the first piece of each word):",
        snippets.TAG.format(place=place, rate=rate),
        f"## Training data\n\n{data(record)}",
        f"### Personal data\n\n{personal(record)}",
        f"### Evaluation items in the training text\n\n{contamination(record)}",
        f"## Training\n\n{made(record)}",
        f"## Limits\n\n{_limits(record)}",
        f"## Ethics\n\n{_ethics(record)}",
        f"## Licence\n\n{licence(found)}",
        f"## Citation\n\n```bibtex\n{_cited(record)}\n```",
        "## This card\n\nWritten by `python -m train` from the model's `provenance.json` and the "
        "evaluation's `scores.jsonl`: a value of the metadata or of a table is a row there, the "
        "mean over seeds with its 95 % interval.",
    ]
    return "\n\n".join(part for part in parts if part)


def _purpose(record: Facts) -> str:
    base = record["base"]
    if not base:
        return f"An Arabic BERT trained from scratch by {_modelling(record)} on general text."
    name = f"[{base['name']}](https://huggingface.co/{base['hub']})" if base.get("hub") else (
        f"the model that recipe `{base['name']}` makes of general text"
    )  # fmt: skip
    return (
        f"An Arabic BERT for health text: {name}, continued by {_modelling(record)} on "
        f"{_kinds(record)}."
    )


def _modelling(record: Facts) -> str:
    whole = record["recipe"]["masking"].get("unit", "word") == "word"
    return f"{'whole-word-masked' if whole else 'masked'} language modelling"


def _kinds(record: Facts) -> str:
    """The kinds of text that it was adapted to, as the recipe calls them."""
    sources = record["corpus"]["sources"].values()
    found = sorted({name.replace("-", " ") for of in sources for name in of["settings"] if name})
    kinds = [k if k in ("news", "consultations") else f"{k} text" for k in found]
    *first, last = kinds or ["health text"]
    return f"{', '.join(first)} and {last}" if first else last


def _limits(record: Facts) -> str:
    small = record["model"]["parameters"] < 50e6
    lines = [
        "It completes text with what is frequent. A fluent answer is not a correct one.",
        "Dialects are served unevenly: what it knows of each follows from the sources above. Try "
        "it on the dialect of your own patients before relying on it.",
        f"Input is limited to {record['model']['max_position_embeddings']} word pieces, special "
        "ones included; what is longer must be cut.",
        "The held-out text is from the same sources as the training text: expect less elsewhere.",
    ]
    if small:
        lines.insert(0, f"It is small ({record['model']['parameters'] / 1e6:.1f} million weights) "
                     "and was trained briefly: a stand-in where a large model cannot be had, "
                     "and no measure of one.")  # fmt: skip
    return "\n".join(f"- {line}" for line in lines)


def _ethics(record: Facts) -> str:
    asked = any("consultations" in of["settings"] for of in record["corpus"]["sources"].values())
    whose = "Consultations are the words of people who sought help." if asked else (
        "Much of its text is what private people wrote.")  # fmt: skip
    swept = (
        "Personal data was looked for and replaced in the text listed above, with the recall told "
        "there, which is below 1: the" if record["corpus"]["pii"] else "Personal data was not "
        "looked for: the"
    )  # fmt: skip
    return (
        f"- {whose} {swept} model may have seen names, and must not be used to find out about "
        "persons.\n"
        "- It reflects who writes in Arabic, and what is left unwritten. Errors will not fall "
        "evenly on women, dialect speakers and rare diseases; none of that was measured here.\n"
        "- Diagnosis, triage and unattended answers to patients are out of scope."
    )


def licence(found: Terms) -> str:
    """What may be done with the weights, and what each licence of their data asks."""
    asked = "\n".join(f"- {name}: {duty}." for name, duty in found.duties.items())
    if found.forbid:
        held = "; ".join(found.forbid)
        head = f"**These weights are not to be passed on**, since their data forbid it: {held}."
    elif found.licence == "other":
        link = f" ({found.link})" if found.link else ""
        head = f"Weights: {found.name}{link}. This is carried over to everything made from them."
    else:
        head = f"Weights: `{found.licence}`."
    return f"{head} Licences of the training text, and what they ask for:\n\n{asked}"


def _cited(record: Facts) -> str:
    base = foreign(record) or {}
    return citations(base.get("name", ""), version("viobert"))
