"""What a model was made from and how, in Markdown: data, personal data, training."""

from __future__ import annotations

from typing import Any

from train.corpus.funnel import table
from train.publish.credits import CREDITS
from train.publish.facts import Facts, chain, foreign, stages, texts

_UNITS = {"word": "Whole words", "piece": "Single pieces"}


def shape(record: Facts) -> str:
    """The model in one line."""
    of = record["model"]
    return (
        f"BERT, {of['num_hidden_layers']} layers × {of['hidden_size']}, "
        f"{of['num_attention_heads']} heads, {of['vocab_size']:,} word pieces, "
        f"{of['max_position_embeddings']} positions, {of['parameters'] / 1e6:.1f} million weights."
    )


def data(record: Facts) -> str:
    """A table of sources for the model, and one for each base that was made here and each text
    that only a vocabulary was learned from."""
    parts, made_here = [], {made_of["name"]: made_of for made_of in chain(record)}
    for number, made_of in enumerate(texts(record)):
        corpus, trained = made_of["corpus"], made_here.get(made_of["name"])
        if number:
            what = "as" if trained else "for the vocabulary alone, as"
            parts.append(f"And, {what} {made_of['name']}:")
        parts.append(_sources(corpus))
        parts.append(
            f"{corpus['documents']:,} documents and {corpus['words']:,} words were kept, "
            f"{corpus['splits']['train']:,} of them to learn from{_share(trained)}; the rest is "
            f"held out (dev {corpus['splits']['dev']:,}, test {corpus['splits']['test']:,}). "
            f"Purpose: {corpus['purpose']}. Content hash `{corpus['content'][:16]}`."
        )
    if base := foreign(record):
        at = f" at revision `{base['revision']}`" if base["revision"] else ""
        parts.append(f"What {base['name']}{at} was trained on is told by its authors.")
    return "\n\n".join(parts)


def _share(trained: Facts | None) -> str:
    """Of the documents how many were read, where that was not all."""
    share = trained["recipe"]["training"].get("documents", 1) if trained else 1
    return f", of which {share:.0%}, chosen by hash, were trained on" if share < 1 else ""


def _sources(corpus: dict[str, Any]) -> str:
    rows = [
        [name, ", ".join(of["licences"]), of["train"], of["words"], of["read"] - of["kept"],
         CREDITS.get(name, "")]
        for name, of in sorted(corpus["sources"].items())
    ]  # fmt: skip
    head = ["source", "licence", "training documents", "words (held out too)", "left out",
            "gathered by"]  # fmt: skip
    return table(head, rows)


def personal(record: Facts) -> str:
    """What was replaced in the model's own text, and how well it is found."""
    corpus = record["corpus"]
    if not corpus["pii"]:
        return "Not looked for: the texts are as their sources give them."
    found = _replaced(corpus)
    rows = [
        [kind, found.get(kind, 0) if kind != "all" else sum(found.values()), of["spans"],
         _rate(of["recall"]), _rate(of["precision"])]
        for kind, of in sorted(corpus["measured"].items(), key=lambda item: item[0] == "all")
    ]  # fmt: skip
    if not rows:
        return "Replaced by typed placeholders. How well it is found was not measured."
    head = ["type", "replaced", "labelled spans", "recall", "precision"]
    keep = (
        " Names of public people were left in encyclopaedias and news." if corpus["names_kept"]
        else ""
    )  # fmt: skip
    return (
        "Replaced by typed placeholders before training; recall and precision with 95 % Wilson "
        "intervals, of the rules as they were when this record was written, on sentences that "
        "another author wrote for this purpose (after a first reading two patterns for links and "
        f"accounts were added, and nothing else). What they miss was trained on.{keep}\n\n"
        + table(head, rows) + _hard_names(corpus.get("hard_names")) + _of_bases(record)
    )  # fmt: skip


def _hard_names(found: dict[str, Any] | None) -> str:
    """The weak side; a record of before these sentences does not tell."""
    if not found:
        return ""
    return (
        f"\n\nOf {found['spans']:,} names in sentences written to be hard, recall is "
        f"{_rate(found['recall'])} and precision {_rate(found['precision'])}."
    )


