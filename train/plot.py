"""The curves of a training: ``curves.html``, from ``metrics.jsonl``."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from train.files import Run, StageError, replace_file
from train.metrics import read
from train.stopping import GENERAL

Line = dict[str, Any]
#: Title of each panel, its columns, and what its axis shows.
PANELS = (
    ("Training loss", ("loss",), "nats a masked piece"),
    ("Improvement over the base", ("score",), "score"),
    ("Held-out text", ("nats_per_word", GENERAL, "cloze_nats"), "nats a word"),
    ("Fill-mask top-5, probe macro-F1", ("fill_mask_top5", "probe_macro_f1"), "share"),
    ("Learning rate", ("learning_rate",), ""),
    ("Speed", ("tokens_per_second",), "word pieces a second"),
)
NAMES = {
    "loss": "loss", "score": "composite score", "nats_per_word": "dev documents",
    GENERAL: "general text", "cloze_nats": "sentences", "fill_mask_top5": "top-5",
    "probe_macro_f1": "macro-F1", "learning_rate": "learning rate", "tokens_per_second": "speed",
}  # fmt: skip


def plot(run: Run, log: Any = print) -> None:
    """Draw the curves of a training, running or done; ``StageError`` if there is none."""
    if not read(run.metrics):
        raise StageError(
            f"{run.recipe.name}: no metrics at {run.metrics}; run "
            f"python -m train pretrain {run.recipe.path} first"
        )
    write(run)
    log(f"{run.recipe.name}: {run.curves}")


def write(run: Run) -> None:
    """Write ``curves.html``; it holds all it needs, and opens without a network."""
    page = figure(run).to_html(include_plotlyjs=True, full_html=True)
    replace_file(run.curves, lambda path: path.write_text(page, encoding="utf-8"))


def figure(run: Run) -> go.Figure:
    """Six panels over the steps; evaluations with their standard errors, the best one marked."""
    lines = read(run.metrics)
    titles = [title for title, _, _ in PANELS]
    found = make_subplots(rows=3, cols=2, subplot_titles=titles, vertical_spacing=0.09)
    for number, (_, columns, unit) in enumerate(PANELS):
        place = {"row": number // 2 + 1, "col": number % 2 + 1}
        for column in columns:
            points = [line for line in lines if column in line]
            if points:
                found.add_trace(_curve(points, column), **place)
        found.update_yaxes(title_text=unit, **place)
    _marks(found, lines, run)
    found.update_xaxes(title_text="step", row=3)
    found.update_layout(
        title=f"{run.recipe.name} ({run.recipe.digest()})", height=950, template="plotly_white",
        legend={"orientation": "h", "y": -0.06}, colorway=["#00695c", "#6d4c41", "#283593"],
    )  # fmt: skip
    return found


def _curve(points: list[Line], column: str) -> go.Scatter:
    errors = [point.get(f"{column}_error") for point in points]
    read_out = any(error is not None for error in errors) or column == "score"
    return go.Scatter(
        x=[point["step"] for point in points],
        y=[point[column] for point in points],
        name=NAMES[column],
        mode="lines+markers" if read_out else "lines",
        error_y={"type": "data", "array": errors, "thickness": 1} if any(errors) else None,
    )


def _marks(found: go.Figure, lines: list[Line], run: Run) -> None:
    """The best evaluation, those that a veto keeps from it, and the veto's bound."""
    score = {"row": 1, "col": 2}
    best = [line for line in lines if line.get("best")][-1:]
    vetoed = [line for line in lines if line.get("vetoed")]
    for points, name, symbol in ((best, "best", "star"), (vetoed, "vetoed", "x")):
        if points:
            found.add_trace(
                go.Scatter(
                    x=[p["step"] for p in points], y=[p["score"] for p in points], name=name,
                    mode="markers", marker={"symbol": symbol, "size": 13},
                ),
                **score,
            )  # fmt: skip
    general = run.recipe.what.stopping.general
    base = [line[GENERAL] for line in lines if GENERAL in line][:1]
    if general and base:
        found.add_hline(
            y=base[0] + general.bound, line_dash="dot", row=2, col=1,
            annotation_text="bound of forgetting",
        )  # fmt: skip
