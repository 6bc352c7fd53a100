"""The whole page: a real process, a real browser, real models."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from viobert.checkpoints import ROOT, SEATS
from viobert.page.examples import of_dialect
from viobert.page.strings import ARABIC, ENGLISH, STRINGS, Language

# The first page of a cold machine takes its time.
expect.set_options(timeout=20_000)

SENTENCE = "المريض يعاني من [MASK] في الصدر"
HOSTILE = '<img src=x onerror="fired=1"><script>fired=1</script>${fired=1}{{fired}} قلب [MASK]'


@dataclass
class App:
    """A served page: address, seconds until it answered, process, log."""

    url: str
    seconds: float
    process: subprocess.Popen[bytes]
    log: Path


@pytest.fixture(scope="module")
def app(general: Path, medical: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("VIOBERT_", "GRADIO_"))}
    if not all((ROOT / seat.stand_in / "config.json").is_file() for seat in SEATS.values()):
        env |= {"VIOBERT_BASE": str(general), "VIOBERT_MODEL": str(medical)}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("app") / "log.txt"
    env |= {"PORT": str(port), "VIOBERT_OFFLINE": "1"}
    began = time.monotonic()
    with log.open("wb") as sink:
        # From another folder: nothing may hang on where it is started.
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py")],
            env=env,
            cwd=log.parent,
            stdout=sink,
            stderr=sink,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        while not _answers(url):
            assert process.poll() is None and time.monotonic() - began < 40, log.read_text()
            time.sleep(0.05)
        yield App(url, time.monotonic() - began, process, log)
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/config", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


@dataclass
class Visit:
    """An open page and what went wrong on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def ask(self, text: str, by_key: bool = False) -> None:
        self.page.locator("#sentence textarea").fill(text)
        if by_key:
            self.page.locator("#sentence textarea").press("Enter")
        else:
            self.page.locator("#compare").click()


def _open(browser: Browser, app: App, language: Language = "ar", width: int = 1100) -> Visit:
    locale = {"ar": "ar-SA", "en": "en-GB"}[language]
    narrow = width < 700
    context = browser.new_context(
        viewport={"width": width, "height": 800}, locale=locale, is_mobile=narrow, has_touch=narrow
    )
    visit = Visit(context.new_page())
    context.set_default_timeout(20_000)

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            visit.complaints.append(message.text)

    def follow(request: Request) -> None:
        if not request.url.startswith((app.url, "data:", "blob:")):
            visit.complaints.append(request.url)

    visit.page.on("console", hear)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on("request", follow)
    visit.page.goto(app.url + ("/?lang=en" if language == "en" else "/"))
    expect(visit.page.locator(".chip.ready")).to_be_visible()
    expect(visit.page.locator("#compare")).to_have_text(STRINGS[language].compare)
    return visit


@pytest.fixture()
def visit(browser: Browser, app: App) -> Iterator[Visit]:
    opened = _open(browser, app)
    yield opened
    opened.page.context.close()
    assert opened.complaints == []


def _words(page: Page, panel: str) -> list[str]:
    return page.locator(f"#{panel} .word").all_inner_texts()


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("width", [1100, 390])
def test_two_lists_of_five(browser: Browser, app: App, language: str, width: int) -> None:
    visit = _open(browser, app, language, width)
    page = visit.page
    direction = {"ar": "rtl", "en": "ltr"}[language]
    root = page.locator("html")
    expect(root).to_have_attribute("dir", direction)
    expect(root).to_have_attribute("lang", language)
    box = page.locator("#sentence textarea")
    assert box.evaluate("e => getComputedStyle(e).direction") == "rtl"
    visit.ask(SENTENCE)
    for panel in ("general", "medical"):
        expect(page.locator(f"#{panel} .word")).to_have_count(5)
        assert page.locator(f"#{panel} .panel").evaluate("e => getComputedStyle(e).direction") == (
            direction
        )
    faces = "[...document.fonts].filter(f => f.status == 'loaded').map(f => f.family + f.weight)"
    assert {"IBM Plex Sans Arabic400", "IBM Plex Sans Arabic700"} <= set(page.evaluate(faces))
    assert page.evaluate("document.fonts.check(\"16px 'IBM Plex Sans Arabic'\", 'ألم')")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    general, medical = (page.locator(f"#{p}").bounding_box() for p in ("general", "medical"))
    assert general and medical
    if width < 700:
        assert medical["y"] >= general["y"] + general["height"]
    else:
        assert (general["x"] > medical["x"]) == (language == "ar")
    page.context.close()
    assert visit.complaints == []


