"""The tab where clinicians choose blindly between the two models."""

from __future__ import annotations

import re
import secrets
import time
from datetime import datetime, timezone
from typing import Any

import gradio as gr

from viobert.feedback import LIMIT, FeedbackError, Vote, free_text, read
from viobert.feedback.report import WinRate, by_pair, win_rate
from viobert.fill_mask import MAX_CHARACTERS
from viobert.page import bars, judge_html
from viobert.page.examples import examples
from viobert.page.gallery import Gallery, sentence_box
from viobert.page.models import Outcome, Picked
from viobert.page.rounds import Round, RoundError, Rounds, full_name
from viobert.page.scripts import JUDGE_KEYS
from viobert.page.strings import STRINGS, Language, Strings
from viobert.page.tab import EVENT, MODEL, QUIET, Frame, Tab

K = 5
CHOICES = ("A", "B", "tie", "both_bad")
#: Seconds that a win rate is shown before the files are read again.
FRESH = 10.0
_JUDGE = re.compile(r"[0-9a-f]{16}")


class Judge(Tab):
    """Sentence, two nameless answers, a vote, then the names."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.gallery = Gallery(lambda example: [example.text], "judge")
        self.rounds = Rounds()
        self._rates: dict[tuple[str, str], tuple[float, WinRate]] = {}

    def lay_out(self, strings: Strings) -> None:
        """Invitation, box, examples, answers, vote, what came of the votes."""
        texts = strings.judge
        self.round = gr.State("")
        self.judge = gr.BrowserState("", storage_key="viobert-judge")
        self.intro = gr.HTML(judge_html.intro(strings), elem_classes="intro")
        with gr.Column(elem_classes="ask"):
            self.box = sentence_box(
                strings.sentence, strings.placeholder, elem_id="judge-sentence",
                max_length=MAX_CHARACTERS + 1,
            )  # fmt: skip
            self.notice = gr.HTML(elem_id="judge-notice", elem_classes="notice")
            with gr.Row(elem_classes="buttons"):
                self.go = gr.Button(texts.start, variant="primary", elem_id="start")
        self.gallery.lay_out(strings)
        with gr.Row(elem_classes="panels"):
            self.a = gr.HTML(judge_html.answer("A", None, strings), elem_id="answer-a")
            self.b = gr.HTML(judge_html.answer("B", None, strings), elem_id="answer-b")
        self._lay_out_vote(strings)
        self.told = gr.HTML(self._told(strings, None), elem_id="judge-told")
        self.answers = [self.a, self.b, *self.votes]
        self.kept = [self.gallery.dialect, self.round, self.frame.picked]
        self.worded = [
            self.intro, self.box, self.notice, self.go, *self.gallery.worded, *self.answers,
            self.question, self.why, self.specialty, self.note, self.consent, self.told,
        ]  # fmt: skip

    def _lay_out_vote(self, strings: Strings) -> None:
        texts = strings.judge
        self.question = gr.HTML(judge_html.question(strings), elem_id="judge-question")
        with gr.Row(elem_id="votes"):
            self.votes = [
                gr.Button(texts.choices[choice], elem_id=f"vote-{choice}", interactive=False)
                for choice in CHOICES
            ]
        self.why = gr.CheckboxGroup(**_reasons(strings), elem_id="reasons")
        with gr.Row(elem_classes="more"):
            self.specialty = gr.Dropdown(**_specialties(strings), value=None, elem_id="specialty")
            self.note = gr.Textbox(
                label=texts.note, rtl=True, lines=1, max_lines=4, max_length=LIMIT + 1,
                elem_id="judge-note",
            )  # fmt: skip
        self.consent = gr.Checkbox(label=texts.consent, elem_id="judge-consent")

    def connect(self) -> None:
        """Wire the events."""
        frame = self.frame
        opened = [self.round, self.notice, *self.answers, self.told]
        ask: dict[str, Any] = {
            "fn": self.open, "inputs": [self.box, frame.language, frame.picked],
            "outputs": opened, "show_progress": "minimal",
            "show_progress_on": [self.a, self.b], **MODEL,
        }  # fmt: skip
        gr.on([self.go.click, self.box.submit], **ask)
        chosen = self.gallery.chosen.click(
            lambda row: row[0], self.gallery.chosen, self.box, **QUIET
        )
        chosen.then(**ask)
        self.gallery.connect(frame.language)
        given = [
            self.round, self.why, self.specialty, self.note, self.consent, self.judge,
            frame.language,
        ]  # fmt: skip
        taken = [self.judge, self.round, self.notice, *self.answers, self.note, self.told]
        for choice, button in zip(CHOICES, self.votes, strict=True):
            button.click(
                self._voter(choice), given, taken, show_progress="hidden", trigger_mode="once",
                **EVENT,
            )  # fmt: skip
        frame.demo.load(None, None, None, js=JUDGE_KEYS, **EVENT)

    def _voter(self, choice: str) -> Any:
        def vote(
            name: str, reasons: Any, specialty: Any, note: Any, consent: Any, judge: Any,
            language: Language, request: gr.Request,
        ) -> list[Any]:  # fmt: skip
            given = (name, reasons, specialty, note, consent, judge, language)
            return self.vote(choice, *given, request=request)

        return vote

    def open(
        self, text: str, language: Language, picked: Picked | None, request: gr.Request
    ) -> list[Any]:
        """A round on this sentence, or why there is none."""
        strings = STRINGS[language]
        if not self.frame.limits.allow(request):
            return self._closed(bars.alert(strings.busy, strings), strings, picked)
        outcome = self.frame.models.compare(text or "", K, picked=picked)
        if outcome.problem is not None:
            return self._closed(bars.notice(outcome, strings), strings, picked)
        if _alike(outcome):
            return self._closed(bars.alert(strings.judge.alike, strings), strings, picked)
        example = next((e.id for e in examples() if e.text == text), None)
        round_ = self.rounds.open(outcome, example, K)
        shown = [judge_html.answer(side, round_.shown(side), strings) for side in ("A", "B")]
        on = [gr.Button(interactive=True) for _ in CHOICES]
        return [round_.id, "", *shown, *on, self._told(strings, picked)]

    def _closed(self, notice: str, strings: Strings, picked: Picked | None) -> list[Any]:
        empty = [judge_html.answer(side, None, strings) for side in ("A", "B")]
        off = [gr.Button(interactive=False) for _ in CHOICES]
        return ["", notice, *empty, *off, self._told(strings, picked)]

    def vote(
        self, choice: str, name: str, reasons: Any, specialty: Any, note: Any, consent: Any,
        judge: Any, language: Language, request: gr.Request,
    ) -> list[Any]:  # fmt: skip
        """Keep a vote, then say which side was whose. A refused text leaves the round open."""
        strings = STRINGS["en" if language == "en" else "ar"]
        judge = judge if isinstance(judge, str) and _JUDGE.fullmatch(judge) else ""
        judge = judge or secrets.token_hex(8)
        unchanged = [gr.skip()] * (2 + len(CHOICES))
        if not self.frame.limits.allow(request):
            alert = bars.alert(strings.busy, strings)
            return [judge, gr.skip(), alert, *unchanged, gr.skip(), gr.skip()]
        try:
            round_ = self._store(choice, name, reasons, specialty, note, bool(consent), judge)
        except (RoundError, FeedbackError) as error:
            alert = bars.alert(judge_html.reason(error, strings), strings)
            return [judge, gr.skip(), alert, *unchanged, gr.skip(), gr.skip()]
        shown = [
            judge_html.answer(side, round_.shown(side), strings, round_) for side in ("A", "B")
        ]
        off = [gr.Button(interactive=False) for _ in CHOICES]
        self._rates.clear()
        told = judge_html.told(strings, self.frame.feedback.status, self._rate(_pair(round_)))
        return [judge, "", judge_html.thanks(round_, strings), *shown, *off, "", told]

    def _store(
        self, choice: str, name: str, reasons: Any, specialty: Any, note: Any, consent: bool,
        judge: str,
    ) -> Round:  # fmt: skip
        """The round that was voted on. Raises RoundError, or FeedbackError with the round open."""
        known = set(STRINGS["ar"].judge.reasons)
        why = tuple(r for r in reasons if r in known) if isinstance(reasons, list) else ()
        what = specialty if specialty in STRINGS["ar"].specialties else None
        written = note if isinstance(note, str) and note.strip() else None
        if written and not consent:
            raise FeedbackError("no_consent", "a note is kept with consent only")
        round_ = self.rounds.take(name if isinstance(name, str) else "")
        try:
            own = free_text(round_.text, consent) if round_.example is None else None
            winner = choice
            if choice in ("A", "B"):
                winner = "medical" if choice == round_.side else "general"
            self.frame.feedback.add(
                Vote(
                    round=f"r{round_.id}", example=round_.example, text=own,
                    winner=winner, side=round_.side, models=round_.models, judge=judge,  # type: ignore[arg-type]
                    specialty=what, reasons=why, note=free_text(written, consent), k=round_.k,
                    day=datetime.now(timezone.utc).date().isoformat(),
                )
            )  # fmt: skip
        except FeedbackError:
            self.rounds.give_back(round_)
            raise
        return round_

    def word(self, strings: Strings, *kept: Any) -> list[Any]:
        """Everything in words; an open round goes on."""
        dialect, name, picked = kept
        texts = strings.judge
        round_ = self.rounds.peek(name)
        shown = [
            judge_html.answer(side, round_.shown(side) if round_ else None, strings)
            for side in ("A", "B")
        ]
        open_ = round_ is not None
        buttons = [gr.Button(texts.choices[c], interactive=open_) for c in CHOICES]
        return [
            judge_html.intro(strings),
            gr.Textbox(label=strings.sentence, placeholder=strings.placeholder), "", texts.start,
            *self.gallery.word(strings, dialect), *shown, *buttons, judge_html.question(strings),
            gr.CheckboxGroup(**_reasons(strings)), gr.Dropdown(**_specialties(strings)),
            gr.Textbox(label=texts.note), gr.Checkbox(label=texts.consent),
            self._told(strings, picked),
        ]  # fmt: skip

    def _told(self, strings: Strings, picked: Picked | None) -> str:
        answering = self.frame.models.answering_of(picked)
        pair = (full_name(answering[0]), full_name(answering[1])) if answering else None
        status = self.frame.feedback.status
        return judge_html.told(strings, status, self._rate(pair) if pair else None)

    def _rate(self, pair: tuple[str, str]) -> WinRate:
        """Of the stored votes on these two models, read again every few seconds at most."""
        found = self._rates.get(pair)
        if found is None or time.monotonic() - found[0] > FRESH:
            votes = by_pair(read(self.frame.feedback.files())).get(pair, [])
            found = (time.monotonic(), win_rate(votes))
            self._rates[pair] = found
        return found[1]


def _pair(round_: Round) -> tuple[str, str]:
    return round_.models["general"], round_.models["medical"]


def _alike(outcome: Outcome) -> bool:
    general, medical = ([[p.token for p in mask] for mask in m] for m in outcome.predictions)
    return general == medical


def _reasons(strings: Strings) -> dict[str, Any]:
    choices = [(told, code) for code, told in strings.judge.reasons.items()]
    return {"choices": choices, "label": strings.judge.reasons_label}


def _specialties(strings: Strings) -> dict[str, Any]:
    choices = [(told, code) for code, told in strings.specialties.items()]
    return {"choices": choices, "label": strings.judge.specialty}
