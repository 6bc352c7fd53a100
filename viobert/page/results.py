"""The tab that says what was measured, what was not better, and what others reported."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from viobert.checkpoints import ROOT
from viobert.page.measured import isolated, load
from viobert.page.results_answer import answer
from viobert.page.results_table import reported, tables
from viobert.page.strings import STRINGS, Language, Strings
from viobert.page.tab import Frame, Tab
from viobert.published import Published, PublishedError, read

SCORES = ROOT / "assets" / "scores.jsonl"
PUBLISHED = ROOT / "assets" / "published.json"


class Results(Tab):
    """Plain words, a forest plot and tables of the measured scores; apart, the authors' figures.

    The plots stay empty until the tab is first opened, so that no visitor of another tab waits
    for plotly: ``fill`` gives values for ``opened``.
    """

    def __init__(self, frame: Frame, scores: Path = SCORES, published: Path = PUBLISHED) -> None:
        super().__init__(frame)
        self.measured = load(scores)
        self.figures: list[Published] = []
        self.problem = ""
        try:
            self.figures = read(published)
        except (OSError, PublishedError) as error:
            self.problem = str(error).replace(str(published), published.name)
        self.opened: list[Any] = []

    def lay_out(self, strings: Strings) -> None:
        """Answer, measured plot and tables, reported plot and table."""
        self.drawn = gr.State(False)
        answer, head, table, block, sources = self.texts(strings)
        self.answer = gr.HTML(answer, elem_id="answer")
        self.head = gr.HTML(head, elem_id="measured-head")
        visible = bool(self.measured.rows)
        self.forest = gr.Plot(show_label=False, visible=visible, elem_id="measured-plot")
        self.table = gr.HTML(table, elem_id="measured")
        self.block = gr.HTML(block, elem_id="reported-head")
        self.bars = gr.Plot(show_label=False, visible=bool(self.figures), elem_id="reported-plot")
        self.sources = gr.HTML(sources, elem_id="reported")
        self.kept = [self.drawn]
        self.opened = [self.drawn, self.forest, self.bars]
        self.worded = [
            self.answer, self.head, self.table, self.block, self.sources, self.forest, self.bars,
        ]  # fmt: skip

    def connect(self) -> None:
        """Nothing: the page fills the plots when the tab is opened."""

    def fill(self, language: Language) -> list[Any]:
        """A value for each of ``opened``: that the plots are drawn, and both."""
        return [True, *self.plots(STRINGS[language])]

    def plots(self, strings: Strings) -> list[Any]:
        """The measured plot and the reported one, or nothing for one without figures."""
        from viobert import charts

        words = strings.results.words
        return [
            charts.forest(self.measured.rows, words) if self.measured.rows else gr.skip(),
            charts.published(self.figures, words) if self.figures else gr.skip(),
        ]

    def texts(self, strings: Strings) -> list[str]:
        """Answer, head of the measured, tables, head of the reported, their table."""
        texts, measured = strings.results, self.measured
        block = f"<h2>{escape(texts.reported)}</h2><p>{escape(texts.reported_note)}</p>"
        sources = reported(self.figures, strings)
        if self.problem:
            sources = _problem(texts.missing_reported, self.problem)
        if not measured.rows:
            told = texts.missing if measured.missing else texts.broken
            return [_problem(told, measured.problem), "", "", block, sources]
        head = f"<h2>{escape(texts.measured)}</h2><p>{escape(texts.plot)}</p>"
        return [answer(measured, texts), head, tables(measured, strings), block, sources]

    def word(self, strings: Strings, *kept: Any) -> list[Any]:
        """Everything; the plots only where they have been drawn."""
        plots = self.plots(strings) if kept[0] else [gr.skip(), gr.skip()]
        return [*self.texts(strings), *plots]


def _problem(text: str, what: str) -> str:
    return f'<p class="problem" role="alert">{escape(text).format(isolated(what))}</p>'
