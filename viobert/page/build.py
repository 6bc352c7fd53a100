"""The page: its frame, its tabs, its endpoints."""

from __future__ import annotations

from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from viobert.feedback.store import Feedback
from viobert.page import about, bars, theme
from viobert.page.direction import Direction
from viobert.page.endpoint import endpoints
from viobert.page.entities import EntitiesTab
from viobert.page.examples import named
from viobert.page.fill import Fill
from viobert.page.judge import Judge
from viobert.page.limits import Limits
from viobert.page.models import Models, Picked
from viobert.page.note import NoteBox
from viobert.page.results import Results
from viobert.page.scripts import SAY_LANGUAGE, TURN_PAGE
from viobert.page.strings import ARABIC, STRINGS, TITLE, Language, Strings
from viobert.page.surprise import SurpriseTab
from viobert.page.tab import EVENT, MODEL, QUIET, Frame, Tab

#: Sessions that are held: visitors, and the last calls.
SESSIONS = 500
#: The example that a visitor finds answered.
FIRST = "cardiology-msa"


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
        "mcp_server": True,
        # Each call of an endpoint is a session of its own, of a fifth of a megabyte until it is
        # the oldest; ten thousand, as Gradio has it, would be two gigabytes.
        "state_session_capacity": SESSIONS,
    }


def build(models: Models, feedback: Feedback) -> gr.Blocks:
    """The page over ``models``, which may still be loading. Start them separately.

    ``ValueError`` for a VIOBERT_RATE that is no number.
    """
    limits = Limits()
    demo = gr.Blocks(title=TITLE, analytics_enabled=False)
    with demo:
        page = _Page(demo, models, feedback, limits)
        page.lay_out(ARABIC)
        page.connect()
        for name, endpoint in endpoints(models, limits).items():
            options = {"queue": False} if name == "health" else {"concurrency_limit": 2}
            gr.api(endpoint, api_name=name, concurrency_id="model", **options)
        demo.load(None, None, None, js=SAY_LANGUAGE, **EVENT)
    about.route(demo, models)
    demo.queue(max_size=32, default_concurrency_limit=2)
    return demo


class _Page:
    def __init__(self, demo: gr.Blocks, models: Models, feedback: Feedback, limits: Limits) -> None:
        self.language, self.picked = gr.State("ar"), gr.State(None)
        self.tab_now = gr.State("fill")
        self.frame = Frame(demo, models, feedback, limits, self.language, self.picked)
        self.fill, self.results = Fill(self.frame), Results(self.frame)
        self.tabs: dict[str, Tab] = {
            "fill": self.fill,
            "surprise": SurpriseTab(self.frame),
            "entities": EntitiesTab(self.frame),
            "results": self.results,
            "judge": Judge(self.frame),
        }
        self.note = NoteBox(self.frame, self.tab_now)

    def lay_out(self, strings: Strings) -> None:
        """Create all components, in ``strings``' language."""
        models = self.frame.models
        with gr.Row(elem_id="top"):
            self.header = gr.HTML(bars.header(strings), elem_id="header")
            self.turn = gr.Button(strings.other_language, elem_id="turn", size="sm", scale=0)
        self.chip = gr.HTML(bars.chip(models, strings), elem_id="chip")
        self.picks = self._lay_out_picks(strings)
        self.items = {}
        with gr.Tabs(selected="fill", elem_id="tabs") as self.chooser:
            for name, tab in self.tabs.items():
                with gr.Tab(titles(strings)[name], id=name, elem_id=f"tab-{name}") as item:
                    tab.lay_out(strings)
                self.items[name] = item
        self.note.lay_out(strings)

    def _lay_out_picks(self, strings: Strings) -> list[gr.Dropdown]:
        """Two choosers, where an operator allows several models."""
        choices = self.frame.models.choices
        if len(choices) < 2:
            return []
        with gr.Row(elem_id="picks"):
            return [
                gr.Dropdown(list(choices), value=None, label=label, elem_id=f"pick-{role}")
                for role, label in strings.pick.items()
            ]

    def connect(self) -> None:
        """Wire the events."""
        demo = self.frame.demo
        for name, item in self.items.items():
            item.select(lambda name=name: name, None, self.tab_now, **QUIET)
        self.items["results"].select(self.results.fill, self.language, self.results.opened, **QUIET)
        parts = [*self.tabs.values(), self.note]
        for part in parts:
            part.connect()
        own = [self.header, self.turn, self.chip, *self.picks, *self.items.values()]
        self.turn.click(None, None, None, js=TURN_PAGE, **EVENT)
        turned = self.turn.click(_other, self.language, self.language, **QUIET)
        arrived = demo.load(
            self.arrive, None,
            [self.language, self.chooser, self.tab_now, self.fill.box, self.fill.mine], **QUIET,
        )  # fmt: skip
        for event in (turned, arrived):
            event.then(self.word, self.language, own, **QUIET)
            for part in parts:
                worded = event.then(
                    _in_language(part), [self.language, *part.kept], part.worded, **QUIET
                )
                if event is arrived and part is self.fill:
                    worded.then(**self.fill.asking)
        for pick in self.picks:
            inputs = [*self.picks, self.language]
            pick.input(self.pick, inputs, [self.picked, self.chip], **MODEL)
        timer = gr.Timer(1.0)
        timer.tick(self.watch, [self.language, self.picked], [timer, self.chip], **QUIET)

    def arrive(self, request: gr.Request) -> list[Any]:
        """Language, tab and example that the address asks for."""
        asked = request.query_params
        language: Language = "en" if asked.get("lang") == "en" else "ar"
        tab = asked.get("tab") if asked.get("tab") in self.tabs else "fill"
        example = named(asked.get("ex", "")) or named(FIRST)
        assert example is not None
        return [language, gr.Tabs(selected=tab), tab, example.text, example.word]

    def word(self, language: Language) -> list[Any]:
        """The frame's own texts."""
        strings = STRINGS[language]
        return [
            bars.header(strings), strings.other_language, bars.chip(self.frame.models, strings),
            *(gr.Dropdown(label=strings.pick[role]) for role in strings.pick if self.picks),
            *(gr.Tab(label=titles(strings)[name]) for name in self.items),
        ]  # fmt: skip

    def pick(self, general: str | None, medical: str | None, language: Language) -> list[Any]:
        """The picked pair, loaded; the default one until both are chosen."""
        models, strings = self.frame.models, STRINGS[language]
        if not general or not medical:
            return [None, bars.chip(models, strings)]
        picked: Picked = (general, medical)
        models.prepare(picked)
        return [picked, bars.chip(models, strings, models.answering_of(picked))]

    def watch(self, language: Language, picked: Picked | None) -> list[Any]:
        """The status chip, and a timer that stops when there is nothing more to wait for."""
        models = self.frame.models
        chosen = models.answering_of(picked) if picked else ()
        chip = bars.chip(models, STRINGS[language], chosen)
        return [gr.Timer(active=models.state == "loading"), chip]


def titles(strings: Strings) -> dict[str, str]:
    """The tabs' names."""
    return {
        "fill": strings.fill_tab,
        "surprise": strings.surprise.tab,
        "entities": strings.entities.tab,
        "results": strings.results.tab,
        "judge": strings.judge.tab,
    }


def _other(language: Language) -> Language:
    return "ar" if language == "en" else "en"


def _in_language(part: Tab) -> Any:
    def word(language: Language, *kept: Any) -> list[Any]:
        return part.word(STRINGS[language], *kept)

    return word
