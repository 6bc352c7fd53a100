"""The report of an evaluation: ``report.html``, which holds all it needs, and ``report.md``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from markdown_it import MarkdownIt

from train.corpus.funnel import table
from train.files import Run, StageError, replace_file
from viobert import charts, scores
from viobert.checkpoints import ROOT
from viobert.scores import ALL, PRIMARY, UNCONTAMINATED, Score, show, shown

#: Axes of the grid; the others stand beside it.
GRID = ("intrinsic", "probing", "fine-tuning", "ner", "mcq")
TITLES = {
    "intrinsic": "Masked language modelling of held-out text",
    "probing": "Linear probes of the frozen encoder",
    "fine-tuning": "Fine-tuning on shares of the rows",
    "ner": "Named entities",
    "mcq": "Multiple-choice questions",
    "forgetting": "Forgetting: general text",
    "dialect": "Forgetting: dialects",
    "left-to-right": "Words scored from left to right",
    "zero-shot": "Multiple choice without training",
    "further": "Further labelled sets",
    "cloze": "Short sentences with one hidden word",
}
NOTES = {
    "intrinsic": "Each word hidden once, all its pieces at a time, beside a seventh of the others; "
    "the seed draws the folds. Right at top-1 or top-5 is a word whose pieces all are.",
    "left-to-right": "Each word hidden alone, its pieces scored from left to right "
    "(PLL-word-l2r) on a fixed subset of the texts.",
    "probing": "Logistic regression on standardised states of the train rows; its penalty is "
    "chosen on dev rows. The seed draws the division.",
    "fine-tuning": "Encoder and head; the epoch is chosen on dev rows. The seed draws the "
    "division, the head, the order and dropout.",
    "ner": "Entities are whole words and right as a whole, under strict IOB2; tags are decoded so "
    "that they are well formed.",
    "mcq": "A choice head, fine-tuned on all levels and tested on each.",
    "zero-shot": "The option whose words surprise the model least after the question, a character.",
    "cloze": "A sentence is right if one of the model's five most probable pieces is a whole word "
    "that the set lists as fitting.",
    "forgetting": "General text that neither training read. A loss is what adaptation cost.",
}
STYLE = """body{font:16px/1.55 system-ui,sans-serif;max-width:1080px;margin:2rem auto;
padding:0 1rem;color:#212121}table{border-collapse:collapse;font-size:14px;display:block;
overflow-x:auto;margin:1rem 0}th,td{border-bottom:1px solid #ddd;padding:.3rem .7rem;
text-align:left;
white-space:nowrap}h1,h2{line-height:1.2}h2{margin-top:2.5rem}"""

Part = str | Any  # Markdown, or a figure


def report(run: Run, log: Any = print, embedded: bool = False) -> None:
    """Write the report of a run's scores, or of the embedded pair's, beside them in its folder.

    ``StageError`` when there is no score.
    """
    path = ROOT / "assets" / "scores.jsonl" if embedded else run.scores
    rows = list(scores.read(path)) if path.exists() else []
    if not charts.gains(rows):
        raise StageError(
            f"{run.recipe.name}: no differences of two models at {path}; run "
            f"python -m train evaluate {run.recipe.path} first"
        )
    overlaps = run.evaluation / "overlap.json"
    shares = json.loads(overlaps.read_text(encoding="utf-8")) if overlaps.exists() else None
    write(run.folder, rows, shares)
    log(f"{run.recipe.name}: {run.folder / 'report.html'}, {run.folder / 'report.md'}")


def write(folder: Path, rows: Sequence[Score], shares: dict[str, Any] | None) -> None:
    """Both files, from scores alone."""
    parts = _parts(rows, shares)
    for name, text in (("report.md", markdown(parts)), ("report.html", html(parts))):
        _put(folder / name, text)


def _put(path: Path, text: str) -> None:
    replace_file(path, lambda to: to.write_text(text, encoding="utf-8"))


def markdown(parts: Sequence[Part]) -> str:
    """The parts that are text."""
    return "\n\n".join(p for p in parts if isinstance(p, str)) + "\n"


def html(parts: Sequence[Part]) -> str:
    """One page without a network: plotly's own script is in it once."""
    convert, script, body = MarkdownIt("commonmark", {"html": False}).enable("table"), True, []
    for part in parts:
        if isinstance(part, str):
            body.append(convert.render(part))
        else:
            body.append(part.to_html(full_html=False, include_plotlyjs=script))
            script = False
    title = next(p for p in parts if isinstance(p, str)).partition("\n")[0].lstrip("# ")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body>{''.join(body)}</body></html>\n"
    )


