"""A blind round in a browser, and votes that bypass it."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.page.visiting import App, Visit, served, visiting
from viobert.feedback import Note, Vote, read
from viobert.page.examples import examples, of_dialect
from viobert.page.strings import ARABIC, STRINGS, Language

JUDGE = ARABIC.judge


def _stored(app: App) -> list[Vote | Note]:
    return read(sorted(app.votes.glob("feedback-*.jsonl")))


def _vote_of(app: App, before: int) -> Vote:
    found = _stored(app)
    assert len(found) == before + 1
    assert isinstance(found[-1], Vote)
    return found[-1]


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("width", [1100, 390])
def test_a_round_by_mouse(browser: Browser, app: App, language: Language, width: int) -> None:
    texts = STRINGS[language].judge
    with visiting(browser, app, language, width) as visit:
        page, before = visit.page, len(_stored(app))
        visit.open_tab("judge")
        expect(page.locator("#vote-A")).to_be_disabled()
        page.locator("#judge-examples .gallery-item").first.click()
        expect(page.locator("#answer-a .word")).to_have_count(5)
        expect(page.locator("#answer-b .word")).to_have_count(5)
        for side in ("a", "b"):
            expect(page.locator(f"#answer-{side}")).not_to_contain_text("mini")
        page.locator("#reasons label").first.click()
        page.locator("#vote-A").click()
        expect(page.locator("#judge-notice .thanks")).to_contain_text(texts.thanks)
        for name in ("base-mini", "viobert-mini"):
            expect(page.locator("#judge-notice .thanks")).to_contain_text(name)
        expect(page.locator("#vote-A")).to_be_disabled()
        vote = _vote_of(app, before)
        assert vote.example == examples()[0].id and vote.text is None and vote.note is None
        assert vote.winner == ("medical" if vote.side == "A" else "general")
        shown = page.locator(f"#answer-{vote.side.lower()} h2").inner_text()
        assert "viobert-mini" in shown and vote.reasons == ("medical",)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_round_by_keyboard_and_one_s_own_sentence(visit: Visit, app: App) -> None:
    page, before = visit.page, len(_stored(app))
    visit.open_tab("judge")
    box = page.locator("#judge-sentence textarea")
    box.fill("عندي [MASK] شديد من يومين")
    box.press("Enter")
    expect(page.locator("#answer-b .word")).to_have_count(5)
    box.press("3")  # in a text field a digit is a digit
    expect(box).to_have_value("عندي [MASK] شديد من يومين3")
    page.locator("#judge-note textarea").fill("اتصل بي على 0501234567")
    page.locator("#judge-question").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("3")
    expect(page.locator("#judge-notice .problem")).to_contain_text(JUDGE.errors["no_consent"][:20])
    page.locator("#judge-consent input").check()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("3")
    expect(page.locator("#judge-notice .problem")).to_contain_text(JUDGE.personal["PHONE"])
    assert len(_stored(app)) == before
    page.locator("#judge-note textarea").fill("جرعة 500 ملغ وضغط 120/80")
    page.evaluate("document.activeElement.blur()")
    arabic = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '٣', bubbles: true}))"
    page.evaluate(arabic)
    expect(page.locator("#judge-notice .thanks")).to_be_visible()
    vote = _vote_of(app, before)
    assert (vote.winner, vote.example) == ("tie", None)
    assert vote.text == "عندي [MASK] شديد من يومين"
    assert vote.note == "جرعة 500 ملغ وضغط 120/80"


def test_an_open_round_bears_a_turn_of_language(visit: Visit, app: App) -> None:
    page, before = visit.page, len(_stored(app))
    visit.open_tab("judge")
    page.locator("#judge-examples .gallery-item").nth(2).click()
    expect(page.locator("#answer-a .word")).to_have_count(5)
    page.locator("#turn").click()
    english = STRINGS["en"].judge
    expect(page.locator("#vote-both_bad")).to_have_text(english.choices["both_bad"])
    expect(page.locator("#answer-a .word")).to_have_count(5)
    page.locator("#vote-both_bad").click()
    expect(page.locator("#judge-notice .thanks")).to_contain_text(english.thanks)
    vote = _vote_of(app, before)
    assert vote.winner == "both_bad" and vote.example == of_dialect("msa")[2].id


def test_a_note_on_any_tab(visit: Visit, app: App) -> None:
    page, before = visit.page, len(_stored(app))
    visit.open_tab("surprise")
    page.locator("#note-box > button").click()
    page.locator("#note-text textarea").fill("الألوان واضحة، لكن الأرقام صغيرة")
    page.locator("#note-send").click()
    expect(page.locator("#note-notice .problem")).to_contain_text(ARABIC.note.errors["no_consent"])
    page.locator("#note-consent input").check()
    page.locator("#note-send").click()
    expect(page.locator("#note-notice .thanks")).to_be_visible()
    note = _stored(app)[-1]
    assert len(_stored(app)) == before + 1 and isinstance(note, Note)
    assert note.tab == "surprise" and note.text == "الألوان واضحة، لكن الأرقام صغيرة"


def test_the_about_page_in_both_languages(browser: Browser, app: App) -> None:
    with visiting(browser, app) as visit:
        visit.page.locator(".tagline a").click()
        article = visit.page.locator(".about")
        expect(article.locator("h1")).to_have_text(ARABIC.about.title)
        expect(article.locator("#measured")).to_be_visible()
        assert visit.page.evaluate("document.documentElement.dir") == "rtl"
        visit.page.goto(f"{app.url}/about?lang=en")
        expect(article.locator("h1")).to_have_text(STRINGS["en"].about.title)
        expect(visit.page.locator("html")).to_have_attribute("lang", "en")
        assert not re.search("[\u0621-\u064a]", article.inner_text())
        article.locator("a").first.click()
        expect(visit.page.locator("#compare")).to_have_text(STRINGS["en"].compare)


class Direct:
    """A client that calls the page's private events, as anyone can."""

    def __init__(self, app: App, session: str) -> None:
        self.app, self.session = app, session
        self.client = httpx.Client(timeout=60)
        config = self.client.get(f"{app.url}/config").json()
        self.by_target = {
            (tuple(target), event["id"]): event
            for event in config["dependencies"]
            for target in event["targets"]
        }
        self.ids = {
            component["props"].get("elem_id"): component["id"] for component in config["components"]
        }

    def event(self, element: str, name: str) -> int:
        wanted = self.ids[element]
        return next(
            key for (target, key) in self.by_target if target[0] == wanted and target[1] == name
        )

    def call(self, index: int, data: list[object]) -> str:
        body = {"data": data, "fn_index": index, "session_hash": self.session}
        asked = self.client.post(f"{self.app.url}/gradio_api/queue/join", json=body)
        assert asked.status_code == 200, asked.text
        address = f"{self.app.url}/gradio_api/queue/data?session_hash={self.session}"
        with self.client.stream("GET", address) as events:
            for line in events.iter_lines():
                if "process_completed" in line:
                    return line
        return ""

    def open_round(self, text: str) -> str:
        return self.call(self.event("start", "click"), [text, None, None])

    def vote(self, choice: str = "A") -> str:
        data = [None, [], None, "", False, "", None]
        return self.call(self.event(f"vote-{choice}", "click"), data)


