"""The model card that lies beside an embedded model: only what was recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from train.corpus.build import read_manifest
from train.files import Run
from viobert.scores import Score

# Who gathered the texts, by the name in the documents' ``source`` column.
CREDITS = {
    "wikipedia-ar": "Arabic Wikipedia, its contributors",
    "wikipedia-arz": "Egyptian Arabic Wikipedia, its contributors",
    "ant-news": "ANT corpus of Tunisian radio news",
    "tweets-2018": "Arabic sentiment tweets, 2018 and 2019",
    "shami": "Shami corpus of Levantine dialects",
    "arabic-stories": "collection of Arabic stories",
    "aramed": "AraMed, medical questions and answers",
    "mentalqa": "MentalQA, mental-health questions and answers",
    "tico-19": "TICO-19, COVID-19 texts in professional translation",
    "viobert-sample": "texts written for this project",
}


METRICS = {
    "nats_per_word": "nats per word",
    "word_perplexity": "word perplexity",
    "fill_mask_top1": "fill-mask top-1",
    "fill_mask_top5": "fill-mask top-5",
}


def card(run: Run, name: str, scores: Sequence[Score], size: int) -> str:
    """The card of a run's best model as Markdown; ``size`` is that of its weights in bytes."""
    base = run.base()
    data = [read_manifest(r)["sources"] for r in (run, base) if r]
    done = json.loads(run.done.read_text(encoding="utf-8"))
    return "\n".join(
        [
            "---",
            "language: [ar]",
            "library_name: transformers",
            "pipeline_tag: fill-mask",
            f"license: {_licence(data)}",
            "---",
            "",
            f"# {name}",
            "",
            _purpose(run),
            "",
            "A research tool, not a medical device. It is a small stand-in: "
            f"{size / 1e6:.1f} MB of half-precision weights.",
            "",
            "## Use",
            "",
            "```python",
            "from transformers import pipeline",
            "",
            f'fill = pipeline("fill-mask", model="assets/models/{name}")',
            'fill("المريض يعاني من [MASK] في الصدر")',
            "```",
            "",
            "## Training data",
            "",
            *_data(data[0]),
            *(
                ["", f"And, as base-mini ({base.recipe.name}):", "", *_data(data[1])]
                if base
                else []
            ),
            "",
            "## Recipe",
            "",
            *_recipe(run, done),
            "",
            "## Scores",
            "",
            *(_scores(scores) or ["None measured for this model alone."]),
            "",
            "## Limits",
            "",
            "- Small, and trained briefly: large models know far more.",
            "- Its input is limited to "
            f"{_positions(run)} word pieces, and it knows most about the text listed above.",
            "- Consultations were cleaned of e-mail addresses, links and handles; names of people "
            "may have been seen in training. It is not fit to be asked about persons.",
            "- What it fills in is frequent, not true.",
            "",
        ]
    )


def _purpose(run: Run) -> str:
    base = run.base()
    if base is None:
        return (
            "A small Arabic BERT trained from scratch on general text: the base that "
            "viobert-mini continues."
        )
    return (
        "base-mini continued on Arabic health text by whole-word-masked language modelling: the "
        "same steps that make vioBERT-v3 of MARBERTv2, in small."
    )


def _positions(run: Run) -> int:
    config = json.loads((run.best / "config.json").read_text(encoding="utf-8"))
    return int(config["max_position_embeddings"])


def _licence(data: Sequence[dict[str, Any]]) -> str:
    """The licence of weights trained on these sources: share-alike binds, the rest is credited."""
    licences = {name for sources in data for s in sources.values() for name in s["licences"]}
    if "CC BY-SA 4.0" in licences:
        return "cc-by-sa-4.0"
    return "cc0-1.0" if licences == {"CC0-1.0"} else "other"


def _data(sources: dict[str, Any]) -> list[str]:
    lines = [
        "| source | licence | training documents | left out | gathered by |",
        "|---|---|--:|--:|---|",
    ]
    for source, counts in sorted(sources.items()):
        lines.append(
            f"| {source} | {', '.join(counts['licences'])} | {counts.get('train', 0)} | "
            f"{counts['read'] - counts['kept']} | {CREDITS.get(source, '')} |"
        )
    return lines


