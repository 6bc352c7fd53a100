"""The tab where a word is hidden and both models fill it in."""

from __future__ import annotations

from typing import Any

import gradio as gr

from viobert.fill_mask import MAX_CHARACTERS
from viobert.page import bars
from viobert.page.csv_file import as_csv
from viobert.page.endpoint import MAX_K
from viobert.page.gallery import Gallery, sentence_box
from viobert.page.models import Outcome, Picked
from viobert.page.scripts import DOWNLOAD, INSERT_MASK
from viobert.page.strings import STRINGS, Language, Strings
from viobert.page.tab import EVENT, MODEL, QUIET, Frame, Tab

NOTHING = Outcome()


class Fill(Tab):
    """Sentence, own word, two panels."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.gallery = Gallery(lambda example: [example.text, example.word], "fill")

    def lay_out(self, strings: Strings) -> None:
        """Box and buttons, examples, panels, legend."""
        self.outcome = gr.State(NOTHING)
        with gr.Column(elem_classes="ask"):
            self._lay_out_box(strings)
        self.gallery.lay_out(strings)
        general, medical, legend = bars.panels(self.frame.models, NOTHING, strings)
        with gr.Row(elem_classes="panels"):
            self.general = gr.HTML(general, elem_id="general")
            self.medical = gr.HTML(medical, elem_id="medical")
        self.legend = gr.HTML(legend, elem_id="legend")
        self.csv = gr.Button(strings.csv, elem_id="csv", size="sm", scale=0)
        self.file = gr.Textbox(visible="hidden", elem_id="csv-text")
        self.drawn = [self.notice, self.general, self.medical, self.legend]
        self.kept = [self.gallery.dialect, self.outcome]
        self.worded = [
            self.box, self.mine, self.count, self.compare, self.insert, self.clear, self.csv,
            *self.gallery.worded, *self.drawn,
        ]  # fmt: skip

    def _lay_out_box(self, strings: Strings) -> None:
        # A browser lays out a pasted megabyte for many seconds; one over the limit will do.
        self.box = sentence_box(
            strings.sentence, strings.placeholder, elem_id="sentence", autofocus=True,
            max_length=MAX_CHARACTERS + 1,
        )  # fmt: skip
        self.notice = gr.HTML(elem_id="notice", elem_classes="notice")
        with gr.Row(elem_classes="more"):
            self.mine = gr.Textbox(
                label=strings.word, placeholder=strings.word_hint, rtl=True, elem_id="mine",
                max_length=41, min_width=240,
                html_attributes=gr.InputHTMLAttributes(spellcheck=False, autocomplete="off"),
            )  # fmt: skip
            self.count = gr.Slider(
                1, MAX_K, value=5, step=1, label=strings.count, elem_id="count", min_width=200,
                buttons=[],
            )  # fmt: skip
        with gr.Row(elem_classes="buttons"):
            self.compare = gr.Button(strings.compare, variant="primary", elem_id="compare")
            self.insert = gr.Button(strings.insert, elem_id="insert")
            self.clear = gr.Button(strings.clear, elem_id="clear")

    def connect(self) -> None:
        """Wire the events."""
        frame = self.frame
        self.asking: dict[str, Any] = {
            "fn": self.answer,
            "inputs": [self.box, self.mine, self.count, frame.language, frame.picked],
            "outputs": [self.outcome, *self.drawn], "show_progress": "minimal",
            "show_progress_on": [self.general, self.medical], **MODEL,
        }  # fmt: skip
        gr.on(
            [self.compare.click, self.box.submit, self.mine.submit, self.count.release],
            **self.asking,
        )
        chosen = self.gallery.chosen.click(
            lambda row: row, self.gallery.chosen, [self.box, self.mine], **QUIET
        )
        chosen.then(**self.asking)
        self.insert.click(None, js=INSERT_MASK, **EVENT)
        self.clear.click(
            self.empty, frame.language, [self.box, self.mine, self.outcome, *self.drawn], **QUIET
        )
        written = self.csv.click(self.write, [self.outcome, frame.language], self.file, **QUIET)
        written.then(None, self.file, None, js=DOWNLOAD, **EVENT)
        self.gallery.connect(frame.language)

    def answer(
        self, text: str, word: str, k: float, language: Language, picked: Picked | None,
        request: gr.Request,
    ) -> list[Any]:  # fmt: skip
        """Outcome, notice, both panels and legend."""
        strings = STRINGS[language]
        if not self.frame.limits.allow(request):
            return [NOTHING, bars.alert(strings.busy, strings), *self.draw(NOTHING, strings)[1:]]
        count = int(k) if isinstance(k, int | float) and 1 <= k <= MAX_K else 5
        outcome = self.frame.models.compare(text or "", count, word or "", picked=picked)
        return [outcome, *self.draw(outcome, strings)]

    def draw(self, outcome: Outcome, strings: Strings) -> list[str]:
        """Notice, both panels and legend."""
        return [bars.notice(outcome, strings), *bars.panels(self.frame.models, outcome, strings)]

    def empty(self, language: Language) -> list[Any]:
        """An empty box and empty panels."""
        return ["", "", NOTHING, *self.draw(NOTHING, STRINGS[language])]

    def write(self, outcome: Outcome, language: Language) -> str:
        """What is shown, as CSV; the file is made in the browser, so that none stays here."""
        return as_csv(outcome, STRINGS[language])

    def word(self, strings: Strings, *kept: Any) -> list[Any]:
        """Everything but what the visitor typed."""
        dialect, outcome = kept
        return [
            gr.Textbox(label=strings.sentence, placeholder=strings.placeholder),
            gr.Textbox(label=strings.word, placeholder=strings.word_hint),
            gr.Slider(label=strings.count), strings.compare, strings.insert, strings.clear,
            strings.csv, *self.gallery.word(strings, dialect), *self.draw(outcome, strings),
        ]  # fmt: skip
