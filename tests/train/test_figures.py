"""Every number and picture of README and cards is what records and scores give."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.train.conftest import RECIPES
from train import pictures
from train.browser import NoBrowser
from train.evaluate.probing import POOLINGS
from train.figures import figures, write_texts
from train.files import Run, StageError
from train.publish.readme import NAMES, marks
from train.recipe import load
from viobert import scores
from viobert.checkpoints import EMBEDDED, ROOT
from viobert.naming import gains
from viobert.scores import ALL, Score

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES = ("gains.png", "funnel.png", "page-ar.png", "page-en.png")
EXPERIMENTS = ("corpus-size", "whole-words")
#: The texts that tell them.
PAGES = ("README.md", "docs/experiments.md")


@pytest.fixture()
def run(tmp_path: Path) -> Run:
    return Run(load(RECIPES / "mini-medical.yaml"), tmp_path / "runs")


@pytest.fixture()
def project(tmp_path: Path) -> Path:
    """README, scores, models and pictures as they are; weights are links."""
    copy = tmp_path / "project"
    for model in EMBEDDED.iterdir():
        (copy / "assets" / "models" / model.name).mkdir(parents=True)
        for path in model.iterdir():
            at = copy / "assets" / "models" / model.name / path.name
            at.symlink_to(path) if path.suffix == ".safetensors" else shutil.copyfile(path, at)
    (copy / "docs").mkdir()
    for name in (*PAGES, "assets/scores.jsonl", *(f"assets/{p}" for p in PICTURES)):
        shutil.copyfile(ROOT / name, copy / name)
    shutil.copytree(ROOT / "assets" / "experiments", copy / "assets" / "experiments")
    return copy


def texts(project: Path) -> dict[str, str]:
    """README, the page of experiments and cards, by their place."""
    cards = sorted((project / "assets" / "models").glob("*/README.md"))
    paths = [*(project / page for page in PAGES), *cards]
    return {str(p.relative_to(project)): p.read_text(encoding="utf-8") for p in paths}


def written(run: Run, project: Path) -> dict[str, str]:
    write_texts(run, project / "assets" / "models")
    return texts(project)


def change_score(project: Path, value: float) -> None:
    """Another mean difference of one setting, as if it had been measured."""
    path = project / "assets" / "scores.jsonl"

    def changed(s: Score) -> Score:
        chosen = s.against and s.seed is None and s.items == ALL and s.metric == "nats_per_word"
        if not (chosen and s.axis == "intrinsic" and s.setting == "consultations"):
            return s
        return dataclasses.replace(s, value=value, low=value - 0.1, high=value + 0.1)

    scores.write(path, map(changed, list(scores.read(path))))


def test_readme_and_cards_are_what_records_and_scores_give(run: Run, project: Path) -> None:
    before = texts(project)
    assert len(before) == 6
    assert written(run, project) == before == texts(ROOT)


def test_another_score_changes_readme_and_card(run: Run, project: Path) -> None:
    before = texts(project)
    change_score(project, -7.654)
    after = written(run, project)
    differing = {name for name, text in after.items() if text != before[name]}
    assert {"README.md", "assets/models/viobert-mini/README.md"} <= differing
    for name in ("README.md", "assets/models/viobert-mini/README.md"):
        assert "-7.654 [-7.754, -7.554]" in after[name]


def test_another_record_changes_the_blocks_that_tell_of_it(run: Run, project: Path) -> None:
    path = project / "assets" / "models" / "base-mini" / "provenance.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["training"]["pieces"] = 98_700_000
    record["corpus"]["sources"]["shami"]["read"] = 123_456
    path.write_text(json.dumps(record), encoding="utf-8")
    readme = written(run, project)["README.md"]
    for name, told in (("pair", "98.7 million"), ("funnel", "| shami | 123,456 |")):
        start, end = marks(name)
        assert told in readme.partition(start)[2].partition(end)[0]


BLOCKS = [*((PAGES[0], name) for name in NAMES), *((PAGES[1], name) for name in EXPERIMENTS)]


@pytest.mark.parametrize(("page", "name"), BLOCKS)
@pytest.mark.parametrize("which", [0, -1])
def test_a_number_changed_by_hand_is_put_right(
    run: Run, project: Path, page: str, name: str, which: int
) -> None:
    readme = project / page
    text = readme.read_text(encoding="utf-8")
    start, end = (text.index(mark) for mark in marks(name))
    at = [m.start() for m in re.finditer(r"\d", text) if start < m.start() < end][which]
    other = str((int(text[at]) + 1) % 10)
    readme.write_text(text[:at] + other + text[at + 1 :], encoding="utf-8")
    assert written(run, project)[page] == text


@pytest.mark.parametrize(("page", "name"), BLOCKS)
def test_a_page_without_its_marks_stops_before_anything_is_written(
    run: Run, project: Path, page: str, name: str
) -> None:
    readme = project / page
    text = readme.read_text(encoding="utf-8")
    readme.write_text(text.replace(marks(name)[1], ""), encoding="utf-8")
    change_score(project, -7.654)
    before = texts(project)
    with pytest.raises(StageError, match=f"{page}: the marks .*{name}.* are gone"):
        write_texts(run, project / "assets" / "models")
    assert texts(project) == before


def test_without_scores_the_stage_says_which_file_it_wants(run: Run, project: Path) -> None:
    (project / "assets" / "scores.jsonl").unlink()
    with pytest.raises(StageError, match="scores.jsonl: no differences of two models"):
        write_texts(run, project / "assets" / "models")


def test_numbers_in_the_prose_are_those_of_recipe_and_scores(run: Run) -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    found = gains(list(scores.read(ROOT / "assets" / "scores.jsonl")))
    wanted = run.recipe.what.evaluation
    assert wanted.intrinsic and wanted.choice
    count = {"intrinsic": len(wanted.intrinsic), "mcq": len(wanted.choice.levels)}
    # Two sets of classes; the sentences with entities.
    grid = sum(count.values()) + 2 * len(POOLINGS) + 2 * len(wanted.shares) + 1
    seeded = next(s for s in found if s.axis == "ner")
    first, *_, last = seeds = [str(seed) for seed in seeded.envelope["seeds"]]
    assert f"the seeds {first}, {seeds[1]} and {last}, {grid} settings each" in text
    assert f"of {len(found)}, two may miss their value by chance" in text
    assert f"of the {grid} settings of the grid" in text
    assert count == {"intrinsic": 3, "mcq": 5}
    assert "| three kinds of held-out text |" in text and "| five levels of difficulty |" in text
    lines = [
        json.loads(line)
        for path in (ROOT / "assets" / "ner").glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    kinds = {entity["label"] for line in lines for entity in line["entities"]}
    assert (len({line["dialect"] for line in lines}), len(kinds)) == (5, 6)
    assert f"{len(lines):,} sentences, five varieties, six types" in text


def test_no_picture_is_stale() -> None:
    wanted = pictures.stamps(EMBEDDED)
    pictured = {*PICTURES, *(f"experiments/{name}.png" for name in EXPERIMENTS)}
    assert set(wanted) == pictured
    found = {name: pictures.stamp_of(ROOT / "assets" / name) for name in pictured}
    assert found == wanted, "make figures draws them anew"
    pages = "".join((ROOT / page).read_text("utf-8") for page in PAGES)
    shown = re.findall(r"!\[[^]]{20,}\]\((?:\.\./)?assets/([^)]+)\)", pages)
    assert sorted(shown) == sorted(pictured)  # each once, told in words


def test_a_picture_of_other_figures_is_stale(project: Path) -> None:
    folder = project / "assets" / "models"
    before = pictures.stamps(folder)
    change_score(project, -7.654)
    after = pictures.stamps(folder)
    assert {name for name in before if before[name] != after[name]} == {"gains.png"}


def test_without_a_browser_the_pictures_are_kept_and_it_is_told(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise NoBrowser("no Chromium")

    monkeypatch.setattr(pictures, "launched", missing)
    change_score(project, -7.654)
    before = (project / "assets" / "gains.png").read_bytes()
    said: list[str] = []
    figures(run, said.append, project / "assets" / "models")
    assert said[-1] == "pictures kept as they are, stale: gains.png (no Chromium)"
    assert (project / "assets" / "gains.png").read_bytes() == before


def test_a_picture_is_drawn_and_carries_its_stamp(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "gains.png"
    pictures.save(path, pictures.shoot(browser, pictures.figures(EMBEDDED)["gains.png"]), "abc")
    assert pictures.stamp_of(path) == "abc"
    with Image.open(path) as drawn, Image.open(ROOT / "assets" / "gains.png") as kept:
        assert drawn.size == kept.size
        colours = [colour for _, colour in drawn.convert("RGB").getcolors(256) or ()]
        found = gains(list(scores.read(ROOT / "assets" / "scores.jsonl")))
        looks = {"gain": (0, 105, 92), "loss": (183, 28, 28)}
        for look in {looks[s.verdict] for s in found if s.verdict in looks}:
            assert min(max(abs(a - b) for a, b in zip(look, c, strict=True)) for c in colours) < 6
        edge = drawn.convert("RGB").crop((0, 0, 4, drawn.height))
        assert edge.getcolors() == [(4 * drawn.height, (255, 255, 255))]  # no label is cut off