def _recipe(run: Run, done: dict[str, Any]) -> list[str]:
    what = run.recipe.what
    training, masking = what.training, what.masking
    return [
        f"`train/recipes/{run.recipe.path.name}` (`{run.recipe.digest()}`): {done['steps']} steps "
        f"of {training.batch_size} documents (or windows of {training.length} word pieces), "
        f"{done['pieces'] / 1e6:.1f} million pieces in all; whole words masked at "
        f"{masking.rate:.0%}, of these {masking.mask:.0%} [MASK], {masking.random:.0%} random, "
        "the rest kept; "
        f"AdamW, peak learning rate {training.learning_rate:g}, {training.warmup} steps of "
        f"warm-up, linear decay over the last {training.decay:.0%}, weight decay "
        f"{training.weight_decay:g}, seed {training.seed}.",
        "",
        f"The best evaluation is that of step {done['best']['step']}: "
        f"{done['best']['nats_per_word']:.3f} nats a word on dev documents.",
    ]


def figures(scores: Sequence[Score]) -> str:
    """The README's table: both models and the paired difference, setting by setting."""
    cells = {(s.setting, s.metric, s.model, s.against is not None): s for s in scores}
    adapted = next(s.model for s in scores if s.against)
    base = next(s.model for s in scores if s.model != adapted)
    first = scores[0]
    lines = [
        f"Held-out texts, measured {first.envelope['time'][:10]}, seed {first.seed}; each word "
        "hidden once. The last column is the paired difference with its 95 % interval (bootstrap "
        "over texts); that of perplexity is relative. Texts that repeat, or nearly repeat, what "
        "either model was trained on were left out.",
        "",
        "| held-out text | words (texts) | measure | base-mini | viobert-mini | difference |",
        "|---|--:|---|--:|--:|---|",
    ]
    for setting, metric in dict.fromkeys((s.setting, s.metric) for s in scores):
        before, after = (cells[setting, metric, m, False] for m in (base, adapted))
        gain = cells[setting, metric, adapted, True]
        lines.append(
            f"| {setting} | {gain.n:,} ({gain.documents}) | {METRICS[metric]} | "
            f"{show(before, before.value)} | {show(after, after.value)} | {show(gain, gain.value)} "
            f"[{show(gain, gain.low)}, {show(gain, gain.high)}] |"
        )
    return "\n".join(lines)


def _scores(scores: Sequence[Score]) -> list[str]:
    if not scores:
        return []
    first = scores[0]
    lines = [
        f"Held-out texts of the health corpus, masks of seed {first.seed}, measured "
        f"{first.envelope['time'][:10]}. Intervals: 95 %, bootstrap over texts. Differences "
        "are paired with the base; that of perplexity is relative.",
        "",
        "| setting | metric | value | 95 % interval | words | texts |",
        "|---|---|--:|---|--:|--:|",
    ]
    for s in scores:
        metric = s.metric + (f", less {s.against.split('@')[0]}" if s.against else "")
        lines.append(
            f"| {s.setting} | {metric} | {show(s, s.value)} | {show(s, s.low)} to "
            f"{show(s, s.high)} | {s.n} | {s.documents} |"
        )
    return lines


def rescored(text: str, scores: Sequence[Score]) -> str:
    """A card with other scores in its section of scores."""
    before, mark, rest = text.partition("## Scores\n")
    _, limits, after = rest.partition("## Limits\n")
    return "\n".join([f"{before}{mark}", *_scores(scores), "", f"{limits}{after}"])


def show(score: Score, number: float) -> str:
    """A number of a score as people read it: shares in percent, differences with their sign."""
    sign = "+" if score.against else ""
    if score.metric.startswith("fill_mask"):
        return f"{100 * number:{sign}.1f} {'pp' if score.against else '%'}"
    if score.metric == "word_perplexity":
        return f"{100 * number:+.1f} %" if score.against else f"{number:.0f}"
    return f"{number:{sign}.3f}"
