"""The whole path on the shipped text, by the commands of the README."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.train.conftest import RECIPES, ROOT
from train.__main__ import main
from train.corpus.build import build
from train.embed import embed, rescore
from train.evaluate.stage import evaluate
from train.files import Run, StageError
from train.lineage import finished
from train.metrics import read
from train.pretrain import pretrain
from train.publish.readme import NAMES, marks
from train.recipe import load
from viobert import checkpoints, scores
from viobert.ner import Tagger


def read_overlap(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run.evaluation / "overlap.json").read_text("utf-8"))
    return found


def test_everything_lies_where_the_design_says(smoke: Run) -> None:
    for run in (smoke, smoke.base()):
        assert run is not None
        for path in (run.documents, run.excluded, run.manifest, run.metrics):
            assert path.exists(), path
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            assert (run.best / name).exists(), name
        assert (run.tokens / "train" / "ids.bin").exists()
        assert "plotly" in run.curves.read_text(encoding="utf-8")
    assert smoke.scores.exists()
    documents = pq.read_table(smoke.documents).to_pylist()
    assert {d["split"] for d in documents} == {"train", "dev", "test"}
    assert all(d["licence"] == "CC0-1.0" for d in documents)


def test_the_loss_falls(smoke: Run) -> None:
    for run in (smoke, smoke.base()):
        assert run is not None
        lines = read(run.metrics)
        losses = [line["loss"] for line in lines if "loss" in line]
        nats = [line["nats_per_word"] for line in lines if "score" in line]
        assert losses[-1] < losses[0] - 0.05 and min(nats) < nats[0] - 0.05
        best = max((line for line in lines if line.get("best")), key=lambda line: line["score"])
        done = json.loads(run.done.read_text("utf-8"))
        assert done["devices"] and done["seconds"] > 0 and "joules" in done
        assert done["best"]["step"] == best["step"] and done["ended_by"] == "steps"
        assert done["best"]["nats_per_word"] == best["nats_per_word"]


def test_the_scores_compare_both_models_on_the_same_words(smoke: Run) -> None:
    every = list(scores.read(smoke.scores))
    assert {r.model for r in every} == {"smoke", "smoke-base"}
    assert {r.axis for r in every} == {"intrinsic", "left-to-right", "ner"}
    rows = [r for r in every if r.axis == "intrinsic" and r.seed is None]
    assert len({r.documents for r in rows}) == 1
    by = {(r.model, r.metric, r.against is not None): r for r in rows}
    for metric in ("nats_per_word", "fill_mask_top1", "fill_mask_top5"):
        gain = by["smoke", metric, True]
        expected = by["smoke", metric, False].value - by["smoke-base", metric, False].value
        assert gain.value == pytest.approx(expected, abs=1e-9)
        assert gain.low <= gain.value <= gain.high
    one = {r.metric: r.value for r in every if r.axis == "intrinsic" and r.seed == 13
           and r.model == "smoke"}  # fmt: skip
    assert one["word_perplexity"] == pytest.approx(np.exp(one["nats_per_word"]))
    assert read_overlap(smoke)["share"]["smoke corpus"]["smoke-base corpus"] > 0.1


def test_best_loads_with_transformers_alone(smoke: Run) -> None:
    code = ("import sys\nfrom transformers import AutoModelForMaskedLM, AutoTokenizer, pipeline\n"
            "p = sys.argv[1]\nAutoModelForMaskedLM.from_pretrained(p)\n"
            "print(len(pipeline('fill-mask', model=p)('عندي [MASK] شديد')))")  # fmt: skip
    result = subprocess.run([sys.executable, "-c", code, str(smoke.best)], cwd=smoke.runs,
                            text=True, capture_output=True, check=False)  # fmt: skip
    assert result.stdout.strip() == "5", result.stderr


def test_done_stages_are_kept(
    smoke_runs: Path, smoke: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    made = (smoke.best / "model.safetensors").stat().st_mtime_ns
    told = [str(RECIPES / "smoke.yaml"), "--runs", str(smoke_runs)]
    assert main(["corpus", *told]) == 0 and "up to date" in capsys.readouterr().out
    assert main(["pretrain", *told]) == 0
    assert capsys.readouterr().out.count("already trained") == 2
    assert (smoke.best / "model.safetensors").stat().st_mtime_ns == made


def test_a_base_in_the_shape_of_marbert_is_continued_and_compared(
    smoke: Run, marbert: Path, tmp_path: Path
) -> None:
    text = (RECIPES / "smoke.yaml").read_text(encoding="utf-8")
    text = text.replace("smoke-base.yaml", str(marbert)).replace("length: 128", "length: 64")
    text = text.replace("../../assets", str(ROOT / "assets")).replace("steps: 60", "steps: 12")
    text = text.replace("    replay: 0.25\n", "")  # its documents are not known
    path = tmp_path / "smoke.yaml"
    path.write_text(text.replace("every: 30", "every: 6"), encoding="utf-8")
    run = Run(load(path), tmp_path)
    build(run, lambda _: None)
    pretrain(run, lambda _: None)
    best = checkpoints.load(str(run.best))
    assert best.max_length == best.tokenizer.model_max_length == 64
    assert best.tokenizer.tokenize("آلامُ الرَّأْسِ") == best.tokenizer.tokenize("الام الراس")
    rows = evaluate(run, lambda _: None, only="axis=intrinsic")
    gains = {r.metric: r for r in rows if r.against}
    assert gains["nats_per_word"].high < 0  # any training beats random weights
    assert gains["nats_per_word"].against is not None
    assert gains["nats_per_word"].against.startswith(str(marbert))

    shutil.rmtree(run.checkpoints)
    path.write_text(text.replace("length: 64", "length: 65"), encoding="utf-8")
    with pytest.raises(StageError, match="takes 64 word pieces"):
        pretrain(Run(load(path), tmp_path), lambda _: None)


def test_the_pair_is_embedded_with_its_cards(smoke: Run, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    old = "\n".join("\nold\n".join(marks(name)) for name in NAMES)
    readme.write_text(f"before\n{old}\nafter\n", encoding="utf-8")
    assets = tmp_path / "assets"
    seed = smoke.recipe.what.evaluation.seeds[0]
    heads, away = smoke.evaluation / "heads", tmp_path / "heads"
    heads.rename(away)
    with pytest.raises(StageError, match=f"--only 'axis=ner,.*seed={seed}' --keep"):
        embed(smoke, lambda _: None, tmp_path / "other" / "models")
    away.rename(heads)
    embed(smoke, lambda _: None, assets / "models")
    for name in ("base-mini-ner", "viobert-mini-ner"):
        tagger = Tagger(str(assets / "models" / name))
        assert tagger.checkpoint.model.config.architectures == ["BertForTokenClassification"]
        tagger("يعاني من السكري ويتناول metformin 500 ملغ")
        told = (assets / "models" / name / "README.md").read_text(encoding="utf-8")
        assert "entity F1" in told and f"seed {seed}" in told
        assert (tagger.checkpoint.model.config.id2label[0], name) == ("O", tagger.checkpoint.name)
    page = readme.read_text(encoding="utf-8")
    assert page.startswith("before\n") and page.endswith("\nafter\n")
    assert "\nold\n" not in page and "`smoke-base.yaml`" in page
    assert "| intrinsic · consultations |" in page and "entity F1" in page
    text = (assets / "models" / "viobert-mini" / "README.md").read_text(encoding="utf-8")
    for row in scores.read(smoke.scores):
        if row.model == "smoke" and row.metric == "nats_per_word" and row.seed is None:
            assert f"{row.value:.3f}".removeprefix("-") in text
    assert "CC0-1.0" in text and "smoke.yaml" in text and "viobert-sample" in text
    assert (assets / "scores.jsonl").read_bytes() == smoke.scores.read_bytes()
    rescore(smoke, lambda _: None, assets / "models", only="axis=left-to-right")
    every = {(r.axis, r.task, r.setting) for r in scores.read(smoke.scores)}
    left = list(scores.read(assets / "scores.jsonl"))
    assert {(r.axis, r.task, r.setting) for r in left} == every
    loaded = checkpoints.load(str(assets / "models" / "base-mini"))
    assert loaded.max_length == 128
    with pytest.raises(StageError, match="only a recipe whose base"):
        base = smoke.base()
        assert base is not None
        embed(base, lambda _: None, assets / "models")


def test_scores_of_other_weights_are_not_embedded(smoke: Run, tmp_path: Path) -> None:
    rows = list(scores.read(smoke.scores))
    for change in ({"revision": "0" * 12}, {"envelope": {**rows[0].envelope, "recipe": "other"}}):
        whole = smoke.scores.read_bytes()
        scores.write(smoke.scores, [dataclasses.replace(r, **change) for r in rows])
        try:
            with pytest.raises(StageError, match="no scores of these models"):
                embed(smoke, lambda _: None, tmp_path / "assets" / "models")
        finally:
            smoke.scores.write_bytes(whole)


def test_a_model_is_not_finished_when_its_documents_changed(smoke: Run) -> None:
    whole = smoke.manifest.read_text(encoding="utf-8")
    assert finished(smoke)
    manifest = json.loads(whole)
    manifest["content"] = "0" * 64
    smoke.manifest.write_text(json.dumps(manifest), encoding="utf-8")
    try:
        assert not finished(smoke)
        with pytest.raises(StageError, match="no model of this recipe and corpus"):
            evaluate(smoke, lambda _: None)
    finally:
        smoke.manifest.write_text(whole, encoding="utf-8")


def test_two_at_once_on_one_run_are_refused(smoke: Run) -> None:
    with smoke.lock():
        command = [sys.executable, "-m", "train", "corpus", str(RECIPES / "smoke.yaml")]
        result = subprocess.run(
            [*command, "--runs", str(smoke.runs)], cwd=ROOT, text=True, capture_output=True
        )
    assert result.returncode == 2 and "another process works on" in result.stderr
    assert "Traceback" not in result.stderr