def _replaced(corpus: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for source in corpus["sources"].values():
        for kind, count in source["pii"].items():
            found[kind] = found.get(kind, 0) + count
    return found


def _of_bases(record: Facts) -> str:
    """What was done to the text of the bases, which is in the weights too."""
    said = []
    for base in chain(record)[1:]:
        count = sum(_replaced(base["corpus"]).values())
        said.append(
            f"In the text of {base['name']} {count:,} were replaced in the same way."
            if base["corpus"]["pii"]
            else f"In the text of {base['name']} it was not looked for."
        )
    other = foreign(record)
    if other:
        said.append(f"What {other['name']} was trained on was not looked through here.")
    return "".join(f"\n\n{sentence}" for sentence in said)


def _rate(of: list[float]) -> str:
    return f"{of[0]:.3f} [{of[1]:.3f}, {of[2]:.3f}]"


def contamination(record: Facts) -> str:
    """Which evaluation sets were looked for in the model's own text."""
    found = record["corpus"]["contamination"]
    if not found:
        return "Not looked for: the recipe names no evaluation set."
    done = {"remove": "removed", "report": "listed, not removed"}
    rows = [
        [name, of["items"], of["contaminated"], of["in_train"], done.get(of["action"], "")]
        for name, of in found.items()
    ]
    head = ["set", "items", "found in the sources", "in the training text", "documents"]
    return (
        "Looked for by exact text, 8- and 13-grams and near-duplicates, in these sources and in "
        "the base's where it was made here.\n\n" + table(head, rows)
    )


def made(record: Facts) -> str:
    """Hyper-parameters, length, hardware and energy of each training, then of the base's."""
    parts = []
    for number, made_of in enumerate(chain(record)):
        last, *before = stages(made_of)
        what = f"Its base, {made_of['name']}: " if number else ""
        parts.append(f"{what}{_training(last)}")
        for of in before:
            parts.append(f"It went on from {of['name']}, on the same text: {_training(of)}")
    return "\n\n".join(parts)


def _training(record: Facts) -> str:
    recipe, done = record["recipe"], record["training"]
    how, masks, best = recipe["training"], recipe["masking"], done["best"]
    rest = 1 - masks["mask"] - masks["random"]
    ended = {"steps": "its number of steps", "patience": "its patience"}.get(done["ended_by"], "")
    text = (
        f"`{recipe['file']}` (`{recipe['digest']}`), {done['steps']:,} steps of "
        f"{how['batch_size']} documents (or windows of {how['length']} word pieces), "
        f"{done['pieces'] / 1e6:.1f} million pieces in all"
        + (f", ended by {ended}. " if ended else ". ")
        + _texts(recipe)
        + f"{_UNITS[masks.get('unit', 'word')]} masked at {masks['rate']:.0%}, of these "
        f"{masks['mask']:.0%} [MASK], "
        f"{masks['random']:.0%} random, {rest:.0%} kept. AdamW (β {how['betas'][0]:g}, "
        f"{how['betas'][1]:g}), peak learning rate {how['learning_rate']:g}, {how['warmup']} steps "
        f"of warm-up, linear decay over the last {how['decay']:.0%}, weight decay "
        f"{how['weight_decay']:g}, dropout {how['dropout']:g}, seed {how['seed']}. "
        f"The kept checkpoint is that of step {best['step']:,}: "
        f"{best['nats_per_word']:.3f} nats a word on dev documents in such windows"
        + (f", {best['cloze_nats']:.3f} on sentences alone." if "cloze_nats" in best else ".")
    )
    note = f" {done['note']}" if done.get("note") else ""
    return f"{text} {_machine(done)}{note}"


def _texts(recipe: dict[str, Any]) -> str:
    """What is particular of the documents that were read; records of before have none of it."""
    how, pieces = recipe["training"], recipe.get("tokenizer") or {}
    said = ""
    if how.get("replay"):
        said += (
            f"{how['replay']:.0%} of each step were documents that the base was trained on, "
            "against forgetting. "
        )
    if how.get("blend", 1) < 1:
        said += (
            f"The kept weights are a mean, {how['blend']:.0%} of those it came to, the rest of "
            "those it began with (Wortsman et al., 2022). "
        )
    if how.get("short"):
        said += (
            f"{how['short']:.0%} of the windows of each step were cut to {how['short_length']} "
            "word pieces, since who fills in a word gives one sentence. "
        )
    if pieces.get("also"):
        said += (
            f"Its vocabulary was learned from the training documents of `{pieces['also']}` as well "
            f"(counted {pieces['also_times']} times). "
        )
    return said


def _machine(done: dict[str, Any]) -> str:
    if not done.get("devices"):
        return "Hardware, time and energy were not recorded."
    text = f"On {done['devices']}"
    if done.get("seconds"):
        text += f": {duration(done['seconds'])}"
    if done.get("joules"):
        return f"{text}, {done['joules'] / 3.6e6:.2f} kWh by the devices' own counters."
    unread = "no counter of energy could be read there" if "joules" in done else (
        "energy was not recorded")  # fmt: skip
    return f"{text}; {unread}."


def duration(seconds: float) -> str:
    """Hours from one hour on, else minutes."""
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"
