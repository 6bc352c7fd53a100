"""The model card that lies beside an embedded model: only what was recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from train.corpus.build import read_manifest
from train.corpus.funnel import table
from train.files import Run
from viobert.charts import gains
from viobert.charts import name as setting_of
from viobert.scores import ALL, PRIMARY, Score, named, show, shown

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


def licence_of(run: Run) -> str:
    """The licence of a run's weights, from its own texts' and its base's."""
    return _licence([read_manifest(r)["sources"] for r in (run, run.base()) if r])


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
    """The README's table: both models and the paired difference, by what each setting is judged."""
    chosen = gains(scores)
    adapted = chosen[0].model
    base = next(s.model for s in scores if s.model != adapted)
    means = {(*_setting(s), s.model): s for s in scores if not s.against and s.seed is None}
    seeds = ", ".join(map(str, chosen[0].envelope["seeds"]))
    lines = []
    for gain in chosen:
        before, after = (means[(*_setting(gain), model)] for model in (base, adapted))
        corrected = "" if gain.p_holm is None else f"{gain.p_holm:.3f}"
        lines.append(
            [setting_of(gain), f"{gain.n:,} ({gain.documents:,})", named(gain.metric),
             show(before, before.value), show(after, after.value), shown(gain), corrected,
             gain.verdict]
        )  # fmt: skip
    head = ["setting", "items (texts)", "measure", "base-mini", "viobert-mini", "difference",
            "p (Holm)", ""]  # fmt: skip
    return (
        f"Measured {chosen[0].envelope['time'][:10]}, means of seeds {seeds}. The difference is "
        "paired, with its 95 % interval (bootstrap over texts and seeds), from which the last "
        "column follows; p by permutation, corrected over the settings of the grid.\n\n"
        + table(head, lines)
    )


def _setting(score: Score) -> tuple[str, ...]:
    return score.axis, score.task, score.setting, score.metric, score.items


def _scores(scores: Sequence[Score]) -> list[str]:
    """What a model is judged by in each setting, and its gain if it continues another."""
    own = [s for s in scores if s.seed is None and s.items == ALL and s.metric == PRIMARY[s.axis]]
    if not own:
        return []
    lines = []
    for s in own:
        less = f", less {s.against.split('@')[0]}" if s.against else ""
        lines.append([setting_of(s), named(s.metric) + less, shown(s), s.n, s.documents])
    return [
        f"Measured {own[0].envelope['time'][:10]}. Intervals: 95 %, bootstrap over texts and "
        "seeds. Differences are paired with the base.",
        "",
        table(["setting", "metric", "value", "items", "texts"], lines),
    ]


def rescored(text: str, scores: Sequence[Score]) -> str:
    """A card with other scores in its section of scores."""
    before, mark, rest = text.partition("## Scores\n")
    _, limits, after = rest.partition("## Limits\n")
    return "\n".join([f"{before}{mark}", *_scores(scores), "", f"{limits}{after}"])
