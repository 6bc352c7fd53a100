"""The tab of hidden words: a real process, a real browser, real models."""

from __future__ import annotations

import csv
import io
import re
import time

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.visiting import SENTENCE, App, Visit, visiting
from viobert.checkpoints import EMBEDDED
from viobert.fill_mask import FillMask
from viobert.page.examples import examples, named, of_dialect
from viobert.page.strings import ARABIC, ENGLISH, STRINGS, Language


def _words(page: Page, panel: str) -> list[str]:
    return page.locator(f"#{panel} .word > bdi").all_inner_texts()


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("width", [1100, 390])
def test_two_lists_of_five(browser: Browser, app: App, language: Language, width: int) -> None:
    with visiting(browser, app, language, width) as visit:
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
            assert page.locator(f"#{panel} .panel").evaluate(
                "e => getComputedStyle(e).direction"
            ) == (direction)
        faces = (
            "[...document.fonts].filter(f => f.status == 'loaded').map(f => f.family + f.weight)"
        )
        assert {"IBM Plex Sans Arabic400", "IBM Plex Sans Arabic700"} <= set(page.evaluate(faces))
        assert page.evaluate("document.fonts.check(\"16px 'IBM Plex Sans Arabic'\", 'ألم')")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        general, medical = (page.locator(f"#{p}").bounding_box() for p in ("general", "medical"))
        assert general and medical
        if width < 700:
            assert medical["y"] >= general["y"] + general["height"]
        else:
            assert (general["x"] > medical["x"]) == (language == "ar")


def test_before_the_first_paint_the_page_is_right_to_left(app: App) -> None:
    opening = {"/": 'lang="ar" dir="rtl"', "/?lang=en": 'lang="en" dir="ltr"'}
    for address, expected in opening.items():
        answer = httpx.get(app.url + address)
        assert expected in answer.text.partition("<head>")[0]
        assert answer.text.rstrip().endswith("</html>")


def test_percent_signs_stand_to_the_right_of_their_digits(visit: Visit) -> None:
    visit.ask(SENTENCE)
    expect(visit.page.locator("#medical li .percent")).to_have_count(5)
    places = visit.page.locator("#general li .percent, #medical li .percent").evaluate_all(
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
    page.locator("#fill-dialects label", has_text=ARABIC.dialects["gulf"]).click()
    chips = page.locator("#fill-examples .gallery-item")
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
    with visiting(browser, app, language) as visit:
        messages = STRINGS[language].problems
        for text, kind in BAD:
            visit.ask(text)
            expect(visit.page.locator(".problem")).to_have_text(_worded(messages[kind]))
            expect(visit.page.locator("#medical .word")).to_have_count(0)
        visit.ask(SENTENCE)
        expect(visit.page.locator("#medical .word")).to_have_count(5)
        expect(visit.page.locator(".problem")).to_have_count(0)


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


def test_the_page_arrives_with_an_answer_that_shows_the_gap(visit: Visit) -> None:
    page = visit.page
    expect(page.locator("#sentence textarea")).to_have_value(SENTENCE)
    expect(page.locator("#mine textarea, #mine input")).to_have_value("ألم")
    assert _words(page, "medical") != _words(page, "general")
    (own,) = FillMask(str(EMBEDDED / "viobert-mini")).word(SENTENCE, "ألم")
    expect(page.locator("#medical .mine")).to_contain_text(f"\u2066{own.rank}\u2069")
    expect(page.locator(".winner")).to_contain_text(
        "نسبة احتمالها عند الطبي إلى احتمالها عند العام"
    )


def test_an_address_names_an_example_and_a_tab(browser: Browser, app: App) -> None:
    with visiting(browser, app, query="ex=infectious-msa") as visit:
        example = named("infectious-msa")
        assert example is not None
        expect(visit.page.locator("#sentence textarea")).to_have_value(example.text)
        expect(visit.page.locator("#medical .mine")).to_contain_text(example.word)
        expect(visit.page.locator(".legend a")).to_have_attribute(
            "href", re.compile("ex=infectious")
        )
    with visiting(browser, app, query="tab=surprise&ex=<script>") as visit:
        expect(visit.page.locator("#measure")).to_be_visible()


def test_own_word_of_several_pieces_is_explained(visit: Visit) -> None:
    visit.page.locator("#mine textarea, #mine input").fill("الإنفلونزات")
    visit.page.locator("#compare").click()
    expect(visit.page.locator("#general .mine small")).to_be_visible()
    expect(visit.page.locator("#medical .mine")).to_contain_text("الإنفلونزات")
    visit.page.locator("#mine textarea, #mine input").fill("كلمتان معًا")
    visit.page.locator("#compare").click()
    expect(visit.page.locator(".problem")).to_contain_text("كلمة واحدة")


def test_twenty_words_are_shown_when_asked_for(visit: Visit) -> None:
    number = visit.page.locator("#count input[type=number]")
    number.fill("20")
    number.press("Enter")
    visit.page.locator("#compare").click()
    expect(visit.page.locator("#medical .word")).to_have_count(20)
    expect(visit.page.locator("#medical .moved.up, #medical .moved.down").first).to_be_visible()


def test_clear_leaves_nothing(visit: Visit) -> None:
    visit.page.locator("#clear").click()
    expect(visit.page.locator("#sentence textarea")).to_have_value("")
    expect(visit.page.locator("#medical .word")).to_have_count(0)


def test_the_csv_is_what_is_shown_and_opens_in_excel(visit: Visit) -> None:
    visit.ask("=عندي [MASK] في صدري")
    expect(visit.page.locator("#medical .word")).to_have_count(5)
    expect(visit.page.locator("#sentence textarea")).to_have_value("=عندي [MASK] في صدري")
    visit.page.wait_for_timeout(500)
    with visit.page.expect_download() as saving:
        visit.page.locator("#csv").click()
    raw = saving.value.path().read_bytes()
    assert saving.value.suggested_filename == "viobert.csv" and raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    columns = ARABIC.columns
    shown = [r for r in rows if r[columns["kind"]] == columns["top"]]
    words = [r[columns["word"]] for r in shown]
    assert words == _words(visit.page, "general") + _words(visit.page, "medical")
    assert len(rows) == 12  # five expected words and one's own, of two models
    assert all(r[columns["sentence"]].startswith("'=") for r in rows)


def test_every_example_fills_sentence_and_word() -> None:
    assert all(example.whole.count("[MASK]") == 0 for example in examples())
    assert examples()[0].whole == "المريض يعاني من ألم في الصدر"
