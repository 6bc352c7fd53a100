from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from train.evaluate.report import html, markdown, report, write
from train.files import Run, StageError
from train.recipe import load
from viobert.scores import Score

ABOUT: dict[str, Any] = {
    "dataset": {"name": "medarabench", "rows": 900, "hash": "ab"}, "recipe": "r", "code": "c",
    "time": "2026-11-25T10:00:00Z", "seeds": [13, 42], "left_out": {"no label": 3},
}  # fmt: skip


def score(**changes: Any) -> Score:
    fields: dict[str, Any] = {
        "axis": "probing", "task": "fine", "setting": "CLS", "model": "adapted", "revision": "1",
        "seed": None, "metric": "macro_f1", "value": 0.4, "low": 0.35, "high": 0.45, "n": 100,
        "documents": 90, "envelope": ABOUT,
    }  # fmt: skip
    return Score(**{**fields, **changes})


def rows() -> list[Score]:
    found = []
    settings = (
        ("probing", "fine", "CLS", "macro_f1", 0.06, 0.02),
        ("probing", "fine", "mean", "macro_f1", -0.05, 0.02),
        ("mcq", "choice", "Y1", "accuracy", 0.01, 0.03),
        ("intrinsic", "masked-language-modelling", "consultations", "nats_per_word", -0.8, 0.1),
        ("forgetting", "masked-language-modelling", "general", "nats_per_word", 0.2, 0.1),
    )
    for axis, task, setting, metric, value, half in settings:
        about = {"axis": axis, "task": task, "setting": setting, "metric": metric}
        for model in ("base", "adapted"):
            found += [score(**about, model=model, seed=s) for s in (13, 42, None)]
        grid = None if axis == "forgetting" else 0.04
        gain = score(**about, value=value, low=value - half, high=value + half,
                     against="base@0", p=0.01, p_holm=grid,
                     envelope={**ABOUT, "family": 21})  # fmt: skip
        found.append(gain)
    found[-1] = dataclasses.replace(gain, envelope={**ABOUT, "contaminated": 7})
    found.append(dataclasses.replace(found[-1], items="uncontaminated"))
    return found


SHARES = {"most_frequent": 900, "share": {"أ corpus": {"أ corpus": 1.0, "set": 0.25},
                                          "set": {"أ corpus": 0.25, "set": 1.0}}}  # fmt: skip


def test_the_report_says_what_improved_and_what_did_not(tmp_path: Path) -> None:
    write(tmp_path, rows(), SHARES)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "Of 4 settings of 21, the others not being measured yet: gain 2, loss 1, no" in text
    rest = text.partition("## What did not improve")[2].partition("##")[0]
    assert "probing · fine · mean: loss, -5.0 pp [-7.0 pp, -3.0 pp]" in rest
    assert "mcq · Y1: no difference shown" in rest and "forgetting · general: loss" in rest
    assert "CLS" not in rest and "consultations" not in rest
    spoilt = text.partition("## Contamination")[2].partition("##")[0]
    assert "| forgetting · general | 7 |" in spoilt
    assert "| probing · fine | medarabench | no label | 3 |" in text
    assert "25%" in text.partition("## Vocabulary overlap")[2]
    for part in ("## Named entities", "## Left out", "## What a seed decides"):
        assert (part in text) == (part != "## Named entities")


def test_the_report_opens_in_a_browser_without_a_network(browser: Browser, tmp_path: Path) -> None:
    write(tmp_path, rows(), SHARES)
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    faults: list[str] = []
    asked: list[str] = []
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: faults.append(str(e)))
    page.on("request", lambda r: asked.append(r.url))
    page.goto((tmp_path / "report.html").as_uri())
    page.wait_for_selector(".js-plotly-plot .errorbar path")
    assert page.locator(".js-plotly-plot").count() == 3
    assert page.locator("h1").inner_text() == "adapted against base"
    traces = page.evaluate(
        "document.querySelector('.js-plotly-plot').data.map(t => "
        "({name: t.name, y: t.y, left: t.x[0] < 0}))"
    )
    # What is better lies to the right of the line at no difference.
    sides = {(t["name"], label): t["left"] for t in traces for label in t["y"]}
    assert not sides["gain", "intrinsic · consultations"]
    assert sides["loss", "forgetting · general"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1100
    page.close()
    assert not faults and not [url for url in asked if url.startswith("http")]


def test_text_alone_is_markdown_and_figures_are_html_only() -> None:
    import plotly.graph_objects as go

    parts = ["# Title & <more>", go.Figure(), "| a |\n| --- |\n| 1 |"]
    assert "Figure" not in markdown(parts)
    page = html(parts)
    assert page.count("<table>") == 1 and "&lt;more&gt;" in page
    assert "cdn.plot.ly" not in page.partition("<body>")[0]


def test_no_scores_no_report(tmp_path: Path) -> None:
    from tests.train.conftest import RECIPES

    with pytest.raises(StageError, match="no differences of two models at .*scores.jsonl; run"):
        report(Run(load(RECIPES / "smoke.yaml"), tmp_path))
