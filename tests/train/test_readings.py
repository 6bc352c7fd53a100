from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.conftest import SAMPLE
from tests.train.making import small_run, told
from train.corpus.build import read_documents
from train.evaluate import intrinsic
from train.evaluate.statistics import Bootstrap, ratio_error
from train.evaluate.words import windows
from train.files import StageError
from train.metrics import read
from train.plot import figure, plot
from train.pretrain import pretrain
from train.readings import Readings
from train.recipe import RecipeError
from train.stopping import GENERAL

EVERYTHING: dict[str, dict[str, Any]] = {
    "stopping": {
        "weights": {"nats_per_word": 1, "fill_mask_top5": 1, "probe_macro_f1": 1},
        "probe": {"path": str(SAMPLE), "label": "dialect"},
        "general": {"path": str(SAMPLE), "bound": 0.01, "documents": 30},
    }
}


def test_the_standard_error_of_a_ratio_is_that_of_a_bootstrap() -> None:
    generator = np.random.default_rng(5)
    words = generator.integers(1, 60, 200).astype(float)
    nats = words * generator.gamma(9, 1, 200) + generator.normal(0, 3, 200)
    resampled = Bootstrap(200, 4000, 1)
    ratios = (resampled.weights @ nats) / (resampled.weights @ words)
    assert ratio_error(nats, words) == pytest.approx(ratios.std(), rel=0.05)
    more = [np.append(a, 0.0) for a in (nats, words)]  # a document without a word to hide
    assert ratio_error(*more) == ratio_error(nats, words)


def test_a_reading_is_that_of_the_evaluation(
    small_corpus: Path, tmp_path: Path, arabic: Any, bert: Any
) -> None:
    run = small_run(tmp_path, small_corpus, **EVERYTHING)
    reading = Readings(run, arabic, 64).take(bert)
    dev = sorted(read_documents(run, "dev"), key=lambda d: d.id)
    found, _ = windows(dev, [arabic], 64, run.recipe.what.evaluation.seed)
    out = intrinsic.score(bert, arabic, found, 0, run.recipe.what.stopping.folds, "x")
    assert reading.values["nats_per_word"] == pytest.approx(out.nll.mean(), rel=1e-5)
    assert reading.values["fill_mask_top5"] == pytest.approx(out.top5.mean())
    assert reading.values.keys() == reading.errors.keys()
    assert {GENERAL, "probe_macro_f1"} < reading.values.keys()
    assert all(error > 0 for error in reading.errors.values())


def test_a_model_that_knows_nothing_still_has_an_error(
    small_corpus: Path, tmp_path: Path, arabic: Any, bert: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No word right: the spread among documents is 0, and a division by it would end training."""
    run = small_run(tmp_path, small_corpus)
    readings = Readings(run, arabic, 64)
    score = intrinsic.score

    def nothing_right(*given: Any, **named: Any) -> Any:
        out = score(*given, **named)
        out.top5[:] = 0
        return out

    monkeypatch.setattr(intrinsic, "score", nothing_right)
    reading = readings.take(bert)
    assert reading.values["fill_mask_top5"] == 0 and reading.errors["fill_mask_top5"] > 0


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