def test_before_the_first_paint_the_page_is_right_to_left(app: App) -> None:
    opening = {"/": 'lang="ar" dir="rtl"', "/?lang=en": 'lang="en" dir="ltr"'}
    for address, expected in opening.items():
        answer = httpx.get(app.url + address)
        assert expected in answer.text.partition("<head>")[0]
        assert answer.text.rstrip().endswith("</html>")


def test_percent_signs_stand_to_the_right_of_their_digits(visit: Visit) -> None:
    visit.ask(SENTENCE)
    expect(visit.page.locator("#medical .percent")).to_have_count(5)
    places = visit.page.locator(".percent").evaluate_all(
        """all => all.map(e => {
          const left = (from, to) => {
            const range = document.createRange();
            range.setStart(e.firstChild, from); range.setEnd(e.firstChild, to);
            return range.getBoundingClientRect().left;
          };
          const n = e.textContent.length;
          return [e.textContent, left(0, 1) < left(n - 1, n)];
        })"""
    )
    assert len(places) == 10
    assert all(text.endswith("%") and right for text, right in places)
    general, medical = (_words(visit.page, p) for p in ("general", "medical"))
    assert len(set(general)) == len(set(medical)) == 5


def test_the_button_puts_a_mask_at_the_caret(visit: Visit) -> None:
    box = visit.page.locator("#sentence textarea")
    insert = visit.page.locator("#insert")
    box.fill("المريض يعاني من في الصدر")
    box.evaluate("e => e.setSelectionRange(15, 15)")
    insert.click()
    expect(box).to_have_value(SENTENCE)
    visit.page.wait_for_function("document.activeElement?.selectionStart === 23")
    visit.page.keyboard.type("حاد ")
    expect(box).to_have_value("المريض يعاني من [MASK] حاد في الصدر")
    box.fill("عندي وجع شديد في صدري")
    box.evaluate("e => e.setSelectionRange(5, 13)")
    insert.click()
    expect(box).to_have_value("عندي [MASK] في صدري")
    box.fill("")
    insert.click()
    expect(box).to_have_value("[MASK]")


def test_an_example_is_one_click(visit: Visit) -> None:
    page = visit.page
    page.locator("#dialects label", has_text=ARABIC.dialects["gulf"]).click()
    chips = page.locator("#examples .gallery-item")
    gulf = of_dialect("gulf")
    expect(chips).to_have_text([ARABIC.specialties[row.specialty] for row in gulf])
    chips.nth(2).click()
    expect(page.locator("#sentence textarea")).to_have_value(gulf[2].text)
    expect(page.locator("#medical .word")).to_have_count(5)


def test_enter_asks_and_every_mask_gets_a_block(visit: Visit) -> None:
    visit.ask("بقالي يومين عندي ___ في صدري و[ mask ] ومش قادر آكل ٥ أو 10 mg", by_key=True)
    expect(visit.page.locator("#general h3")).to_have_count(2)
    expect(visit.page.locator("#medical .word")).to_have_count(10)


def test_the_language_turns_and_the_sentence_stays(visit: Visit) -> None:
    page = visit.page
    visit.ask(SENTENCE)
    expect(page.locator("#medical .word")).to_have_count(5)
    words = _words(page, "medical")
    page.locator("#turn").click()
    expect(page.locator("#compare")).to_have_text(ENGLISH.compare)
    expect(page.locator("#medical h2")).to_contain_text(ENGLISH.roles["medical"])
    expect(page.locator("#sentence textarea")).to_have_value(SENTENCE)
    assert _words(page, "medical") == words
    assert page.evaluate("document.documentElement.dir") == "ltr"
    visit.ask("")
    expect(page.locator(".problem")).to_contain_text(ENGLISH.problems["empty"])
    page.reload()
    expect(page.locator("#compare")).to_have_text(ENGLISH.compare)
    page.locator("#turn").click()
    expect(page.locator("#compare")).to_have_text(ARABIC.compare)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    assert page.evaluate("location.search") == ""


BAD = [
    ("", "empty"), ("   ", "empty"), ("المريض يعاني من ألم", "no_mask"),
    ("قلب " + "[MASK] " * 6, "too_many_masks"), ("The heart [MASK]", "no_arabic"),
    ("قلب " * 600 + "[MASK]", "too_long"), ("قلب [MASK] " * 500, "too_many_characters"),
]  # fmt: skip


def _worded(template: str) -> re.Pattern[str]:
    """The message with any isolated numbers in it."""
    pattern = re.escape(template).replace(r"\ ", " ")
    return re.compile(re.sub(r"\\\{\w+\\\}", "\u2066[\\\\d,]+\u2069", pattern))


