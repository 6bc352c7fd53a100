"""The note that a visitor may leave on any tab."""

from __future__ import annotations

from datetime import datetime, timezone
from html import escape
from typing import Any

import gradio as gr

from viobert.feedback import LIMIT, FeedbackError
from viobert.feedback import note as make_note
from viobert.page import bars
from viobert.page.judge_html import types
from viobert.page.strings import STRINGS, Language, Strings
from viobert.page.tab import EVENT, Frame, Tab


class NoteBox(Tab):
    """A folded box under the tabs."""

    def __init__(self, frame: Frame, tab_now: gr.State) -> None:
        """``tab_now``: the id of the tab that is open."""
        super().__init__(frame)
        self.tab_now = tab_now

    def lay_out(self, strings: Strings) -> None:
        """Text, consent, button."""
        texts = strings.note
        with gr.Accordion(texts.title, open=False, elem_id="note-box") as self.box:
            self.text = gr.Textbox(
                label=texts.label, rtl=True, lines=2, max_lines=5, max_length=LIMIT + 1,
                elem_id="note-text",
            )  # fmt: skip
            self.consent = gr.Checkbox(label=texts.consent, elem_id="note-consent")
            self.notice = gr.HTML(elem_id="note-notice", elem_classes="notice")
            self.send = gr.Button(texts.send, elem_id="note-send", size="sm")
        self.worded = [self.box, self.text, self.consent, self.notice, self.send]

    def connect(self) -> None:
        """Wire the button."""
        self.send.click(
            self.take, [self.text, self.consent, self.tab_now, self.frame.language],
            [self.notice, self.text, self.consent], trigger_mode="once", show_progress="hidden",
            **EVENT,
        )  # fmt: skip

    def take(
        self, text: Any, consent: Any, tab: Any, language: Language, request: gr.Request
    ) -> list[Any]:
        """Keep a note; a refused one stays in the box."""
        strings = STRINGS["en" if language == "en" else "ar"]
        if not self.frame.limits.allow(request):
            return [bars.alert(strings.busy, strings), gr.skip(), gr.skip()]
        today = datetime.now(timezone.utc).date().isoformat()
        try:
            written = text if isinstance(text, str) else ""
            self.frame.feedback.add(make_note(str(tab), written, consent is True, today))
        except FeedbackError as error:
            told = strings.note.errors.get(error.kind, strings.note.errors["bad_field"])
            return [bars.alert(told.format(types(error, strings)), strings), gr.skip(), gr.skip()]
        thanks = f'<p class="thanks" role="status">{escape(strings.note.thanks)}</p>'
        return [thanks, "", False]

    def word(self, strings: Strings, *kept: Any) -> list[Any]:
        """Everything but what was typed."""
        texts = strings.note
        return [
            gr.Accordion(label=texts.title), gr.Textbox(label=texts.label),
            gr.Checkbox(label=texts.consent), "", texts.send,
        ]  # fmt: skip
