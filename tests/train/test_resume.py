"""N steps straight = k + resumed N−k, to the bit, however the first k ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.train.conftest import ROOT, SAMPLE
from tests.train.making import equal_states, last_state, small_run, told
from train.files import Run, StageError
from train.lineage import finished
from train.metrics import read
from train.optimisation import Optimisation
from train.pretrain import pretrain
from train.trainer import Trainer

#: Dropout of both kinds, micro-batches to accumulate, batches made by other processes.
HARD: dict[str, dict[str, Any]] = {
    "training": {"dropout": 0.1, "attention_dropout": 0.1},
    "how": {"micro_batch": 512, "loader_workers": 2},
}


class Killed(Exception): ...


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, small_corpus: Path) -> Run:
    run = small_run(tmp_path_factory.mktemp("straight"), small_corpus, **HARD)
    assert pretrain(run, lambda _: None)
    return run


@pytest.fixture(scope="module")
def dead(tmp_path_factory: pytest.TempPathFactory, small_corpus: Path) -> Run:
    """A run that died before its 13th step: checkpoints of steps 7 and 10 are left."""
    run = small_run(tmp_path_factory.mktemp("dead"), small_corpus, **HARD)
    update = Optimisation.update

    def dies(self: Optimisation, step: int, *rest: Any) -> Any:
        if step == 12:
            raise Killed
        return update(self, step, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Optimisation, "update", dies)
        with pytest.raises(Killed):
            pretrain(run, lambda _: None)
    assert not finished(run)
    assert [p.name for p in sorted(run.checkpoints.iterdir())] == ["step-00000007", "step-00000010"]
    return run


@pytest.fixture()
def killed(dead: Run, tmp_path: Path, small_corpus: Path) -> Run:
    """A copy of it, to go on with or to spoil."""
    shutil.copytree(dead.folder, tmp_path / "killed" / dead.folder.name, symlinks=True)
    return small_run(tmp_path / "killed", small_corpus, **HARD)


def assert_same(one: Run, other: Run) -> None:
    (tensors, about), (others, said) = last_state(one), last_state(other)
    assert equal_states(tensors, others)
    for key in ("step", "judge", "evaluated", "pieces", "window"):
        assert about[key] == said[key], key
    weights = [(run.best / "model.safetensors").read_bytes() for run in (one, other)]
    assert weights[0] == weights[1]
    assert told(one) == told(other)
    ends = [json.loads(run.done.read_text(encoding="utf-8")) for run in (one, other)]
    assert ends[0]["best"] == ends[1]["best"]


def test_the_straight_run_is_what_the_others_must_equal(straight: Run) -> None:
    tensors, about = last_state(straight)
    assert about["step"] == 14 and about["evaluated"] == 14
    assert any(v["exp_avg_sq"].any() for v in tensors["optimizer"]["state"].values())
    steps = [line["step"] for line in read(straight.metrics) if "score" in line]
    assert steps == [0, 7, 14]
    epochs = [line["epoch"] for line in read(straight.metrics) if "loss" in line]
    assert any(epoch % 1 for epoch in epochs), "no checkpoint in the middle of an epoch"


def test_a_killed_run_goes_on_to_the_same_bits(straight: Run, killed: Run) -> None:
    with killed.metrics.open("a", encoding="utf-8") as file:
        file.write('{"step": 12, "lo')  # what a kill may leave
    said: list[str] = []
    assert pretrain(killed, said.append)
    assert any("goes on from step 10" in line for line in said)
    assert_same(straight, killed)


def torn(folder: Path) -> None:
    state = folder / "state.pt"
    state.write_bytes(state.read_bytes()[:5000])


def one_bit(folder: Path) -> None:
    state = folder / "state.pt"
    bits = bytearray(state.read_bytes())
    bits[len(bits) // 2] ^= 1
    state.write_bytes(bits)


def without_state(folder: Path) -> None:
    (folder / "state.pt").unlink()


def not_json(folder: Path) -> None:
    (folder / "training.json").write_text('{"made_from"', encoding="utf-8")


def foreign(folder: Path) -> None:
    about = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    about["made_from"] = "somebody-else"
    (folder / "training.json").write_text(json.dumps(about), encoding="utf-8")


@pytest.mark.parametrize("spoil", [torn, one_bit, without_state, not_json, foreign])
def test_a_bad_checkpoint_is_refused_by_name_and_the_one_before_is_used(
    straight: Run, killed: Run, spoil: Callable[[Path], None]
) -> None:
    spoil(killed.checkpoints / "step-00000010")
    said: list[str] = []
    assert pretrain(killed, said.append)
    refusals = [line for line in said if "refused" in line]
    assert len(refusals) == 1 and "step-00000010" in refusals[0]
    assert any("goes on from step 7" in line for line in said)
    assert_same(straight, killed)


def test_without_any_whole_checkpoint_nothing_is_begun_anew(killed: Run) -> None:
    """It would write over ``best/``."""
    for folder in killed.checkpoints.iterdir():
        torn(folder)
    weights = (killed.best / "model.safetensors").read_bytes()
    with pytest.raises(StageError, match="step-00000010: not a whole checkpoint, and none"):
        pretrain(killed, lambda _: None)
    assert (killed.best / "model.safetensors").read_bytes() == weights


def test_a_torn_checkpoint_does_not_push_out_a_good_one(killed: Run) -> None:
    newest = killed.checkpoints / "step-00000010"
    torn(newest.rename(newest.with_name("step-00000013")))
    assert pretrain(killed, lambda _: None)
    names = [p.name for p in sorted(killed.checkpoints.iterdir())]
    assert names == ["step-00000010", "step-00000014"]


def test_a_lost_best_is_said_and_not_passed_over(killed: Run) -> None:
    shutil.rmtree(killed.best)
    with pytest.raises(StageError, match="best: gone, and .*step-00000010 is of a later step"):
        pretrain(killed, lambda _: None)


def test_what_was_finished_is_not_when_another_training_begins(
    tmp_path: Path, small_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = small_run(tmp_path, small_corpus)
    assert pretrain(first, lambda _: None) and finished(first)
    shutil.rmtree(first.checkpoints)

    def dies(*_: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Optimisation, "update", dies)
        with pytest.raises(Killed):
            pretrain(small_run(tmp_path, small_corpus, training={"seed": 1}), lambda _: None)
    assert not finished(small_run(tmp_path, small_corpus))


def test_a_kill_before_the_evaluations_checkpoint_leaves_one_line_of_it(
    straight: Run, tmp_path: Path, small_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = small_run(tmp_path, small_corpus, **HARD)
    record = Trainer._record

    def dies(self: Trainer, *given: Any) -> None:
        record(self, *given)
        if self.step == 7:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_record", dies)
        with pytest.raises(Killed):
            pretrain(run, lambda _: None)
    assert pretrain(run, lambda _: None)
    assert_same(straight, run)


def test_other_texts_to_read_refuse_to_go_on(tmp_path: Path, small_corpus: Path) -> None:
    texts = tmp_path / "general.jsonl"
    shutil.copy(SAMPLE, texts)
    changes = {"stopping": {"general": {"path": str(texts), "documents": 20}}}
    run = small_run(tmp_path / "run", small_corpus, **changes)
    assert pretrain(run, lambda _: None)
    run.done.unlink()
    texts.write_bytes(texts.read_bytes().partition(b"\n")[2])
    with pytest.raises(StageError, match="general have changed since"):
        pretrain(run, lambda _: None)


def test_a_full_disk_is_one_line_and_the_last_checkpoint_stays(
    tmp_path: Path, small_corpus: Path
) -> None:
    """Files may have 100 kB: the vocabulary's weights alone have more."""
    run = small_run(tmp_path, small_corpus)
    assert pretrain(run, lambda _: None)
    shutil.rmtree(max(run.checkpoints.iterdir()))
    run.done.unlink()
    left = [p.name for p in run.checkpoints.iterdir()]
    code = (
        "import resource, sys\n"
        "from train.__main__ import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *command(run)[3:]],
        cwd=ROOT, text=True, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 2 and "Traceback" not in result.stderr, result.stderr
    assert "cannot be written" in result.stderr or "File too large" in result.stderr
    assert [p.name for p in run.checkpoints.iterdir()] == left
    assert pretrain(run, lambda _: None)


def test_half_a_checkpoint_is_not_seen(straight: Run, killed: Run) -> None:
    newest = killed.checkpoints / "step-00000010"
    shutil.copytree(newest, killed.checkpoints / "step-00000012.tmp")
    torn(killed.checkpoints / "step-00000012.tmp")
    said: list[str] = []
    assert pretrain(killed, said.append)
    assert any("goes on from step 10" in line for line in said)
    assert_same(straight, killed)


def test_a_kill_between_checkpoint_and_best_is_made_up_for(straight: Run, killed: Run) -> None:
    """The best evaluation's checkpoint is there, its ``best/`` is not."""
    shutil.rmtree(killed.checkpoints / "step-00000010")
    _, about = last_state(killed)
    assert about["judge"]["best_step"] == 7
    shutil.rmtree(killed.best)
    assert pretrain(killed, lambda _: None)
    assert_same(straight, killed)


def test_another_what_refuses_to_go_on_and_another_how_does_not(
    straight: Run, killed: Run, small_corpus: Path
) -> None:
    folder = killed.folder.parent
    for section, change in (
        ("training", {"learning_rate": 1e-4}),
        ("masking", {"rate": 0.2}),
        ("stopping", {"patience": 3}),
    ):
        changes = {**HARD, section: {**HARD.get(section, {}), **change}}
        with pytest.raises(StageError, match="step-00000010: made by another recipe"):
            pretrain(small_run(folder, small_corpus, **changes), lambda _: None)
    how = {"micro_batch": 700, "loader_workers": 0, "keep_checkpoints": 5}
    said: list[str] = []
    again = small_run(folder, small_corpus, **{**HARD, "how": how})
    assert pretrain(again, said.append)
    assert any("goes on from step 10" in line for line in said)
    losses = [[line["loss"] for line in told(run) if "loss" in line] for run in (again, straight)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def command(run: Run) -> list[str]:
    recipe = run.recipe.path
    return [sys.executable, "-m", "train", "pretrain", str(recipe), "--runs", str(run.runs)]


def started(run: Run, step: int) -> subprocess.Popen[str]:
    """The command, once its metrics tell of ``step``; in a group of its own."""
    process = subprocess.Popen(
        command(run), cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not any(line["step"] >= step for line in read(run.metrics)):
        assert time.monotonic() < deadline and process.poll() is None, process.communicate()
        time.sleep(0.02)
    return process


@pytest.fixture()
def slow(tmp_path: Path, small_corpus: Path) -> dict[str, Any]:
    """Changes that give a signal time to come: 40 steps."""
    return {**HARD, "training": {**HARD["training"], "steps": 40}, "stopping": {"every": 20}}


def test_sigterm_saves_and_exits_0_and_sigkill_loses_little(
    tmp_path: Path, small_corpus: Path, slow: dict[str, Any]
) -> None:
    undisturbed = small_run(tmp_path / "a", small_corpus, **slow)
    assert pretrain(undisturbed, lambda _: None)
    run = small_run(tmp_path / "b", small_corpus, **slow)
    process = started(run, 8)
    os.killpg(process.pid, signal.SIGTERM)  # as a cluster does it: the loader's workers too
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    _, about = last_state(run)
    assert f"stopped at step {about['step']}; the same command goes on" in out
    assert 8 <= about["step"] < 40 and "Traceback" not in error
    process = started(run, about["step"] + 6)
    process.kill()
    process.communicate(timeout=60)
    _, left = last_state(run)
    told_of = max(line["step"] for line in read(run.metrics))
    assert left["step"] >= about["step"] and told_of - left["step"] <= 5
    said: list[str] = []
    assert pretrain(run, said.append)
    assert any(f"goes on from step {left['step']}" in line for line in said)
    assert_same(undisturbed, run)


def test_ctrl_c_saves_and_says_so(tmp_path: Path, small_corpus: Path, slow: dict[str, Any]) -> None:
    run = small_run(tmp_path, small_corpus, **slow)
    process = started(run, 4)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted; the same command goes on" in error
    assert "stopped at step" in out and "Traceback" not in error
    assert last_state(run)[1]["step"] >= 4
