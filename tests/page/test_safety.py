"""What a visitor may type, what the page keeps, and who can read it."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.page.visiting import HOSTILE, App, Visit, visiting
from viobert.page.strings import STRINGS, Language

#: In which the page is after the switch was used once, and twice.
LANGUAGES: tuple[Language, ...] = ("en", "ar")

PAYLOADS = [
    HOSTILE,
    HOSTILE.replace("[MASK]", ""),
    'قلب "><svg onload=fired=1> [MASK]',
    "قلب javascript:fired=1 {{constructor.constructor('fired=1')()}} [MASK]",
    "قلب </textarea><script>fired=1</script> `${(()=>{fired=1})()}` [MASK]",
]


def test_hostile_text_runs_in_no_input(visit: Visit) -> None:
    page = visit.page
    steps = [
        ("fill", "#sentence textarea", "#compare", "#medical .word, #notice .problem"),
        ("fill", "#mine textarea, #mine input", "#compare", "#medical .word, #notice .problem"),
        ("surprise", "#surprise-sentence textarea", "#measure", "#surprised .sentence-shown"),
        ("entities", "#entities-sentence textarea", "#find", "#entities-medical .sentence-shown"),
    ]
    for tab, box, button, shown in steps:
        visit.open_tab(tab)
        for payload in PAYLOADS:
            page.locator(box).fill(payload[:40] if "mine" in box else payload)
            page.locator(button).click()
            expect(page.locator(shown).first).to_be_visible()
        for language in LANGUAGES:
            page.locator("#turn").click()
            expect(page.locator("#turn")).to_have_text(STRINGS[language].other_language)
            expect(page.locator("html")).to_have_attribute("lang", language)
    assert page.evaluate("typeof fired") == "undefined"


def _serious(found: Any) -> list[str]:
    return [
        f"{v['id']}: {[n['html'][:160] for n in v['nodes'][:3]]}"
        for v in found.response["violations"]
        if v["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(("language", "scheme"), [("ar", "light"), ("en", "dark")])
def test_axe_finds_nothing_serious(
    browser: Browser, app: App, language: Language, scheme: str
) -> None:
    with visiting(browser, app, language, query=f"__theme={scheme}") as visit:
        for tab in ("fill", "surprise", "entities", "results", "judge"):
            visit.open_tab(tab)
            for name in ("surprise", "entities"):
                if tab == name:
                    visit.page.locator(f"#{name}-examples .gallery-item").first.click()
                    expect(visit.page.locator(".sentence-shown:visible").first).to_be_visible()
            # A plot that is still to come is Gradio's own placeholder.
            expect(visit.page.locator("[aria-label='Empty value']:visible")).to_have_count(0)
            visit.page.wait_for_timeout(700)
            assert _serious(Axe().run(visit.page)) == [], (tab, language, scheme)


def test_nothing_stays_in_the_browser_but_a_judge_s_number(visit: Visit) -> None:
    visit.ask("المريضة سعاد تعاني من [MASK]")
    expect(visit.page.locator("#medical .word")).to_have_count(5)
    visit.page.wait_for_timeout(500)
    kept = visit.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert "سعاد" not in kept
