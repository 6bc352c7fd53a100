from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from viobert import charts
from viobert.checkpoints import ROOT
from viobert.naming import gains, interval, name, number
from viobert.page.measured import Measured, load
from viobert.page.results import Results
from viobert.page.strings import ARABIC, ENGLISH, STRINGS, Strings
from viobert.scores import Score, read, write

ASSETS = ROOT / "assets"
SCORES = list(read(ASSETS / "scores.jsonl"))
SIGNED = re.compile("[+\u2212-][0-9]")
NUMBER = re.compile(r"[+\u2212]?[0-9][0-9.,]*%?")


def results(**paths: Path) -> Results:
    frame: Any = SimpleNamespace()
    return Results(frame, **paths)


def page(tab: Results, strings: Strings) -> str:
    return "".join(tab.texts(strings))


def cells(row: str) -> list[str]:
    return [plain(c) for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]


def plain(text: str) -> str:
    return html.unescape(re.sub("<[^>]*>", " ", text)).strip()


def rows(part: str) -> list[str]:
    return re.findall(r'<tr class="(?:gain|loss|same)">.*?</tr>', part)


def value(score: Score) -> tuple[Score, Score]:
    """The scores of base and adapted model, found the slow way."""
    found = [
        s for s in SCORES
        if s.seed is None and not s.against and s.items == score.items
        and (s.axis, s.task, s.setting, s.metric)
        == (score.axis, score.task, score.setting, score.metric)
    ]  # fmt: skip
    base, adapted = (next(s for s in found if s.model == m) for m in ("mini-base", "mini-medical"))
    return base, adapted


@pytest.mark.parametrize("strings", STRINGS.values())
def test_every_row_shows_what_the_file_says(strings: Strings) -> None:
    words = strings.results.words
    judged = results().texts(strings)[2].partition("<details>")[0]
    shown = {cells(row)[0]: cells(row) for row in rows(judged)}
    assert len(shown) == len(rows(judged)) == len(gains(SCORES))
    for score in gains(SCORES):
        row, (base, adapted) = shown[name(score, words)], value(score)
        assert row[2:4] == [number(base, base.value), number(adapted, adapted.value)]
        assert row[4].startswith(f"{number(score, score.value)} {interval(score)}")
        assert row[5] == ("–" if score.p_holm is None else f"{score.p_holm:.4f}")
        assert words.verdicts[score.verdict] in row[6]
        assert row[7] == f"{score.n:,} / {score.documents:,}"
        assert row[8] == ("3" if "seeds" in score.envelope else "–")


def mixed(path: Path) -> list[Score]:
    """The scores with forgetting, and with a gain that the correction takes back, written."""
    told = {
        ("forgetting", "nats_per_word"): {"value": 0.2, "low": 0.1, "high": 0.3},
        ("forgetting", "fill_mask_top5"): {"value": -0.02, "low": -0.03, "high": -0.01},
        ("mcq", "accuracy"): {"value": 0.02, "low": 0.01, "high": 0.03, "p_holm": 1.0},
    }
    made = [
        Score(**{**vars(s), **told.get((s.axis, s.metric), {})}) if s.against else s for s in SCORES
    ]
    write(path, made)
    return made


@pytest.mark.parametrize("strings", STRINGS.values())
def test_rows_are_grouped_by_verdict_with_a_mark_beside_the_colour(
    strings: Strings, tmp_path: Path
) -> None:
    made = mixed(tmp_path / "s.jsonl")
    judged = results(scores=tmp_path / "s.jsonl").texts(strings)[2].partition("<details>")[0]
    bodies = re.findall(r'<tbody class="(\w+)">(.*?)</tbody>', judged)
    assert [kind for kind, _ in bodies] == ["gain", "loss", "same"]
    for (kind, body), mark in zip(bodies, "●✕○", strict=True):
        own = rows(body)
        assert len(own) == sum(
            {"no difference shown": "same"}.get(s.verdict, s.verdict) == kind for s in gains(made)
        )
        assert all(mark in row for row in own)
        assert f"({len(own)})" in plain(body).replace(" ", "")
    # A gain that the correction takes back says so.
    loose = [s for s in gains(made) if s.verdict == "gain" and (s.p_holm or 0) >= 0.05]
    assert judged.count(strings.results.uncorrected) == len(loose) > 0


