from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser

from viobert.page import theme
from viobert.page.results import Results
from viobert.page.strings import STRINGS, Strings


def whole(tab: Results, strings: Strings) -> str:
    """The tab as one page that needs nothing."""
    parts = tab.texts(strings)
    plots: Sequence[Any] = tab.plots(strings)
    drawn = [
        f'<div id="{where}">'
        + plot.to_html(full_html=False, include_plotlyjs=not at, config={"responsive": True})
        + "</div>"
        for at, (where, plot) in enumerate(
            zip(("measured-plot", "reported-plot"), plots, strict=True)
        )
    ]
    style = "".join((theme.HERE / f"{n}.css").read_text("utf-8") for n in ("page", "results"))
    return (
        f'<!doctype html><html dir="{strings.direction}" lang="{strings.language}">'
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<style>{style} body{{margin:12px}}</style><body>{parts[0]}{parts[1]}{drawn[0]}"
        f'<div id="measured">{parts[2]}</div>{parts[3]}{drawn[1]}'
        f'<div id="reported">{parts[4]}</div></body></html>'
    )


# For each number with a sign: whether the sign stands left of its digits.
SIGNS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, box = (i) => {
      const r = document.createRange(); r.setStart(node, i); r.setEnd(node, i + 1);
      return r.getClientRects()[0];
    };
    if (node.parentElement.closest('script, style')) continue;
    for (const match of node.data.matchAll(/[+\\u2212][0-9]/g)) {
      const sign = box(match.index), digit = box(match.index + 1);
      if (sign && digit) found.push(sign.left < digit.left);
    }
  }
  return found;
}"""


@pytest.mark.parametrize("width", [1100, 390])
def test_a_browser_sets_signs_left_and_scrolls_tables_not_the_page(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    faults: list[str] = []
    for strings in STRINGS.values():
        path = tmp_path / f"{strings.language}.html"
        frame: Any = SimpleNamespace()
        path.write_text(whole(Results(frame), strings), encoding="utf-8")
        shown = browser.new_page(viewport={"width": width, "height": 800})
        shown.on("pageerror", lambda e: faults.append(str(e)))
        shown.goto(path.as_uri())
        shown.wait_for_selector("#measured-plot .errorbar path")
        shown.wait_for_selector("#reported-plot .bars path")
        signs = shown.evaluate(SIGNS)
        assert len(signs) > 100 and all(signs)
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        frame = shown.locator(".scores").first
        assert frame.get_attribute("tabindex") == "0" and frame.get_attribute("aria-label")
        if width < 700:
            assert frame.evaluate("e => e.scrollWidth > e.clientWidth")
        assert not faults
        shown.close()
