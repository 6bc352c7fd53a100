"""Cards tell what was recorded and measured, whatever came out, and their code runs."""

from __future__ import annotations

import copy
import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from tests.train.conftest import RECIPES
from train.figures import write_cards
from train.files import Run, StageError
from train.lineage import deciding
from train.publish import facts
from train.publish.card import card
from train.publish.facts import Facts
from train.publish.figures import measured
from train.publish.metadata import key, told
from train.publish.terms import terms
from train.recipe import load
from viobert import scores
from viobert.checkpoints import EMBEDDED, ROOT
from viobert.naming import gains
from viobert.scores import ALL, PRIMARY, Score

ROWS = list(scores.read(ROOT / "assets" / "scores.jsonl"))
CARDS = ("base-mini", "viobert-mini", "base-mini-ner", "viobert-mini-ner")


@pytest.fixture()
def record() -> Facts:
    """That of the embedded medical model."""
    return facts.read(EMBEDDED / "viobert-mini")


def written(record: Facts, rows: list[Score]) -> str:
    return card(record, rows, "m", "org/m")


def test_the_embedded_cards_are_what_their_records_and_scores_give(tmp_path: Path) -> None:
    for name in CARDS:
        (tmp_path / name).mkdir()
        for path in (EMBEDDED / name).iterdir():
            if path.name != "README.md":
                (tmp_path / name / path.name).symlink_to(path)
    write_cards(Run(load(RECIPES / "mini-medical.yaml"), tmp_path), ROWS, tmp_path)
    for name in CARDS:
        fresh = (tmp_path / name / "README.md").read_text(encoding="utf-8")
        assert fresh == (EMBEDDED / name / "README.md").read_text(encoding="utf-8"), name


@pytest.mark.parametrize("name", ["base-mini", "viobert-mini"])
def test_the_pair_is_what_its_recipe_says_today(name: str) -> None:
    """And a new option with its default changes no recipe of before."""
    told = facts.read(EMBEDDED / name)["recipe"]
    assert deciding(load(ROOT / told["file"])) == told["digest"]


def test_a_card_tells_how_the_texts_were_cut(record: Facts) -> None:
    assert "were cut to" not in written(record, ROWS)
    record["recipe"]["training"] |= {"short": 0.5, "short_length": 24}
    text = " ".join(written(record, ROWS).split())
    assert "50% of the windows of each step were cut to 24 word pieces" in text


def test_every_number_of_the_metadata_is_a_score(record: Facts) -> None:
    values = told(written(record, ROWS))
    mean = [s for s in ROWS if s.model == record["name"] and s.seed is None
            and s.items == ALL and not s.against]  # fmt: skip
    by = {(key(s), s.metric): s.value for s in mean}
    assert {of for of in by if of[1] in PRIMARY.values() and of[0].split(".")[0] in PRIMARY
            and PRIMARY[of[0].split(".")[0]] == of[1]} <= set(values)  # fmt: skip
    for of, value in values.items():
        assert value == pytest.approx(by[of], abs=1e-6)


def test_the_tables_tell_gains_losses_and_parity_alike(record: Facts) -> None:
    forgot = {"value": 1.008, "low": 0.9, "high": 1.1}
    worse = [s for s in ROWS if (s.axis, s.metric) == ("forgetting", "nats_per_word") and s.against]
    rows = [Score(**{**vars(s), **forgot}) if s in worse else s for s in ROWS]
    text = written(record, rows)
    for verdict in ("gain", "loss", "no difference shown"):
        assert re.search(rf"\| {verdict} \|$", text, re.MULTILINE), verdict
    for s in rows:
        if s.against and s.seed is None and s.items == ALL and s.metric == PRIMARY[s.axis]:
            assert scores.shown(s) in text
    assert "Losses: forgetting · general, nats per word +1.008" in text


def test_a_missing_score_is_a_missing_row(record: Facts) -> None:
    rows = [s for s in ROWS if s.axis != "mcq"]
    text = written(record, rows)
    assert "mcq" not in text and "ner · strict" in text
    assert not re.search(r"\| *(-|—|None|nan|null) *\|", text)
    assert "None measured for this model." in written(record, [])
    assert "model-index" not in written(record, [])


def test_without_a_base_there_is_no_difference_to_tell(record: Facts) -> None:
    own = [s for s in ROWS if s.model == record["name"] and not s.against]
    text = "\n".join(measured(record["name"], own))
    assert "difference" not in text and "| value |" in text


def test_scores_with_pipes_and_percent_keep_their_columns(record: Facts) -> None:
    text = written(record, ROWS)
    for block in re.findall(r"(?:^\|.*\|$\n)+", text, re.MULTILINE):
        widths = {line.count("|") for line in block.splitlines()}
        assert len(widths) == 1, block[:200]


def test_the_data_is_told_with_authors_licences_and_counts(record: Facts) -> None:
    text = written(record, ROWS)
    for made in facts.chain(record):
        for name, of in made["corpus"]["sources"].items():
            row = next(line for line in text.splitlines() if line.startswith(f"| {name} | ")
                       and f"| {of['words']:,} |" in line)  # fmt: skip
            assert f"| {of['train']:,} |" in row and all(li in row for li in of["licences"])
            assert not row.endswith("|  |"), f"{name}: nobody is credited"
    assert "0.853 [0.801, 0.893]" in text  # names, on the blind part
    assert "research_only" not in text and "${" not in text and str(ROOT) not in text