def test_a_round_votes_once_whoever_calls(app: App) -> None:
    direct, before = Direct(app, "forger1"), len(_stored(app))
    assert "problem" in direct.vote()  # no round
    direct.open_round(examples()[0].text)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: Direct(app, f"other{i}").vote(), range(4)))
    assert len(_stored(app)) == before  # others have no round
    assert "thanks" in direct.vote()
    assert "problem" in direct.vote("B")
    assert len(_stored(app)) == before + 1


def test_kill_9_during_a_storm_of_votes_loses_none_that_was_thanked_for(tmp_path: Path) -> None:
    with served(tmp_path) as app:
        thanked, stop = [0] * 6, threading.Event()

        def storm(number: int) -> None:
            direct = Direct(app, f"storm{number}")
            while not stop.is_set():
                try:
                    direct.open_round(examples()[number].text)
                    thanked[number] += "thanks" in direct.vote()
                except (httpx.HTTPError, AssertionError):
                    return

        threads = [threading.Thread(target=storm, args=(i,)) for i in range(6)]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        while sum(thanked) < 24 and time.monotonic() - began < 40:
            time.sleep(0.02)
        os.kill(app.process.pid, signal.SIGKILL)
        stop.set()
        for thread in threads:
            thread.join(20)
        assert sum(thanked) >= 24
        stored = _stored(app)
        assert sum(thanked) <= len(stored) <= sum(thanked) + 6
        assert len({vote.round for vote in stored if isinstance(vote, Vote)}) == len(stored)