def _parts(rows: Sequence[Score], shares: dict[str, Any] | None) -> list[Part]:
    parts: list[Part] = [_head(rows), charts.forest(rows), "## What did not improve", _rest(rows)]
    for axis in dict.fromkeys([*GRID, *TITLES]):
        own = [s for s in rows if s.axis == axis]
        if own:
            parts += [f"## {TITLES[axis]}", NOTES.get(axis, ""), _axis(own)]
    parts += ["## What a seed decides", _seeds(rows), charts.spread(rows)]
    parts += ["## Contamination", _contamination(rows), "## Left out", _left_out(rows)]
    if shares:
        most = f"Of the {shares['most_frequent']:,} most frequent words of each, function words "
        parts += ["## Vocabulary overlap", f"{most}left out, the share that both have."]
        parts += [_overlap(shares), charts.overlap(shares)]
    return [part for part in parts if not isinstance(part, str) or part]


def _head(rows: Sequence[Score]) -> str:
    gains = charts.gains(rows)
    grid = [s for s in gains if s.axis in GRID]
    said = {v: sum(s.verdict == v for s in grid) for v in charts.LOOKS}
    sure = sum((s.p_holm or 0) < 0.05 for s in grid if s.p_holm is not None)
    first, model, envelope = gains[0], gains[0].model, gains[0].envelope
    base = (first.against or "").partition("@")
    whole = max((s.envelope.get("family", 0) for s in grid), default=0)
    seeds = sorted({seed for s in gains for seed in s.envelope.get("seeds", [])})
    code = sorted({s.envelope["code"] for s in gains})
    days = sorted({s.envelope["time"][:10] for s in gains})
    return "\n\n".join(
        [
            f"# {model} against {base[0]}",
            f"**Of {len(grid)} settings{_of(whole, len(grid))}: gain {said['gain']}, loss "
            f"{said['loss']}, no difference shown {said['no difference shown']}.** p-values "
            f"below 0.05 when corrected over the grid's {whole} settings (Holm): {sure}.",
            "Gain, loss and no difference follow from the 95 % interval of the paired difference: "
            "bootstrap over texts and seeds. p-values are of two-sided permutation tests over "
            "texts. What is better lies to the right.",
            f"`{model}` {first.revision}, `{base[0]}` {base[2]}; recipe "
            f"{envelope['recipe']}, code {', '.join(code)}, measured {', '.join(days)}, "
            f"seeds {', '.join(map(str, seeds)) or 'none'}.",
        ]
    )


def _of(whole: int, there: int) -> str:
    return f" of {whole}, the others not being measured yet" if there < whole else ""


def _rest(rows: Sequence[Score]) -> str:
    lines = [f"- {charts.name(s)}: {s.verdict}, {shown(s)}" for s in charts.gains(rows)
             if s.verdict != "gain"]  # fmt: skip
    return "\n".join(lines) or "Nothing: every setting shows a gain."