@pytest.mark.parametrize("language", ["ar", "en"])
def test_each_bad_text_gets_its_message(browser: Browser, app: App, language: Language) -> None:
    visit = _open(browser, app, language)
    messages = STRINGS[language].problems
    for text, kind in BAD:
        visit.ask(text)
        expect(visit.page.locator(".problem")).to_have_text(_worded(messages[kind]))
        expect(visit.page.locator("#medical .word")).to_have_count(0)
    visit.ask(SENTENCE)
    expect(visit.page.locator("#medical .word")).to_have_count(5)
    expect(visit.page.locator(".problem")).to_have_count(0)
    visit.page.context.close()
    assert visit.complaints == []


def test_a_pasted_megabyte_neither_hangs_the_page_nor_is_sent(visit: Visit) -> None:
    box = visit.page.locator("#sentence textarea")
    box.click()
    began = time.monotonic()
    box.evaluate("e => document.execCommand('insertText', false, 'قلب [MASK] '.repeat(100000))")
    visit.page.locator("#compare").click()
    problem = _worded(ARABIC.problems["too_many_characters"])
    expect(visit.page.locator(".problem")).to_have_text(problem)
    assert len(box.input_value()) <= 5001
    assert time.monotonic() - began < 10


def test_hostile_text_does_not_run(visit: Visit) -> None:
    for text in (HOSTILE, HOSTILE.replace("[MASK]", "")):
        visit.ask(text)
        found = visit.page.locator("#medical .word, .problem")
        expect(found.first).to_be_visible()
        visit.page.locator("#turn").click()
        visit.page.wait_for_timeout(300)
    assert visit.page.evaluate("typeof fired") == "undefined"


@pytest.fixture(scope="module")
def client(app: App) -> Client:
    return Client(app.url, verbose=False)


def test_endpoint_answers(client: Client) -> None:
    told = client.predict(text="المريض يعاني من ___ في الصدر", k=7, api_name="/fill_mask")
    assert told["text"] == SENTENCE
    assert [m["role"] for m in told["models"]] == ["general", "medical"]
    for model in told["models"]:
        (mask,) = model["masks"]
        chances = [row["probability"] for row in mask]
        assert len(mask) == 7 and chances == sorted(chances, reverse=True)
        assert 0 < sum(chances) <= 1
    assert len(client.predict(text=SENTENCE, api_name="/fill_mask")["models"][0]["masks"][0]) == 5


@pytest.mark.parametrize(
    ("text", "k", "message"),
    [
        ("", 5, "Write a sentence"), ("بلا قناع", 5, "Put [MASK]"), (None, 5, "text must be"),
        ([SENTENCE], 5, "text must be"), (SENTENCE, 0, "k must be"), (SENTENCE, "x", "k must be"),
        (SENTENCE, 10**9, "k must be"), ("قلب [MASK] " * 100_000, 5, "longer than 5000"),
    ],
)  # fmt: skip
def test_endpoint_refuses(client: Client, text: Any, k: Any, message: str) -> None:
    with pytest.raises(AppError, match="must be|longer|Write|Put") as caught:
        client.predict(text=text, k=k, api_name="/fill_mask")
    assert message in str(caught.value) and "Traceback" not in str(caught.value)


def test_many_callers_at_once_are_all_answered(client: Client) -> None:
    def call(_: int) -> int:
        return len(client.predict(text=SENTENCE, api_name="/fill_mask")["models"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(16))) == [2] * 16


@pytest.mark.parametrize("port", ["taken", "many"])
def test_a_port_that_cannot_be_had_is_one_line(app: App, port: str) -> None:
    asked = app.url.rpartition(":")[2] if port == "taken" else port
    env = {**os.environ, "PORT": asked, "VIOBERT_OFFLINE": "1"}
    command = [sys.executable, str(ROOT / "app.py")]
    result = subprocess.run(command, env=env, text=True, capture_output=True, timeout=60)
    assert result.returncode == 1 and asked in result.stderr
    assert "PORT" in result.stderr and "Traceback" not in result.stderr


def test_nothing_of_a_visit_is_kept(app: App) -> None:
    assert httpx.get(f"{app.url}/gradio_api/runs").status_code == 404
    assert httpx.get(f"{app.url}/monitoring/summary").status_code == 403
    assert httpx.get(f"{app.url}/gradio_api/file={ROOT / 'app.py'}").status_code == 403
    log = app.log.read_text(encoding="utf-8")
    assert "Traceback" not in log and "المريض" not in log
    assert app.process.poll() is None
    assert app.seconds < 20
