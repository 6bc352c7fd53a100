"""The card's metadata: licence, tags, and every score as ``model-index``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from train.files import StageError
from train.publish.facts import Facts, foreign, texts
from train.publish.terms import Terms
from viobert.charts import name as setting_of
from viobert.scores import ALL, PRIMARY, Score, named

_TASKS = {
    "intrinsic": "fill-mask", "left-to-right": "fill-mask", "forgetting": "fill-mask",
    "cloze": "fill-mask",
    "probing": "text-classification", "fine-tuning": "text-classification",
    "dialect": "text-classification", "further": "text-classification",
    "ner": "token-classification", "mcq": "multiple-choice", "zero-shot": "multiple-choice",
}  # fmt: skip
#: Beside what an axis is judged by, of the axes of held-out text: in the metadata, in the tables.
_ALSO = ("word_perplexity", "fill_mask_top5")
MORE = ("word_perplexity", "fill_mask_top1", "fill_mask_top5", "fill_mask_mrr")
#: Metrics by the names that the Hub has for them.
_METRICS = {"word_perplexity": "perplexity", "macro_f1": "f1"}
_ADAPTED = ("medical", "domain-adaptation")
#: Digits of a value in the metadata: far more than a release may differ by.
DIGITS = 6


def metadata(
    record: Facts, terms: Terms, title: str, task: str, results: list[EvalResult], **more: Any
) -> ModelCardData:
    """The YAML block of a card; ``task``: the Hub's name of what the model does."""
    datasets = [name.partition("@")[0] for made in texts(record)
                for name in made["corpus"]["datasets"]]  # fmt: skip
    base = foreign(record)
    return ModelCardData(
        language="ar",
        license=terms.licence,
        license_name=_slug(terms.name) or None,
        license_link=terms.link or ("LICENSE.md" if terms.name else None),
        library_name="transformers",
        pipeline_tag=task,
        base_model=more.pop("base_model", (base or {}).get("hub")),
        datasets=list(dict.fromkeys(datasets)) or None,
        tags=["arabic", "bert", *_unit(record), *(_ADAPTED if record["base"] else [])],
        model_name=title,
        eval_results=results or None,
        **more,
    )


def _unit(record: Facts) -> list[str]:
    whole = record["recipe"]["masking"].get("unit", "word") == "word"
    return ["whole-word-masking"] if whole else ["masked-language-modelling"]


def results(scores: Sequence[Score]) -> list[EvalResult]:
    """A model's own scores (no differences), each under the key of its cell."""
    own = [s for s in scores if not s.against and s.items == ALL]
    wanted = [s for s in own if s.metric in (PRIMARY[s.axis], *_also(s.axis))]
    return [_result(s) for s in wanted]


def key(score: Score) -> str:
    """What a score is of, in the metadata: ``axis.task.setting``, and the seed if it has one."""
    seed = "" if score.seed is None else f".{score.seed}"
    return f"{score.axis}.{score.task}.{score.setting}{seed}"


def told(text: str) -> dict[tuple[str, str], float]:
    """The values of a card's ``model-index``, by key and our metric; ``StageError`` if it cannot
    be read."""
    try:
        data: Any = ModelCard(text).data
        found = {}
        for one in data.eval_results or []:
            found[one.dataset_config, one.metric_args["metric"]] = float(one.metric_value)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StageError(f"README.md: its metadata cannot be read: {error}") from error
    return found


def _also(axis: str) -> tuple[str, ...]:
    return _ALSO if _TASKS[axis] == "fill-mask" else ()


def _result(score: Score) -> EvalResult:
    envelope = score.envelope
    dataset = envelope["dataset"]
    what = dataset["name"].replace(" ", "-")
    arguments: dict[str, Any] = {
        "metric": score.metric,
        "interval_95": [round(score.low, DIGITS), round(score.high, DIGITS)],
        "items": score.n,
        "texts": score.documents,
    }
    seeds = envelope.get("seeds") if score.seed is None else [score.seed]
    if seeds:
        arguments["seeds"] = seeds
    return EvalResult(
        task_type=_TASKS[score.axis],
        task_name=setting_of(score),
        dataset_type=what,
        dataset_name=f"{dataset['name']} ({score.setting})",
        dataset_config=key(score),
        dataset_split="test",
        dataset_revision=dataset["hash"],
        metric_type=_METRICS.get(score.metric, score.metric),
        metric_name=named(score.metric),
        metric_value=round(score.value, DIGITS),
        metric_args=arguments,
    )


def _slug(text: str) -> str:
    """As the Hub wants a licence's name: lower case, hyphens."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")