def test_the_first_sentence_answers_from_the_scores() -> None:
    top = next(
        s for s in SCORES
        if s.against and s.setting == "consultations" and s.metric == "fill_mask_top5"
    )  # fmt: skip
    base, adapted = value(top)
    for strings in STRINGS.values():
        lead = plain(results().texts(strings)[0].partition('class="lead">')[2].partition("</p>")[0])
        assert lead.startswith(strings.results.answers[top.verdict])
        assert number(base, base.value) in lead and number(adapted, adapted.value) in lead
        assert number(top, top.value) in lead and interval(top) in lead
        assert f"{top.n:,}" in lead and str(top.documents) in lead


def test_what_got_worse_and_what_did_not_improve_is_said_in_words(tmp_path: Path) -> None:
    texts, made = ENGLISH.results, mixed(tmp_path / "s.jsonl")
    answer = plain(results(scores=tmp_path / "s.jsonl").texts(ENGLISH)[0])
    worse = answer.partition(texts.worse)[2].partition(texts.not_better)[0]
    top = next(
        s for s in made if s.axis == "forgetting" and s.against and s.metric == "fill_mask_top5"
    )
    assert "forgetting" in worse and all(f"{s.value:.1%}" in worse for s in value(top))
    assert len(re.findall("difference", worse)) == sum(s.verdict == "loss" for s in gains(made))
    rest = answer.partition(texts.not_better)[2]
    for axis in {s.axis for s in gains(made) if s.verdict == "no difference shown"}:
        assert texts.words.axes[axis] in rest
    assert "base-mini" in answer and "viobert-mini" in answer


def test_an_answer_follows_the_scores_whatever_they_are(tmp_path: Path) -> None:
    better = {"nats_per_word": (-0.3, -0.1), "fill_mask_top5": (0.01, 0.03)}
    turned = []  # every gain a loss, and nothing forgotten
    for s in SCORES:
        low, high = -s.high, -s.low
        if s.axis == "forgetting":
            low, high = better.get(s.metric, (low, high))
        changed = {"value": (low + high) / 2, "low": low, "high": high} if s.against else {}
        turned.append(Score(**{**vars(s), **changed}))
    write(tmp_path / "s.jsonl", turned)
    answer = plain(results(scores=tmp_path / "s.jsonl").texts(ENGLISH)[0])
    assert ENGLISH.results.answers["loss"] in answer
    assert "The price is forgetting" not in answer


def test_arabic_shows_no_english_name_and_isolates_every_number() -> None:
    told = page(results(), ARABIC)
    shown = re.sub(r'<bdi dir="ltr">.*?</bdi>|<bdi>.*?</bdi>|\u2066.*?\u2069', "", told)
    visible = plain(re.sub(r"<[^>]*>", " ", shown))
    assert set(re.findall("[A-Za-z]+", visible)) <= {"Hugging", "Face", "p", "F"}
    assert not SIGNED.search(visible) and "-" not in visible
    assert set(NUMBER.findall(visible)) <= {"95%"}
    assert SIGNED.search(told)


def test_the_caption_and_the_provenance_name_models_data_and_code() -> None:
    told = page(results(), ARABIC)
    caption = plain(told.partition("<caption>")[2].partition("</caption>")[0])
    made = {s.revision for s in SCORES} | {s.envelope["code"] for s in SCORES}
    made |= {s.envelope["time"][:10] for s in SCORES}
    for part in ("base-mini", "viobert-mini", "medarabench", *made):
        assert part in caption
    assert 'href="about?lang=ar#' in told
    details = told.rpartition("<details>")[2]
    for score in gains(SCORES):
        assert score.envelope["dataset"]["hash"] in details


