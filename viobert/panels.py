"""Panels of a figure, one above the other, that read right in either direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from viobert.naming import Words
from viobert.text import ltr, rtl

if TYPE_CHECKING:
    import plotly.graph_objects as go

FONT = "IBM Plex Sans Arabic, system-ui, sans-serif"
TITLES = {"nats": "Fewer nats a word", "points": "Percentage points more"}
ROW = 26  # pixels
_SIDE = 164  # pixels for the names of settings in words
_CLEAR = "rgba(0,0,0,0)"


def sided(text: str, words: Words) -> str:
    """A text for plotly, which reads tags, in its own direction, which plotly would overrule."""
    safe = escape(text, quote=False)
    return rtl(safe) if words.direction == "rtl" else ltr(safe)


def panels(counts: Mapping[str, float], words: Words | None) -> go.Figure:
    """Empty panels one above the other, titled, as high as their counts of lines."""
    from plotly.subplots import make_subplots

    heights = [count + 1.5 for count in counts.values()]
    titles = words.panels if words else TITLES
    figure = make_subplots(
        rows=len(counts) or 1,
        row_heights=heights or None,
        vertical_spacing=min(0.12, 3 / (1 + sum(heights))),
        subplot_titles=[titles[unit] if words is None else "" for unit in counts],
    )
    figure.update_layout(
        template="plotly_white", height=150 + int(ROW * sum(heights)),
        margin={"l": 10, "r": 20, "t": 60, "b": 40}, legend={"orientation": "h", "y": -0.06},
    )  # fmt: skip
    figure.update_yaxes(automargin=True, ticklabelstandoff=6)
    if words:
        _in_words(figure, [titles[unit] for unit in counts], words)
    return figure


def _in_words(figure: go.Figure, titles: Sequence[str], words: Words) -> None:
    """Sides, font and titles of a language; no zoom, which a finger on a page would hit."""
    right = words.direction == "rtl"
    start, end = ("r", "l") if right else ("l", "r")
    figure.update_layout(
        margin={start: _SIDE, end: 20, "t": 92, "b": 30}, font={"family": FONT, "size": 12},
        paper_bgcolor=_CLEAR, plot_bgcolor=_CLEAR, dragmode=False,
        legend={"y": 1, "yref": "container", "yanchor": "top", "x": 1 if right else 0,
                "xref": "container", "xanchor": "right" if right else "left",
                "traceorder": "reversed" if right else "normal", "font": {"size": 11}},
        hoverlabel={"font": {"family": FONT}, "align": "right" if right else "left"},
    )  # fmt: skip
    figure.update_yaxes(side="right" if right else "left", automargin=False, fixedrange=True)
    figure.update_xaxes(fixedrange=True, tickprefix="\u2066", ticksuffix="\u2069")
    for row, title in enumerate(titles, 1):
        axis = figure.get_subplot(row, 1).yaxis
        figure.add_annotation(
            text=f"<b>{sided(title, words)}</b>", showarrow=False, xref="paper", yref="paper",
            x=1 if right else 0, xanchor="right" if right else "left",
            xshift=(_SIDE - 8) * (1 if right else -1),
            y=axis.domain[1], yanchor="bottom", font={"size": 13},
        )  # fmt: skip


def name_lines(figure: go.Figure, lines: dict[str, str], row: int, words: Words | None) -> None:
    """Label the lines of a panel, the first one on top."""
    order = list(lines)[::-1]
    figure.update_yaxes(
        categoryorder="array", categoryarray=order, range=[-0.7, len(order) - 0.3], row=row, col=1
    )
    if words:
        figure.update_yaxes(tickvals=order, ticktext=[lines[key] for key in order], row=row, col=1)
