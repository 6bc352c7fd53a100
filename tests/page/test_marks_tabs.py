"""The tabs that mark words: surprise and entities, by mouse and by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.page.visiting import App, Visit, visiting
from viobert.page.examples import of_dialect
from viobert.page.strings import ARABIC, STRINGS, Language
from viobert.text import words

TEXT = "عِندي السُّكّري وأتناول Glucophage 500 mg مرتين، وأشعر بصداع"

LEFT_OF = """e => {
  const left = (from, to) => {
    const range = document.createRange();
    range.setStart(e.firstChild, from); range.setEnd(e.firstChild, to);
    return range.getBoundingClientRect().left;
  };
  return left(0, 1) < left(1, 2);
}"""
# The width of a word in its mark, and of the same word outside of any.
WIDTHS = """e => {
  const range = document.createRange();
  range.selectNodeContents(e.firstChild);
  const plain = document.createElement("span");
  plain.textContent = e.firstChild.textContent;
  plain.style.cssText = "position: absolute; white-space: nowrap";
  e.parentElement.appendChild(plain);
  const widths = [range.getBoundingClientRect().width, plain.getBoundingClientRect().width];
  plain.remove();
  return widths;
}"""


def _joined(marks: Locator) -> None:
    for mark in marks.all():
        if " " in mark.evaluate("e => e.firstChild.textContent"):
            continue  # several words may stand on two lines
        inside, outside = mark.evaluate(WIDTHS)
        assert abs(inside - outside) < 1, mark.inner_text()
        style = "e => { const s = getComputedStyle(e); return [s.paddingInline, s.marginInline]; }"
        assert mark.evaluate(style) == ["0px", "0px"]


@pytest.mark.parametrize("width", [1100, 390])
@pytest.mark.parametrize("language", ["ar", "en"])
def test_surprise(browser: Browser, app: App, language: Language, width: int) -> None:
    with visiting(browser, app, language, width) as visit:
        page = visit.page
        visit.open_tab("surprise")
        page.locator("#surprise-sentence textarea").fill(TEXT)
        page.locator("#measure").click()
        rows = page.locator("#surprised .sentence-shown")
        expect(rows).to_have_count(3)
        for row in rows.all():
            shown = row.locator(".word mark").all_inner_texts()
            assert shown == [TEXT[a:b] for a, b in words(TEXT)]
            assert row.evaluate("e => getComputedStyle(e).direction") == "rtl"
        _joined(page.locator("#surprised .word mark"))
        changes = rows.nth(2).locator(".word bdi")
        for change in changes.all():
            assert re.fullmatch(r"[+\u2212]\d+\.\d|\?", change.inner_text())
            assert change.inner_text() == "?" or change.evaluate(LEFT_OF)
        expect(page.locator("#surprised .total")).to_have_count(3)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_surprise_says_what_is_too_long(visit: Visit) -> None:
    visit.open_tab("surprise")
    visit.page.locator("#surprise-sentence textarea").fill("قلب " * 100)
    visit.page.locator("#surprise-sentence textarea").press("Enter")
    expect(visit.page.locator("#surprise-notice .problem")).to_contain_text("\u206664\u2069")
    visit.page.locator("#surprise-examples .gallery-item").first.click()
    expect(visit.page.locator("#surprise-notice .problem")).to_have_count(0)
    expect(visit.page.locator("#surprised .sentence-shown").first).to_contain_text("المريض")


@pytest.mark.parametrize("width", [1100, 390])
@pytest.mark.parametrize("language", ["ar", "en"])
def test_entities(browser: Browser, app: App, language: Language, width: int) -> None:
    with visiting(browser, app, language, width) as visit:
        page = visit.page
        visit.open_tab("entities")
        page.locator("#entities-sentence textarea").fill(TEXT)
        page.locator("#find").click()
        marks = page.locator("#entities-medical mark")
        expect(marks.first).to_be_visible()
        _joined(marks)
        labels = STRINGS[language].entities.labels.values()
        starts = {TEXT[a:b] for a, b in words(TEXT)}
        for mark in marks.all():
            told = mark.inner_text()
            assert any(label in told for label in labels) and "%" in told
            assert mark.evaluate("e => e.firstChild.textContent").split()[0] in starts
        text = "e => [...e.querySelectorAll('small')].map(s => s.remove()) && e.textContent"
        assert page.locator("#entities-medical .sentence-shown").evaluate(text) == TEXT
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_all_tabs_by_keyboard(visit: Visit) -> None:
    page = visit.page
    page.locator("#tabs").get_by_role("tab", name=ARABIC.surprise.tab, exact=True).focus()
    page.keyboard.press("Enter")
    box = page.locator("#surprise-sentence textarea")
    box.focus()
    page.keyboard.insert_text("عندي صداع شديد")
    page.keyboard.press("Enter")
    expect(page.locator("#surprised .sentence-shown")).to_have_count(3)
    page.locator("#tabs").get_by_role("tab", name=ARABIC.entities.tab, exact=True).focus()
    page.keyboard.press("Enter")
    page.locator("#entities-sentence textarea").focus()
    page.keyboard.insert_text("عندي صداع شديد")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#entities-medical .sentence-shown")).to_have_count(1)
    for tab in (ARABIC.results.tab, ARABIC.judge.tab):
        page.locator("#tabs").get_by_role("tab", name=tab, exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.locator("[role=tabpanel]:visible")).to_have_count(1)


def test_the_language_turns_with_what_is_shown(visit: Visit) -> None:
    page = visit.page
    visit.open_tab("entities")
    page.locator("#entities-examples .gallery-item").nth(1).click()
    expect(page.locator("#entities-sentence textarea")).to_have_value(of_dialect("msa")[1].whole)
    expect(page.locator("#entities-medical .sentence-shown")).to_have_count(1)
    marked = page.locator("#entities-medical mark").count()
    page.locator("#turn").click()
    english = STRINGS["en"]
    expect(page.locator("#find")).to_have_text(english.entities.find)
    expect(page.locator("#entities-medical mark")).to_have_count(marked)
    expect(page.locator("#entities-medical h2")).to_contain_text(english.roles["medical"])
    for title in (english.fill_tab, english.surprise.tab, english.results.tab, english.judge.tab):
        expect(page.locator("#tabs").get_by_role("tab", name=title, exact=True)).to_be_visible()
