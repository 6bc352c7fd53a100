"""The page: layout and events."""

from __future__ import annotations

from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from viobert.fill_mask import MAX_CHARACTERS
from viobert.page import bars, theme
from viobert.page.direction import Direction
from viobert.page.endpoint import make_endpoint
from viobert.page.examples import examples, of_dialect
from viobert.page.models import Models, Outcome
from viobert.page.strings import ARABIC, STRINGS, TITLE, Language, Strings

INSERT_MASK = (theme.HERE / "insert_mask.js").read_text(encoding="utf-8")
TURN_PAGE = (theme.HERE / "turn_page.js").read_text(encoding="utf-8")
# Gradio sets lang to the browser's language, whatever the page's is.
SAY_LANGUAGE = (
    "() => { const r = document.documentElement; r.lang = r.dir === 'ltr' ? 'en' : 'ar'; }"
)
EVENT: dict[str, Any] = {"api_visibility": "private"}
QUIET: dict[str, Any] = {**EVENT, "queue": False, "show_progress": "hidden"}
NOTHING = Outcome()


def launch_options() -> dict[str, Any]:
    """Arguments of ``launch`` that the page counts on: looks, direction, and privacy."""
    return {
        "theme": theme.theme(),
        "css_paths": theme.CSS,
        "app_kwargs": {"middleware": [Middleware(Direction)]},
        "footer_links": ["api"],
        "run_history": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "show_error": False,
        "max_file_size": "16kb",
    }


def build(models: Models) -> gr.Blocks:
    """The page over ``models``, which may still be loading. Start them separately."""
    demo = gr.Blocks(title=TITLE, analytics_enabled=False)
    with demo:
        page = _Page(models)
        page.lay_out(ARABIC)
        page.connect(demo)
        gr.api(
            make_endpoint(models), api_name="fill_mask", concurrency_id="model", concurrency_limit=2
        )
    demo.queue(max_size=32, default_concurrency_limit=2)
    return demo


