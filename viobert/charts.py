"""Plotly figures of scores. Plotly is imported when one is drawn: the page starts without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from viobert.naming import LOOKS, Words, axis, gains, interval, metric, name, number, setting, unit
from viobert.panels import ROW, name_lines, panels, sided
from viobert.published import Published, told
from viobert.scores import ALL, PRIMARY, Score, named, shown
from viobert.text import ltr

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["LOOKS", "forest", "gains", "name", "overlap", "published", "setting", "spread"]


def forest(scores: Sequence[Score], words: Words | None = None) -> go.Figure:
    """Every setting's gain with its interval, what is better to the right; a panel a unit.

    In ``words``' language, if given: names on the side where its lines begin.
    """
    by: dict[str, list[Score]] = {}
    for score in gains(scores):
        by.setdefault("nats" if score.better < 0 else "points", []).append(score)
    lines = {panel: _lines(members, words) for panel, members in by.items()}
    figure = panels({panel: len(own) for panel, own in lines.items()}, words)
    seen: set[str] = set()
    for row, (panel, members) in enumerate(by.items(), 1):
        for verdict in LOOKS:
            chosen = [s for s in members if s.verdict == verdict]
            if chosen:
                figure.add_trace(_marks(chosen, panel, words, verdict not in seen), row, 1)
                seen.add(verdict)
        figure.add_vline(x=0, line_color="#424242", line_width=1, row=row, col=1)
        name_lines(figure, lines[panel], row, words)
    return figure


def published(figures: Sequence[Published], words: Words) -> go.Figure:
    """What others reported, hatched, as none of it was measured; a panel a unit, no intervals."""
    import plotly.graph_objects as go

    units = {"percent": "percent", "reported": "points"}
    by = {panel: [f for f in figures if f.unit == unit] for panel, unit in units.items()}
    by = {panel: own for panel, own in by.items() if own}
    figure = panels({panel: len(own) * 1.6 for panel, own in by.items()}, words)
    for row, (panel, own) in enumerate(by.items(), 1):
        # The panel of percent is titled as a fall.
        values = [(-1 if panel == "percent" else 1) * (f.value or 0) for f in own]
        lines = {f"{at} {f.metric}": _reported(f, words) for at, f in enumerate(own)}
        about = [sided(f"{f.model} / {names_in(f.base, words)}", words) for f in own]
        figure.add_trace(
            go.Bar(
                x=values, y=list(lines), orientation="h", showlegend=False, width=0.55,
                text=[ltr(told(f)) for f in own], textposition="outside", cliponaxis=False,
                customdata=about, hovertemplate="%{customdata}<br>%{text}<extra></extra>",
                marker={"color": "#b45309", "pattern": {"shape": "/", "fgcolor": "#fff"}},
            ), row, 1,
        )  # fmt: skip
        figure.update_xaxes(range=[min(0, *values) * 1.3, max(0, *values) * 1.3], row=row, col=1)
        name_lines(figure, lines, row, words)
    figure.update_layout(margin={"t": 36})  # no legend above
    return figure


def names_in(text: str, words: Words) -> str:
    """A name that is a phrase, in words."""
    return words.names.get(text, text)


def _reported(figure: Published, words: Words) -> str:
    label = sided(words.published.get(figure.metric, figure.metric), words)
    return f"{label}<br>{sided(f'{figure.model} · {names_in(figure.language, words)}', words)}"


def _lines(members: Sequence[Score], words: Words | None) -> dict[str, str]:
    """The lines of a panel from above, and how each is labelled; in words, an axis of several
    settings has its name on a line of its own."""
    if words is None:
        return {name(s): name(s) for s in members}
    lines: dict[str, str] = {}
    for title in dict.fromkeys(axis(s, words) for s in members):
        own = [s for s in members if axis(s, words) == title]
        bold = f"<b>{sided(title, words)}</b>"
        if len(own) > 1:
            lines[title] = bold
        for score in own:
            label = sided(setting(score, words), words) if len(own) > 1 else bold
            lines[sided(name(score, words), words)] = label
    return lines


def _marks(chosen: Sequence[Score], panel: str, words: Words | None, legend: bool) -> go.Scatter:
    """Points with intervals, all of one verdict."""
    import plotly.graph_objects as go

    verdict = chosen[0].verdict
    colour, symbol = LOOKS[verdict]
    scale = 1.0 if panel == "nats" else 100.0
    value = [scale * s.better * s.value for s in chosen]
    ends = [sorted((scale * s.better * s.low, scale * s.better * s.high)) for s in chosen]
    return go.Scatter(
        x=value,
        y=[sided(name(s, words), words) if words else name(s) for s in chosen],
        mode="markers",
        name=sided(words.verdicts[verdict], words) if words else verdict,
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
        text=[_hover(s, words) for s in chosen],
        hovertemplate=f"{'' if words else '%{y}: '}%{{text}}<extra></extra>",
    )


def _hover(score: Score, words: Words | None) -> str:
    if words is None:
        return f"{named(score.metric)} {shown(score)}, {score.verdict}"
    numbers = ltr(f"{number(score, score.value)} {interval(score)}")
    value = f"{numbers} {unit(score, words)}"
    lines = (name(score, words), metric(score, words), value, words.verdicts[score.verdict])
    return "<br>".join(sided(line, words) for line in lines)


def overlap(shares: dict[str, Any]) -> go.Figure:
    """Shares of the most frequent words that texts have in common, as a heat map."""
    import plotly.graph_objects as go

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
    import plotly.graph_objects as go

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
        template="plotly_white", height=140 + ROW * len(names),
        colorway=["#6d4c41", "#00695c"], legend={"orientation": "h", "y": -0.12},
    )  # fmt: skip
    return figure
