"""The tab where clinicians choose blindly between the two models."""

from __future__ import annotations

import re
import secrets
from typing import Any

import gradio as gr

from viobert.feedback import LIMIT, FeedbackError, free_text
from viobert.fill_mask import MAX_CHARACTERS
from viobert.page import bars, judge_html
from viobert.page.examples import examples, of_dialect
from viobert.page.gallery import Gallery, sentence_box
from viobert.page.models import Outcome, Picked
from viobert.page.rounds import Choice, Rates, Round, RoundError, Rounds, full_name
from viobert.page.scripts import JUDGE_KEYS
from viobert.page.strings import STRINGS, Language, Strings
from viobert.page.tab import EVENT, MODEL, QUIET, Frame, Tab

K = 5
CHOICES: tuple[Choice, ...] = ("A", "B", "tie", "both_bad")
_JUDGE = re.compile(r"[0-9a-f]{16}")


class SentenceError(FeedbackError):
    """The sentence, which an open round cannot change, may not be stored."""


class Judge(Tab):
    """Sentence, two nameless answers, a vote, then the names."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.gallery = Gallery(lambda example: [example.text], "judge")
        self.rounds, self.rates = Rounds(), Rates(frame.feedback)

    def lay_out(self, strings: Strings) -> None:
        """Invitation, box, examples, answers, vote, what came of the votes."""
        self.round = gr.State("")
        # A random secret would be another after each start, and the same judge another judge.
        self.judge = gr.BrowserState("", storage_key="viobert-judge", secret="viobert-judge")
        self.intro = gr.HTML(judge_html.intro(strings), elem_classes="intro")
        with gr.Column(elem_classes="ask"):
            self.box = sentence_box(
                strings.sentence, strings.placeholder, elem_id="judge-sentence",
                max_length=MAX_CHARACTERS + 1,
            )  # fmt: skip
            self.asked = gr.HTML(elem_id="judge-asked", elem_classes="notice")
            with gr.Row(elem_classes="buttons"):
                self.go = gr.Button(strings.judge.start, variant="primary", elem_id="start")
        self.gallery.lay_out(strings)
        with gr.Row(elem_classes="panels"):
            self.a = gr.HTML(judge_html.answer("A", None, strings), elem_id="answer-a")
            self.b = gr.HTML(judge_html.answer("B", None, strings), elem_id="answer-b")
        self._lay_out_vote(strings)
        self.told = gr.HTML(self._told(strings, None), elem_id="judge-told")
        self.answers = [self.a, self.b, *self.votes, self.another]
        self.kept = [self.gallery.dialect, self.round, self.frame.picked]
        self.worded = [
            self.intro, self.box, self.asked, self.notice, self.go, *self.gallery.worded,
            *self.answers, self.question, self.why, self.specialty, self.note, self.consent,
            self.told,
        ]  # fmt: skip

    def _lay_out_vote(self, strings: Strings) -> None:
        texts = strings.judge
        self.question = gr.HTML(judge_html.question(strings), elem_id="judge-question")
        with gr.Row(elem_id="votes"):
            self.votes = [
                gr.Button(texts.choices[choice], elem_id=f"vote-{choice}", interactive=False)
                for choice in CHOICES
            ]
        # Here and not at the top, which on a narrow screen is out of sight by now.
        self.notice = gr.HTML(elem_id="judge-notice", elem_classes="notice")
        self.another = gr.Button(texts.another, visible=False, elem_id="another")
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
        ask: dict[str, Any] = {
            "fn": self.open, "inputs": [self.box, frame.language, frame.picked],
            "outputs": [self.round, self.asked, self.notice, *self.answers, self.told],
            "show_progress": "minimal", "show_progress_on": [self.a, self.b], **MODEL,
        }  # fmt: skip
        gr.on([self.go.click, self.box.submit], **ask)
        chosen = self.gallery.chosen.click(
            lambda row: row[0], self.gallery.chosen, self.box, **QUIET
        )
        next_ = self.another.click(following, [self.box, self.gallery.dialect], self.box, **QUIET)
        for filled in (chosen, next_):
            filled.then(**ask)
        self.gallery.connect(frame.language)
        given = [
            self.round, self.why, self.specialty, self.note, self.consent, self.judge,
            frame.language,
        ]  # fmt: skip
        taken = [
            self.judge, self.round, self.notice, *self.answers, self.why, self.note, self.consent,
            self.told,
        ]  # fmt: skip
        for choice, button in zip(CHOICES, self.votes, strict=True):
            button.click(
                self._voter(choice), given, taken, show_progress="hidden", trigger_mode="once",
                **EVENT,
            )  # fmt: skip
        frame.demo.load(None, None, None, js=JUDGE_KEYS, **EVENT)

    def _voter(self, choice: Choice) -> Any:
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
            alert = bars.alert(strings.judge.alike, strings)
            return self._closed(alert, strings, picked, another=True)
        example = next((e.id for e in examples() if e.text == text), None)
        round_ = self.rounds.open(outcome, example, K)
        shown = [judge_html.answer(side, round_.shown(side), strings) for side in ("A", "B")]
        return [round_.id, "", "", *shown, *_buttons(True), self._told(strings, picked)]

    def _closed(
        self, notice: str, strings: Strings, picked: Picked | None, another: bool = False
    ) -> list[Any]:
        empty = [judge_html.answer(side, None, strings) for side in ("A", "B")]
        buttons = _buttons(False, another)
        return ["", notice, "", *empty, *buttons, self._told(strings, picked)]

    def vote(
        self, choice: Choice, name: str, reasons: Any, specialty: Any, note: Any, consent: Any,
        judge: Any, language: Language, request: gr.Request,
    ) -> list[Any]:  # fmt: skip
        """Keep a vote, then say which side was whose. A refused text leaves the round open."""
        strings = STRINGS["en" if language == "en" else "ar"]
        known = isinstance(judge, str) and _JUDGE.fullmatch(judge)
        judge = judge if known else secrets.token_hex(8)
        try:
            if not self.frame.limits.allow(request):
                return self._refused(judge, strings.busy, strings)
            round_ = self._store(choice, name, reasons, specialty, note, consent is True, judge)
        except (RoundError, FeedbackError) as error:
            return self._refused(judge, _why(error, strings), strings)
        shown = [
            judge_html.answer(side, round_.shown(side), strings, round_) for side in ("A", "B")
        ]
        self.rates.forget(round_.pair)
        status, rate = self.frame.feedback.status, self.rates.of(round_.pair)
        # Reasons and consent were this round's; neither goes on to the next unasked.
        return [
            judge, "", judge_html.thanks(round_, strings), *shown, *_buttons(False, True), [], "",
            False, judge_html.told(strings, status, rate),
        ]  # fmt: skip

    def _refused(self, judge: str, why: str, strings: Strings) -> list[Any]:
        rest = [gr.skip()] * (len(self.answers) + 4)
        return [judge, gr.skip(), bars.alert(why, strings), *rest]

    def _store(
        self, choice: Choice, name: str, reasons: Any, specialty: Any, note: Any, consent: bool,
        judge: str,
    ) -> Round:  # fmt: skip
        """The round that was voted on. Raises RoundError, or FeedbackError with the round open."""
        codes = STRINGS["ar"].judge.reasons
        why = tuple(c for c in codes if c in reasons) if isinstance(reasons, list) else ()
        known = [code for _, code in _specialties(STRINGS["ar"])["choices"]]
        what = specialty if specialty in known else None
        written = note if isinstance(note, str) and note.strip() else None
        if written and not consent:
            raise FeedbackError("no_consent", "a note is kept with consent only")
        round_ = self.rounds.take(name if isinstance(name, str) else "")
        try:
            own, told = _own_sentence(round_, consent), free_text(written, consent)
            self.frame.feedback.add(
                round_.vote(choice, judge, text=own, note=told, specialty=what, reasons=why)
            )
        except Exception:  # whatever it was, the vote is not lost; and a round counts once
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
            gr.Textbox(label=strings.sentence, placeholder=strings.placeholder), "", "",
            texts.start, *self.gallery.word(strings, dialect), *shown, *buttons, texts.another,
            judge_html.question(strings), gr.CheckboxGroup(**_reasons(strings)),
            gr.Dropdown(**_specialties(strings)), gr.Textbox(label=texts.note),
            gr.Checkbox(label=texts.consent), self._told(strings, picked),
        ]  # fmt: skip

    def _told(self, strings: Strings, picked: Picked | None) -> str:
        answering = self.frame.models.answering_of(picked)
        pair = (full_name(answering[0]), full_name(answering[1])) if answering else None
        status = self.frame.feedback.status
        return judge_html.told(strings, status, self.rates.of(pair) if pair else None)


def following(text: str, dialect: str) -> str:
    """The gallery's sentence after this one; the first where this one is not of the dialect."""
    texts = [example.text for example in of_dialect(dialect) or examples()]
    return texts[(texts.index(text) + 1) % len(texts)] if text in texts else texts[0]


