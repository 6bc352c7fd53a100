"""The tab that shows how much each word surprises each model."""

from __future__ import annotations

from typing import Any

import gradio as gr

from viobert.fill_mask import MAX_CHARACTERS
from viobert.page import bars, marks
from viobert.page.gallery import Gallery, sentence_box
from viobert.page.models import Picked, Surprised
from viobert.page.strings import STRINGS, Language, Strings
from viobert.page.tab import MODEL, QUIET, Frame, Tab

NOTHING = Surprised()


class SurpriseTab(Tab):
    """Sentence, and three rows of coloured words."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.gallery = Gallery(lambda example: [example.whole], "surprise")

    def lay_out(self, strings: Strings) -> None:
        """Box, examples, rows."""
        texts = strings.surprise
        self.found = gr.State(NOTHING)
        self.intro = gr.HTML(bars.intro(texts.intro), elem_classes="intro")
        with gr.Column(elem_classes="ask"):
            self.box = sentence_box(
                texts.sentence, texts.placeholder, elem_id="surprise-sentence",
                max_length=MAX_CHARACTERS + 1,
            )  # fmt: skip
            self.notice = gr.HTML(elem_id="surprise-notice", elem_classes="notice")
            with gr.Row(elem_classes="buttons"):
                self.go = gr.Button(texts.measure, variant="primary", elem_id="measure")
        self.gallery.lay_out(strings)
        self.rows = gr.HTML(
            marks.surprise_rows(self.frame.models, NOTHING, strings), elem_id="surprised"
        )
        self.kept = [self.gallery.dialect, self.found]
        self.worded = [
            self.intro, self.box, self.go, *self.gallery.worded, self.notice, self.rows,
        ]  # fmt: skip

    def connect(self) -> None:
        """Wire the events."""
        frame = self.frame
        ask: dict[str, Any] = {
            "fn": self.answer, "inputs": [self.box, frame.language, frame.picked],
            "outputs": [self.found, self.notice, self.rows], "show_progress": "minimal",
            "show_progress_on": [self.rows], **MODEL,
        }  # fmt: skip
        gr.on([self.go.click, self.box.submit], **ask)
        chosen = self.gallery.chosen.click(
            lambda row: row[0], self.gallery.chosen, self.box, **QUIET
        )
        chosen.then(**ask)
        self.gallery.connect(frame.language)

    def answer(
        self, text: str, language: Language, picked: Picked | None, request: gr.Request
    ) -> list[Any]:
        """Outcome, notice and rows."""
        strings = STRINGS[language]
        if not self.frame.limits.allow(request):
            return [NOTHING, bars.alert(strings.busy, strings), self.draw(NOTHING, strings)[1]]
        found = self.frame.models.surprise(text or "", picked=picked)
        return [found, *self.draw(found, strings)]

    def draw(self, found: Surprised, strings: Strings) -> list[str]:
        """Notice and rows."""
        others = {"too_long": strings.surprise.too_long}
        rows = marks.surprise_rows(self.frame.models, found, strings)
        return [bars.notice(found, strings, others), rows]

    def word(self, strings: Strings, *kept: Any) -> list[Any]:
        """Everything but the sentence."""
        dialect, found = kept
        texts = strings.surprise
        return [
            bars.intro(texts.intro),
            gr.Textbox(label=texts.sentence, placeholder=texts.placeholder),
            texts.measure, *self.gallery.word(strings, dialect), *self.draw(found, strings),
        ]  # fmt: skip
