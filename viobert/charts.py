"""Plotly figures of scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from viobert.scores import ALL, PRIMARY, Score, named, shown

#: What a verdict looks like: colour and mark, so that colour alone decides nothing.
LOOKS = {
    "gain": ("#00695c", "circle"),
    "loss": ("#b71c1c", "x"),
    "no difference shown": ("#757575", "circle-open"),
}
_ROW = 26  # pixels


def gains(scores: Sequence[Score], items: str = ALL) -> list[Score]:
    """The differences by which the settings are judged, one of each."""
    return [
        s for s in scores
        if s.against and s.seed is None and s.items == items and s.metric == PRIMARY.get(s.axis)
    ]  # fmt: skip


def forest(scores: Sequence[Score]) -> go.Figure:
    """Every setting's gain with its interval, what is better to the right; a panel a unit."""
    panels: dict[str, list[Score]] = {}
    for score in gains(scores):
        panels.setdefault("nats" if score.better < 0 else "points", []).append(score)
    heights = [len(rows) + 1.5 for rows in panels.values()]
    titles = {"nats": "Fewer nats a word", "points": "Percentage points more"}
    figure = make_subplots(
        rows=len(panels),
        row_heights=heights,
        vertical_spacing=min(0.12, 3 / (1 + sum(heights))),
        subplot_titles=[titles[unit] for unit in panels],
    )
    told: set[str] = set()
    for row, (unit, members) in enumerate(panels.items(), 1):
        for verdict, (colour, symbol) in LOOKS.items():
            chosen = [s for s in members if s.verdict == verdict]
            if chosen:
                figure.add_trace(
                    _marks(chosen, unit, verdict, colour, symbol, verdict not in told), row, 1
                )
                told.add(verdict)
        names = [name(s) for s in members]
        figure.add_vline(x=0, line_color="#424242", line_width=1, row=row, col=1)
        figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], row=row, col=1)
    figure.update_layout(
        template="plotly_white", height=150 + int(_ROW * sum(heights)),
        margin={"l": 10, "r": 20, "t": 60, "b": 40}, legend={"orientation": "h", "y": -0.06},
    )  # fmt: skip
    figure.update_yaxes(automargin=True, ticklabelstandoff=6)
    return figure


def _marks(
    chosen: Sequence[Score], unit: str, verdict: str, colour: str, symbol: str, legend: bool
) -> go.Scatter:
    scale = 1.0 if unit == "nats" else 100.0
    value = [scale * s.better * s.value for s in chosen]
    ends = [sorted((scale * s.better * s.low, scale * s.better * s.high)) for s in chosen]
    return go.Scatter(
        x=value,
        y=[name(s) for s in chosen],
        mode="markers",
        name=verdict,
        legendgroup=verdict,
        showlegend=legend,
        marker={"color": colour, "symbol": symbol, "size": 9},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - v for v, (_, high) in zip(value, ends, strict=True)],
            "arrayminus": [v - low for v, (low, _) in zip(value, ends, strict=True)],
            "color": colour,
            "thickness": 1.5,
        },
        text=[f"{named(s.metric)} {shown(s)}, {verdict}" for s in chosen],
        hovertemplate="%{y}: %{text}<extra></extra>",
    )


def name(score: Score) -> str:
    """A setting in one line: the axis, then what tells it from the axis' others."""
    return " · ".join(dict.fromkeys([score.axis, setting(score)]))


def setting(score: Score) -> str:
    """What tells a setting from its axis' others."""
    parts = []
    if score.task not in (score.axis, "masked-language-modelling", "entities", "choice"):
        parts.append(score.task)
    if score.setting != "mean" or score.axis == "probing":
        parts.append(score.setting)
    return " · ".join(parts) or score.axis


def overlap(shares: dict[str, Any]) -> go.Figure:
    """Shares of the most frequent words that texts have in common, as a heat map."""
    names = list(shares["share"])
    values = [[shares["share"][a][b] for b in names] for a in names]
    figure = go.Figure(
        go.Heatmap(
            z=values, x=names, y=names, zmin=0, zmax=1, colorscale="Teal",
            texttemplate="%{z:.0%}", hovertemplate="%{y} and %{x}: %{z:.1%}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_xaxes(tickangle=40, automargin=True)
    figure.update_layout(template="plotly_white", height=160 + 42 * len(names))
    return figure


def spread(scores: Sequence[Score]) -> go.Figure:
    """Each seed's score of both models, setting by setting: how much a seed decides."""
    rows = [
        s for s in scores
        if s.seed is not None and s.items == ALL and s.metric == PRIMARY.get(s.axis)
        and s.better > 0
    ]  # fmt: skip
    figure = go.Figure()
    names = list(dict.fromkeys(name(s) for s in rows))
    marks = ("circle-open", "diamond")
    for model, symbol in zip(dict.fromkeys(s.model for s in rows), marks, strict=False):
        own = [s for s in rows if s.model == model]
        figure.add_trace(
            go.Scatter(
                x=[100 * s.value for s in own], y=[name(s) for s in own], mode="markers",
                name=model, marker={"symbol": symbol, "size": 9},
                text=[f"seed {s.seed}" for s in own],
                hovertemplate="%{y}: %{x:.1f} %, %{text}<extra></extra>",
            )
        )  # fmt: skip
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], automargin=True)
    figure.update_xaxes(title_text="percent", rangemode="tozero")
    figure.update_layout(
        template="plotly_white", height=140 + _ROW * len(names),
        colorway=["#6d4c41", "#00695c"], legend={"orientation": "h", "y": -0.12},
    )  # fmt: skip
    return figure