def _buttons(open_: bool, another: bool = False) -> list[gr.Button]:
    votes = [gr.Button(interactive=open_) for _ in CHOICES]
    return [*votes, gr.Button(visible=another)]


def _own_sentence(round_: Round, consent: bool) -> str | None:
    if round_.example is not None:
        return None
    try:
        return free_text(round_.text, consent)
    except FeedbackError as error:
        raise SentenceError(error.kind, str(error), error.types) from None


def _why(error: RoundError | FeedbackError, strings: Strings) -> str:
    if isinstance(error, SentenceError):
        told = strings.judge.sentence_errors[error.kind]
        return told.format(judge_html.types(error, strings))
    return judge_html.reason(error, strings)


def _alike(outcome: Outcome) -> bool:
    general, medical = ([[p.token for p in mask] for mask in m] for m in outcome.predictions)
    return general == medical


def _reasons(strings: Strings) -> dict[str, Any]:
    choices = [(told, code) for code, told in strings.judge.reasons.items()]
    return {"choices": choices, "label": strings.judge.reasons_label}


def _specialties(strings: Strings) -> dict[str, Any]:
    told = strings.specialties | strings.judge.specialties
    choices = [(name, code) for code, name in told.items()]
    return {"choices": choices, "label": strings.judge.specialty}
