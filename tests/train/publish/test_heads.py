"""Heads that tell classes, and what may not be passed on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from transformers import pipeline

from tests.hub import Hub
from tests.train.conftest import RECIPES, ROOT, SAMPLE
from train.__main__ import main
from train.files import Run
from train.publish.heads import candidates, licences, permitted
from train.recipe import load

EVALUATION = {
    "seeds": [13], "bootstrap": 200, "left_to_right": 0,
    "fine_tuning": {"learning_rate": 1e-3, "epochs": 1, "length": 64, "least_steps": 10},
}  # fmt: skip


def recipe_of(folder: Path, evaluation: dict[str, Any]) -> Path:
    """smoke.yaml with another evaluation; what decides the weights is as it was."""
    whole = yaml.safe_load((RECIPES / "smoke.yaml").read_text(encoding="utf-8"))
    whole["what"]["evaluation"] = {**EVALUATION, **evaluation}
    text = yaml.safe_dump(whole, allow_unicode=True)
    for name in ("smoke-base.yaml", "smoke.yaml"):
        shutil.copy(RECIPES / name, folder / name)
    path = folder / "smoke.yaml"
    path.write_text(text, encoding="utf-8")
    (folder.parent.parent / "assets").symlink_to(ROOT / "assets")
    return path


def tell_dialects(path: Path) -> None:
    """As if the source had told the dialect of each text, as the sample's file does."""
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    dialects = {row["id"]: row["dialect"] for row in map(json.loads, lines)}
    whole = pq.read_table(path)
    told = [
        json.dumps({**json.loads(row["metadata"]), "dialect": dialects[row["id"]]})
        for row in whole.select(["id", "metadata"]).to_pylist()
    ]
    at = whole.schema.get_field_index("metadata")
    pq.write_table(whole.set_column(at, whole.schema.field(at), pa.array(told)), path)


@pytest.mark.parametrize("head", [True, False])
def test_classes_of_the_models_own_documents(
    hub: Hub, smoke: Run, tmp_path: Path, head: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "train" / "recipes"
    folder.mkdir(parents=True)
    shares = [1.0] if head else [0.5]
    chosen = {"coarse": {"label": "dialect", "fewest": 2}, "shares": shares}
    recipe = str(recipe_of(folder, chosen))
    runs = Path(shutil.copytree(smoke.runs, tmp_path / "runs"))
    tell_dialects(runs / "smoke" / "corpus" / "documents.parquet")
    stage = [recipe, "--runs", str(runs)]
    assert main(["evaluate", *stage, "--keep"]) == 0
    publish = ["publish", *stage, "--repo", "org/smoke"]
    assert main(publish) == 0
    names = ["org/smoke", "org/smoke-5-class"] if head else ["org/smoke"]
    assert sorted(hub.names()) == names
    capsys.readouterr()
    assert main([*publish[:4], "--verify", "org/smoke@v3.0.0"]) == 0
    said = capsys.readouterr().out
    assert ("fine-tuning.coarse.100 %" in said) == head
    assert ("probing.coarse.CLS" in said) != head
    if head:
        where = runs / "smoke" / "release" / "smoke-5-class"
        found: Any = pipeline("text-classification", model=str(where))("وجع في صدري", top_k=9)
        assert len(found) == 5 and {of["label"] for of in found} >= {"egyptian", "gulf"}


def test_rows_without_a_licence_make_no_head_that_is_passed_on(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    recipe = load(RECIPES / "mini-medical.yaml")
    run = Run(recipe, tmp_path)
    entity, coarse, fine = candidates(run, "mini-medical")
    assert [h.name for h in (entity, coarse, fine)] == [
        "ner.entities", "fine-tuning.coarse", "fine-tuning.fine"
    ]  # fmt: skip
    assert licences(run, entity) == ("CC0-1.0",)
    (chosen,) = (s for s in recipe.what.corpus.evaluation_sets if s.name == "medarabench")
    chosen.path = str(rows)
    told: list[str] = []
    for licence, allowed in (("", 1), ("none stated", 1), ("CC BY-NC 4.0", 1), ("MIT", 3)):
        rows.write_text(f'{{"question": "س", "licence": "{licence}"}}\n', encoding="utf-8")
        assert len(permitted(run, "mini-medical", told.append)) == allowed, licence
    assert len(told) == 6 and "medarabench, no licence of it is known" in told[0]
    assert "its licence is CC BY-NC 4.0" in told[-1]