def of_marbert(record: Facts) -> Facts:
    """As if the base were MARBERTv2 itself."""
    other = copy.deepcopy(record)
    other["base"] = {
        "name": "UBC-NLP/MARBERTv2", "hub": "UBC-NLP/MARBERTv2", "revision": "fe88db9d",
        "licence": "research only", "link": "https://github.com/UBC-NLP/marbert",
    }  # fmt: skip
    return other


def test_how_well_hard_names_are_found_is_told_where_it_is_recorded(record: Facts) -> None:
    record["corpus"]["hard_names"] = {
        "spans": 1200, "recall": [0.6, 0.57, 0.63], "precision": [0.8, 0.77, 0.83]
    }  # fmt: skip
    text = written(record, ROWS)
    assert (
        "Of 1,200 names in sentences written to be hard, recall is 0.600 [0.570, 0.630] and "
        "precision 0.800 [0.770, 0.830]." in text
    )
    del record["corpus"]["hard_names"]  # as it was recorded before
    assert "names in sentences written to be hard" not in written(record, ROWS)


def test_the_bases_licence_is_carried_over(record: Facts) -> None:
    text = written(of_marbert(record), ROWS)
    data: Any = ModelCard(text).data
    assert (data.license, data.license_name) == ("other", "research-only")
    assert data.license_link == "https://github.com/UBC-NLP/marbert"
    assert data.base_model == "UBC-NLP/MARBERTv2"
    assert "research only (https://github.com/UBC-NLP/marbert)" in text
    assert "abdul-mageed-etal-2021-arbert" in text


@pytest.mark.parametrize(
    ("licence", "forbidden", "owed"),
    [
        ("research only", False, False), ("CC BY-NC 4.0", False, False), ("MIT", False, True),
        ("CC BY-ND 4.0", True, False), ("all rights reserved", True, False), ("?", True, False),
    ],
)  # fmt: skip
def test_a_bases_licence_is_asked_too(
    record: Facts, licence: str, forbidden: bool, owed: bool
) -> None:
    other = of_marbert(record)
    other["base"]["licence"] = licence
    found = terms(other)
    assert bool(found.forbid) == forbidden and (licence in found.duties) == (owed)
    assert "MARBERTv2 was trained on was not looked through here" in written(other, ROWS)


def test_losses_are_corrected_and_counted_like_gains(record: Facts) -> None:
    turned = [
        dataclasses.replace(s, value=-s.value, low=-s.high, high=-s.low) if s.against else s
        for s in ROWS
    ]
    sure = [
        s for s in gains(ROWS) if s.low * s.high > 0 and s.p_holm is not None and s.p_holm < 0.05
    ]
    up = sum((s.value > 0) != s.metric.startswith("nats") for s in sure)
    down = len(sure) - up
    assert up > down
    assert f"{up} are gains and {down} losses by the corrected p" in written(record, ROWS)
    assert f"{down} are gains and {up} losses by the corrected p" in written(record, turned)


@pytest.mark.parametrize(
    ("licences", "licence"),
    [
        (["CC0-1.0"], "cc0-1.0"), (["CC0-1.0", "MIT"], "mit"), (["MIT", "Apache-2.0"], "other"),
        (["MIT", "CC BY-SA 4.0"], "cc-by-sa-4.0"), (["CC BY-SA 3.0", "CC BY-SA 4.0"], "other"),
        (["CC BY 4.0"], "cc-by-4.0"), (["CC BY-SA 4.0", "CC BY-NC 4.0"], "other"),
    ],
)  # fmt: skip
def test_the_licence_meets_those_of_all_text(
    record: Facts, licences: list[str], licence: str
) -> None:
    for made in facts.texts(record):
        for of in made["corpus"]["sources"].values():
            of["licences"] = dict.fromkeys(licences, 1)
    found = terms(record)
    assert found.licence == licence
    assert bool(found.forbid) == ("CC BY-NC 4.0" in licences)
    assert set(found.duties) == set(licences)


def test_viobert_v3_says_what_its_base_allows() -> None:
    recipe = load(RECIPES / "viobert-v3.yaml")
    assert recipe.release.repository == "Vionex-digital/vioBERT-v3"
    assert recipe.release.tag == "v3.0.0"
    base = facts._base(Run(recipe, Path("runs")))
    assert base is not None and base["licence"] == "research only"
    silent = dataclasses.replace(recipe.release, base_licence="")
    other = dataclasses.replace(recipe, release=silent)
    other.path = recipe.path
    with pytest.raises(StageError, match="release.base_licence must say"):
        facts._base(Run(other, Path("runs")))


def blocks(name: str) -> list[str]:
    """The Python of a card."""
    text = (EMBEDDED / name / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("name", "count"), [("viobert-mini", 3), ("viobert-mini-ner", 2)])
def test_the_code_of_a_card_runs_as_it_stands(name: str, count: int, tmp_path: Path) -> None:
    found = blocks(name)
    assert len(found) == count
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    script = tmp_path / "blocks.py"
    run = "\n".join(f"exec(compile({block!r}, 'block', 'exec'), {{}})" for block in found)
    script.write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{run}\n", encoding="utf-8")
    result = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, text=True, capture_output=True, timeout=240
    )
    assert result.returncode == 0, result.stderr[-2000:]
    if name == "viobert-mini":
        assert (tmp_path / "my-classifier").is_dir() and (tmp_path / "my-tagger").is_dir()
        assert len(re.findall(r"^\S+ 0\.\d+$", result.stdout, re.MULTILINE)) == 5
