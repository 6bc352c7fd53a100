"""The tab that shows the entities which each model finds."""

from __future__ import annotations

from typing import Any

import gradio as gr

from viobert.page import bars, marks
from viobert.page.gallery import Gallery, sentence_box
from viobert.page.models import MAX_TAGGED, Tagged
from viobert.page.strings import STRINGS, Language, Strings
from viobert.page.tab import MODEL, QUIET, Frame, Tab

NOTHING = Tagged()


class EntitiesTab(Tab):
    """Text, two panels with marks, legend."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.gallery = Gallery(lambda example: [example.whole], "entities")

    def lay_out(self, strings: Strings) -> None:
        """Box, examples, panels, legend."""
        texts = strings.entities
        self.found = gr.State(NOTHING)
        self.intro = gr.HTML(bars.intro(texts.intro), elem_classes="intro")
        with gr.Column(elem_classes="ask"):
            self.box = sentence_box(
                texts.sentence, texts.placeholder, elem_id="entities-sentence",
                max_length=MAX_TAGGED + 1,
            )  # fmt: skip
            self.notice = gr.HTML(elem_id="entities-notice", elem_classes="notice")
            with gr.Row(elem_classes="buttons"):
                self.go = gr.Button(texts.find, variant="primary", elem_id="find")
        self.gallery.lay_out(strings)
        general, medical = marks.entity_panels(NOTHING, strings)
        with gr.Row(elem_classes="panels"):
            self.general = gr.HTML(general, elem_id="entities-general")
            self.medical = gr.HTML(medical, elem_id="entities-medical")
        self.legend = gr.HTML(marks.entity_legend(strings), elem_id="entities-legend")
        self.kept = [self.gallery.dialect, self.found]
        self.worded = [
            self.intro, self.box, self.go, *self.gallery.worded, self.legend, self.notice,
            self.general, self.medical,
        ]  # fmt: skip

    def connect(self) -> None:
        """Wire the events."""
        frame = self.frame
        ask: dict[str, Any] = {
            "fn": self.answer, "inputs": [self.box, frame.language],
            "outputs": [self.found, self.notice, self.general, self.medical],
            "show_progress": "minimal", "show_progress_on": [self.general, self.medical], **MODEL,
        }  # fmt: skip
        gr.on([self.go.click, self.box.submit], **ask)
        chosen = self.gallery.chosen.click(
            lambda row: row[0], self.gallery.chosen, self.box, **QUIET
        )
        chosen.then(**ask)
        self.gallery.connect(frame.language)

    def answer(self, text: str, language: Language, request: gr.Request) -> list[Any]:
        """Outcome, notice and both panels."""
        strings = STRINGS[language]
        if not self.frame.limits.allow(request):
            return [NOTHING, bars.alert(strings.busy, strings), *self.draw(NOTHING, strings)[1:]]
        found = self.frame.models.entities(text or "")
        return [found, *self.draw(found, strings)]

    def draw(self, found: Tagged, strings: Strings) -> list[str]:
        """Notice and both panels."""
        return [bars.notice(found, strings), *marks.entity_panels(found, strings)]

    def word(self, strings: Strings, *kept: Any) -> list[Any]:
        """Everything but the text."""
        dialect, found = kept
        texts = strings.entities
        return [
            bars.intro(texts.intro),
            gr.Textbox(label=texts.sentence, placeholder=texts.placeholder), texts.find,
            *self.gallery.word(strings, dialect), marks.entity_legend(strings),
            *self.draw(found, strings),
        ]  # fmt: skip
