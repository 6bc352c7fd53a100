"""What each step left of each source, as a table and as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from train.corpus.manifest import STEPS


def funnel(manifest: dict[str, Any]) -> str:
    """Documents a source and step, as a Markdown table."""
    head = ["source", "read", *(f"− {step}" for step in STEPS), "kept", "words"]
    rows = []
    for name, source in sorted(manifest["sources"].items()):
        left = [sum(source["left_out"].get(step, {}).values()) for step in STEPS]
        rows.append([name, source["read"], *left, source["kept"], source["words"]])
    if len(rows) > 1:
        rows.append(["all", *(sum(row[i] for row in rows) for i in range(1, len(head)))])
    return table(head, rows)


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table; numbers to the right."""
    numbers = [all(isinstance(row[i], int | float) for row in rows) for i in range(len(head))]
    lines = [head, ["--:" if number else "---" for number in numbers]]
    lines += [[f"{c:,}" if isinstance(c, int) else str(c) for c in row] for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def figure(manifest: dict[str, Any]) -> Any:
    """The funnel: documents that are left after each step, stacked by source."""
    import plotly.graph_objects as go

    sources = sorted(manifest["sources"].items(), key=lambda item: -item[1]["read"])
    drawn = go.Figure()
    for name, source in sources:
        left = [source["read"]]
        for step in STEPS:
            left.append(left[-1] - sum(source["left_out"].get(step, {}).values()))
        drawn.add_funnel(
            name=name,
            y=["read", *(f"after {step}" for step in STEPS)],
            x=left,
            texttemplate="%{value:,}",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:,} documents, %{percentInitial} of those read",
        )
    title = f"{manifest['name']}: {manifest['documents']:,} documents from source to corpus"
    drawn.update_layout(
        title=title, template="plotly_white", legend_title="source", height=480,
        margin={"t": 70, "b": 20},
    )  # fmt: skip
    return drawn