def test_reported_figures_stand_apart_with_their_label_and_source() -> None:
    answer, head, tables, block, sources = results().texts(ARABIC)
    assert "أرقام أعلنها مؤلفو النموذج، لم نقسها" in block
    for measured in (answer, head, tables):
        assert "82.7" not in measured and "15.6" not in measured.replace("15.6%", "")
    for told in ("\u221282.7%", "+15.6", "+0.93", "+1.62", "+0.97", "+0.62"):
        assert f'<bdi dir="ltr">{told}</bdi>' in sources
    assert ARABIC.results.parity in sources
    assert 'href="https://huggingface.co/Vionex-digital/vioBERT-v3"' in sources


def hostile(tmp_path: Path, spoil: dict[str, Any]) -> Path:
    path = tmp_path / "s.jsonl"
    rows = [json.loads(line) for line in (ASSETS / "scores.jsonl").read_text("utf-8").splitlines()]
    kept = [{**row, **spoil} for row in rows if row["axis"] == "ner" and row.get("against")]
    path.write_text("\n".join(map(json.dumps, kept)), encoding="utf-8")
    return path


@pytest.mark.parametrize("strings", STRINGS.values())
def test_hostile_strings_in_a_scores_file_are_text(tmp_path: Path, strings: Strings) -> None:
    evil = '"><script>alert(1)</script>{0}{x}${1}'
    spoil = {"task": evil, "setting": evil, "model": evil, "revision": evil,
             "against": f"{evil}@{evil}",
             "envelope": {"dataset": {"name": evil, "hash": evil, "rows": evil}, "code": evil,
                          "time": evil, "recipe": evil, "seeds": [evil]}}  # fmt: skip
    told = page(results(scores=hostile(tmp_path, spoil)), strings)
    assert "<script" not in told and "&lt;script&gt;" in told and '"">' not in told


@pytest.mark.parametrize("envelope", [{}, {"dataset": 3, "seeds": "x", "chance": "y"}])
def test_an_envelope_that_says_little_is_no_crash(tmp_path: Path, envelope: Any) -> None:
    assert "<table" in page(results(scores=hostile(tmp_path, {"envelope": envelope})), ARABIC)


@pytest.mark.parametrize("text", [None, "", "{", '{"axis": "x"}\n', "\xff\xfe"])
def test_without_scores_a_line_says_so_and_nothing_breaks(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "scores.jsonl"
    if text is not None:
        path.write_bytes(text.encode("latin-1"))
    for strings in STRINGS.values():
        tab = results(scores=path, published=tmp_path / "none.json")
        answer, head, tables, _, sources = tab.texts(strings)
        assert answer.count('role="alert"') == 1 and not head and not tables
        assert "scores.jsonl" in answer and str(tmp_path) not in answer
        assert "none.json" in sources and 'role="alert"' in sources
        assert tab.fill(strings.language)[0] is True


def test_a_broken_row_is_named_without_the_machines_folders(tmp_path: Path) -> None:
    measured = load(hostile(tmp_path, {"envelope": "<b>"}))
    assert not measured.rows and "envelope" in measured.problem
    assert Measured(()).gains == []


def laid_out() -> Results:
    with gr.Blocks():
        tab = results()
        tab.lay_out(ARABIC)
        tab.connect()
    return tab


def test_plots_are_empty_until_the_tab_is_opened() -> None:
    tab = laid_out()
    assert tab.forest.value is None and tab.bars.value is None and tab.drawn.value is False
    told = tab.word(ENGLISH, False)
    assert len(told) == len(tab.worded)
    assert told[-2:] == [gr.skip(), gr.skip()]
    opened = tab.fill("ar")
    assert len(opened) == len(tab.opened) and opened[0] is True
    titles = [a.text for a in opened[1].layout.annotations if a.text]
    assert any(ARABIC.results.words.panels["nats"] in title for title in titles)
    turned = tab.word(ENGLISH, True)
    titles = [a.text for a in turned[-2].layout.annotations if a.text]
    assert any(ENGLISH.results.words.panels["nats"] in title for title in titles)
    assert "Which model" in turned[0]


def test_the_tab_starts_without_plotly() -> None:
    code = "import sys, viobert.page.results; sys.exit('plotly' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_charts_know_the_looks_of_every_verdict() -> None:
    assert set(charts.LOOKS) == set(ARABIC.results.words.verdicts)