class _Page:
    def __init__(self, models: Models) -> None:
        self.models = models

    def lay_out(self, strings: Strings) -> None:
        """Create the components, in ``strings``' language."""
        self.language = gr.State(strings.language)
        self.outcome = gr.State(NOTHING)
        with gr.Row(elem_id="top"):
            self.header = gr.HTML(bars.header(strings), elem_id="header")
            self.turn = gr.Button(strings.other_language, elem_id="turn", size="sm", scale=0)
        self.chip = gr.HTML(bars.chip(self.models, strings), elem_id="chip")
        with gr.Column(elem_id="ask"):
            self._lay_out_box(strings)
        with gr.Row(elem_id="choose"):
            self.dialect = gr.Radio(**_dialects(strings), value="msa", elem_id="dialects")
            self.chosen = gr.Dataset(
                **_chosen("msa", strings), components=[gr.Textbox(visible=False)], type="values",
                samples_per_page=20, show_label=False, elem_id="examples",
            )  # fmt: skip
        general, medical, legend = bars.panels(self.models, NOTHING, strings)
        with gr.Row(elem_id="panels"):
            self.general = gr.HTML(general, elem_id="general")
            self.medical = gr.HTML(medical, elem_id="medical")
        self.legend = gr.HTML(legend, elem_id="legend")

    def _lay_out_box(self, strings: Strings) -> None:
        self.box = gr.Textbox(
            **_box(strings), rtl=True, lines=1, max_lines=5, elem_id="sentence", autofocus=True,
            # A browser lays out a pasted megabyte for many seconds; one over the limit will do.
            max_length=MAX_CHARACTERS + 1,
            html_attributes=gr.InputHTMLAttributes(
                lang="ar", spellcheck=False, autocorrect="off", autocomplete="off"
            ),
        )  # fmt: skip
        self.notice = gr.HTML(elem_id="notice")
        with gr.Row(elem_id="buttons"):
            self.compare = gr.Button(strings.compare, variant="primary", elem_id="compare")
            self.insert = gr.Button(strings.insert, elem_id="insert")

    def connect(self, demo: gr.Blocks) -> None:
        """Wire the events."""
        drawn = [self.notice, self.general, self.medical, self.legend]
        worded = [
            self.language, self.header, self.turn, self.chip, self.box, self.compare, self.insert,
            self.dialect, self.chosen, *drawn,
        ]  # fmt: skip
        ask: dict[str, Any] = {
            "fn": self.answer, "inputs": [self.box, self.language],
            "outputs": [self.outcome, *drawn], "show_progress": "minimal",
            "show_progress_on": [self.general, self.medical], "trigger_mode": "once",
            "concurrency_id": "model", "concurrency_limit": 2, **EVENT,
        }  # fmt: skip
        gr.on([self.compare.click, self.box.submit], **ask)
        self.chosen.click(lambda row: row[0], self.chosen, self.box, **QUIET).then(**ask)
        self.insert.click(None, self.box, self.box, js=INSERT_MASK, **EVENT)
        self.dialect.change(self.pick, [self.dialect, self.language], self.chosen, **QUIET)
        self.turn.click(None, None, None, js=TURN_PAGE, **EVENT)
        worded_from = [self.language, self.dialect, self.outcome]
        self.turn.click(self.other_language, worded_from, worded, **QUIET)
        demo.load(self.arrive, None, worded, **QUIET)
        demo.load(None, None, None, js=SAY_LANGUAGE, **EVENT)
        timer = gr.Timer(1.0)
        timer.tick(self.watch, self.language, [timer, self.chip], **QUIET)

    def answer(self, text: str, language: Language) -> list[Any]:
        """Outcome, notice, both panels and legend."""
        outcome = self.models.compare(text or "")
        return [outcome, *self.draw(outcome, STRINGS[language])]

    def draw(self, outcome: Outcome, strings: Strings) -> list[str]:
        """Notice, both panels and legend."""
        return [bars.notice(outcome, strings), *bars.panels(self.models, outcome, strings)]

    def pick(self, dialect: str, language: Language) -> gr.Dataset:
        """The example chips of a dialect."""
        return gr.Dataset(**_chosen(dialect, STRINGS[language]))

    def watch(self, language: Language) -> list[Any]:
        """The status chip, and a timer that stops when there is nothing more to wait for."""
        loading = self.models.state == "loading"
        return [gr.Timer(active=loading), bars.chip(self.models, STRINGS[language])]

    def arrive(self, request: gr.Request) -> list[Any]:
        """Everything in words, in the language that the address asks for."""
        language: Language = "en" if request.query_params.get("lang") == "en" else "ar"
        return self.word(language, "msa", NOTHING)

    def other_language(self, language: Language, dialect: str, outcome: Outcome) -> list[Any]:
        """Everything in words, in the language not shown now."""
        return self.word("ar" if language == "en" else "en", dialect, outcome)

    def word(self, language: Language, dialect: str, outcome: Outcome) -> list[Any]:
        """A value for each component that bears words; the typed sentence is left alone."""
        strings = STRINGS[language]
        return [
            language, bars.header(strings), strings.other_language,
            bars.chip(self.models, strings), gr.Textbox(**_box(strings)), strings.compare,
            strings.insert, gr.Radio(**_dialects(strings)),
            gr.Dataset(**_chosen(dialect, strings)), *self.draw(outcome, strings),
        ]  # fmt: skip


def _box(strings: Strings) -> dict[str, Any]:
    return {"label": strings.sentence, "placeholder": strings.placeholder}


def _dialects(strings: Strings) -> dict[str, Any]:
    known = dict.fromkeys(example.dialect for example in examples())
    choices = [(strings.dialects[dialect], dialect) for dialect in known]
    return {"label": strings.examples, "choices": choices}


def _chosen(dialect: str, strings: Strings) -> dict[str, Any]:
    rows = of_dialect(dialect)
    return {
        "samples": [[row.text] for row in rows],
        "sample_labels": [strings.specialties[row.specialty] for row in rows],
    }
