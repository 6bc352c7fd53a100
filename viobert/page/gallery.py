"""The example sentences as chips under a dialect chooser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from viobert.page.examples import Example, examples, of_dialect
from viobert.page.strings import STRINGS, Language, Strings
from viobert.page.tab import QUIET


class Gallery:
    """``row`` gives the values that a chip stands for, one for each of the components it fills."""

    def __init__(self, row: Callable[[Example], list[str]], name: str) -> None:
        self.row, self.name = row, name

    def lay_out(self, strings: Strings) -> None:
        """Create both components; ``self.worded`` are they."""
        with gr.Row(elem_id=f"{self.name}-choose", elem_classes="choose"):
            self.dialect = gr.Radio(
                **self._dialects(strings), value="msa", elem_classes="dialects",
                elem_id=f"{self.name}-dialects",
            )  # fmt: skip
            fields = [gr.Textbox(visible=False) for _ in self.row(examples()[0])]
            self.chosen = gr.Dataset(
                **self._chosen("msa", strings), components=fields, type="values",
                samples_per_page=20, show_label=False, elem_id=f"{self.name}-examples",
                elem_classes="examples",
            )  # fmt: skip
        self.worded = [self.dialect, self.chosen]

    def connect(self, language: gr.State) -> None:
        """Let a dialect show its chips."""
        self.dialect.change(self.pick, [self.dialect, language], self.chosen, **QUIET)

    def pick(self, dialect: str, language: Language) -> gr.Dataset:
        """The chips of a dialect."""
        return gr.Dataset(**self._chosen(dialect, STRINGS[language]))

    def word(self, strings: Strings, dialect: str) -> list[Any]:
        """Both components in this language."""
        return [
            gr.Radio(**self._dialects(strings)),
            gr.Dataset(**self._chosen(dialect, strings)),
        ]

    def _dialects(self, strings: Strings) -> dict[str, Any]:
        choices = [(name, code) for code, name in strings.dialects.items()]
        return {"choices": choices, "label": strings.examples}

    def _chosen(self, dialect: str, strings: Strings) -> dict[str, Any]:
        rows = of_dialect(dialect)
        return {
            "samples": [self.row(row) for row in rows],
            "sample_labels": [strings.specialties[row.specialty] for row in rows],
        }


def sentence_box(label: str, placeholder: str, **options: Any) -> gr.Textbox:
    """A box for an Arabic sentence."""
    return gr.Textbox(
        label=label, placeholder=placeholder, rtl=True, lines=1, max_lines=5,
        elem_classes="sentence",
        html_attributes=gr.InputHTMLAttributes(
            lang="ar", spellcheck=False, autocorrect="off", autocomplete="off"
        ),
        **options,
    )  # fmt: skip
