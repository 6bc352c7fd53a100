"""What a sweep found: a table and a figure, differences with their intervals."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from train.corpus.funnel import table
from train.evaluate.statistics import draws
from train.files import replace_file
from train.stopping import GENERAL, TERMS

#: Terms in the order they are told, and how.
NAMES = {
    "nats_per_word": "nats a word",
    "fill_mask_top5": "fill-mask top-5",
    "probe_macro_f1": "probe macro-F1",
    "cloze_nats": "sentences, nats a word",
    GENERAL: "general text, nats a word",
}


@dataclass(frozen=True)
class Trained:
    """One training of a sweep.

    ``values``, ``replicates``: of its best evaluation, as ``train.stopping.Reading``; ``step``:
    when that was; ``pieces``, ``seconds``, ``devices``: of the whole training.
    """

    variant: str
    seed: int
    values: dict[str, float]
    replicates: dict[str, list[float]]
    step: int
    pieces: int
    seconds: float
    devices: str


@dataclass(frozen=True)
class Difference:
    """A variant less the first, mean over the seeds, and its 95 % interval."""

    value: float
    low: float
    high: float


def difference(first: Sequence[Trained], other: Sequence[Trained], term: str) -> Difference:
    """Paired over texts, which all readings resample alike, and over seeds, resampled across them.

    Both in the same order of seeds.
    """
    apart = [np.subtract(o.replicates[term], f.replicates[term])
             for f, o in zip(first, other, strict=True)]  # fmt: skip
    seeds = draws(len(apart), len(apart[0]), 13).astype(np.float64) / len(apart)
    sampled = (seeds * np.stack(apart, axis=1)).sum(1)
    value = float(np.mean([o.values[term] - f.values[term]
                           for f, o in zip(first, other, strict=True)]))  # fmt: skip
    low, high = np.quantile(sampled, [0.025, 0.975])
    return Difference(value, float(low), float(high))


def write(folder: Path, name: str, trained: Sequence[Trained], log: Any = print) -> None:
    """Write ``sweep.jsonl``, ``sweep.md`` and ``sweep.html``, and show the table."""
    text, rows = told(trained), "".join(map(_line, trained))
    replace_file(folder / "sweep.jsonl", lambda p: p.write_text(rows, "utf-8"))
    replace_file(folder / "sweep.md", lambda p: p.write_text(f"# {name}\n\n{text}\n", "utf-8"))
    page = figure(name, trained).to_html(include_plotlyjs=True, full_html=True)
    replace_file(folder / "sweep.html", lambda p: p.write_text(page, "utf-8"))
    log(f"{text}\n\n{name}: {folder / 'sweep.html'}")


def _line(one: Trained) -> str:
    """As JSON; replicates to a hundredth of what a table shows."""
    replicates = {t: [round(value, 5) for value in found] for t, found in one.replicates.items()}
    row = {**dataclasses.asdict(one), "replicates": replicates}
    return json.dumps(row, ensure_ascii=False) + "\n"


def read(path: Path) -> list[Trained]:
    """The trainings of a ``sweep.jsonl``."""
    return [Trained(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def told(trained: Sequence[Trained]) -> str:
    """Markdown: a line a variant; each term's mean over the seeds, and the difference."""
    groups, terms = _groups(trained), _terms(trained)
    first = next(iter(groups.values()))
    rows = []
    for variant, members in groups.items():
        line = [variant, f"{np.mean([m.step for m in members]):,.0f}"]
        line += [f"{np.mean([m.pieces for m in members]) / 1e6:.1f}"]
        for term in terms:
            text = _show(float(np.mean([m.values[term] for m in members])), term)
            if members is not first:
                text += f" ({_interval(difference(first, members, term), term)})"
            line.append(text)
        rows.append(line)
    seeds = ", ".join(str(member.seed) for member in first)
    over = (
        "texts and seeds"
        if len(first) > 1
        else "texts; what another seed would change is not in it"
    )
    head = ["variant", "best step", "million pieces", *(NAMES[term] for term in terms)]
    return (
        f"{table(head, rows)}\n\n{'Means of seeds' if len(first) > 1 else 'Seed'} {seeds}; of each "
        "training the best evaluation, on the dev documents that it was chosen by. In brackets the "
        f"difference from {first[0].variant} and its 95 % interval (paired, over {over}), not "
        f"corrected for their number. On {first[0].devices}."
    )


def means(trained: Sequence[Trained]) -> list[tuple[str, str]]:
    """Each variant's nats a word, mean over its seeds."""
    term = "nats_per_word"
    return [
        (variant, _show(float(np.mean([m.values[term] for m in members])), term))
        for variant, members in _groups(trained).items()
    ]


def figure(name: str, trained: Sequence[Trained]) -> go.Figure:
    """A panel a term: every training a point, the mean of each variant a line across."""
    groups, terms = _groups(trained), _terms(trained)
    titles = [NAMES[term] for term in terms]
    found = make_subplots(rows=1, cols=len(terms), subplot_titles=titles)
    colours = ["#00695c", "#6d4c41", "#283593", "#ad1457", "#ef6c00", "#455a64"]
    for column, term in enumerate(terms, 1):
        for number, (variant, members) in enumerate(groups.items()):
            colour, values = colours[number % len(colours)], [m.values[term] for m in members]
            marks = {"size": 9, "color": colour}
            found.add_trace(
                go.Scatter(x=[variant] * len(values), y=values, mode="markers", marker=marks,
                           text=[f"seed {m.seed}" for m in members], showlegend=False),
                row=1, col=column,
            )  # fmt: skip
            line = {"symbol": "line-ew", "size": 34, "line": {"width": 3, "color": colour}}
            found.add_trace(
                go.Scatter(x=[variant], y=[float(np.mean(values))], mode="markers", marker=line,
                           text=["mean"], showlegend=False),
                row=1, col=column,
            )  # fmt: skip
        if _share(term):
            found.update_yaxes(tickformat=".1%", row=1, col=column)
    found.update_layout(title=name, template="plotly_white", height=420,
                        width=max(480, 330 * len(terms)))  # fmt: skip
    return found


def _groups(trained: Sequence[Trained]) -> dict[str, list[Trained]]:
    groups: dict[str, list[Trained]] = {}
    for one in sorted(trained, key=lambda t: t.seed):
        groups.setdefault(one.variant, []).append(one)
    order = dict.fromkeys(one.variant for one in trained)
    return {variant: groups[variant] for variant in order}


def _terms(trained: Sequence[Trained]) -> list[str]:
    return [term for term in NAMES if all(term in one.values for one in trained)]


def _share(term: str) -> bool:
    return TERMS.get(term, -1.0) > 0


def _show(value: float, term: str) -> str:
    return f"{value:.1%}" if _share(term) else f"{value:.3f}"


def _interval(found: Difference, term: str) -> str:
    if _share(term):
        return f"{found.value * 100:+.1f} pp [{found.low * 100:+.1f}, {found.high * 100:+.1f}]"
    return f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
