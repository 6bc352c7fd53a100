"""A served page as its own process, and a visitor's browser on it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from train import browser
from viobert.page.build import titles
from viobert.page.strings import STRINGS, Language

SENTENCE = "المريض يعاني من [MASK] في الصدر"
#: From the notes on what runs in a Gradio page.
HOSTILE = '<img src=x onerror="fired=1"><script>fired=1</script>${fired=1}{{fired}} قلب [MASK]'


@dataclass
class App:
    """A served page: address, seconds until it answered, process, log, folder of its votes."""

    url: str
    seconds: float
    process: subprocess.Popen[bytes]
    log: Path
    votes: Path


@contextmanager
def served(folder: Path, **environment: str) -> Iterator[App]:
    """``app.py`` on a free port, offline, without a rate limit unless ``environment`` says so."""
    log, votes = folder / "log.txt", folder / "votes"
    told = {"VIOBERT_RATE": "0", "VIOBERT_FEEDBACK_DIR": str(votes), **environment}
    with browser.served(log, **told) as page:
        yield App(page.url, page.seconds, page.process, log, votes)


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

    def open_tab(self, name: str) -> None:
        """By mouse; on a narrow screen the tab may be behind the menu of the others."""
        turned = self.page.locator("html").get_attribute("dir") == "ltr"
        title = titles(STRINGS["en" if turned else "ar"])[name]
        tab = self.page.locator("#tabs").get_by_role("tab", name=title, exact=True)
        if not tab.is_visible():
            self.page.locator("#tabs .overflow-menu > button").click()
            tab = self.page.locator("#tabs .overflow-dropdown button", has_text=title)
        tab.click()


@contextmanager
def visiting(
    browser: Browser, app: App, language: Language = "ar", width: int = 1100, query: str = ""
) -> Iterator[Visit]:
    """The page once its models are ready and its first example is answered. At the end nothing may
    have been complained of, and no request may have left the machine."""
    locale = {"ar": "ar-SA", "en": "en-GB"}[language]
    narrow = width < 700
    context = browser.new_context(
        viewport={"width": width, "height": 800}, locale=locale, is_mobile=narrow, has_touch=narrow,
        accept_downloads=True,
    )  # fmt: skip
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
    asked = "&".join(filter(None, ["lang=en" if language == "en" else "", query]))
    visit.page.goto(f"{app.url}/?{asked}" if asked else f"{app.url}/")
    expect(visit.page.locator(".chip.ready")).to_be_visible()
    expect(visit.page.locator("#turn")).to_have_text(STRINGS[language].other_language)
    if "tab=" not in query:
        expect(visit.page.locator("#compare")).to_have_text(STRINGS[language].compare)
        expect(visit.page.locator("#medical .word")).to_have_count(5)
    yield visit
    context.close()
    assert visit.complaints == []
