from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.train.conftest import SAMPLE
from tests.train.making import small_run, told
from train.corpus.made import read_documents
from train.evaluate import intrinsic
from train.evaluate.words import windows
from train.files import StageError
from train.metrics import read
from train.options import Weights
from train.plot import figure, plot
from train.pretrain import pretrain
from train.readings import Readings
from train.recipe import RecipeError
from train.stopping import GENERAL, composite

EVERYTHING: dict[str, dict[str, Any]] = {
    "stopping": {
        "weights": {"nats_per_word": 1, "fill_mask_top5": 1, "probe_macro_f1": 1},
        "probe": {"path": str(SAMPLE), "label": "dialect"},
        "general": {"path": str(SAMPLE), "bound": 0.01, "documents": 30},
    }
}


def test_a_reading_is_that_of_the_evaluation(
    small_corpus: Path, tmp_path: Path, arabic: Any, bert: Any
) -> None:
    run = small_run(tmp_path, small_corpus, **EVERYTHING)
    reading = Readings(run, arabic, 64).take(bert)
    dev = sorted(read_documents(run, "dev"), key=lambda d: d.id)
    found, _ = windows(dev, [arabic], 64, run.recipe.what.stopping.seed)
    out = intrinsic.score(bert, arabic, found, 0, run.recipe.what.stopping.folds, "x")
    assert reading.values["nats_per_word"] == pytest.approx(out.nll.mean(), rel=1e-5)
    assert reading.values["fill_mask_top5"] == pytest.approx(out.top5.mean())
    assert reading.values.keys() == reading.replicates.keys()
    assert {GENERAL, "probe_macro_f1"} < reading.values.keys()
    assert all(reading.errors()[term] > 0 for term, value in reading.values.items() if value)
    # The error of a ratio by its linearisation (Cochran, Sampling Techniques, 1977, 6.13).
    sums, words = np.bincount(out.document, out.nll), np.bincount(out.document)
    residuals = (sums - out.nll.mean() * words)[words > 0]
    n = len(residuals)
    linear = np.sqrt(n / (n - 1) * (residuals**2).sum()) / words.sum()
    assert reading.errors()["nats_per_word"] == pytest.approx(linear, rel=0.6)  # three documents


def test_readings_are_resampled_alike(
    small_corpus: Path, tmp_path: Path, arabic: Any, bert: Any
) -> None:
    """Else the difference of two readings would be as uncertain as the readings."""
    readings = Readings(small_run(tmp_path, small_corpus, **EVERYTHING), arabic, 64)
    one, again = readings.take(bert), readings.take(bert)
    assert one == again and composite(one, again, Weights(probe_macro_f1=1)) == 0
    other = copy.deepcopy(bert)
    with torch.no_grad():
        other.cls.predictions.bias += 0.01 * torch.randn_like(other.cls.predictions.bias)
    now = readings.take(other)
    for term in ("nats_per_word", GENERAL):
        apart = np.subtract(now.replicates[term], one.replicates[term])
        assert 0 < apart.std() < 0.2 * np.std(one.replicates[term])


def test_an_evaluation_beyond_the_bound_is_told_and_never_the_best(
    small_corpus: Path, tmp_path: Path
) -> None:
    changes = {**EVERYTHING, "stopping": {**EVERYTHING["stopping"], "patience": 2}}
    changes["stopping"]["general"] = {"path": str(SAMPLE), "bound": 1e-6, "documents": 30}
    changes["training"] = {"steps": 40, "learning_rate": 0.05}  # it spoils what it learns
    run = small_run(tmp_path, small_corpus, **changes)
    assert pretrain(run, lambda _: None)
    lines = [line for line in read(run.metrics) if "score" in line]
    assert all("forgetting" in line and "probe_macro_f1" in line for line in lines)
    vetoed = [line for line in lines if line.get("vetoed")]
    assert vetoed and not any(line["best"] for line in vetoed)
    done = json.loads(run.done.read_text(encoding="utf-8"))
    assert done["ended_by"] == "patience" and done["steps"] < 40
    assert done["best"]["step"] == max(line["step"] for line in lines if line["best"])
    shown = figure(run)
    names = {trace.name for trace in shown.data}
    assert {"loss", "composite score", "general text", "macro-F1", "vetoed", "best"} <= names


def test_curves_are_drawn_from_metrics_alone(small_corpus: Path, tmp_path: Path) -> None:
    run = small_run(tmp_path, small_corpus)
    with pytest.raises(StageError, match="python -m train pretrain .* first"):
        plot(run)
    assert pretrain(run, lambda _: None)
    losses = [(line["step"], line["loss"]) for line in told(run) if "loss" in line]
    curve = next(t for t in figure(run).data if t.name == "loss")
    assert list(zip(curve.x, curve.y, strict=True)) == losses
    run.curves.unlink()
    said: list[str] = []
    plot(run, said.append)
    page = run.curves.read_text(encoding="utf-8")
    assert str(run.curves) in said[0] and "Plotly.newPlot" in page
    assert "<script src=" not in page  # it opens without a network


def test_missing_files_are_named_before_any_work(small_corpus: Path, tmp_path: Path) -> None:
    for part, options in (
        ("probe", {"path": "none.parquet", "label": "x"}),
        ("general", {"path": "none.parquet"}),
    ):
        run = small_run(tmp_path / part, small_corpus, stopping={part: options})
        with pytest.raises(RecipeError, match=r"no file at .*none\.parquet"):
            pretrain(run, lambda _: None)
        assert not run.tokens.exists()
