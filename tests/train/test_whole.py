"""All stages by one command, and what it says is left."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.train.conftest import RECIPES, ROOT
from tests.train.making import small_recipe
from train import estimate, stages, throughput
from train.__main__ import main
from train.estimate import START, Forecast, Work, duration
from train.files import Run, StageError
from train.metrics import read
from train.recipe import load
from train.whole import whole
from viobert import checkpoints, scores

TRAINED = Work("models", 100 - START)


def forecast() -> Forecast:
    """Of a machine half as fast with models, and as fast with texts."""
    return Forecast(lambda: 2.0, lambda: 1.0)


def test_before_anything_is_measured_the_throughput_decides() -> None:
    text = Work("text", 50 - START)
    assert forecast().left([text, TRAINED, TRAINED]) == 50 + 2 * 200


def test_a_stage_that_took_twice_as_long_doubles_what_is_left() -> None:
    found = forecast()
    before = found.left([TRAINED])
    found.done(TRAINED, 400)
    assert found.left([TRAINED]) == 2 * before
    found.done(TRAINED, 200)
    assert found.left([TRAINED]) == 300


def test_the_corpus_tells_nothing_of_the_models() -> None:
    found = forecast()
    found.done(Work("text", 50 - START), 500)
    assert found.left([TRAINED]) == 200
    assert found.left([Work("text", 50 - START)]) == 500


def test_what_was_done_before_neither_counts_nor_takes_time() -> None:
    def never() -> float:
        raise AssertionError("nothing is left to foretell")

    found = Forecast(never, never)
    found.done(Work("models", 0), 9)
    assert found.left([Work("models", 0), Work("text", 0)]) == 0


def test_a_training_under_way_tells_its_pace() -> None:
    half = Work("models", TRAINED.seconds / 2)
    seconds = 3 * (START + half.seconds)
    left = forecast().left_within(TRAINED, half, seconds, [TRAINED, Work("models", 0)])
    assert left == pytest.approx(3 * (half.seconds + 100))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "under a minute"), (59, "under a minute"), (60, "1 min"), (3569, "59 min"),
     (3599, "1 h 0 min"), (4800, "1 h 20 min"), (90_000, "25 h 0 min")],
)  # fmt: skip
def test_durations_are_read_at_a_glance(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_reference_comes_out_of_its_own_table(tmp_path: Path) -> None:
    """28 and 22 minutes were measured, of these many steps and windows."""
    for name, minutes, steps, every in (
        ("mini-base", 28, 6000, 1000), ("mini-medical-long", 22, 4000, 100),
    ):  # fmt: skip
        recipe = load(RECIPES / f"{name}.yaml")
        then = dataclasses.replace(recipe.what.training, steps=steps, batch_size=36, replay=0.0)
        stopping = dataclasses.replace(recipe.what.stopping, every=every)
        what = dataclasses.replace(recipe.what, training=then, stopping=stopping)
        recipe = dataclasses.replace(recipe, what=what)
        recipe.path = RECIPES / f"{name}.yaml"
        run = Run(recipe, tmp_path)
        seconds = estimate.training(run.recipe, throughput.flops(run.recipe, throughput.shape(run)))
        assert seconds / 60 == pytest.approx(minutes, rel=0.1)


def test_the_throughput_is_of_what_a_training_counts(tmp_path: Path) -> None:
    run = Run(load(RECIPES / "smoke.yaml"), tmp_path)
    assert throughput.shape(run).vocabulary == 2000
    assert 1e7 < throughput.rate(run, seconds=0.1) < 1e15


@pytest.fixture()
def finished(smoke_runs: Path, tmp_path: Path) -> Run:
    """A copy of the smoke runs."""
    shutil.copytree(smoke_runs, tmp_path / "runs", ignore=shutil.ignore_patterns(".lock"))
    return Run(load(RECIPES / "smoke.yaml"), tmp_path / "runs")


def test_finished_stages_are_passed_over_and_the_pair_is_embedded(
    finished: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = (finished.best / "model.safetensors").stat().st_mtime_ns
    told = [str(RECIPES / "smoke.yaml"), "--runs", str(finished.runs)]
    assert main(["all", *told, "--into", str(tmp_path / "trial")]) == 0
    said = capsys.readouterr().out
    lines = [line for line in said.splitlines() if line.startswith("smoke: stage ")]
    names = ["corpus", "pretrain smoke-base", "pretrain smoke", "heads", "evaluate", "embed"]
    expected = [
        f"smoke: stage {number} of 6, {name}{' (done before)' if number < 6 else ''}; "
        "under a minute left for all"
        for number, name in enumerate(names, 1)
    ]
    assert lines == expected
    assert "smoke: all done in " in said.splitlines()[-1]
    assert (finished.best / "model.safetensors").stat().st_mtime_ns == made
    assets = tmp_path / "trial" / "assets"
    for name in ("base-mini", "viobert-mini", "base-mini-ner", "viobert-mini-ner"):
        card = (assets / "models" / name / "README.md").read_text(encoding="utf-8")
        assert "CC0-1.0" in card and ("entity F1" in card or "smoke.yaml" in card)
    assert checkpoints.load(str(assets / "models" / "viobert-mini")).max_length == 128
    assert {row.model for row in scores.read(assets / "scores.jsonl")} == {"smoke", "smoke-base"}


def test_what_is_left_is_read_from_the_disk(finished: Run) -> None:
    def left() -> list[bool]:
        return [s.left().seconds > 0 for s in stages.stages(finished, None)]

    assert left() == [False] * 5
    shutil.rmtree(finished.evaluation / "heads")
    assert left() == [False, False, False, True, False]
    next((finished.evaluation / "cells").glob("intrinsic.*.parquet")).unlink()
    assert left() == [False, False, False, True, True]
    finished.done.unlink()
    max(finished.checkpoints.glob("step-*")).rename(finished.checkpoints / "step-00000045")
    shutil.rmtree(finished.checkpoints / "step-00000030")
    training, _, grid = [s.left().seconds for s in stages.stages(finished, None)][2:]
    assert training == pytest.approx(stages.training_left(finished, 0) / 4)
    cells = 2 * (2 * 2 + 1)  # models × (two axes × seeds, and left to right)
    assert grid == pytest.approx(cells * estimate.CELL * estimate.LEAST)


def test_another_recipes_pair_is_not_overwritten(finished: Run, tmp_path: Path) -> None:
    with pytest.raises(StageError, match="holds the pair of mini-medical; --no-embed leaves it"):
        whole(finished, lambda _: None)
    folder = tmp_path / "assets" / "models"
    assert whole(finished, lambda _: None, folder)
    assert whole(finished, lambda _: None, folder)  # its own


def test_a_model_without_a_base_recipe_changes_no_figures(tmp_path: Path) -> None:
    def names(recipe: str) -> list[str]:
        run = Run(load(RECIPES / recipe), tmp_path)
        return [stage.name for stage in stages.stages(run, checkpoints.EMBEDDED)]

    assert names("smoke-base.yaml") == ["corpus", "pretrain smoke-base", "evaluate"]
    assert names("mini-medical.yaml")[-3:] == ["evaluate", "embed", "figures"]


def test_a_launcher_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name, recipe in (("all", "recipes/smoke"), ("sweep", "sweeps/replay")):
        path = str(ROOT / "train" / f"{recipe}.yaml")
        assert main([name, path, "--runs", str(tmp_path)]) == 2
        assert f"{name} is one process" in capsys.readouterr().err


def test_a_failed_cell_keeps_the_pair_from_being_embedded(
    finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise StageError("1 of 10 cells failed")

    monkeypatch.setattr(stages, "evaluate", fails)
    with pytest.raises(StageError, match="1 of 10 cells failed"):
        whole(finished, lambda _: None, tmp_path / "assets" / "models")
    assert not (tmp_path / "assets").exists()


def test_a_queued_corpus_ends_the_command_in_good_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "build", lambda *_: None)
    monkeypatch.setattr(throughput, "rate", lambda *_: estimate.TRAINING / 100)
    said: list[str] = []
    assert not whole(Run(load(RECIPES / "smoke.yaml"), tmp_path), said.append, tmp_path / "models")
    assert re.fullmatch(r"smoke: stage 1 of 6, corpus; about 2 h \d+ min left for all", said[0])
    assert said[1] == "smoke: stopped in stage 1 of 6; the same command goes on"


def test_sigterm_during_a_training_exits_0_and_the_same_command_goes_on(
    tmp_path: Path, small_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes = tmp_path / "train" / "recipes"  # as deep as in the project: paths are part of it
    recipes.mkdir(parents=True)
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    options: dict[str, Any] = {
        "training": {"steps": 40},
        "stopping": {"every": 20, "folds": 1, "documents": 20},
    }
    options["how"] = {"threads": 1}
    run = Run(load(small_recipe(recipes, **options)), tmp_path / "runs")
    run.folder.mkdir(parents=True)
    run.corpus.symlink_to(small_corpus.resolve())
    command = [sys.executable, "-m", "train", "all", str(run.recipe.path), "--no-embed"]
    process = subprocess.Popen(
        [*command, "--runs", str(run.runs)], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 240
    while not any(line["step"] >= 2 for line in read(run.metrics)):
        assert time.monotonic() < deadline and process.poll() is None, process.communicate()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGTERM)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0 and "Traceback" not in error, error
    assert "smoke-base: stage 1 of 3, corpus (done before); " in out
    assert out.splitlines()[-1] == ("smoke-base: stopped in stage 2 of 3; the same command goes on")
    monkeypatch.setattr(stages, "evaluate", lambda *_, **__: None)
    monkeypatch.setattr(throughput, "rate", lambda *_: estimate.TRAINING)
    said: list[str] = []
    assert whole(run, said.append, None)
    assert any("goes on from step" in line for line in said)
    assert any("step 20, score" in line and line.endswith(" left for all") for line in said)
    assert not stages.training_left(run)