def _axis(own: Sequence[Score]) -> str:
    """A line for each setting and metric, the one that is judged by first."""
    pick = _picker(own)
    lines = []
    for task, setting in dict.fromkeys((s.task, s.setting) for s in own):
        here = [s for s in own if (s.task, s.setting) == (task, setting)]
        for metric in dict.fromkeys(s.metric for s in here):
            gain = pick(task, setting, metric, True)
            values = [pick(task, setting, metric, False, model) for model in _models(own)]
            if not gain or not all(values):
                continue
            more = gain.envelope.get("chance")
            chance = f", chance {more:.1%}" if more and metric == "accuracy" else ""
            lines.append(
                [
                    charts.setting(gain),
                    scores.named(metric) + chance,
                    f"{gain.n:,} ({gain.documents:,})",
                    *[shown(v) for v in values if v],
                    shown(gain),
                    "" if gain.p is None else f"{gain.p:.4f}",
                    "" if gain.p_holm is None else f"{gain.p_holm:.4f}",
                    gain.verdict,
                ]
            )
    head = ["setting", "metric", "items (texts)", *_models(own), "difference", "p", "p (Holm)", ""]
    return table(head, lines)


def _models(rows: Sequence[Score]) -> list[str]:
    """Base, then adapted."""
    adapted = next((s.model for s in rows if s.against), "")
    return sorted(dict.fromkeys(s.model for s in rows), key=lambda m: m == adapted)


def _picker(rows: Sequence[Score]) -> Callable[..., Score | None]:
    by = {
        (s.task, s.setting, s.metric, s.against is not None, s.model): s
        for s in rows
        if s.seed is None and s.items == ALL
    }
    adapted = _models(rows)[-1]

    def pick(
        task: str, setting: str, metric: str, gain: bool, model: str = adapted
    ) -> Score | None:
        return by.get((task, setting, metric, gain, model))

    return pick


def _seeds(rows: Sequence[Score]) -> str:
    """Mean and standard deviation over the seeds, and each of them."""
    lines = []
    by: dict[tuple[str, str], list[Score]] = {}
    for s in rows:
        if s.seed is not None and s.items == ALL and s.metric == PRIMARY.get(s.axis):
            by.setdefault((charts.name(s), s.model), []).append(s)
    for (name, model), own in by.items():
        values = [s.value for s in own]
        each = ", ".join(f"{show(s, s.value)} ({s.seed})" for s in own)
        mean, deviation = float(np.mean(values)), float(np.std(values, ddof=1))
        lines.append([name, model, show(own[0], mean), show(own[0], deviation), each])
    return table(["setting", "model", "mean", "sd", "each (seed)"], lines) if lines else ""


def _contamination(rows: Sequence[Score]) -> str:
    """Every difference without the items that a training text holds, beside the one with them."""
    clean = {(s.axis, s.task, s.setting): s for s in charts.gains(rows, UNCONTAMINATED)}
    lines = []
    for gain in charts.gains(rows):
        count = gain.envelope.get("contaminated", 0)
        if count:
            other = clean.get((gain.axis, gain.task, gain.setting))
            rest = [shown(other), other.verdict] if other else ["no item is left", ""]
            lines.append([charts.name(gain), count, shown(gain), *rest])
    head = ["setting", "items left out", "all items", "without them", ""]
    text = (
        "Items of an evaluation set that a document of the training text holds, by the corpus' "
        "report (of a base that no recipe made, its text is not known), are in no score of the "
        "right column."
    )
    return f"{text}\n\n{table(head, lines) if lines else 'No such item was tested.'}"


def _left_out(rows: Sequence[Score]) -> str:
    """Rows that could not be used, by set and reason."""
    lines = []
    for gain in charts.gains(rows):
        for reason, count in gain.envelope.get("left_out", {}).items():
            line = [f"{gain.axis} · {gain.task}", gain.envelope["dataset"]["name"], reason, count]
            if line not in lines:
                lines.append(line)
    return table(["task", "set", "reason", "count"], lines) if lines else "Nothing."


def _overlap(shares: dict[str, Any]) -> str:
    names = list(shares["share"])
    lines = [[a, *[f"{shares['share'][a][b]:.0%}" for b in names]] for a in names]
    return table(["", *names], lines)
