from __future__ import annotations

import copy
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.train.conftest import ROOT
from tests.train.making import padded, small_recipe, small_run, steps_of
from train.checkpointing import tensors
from train.corpus.document import Document
from train.files import StageError
from train.metrics import read
from train.optimisation import Optimisation, accelerator, rate
from train.options import Training
from train.pretrain import pretrain
from train.recipe import How, RecipeError, load


def optimisation(bert: Any, folder: Path, how: How | None = None, **changes: Any) -> Optimisation:
    options = {"steps": 10, "warmup": 1, "decay": 0.0, "learning_rate": 1e-2, **changes}
    chosen = how or How(precision="fp32")
    return Optimisation(
        copy.deepcopy(bert), Training(**options), chosen, accelerator(chosen, folder)
    )


def assert_close(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    """All weights but the biases of keys: softmax does not see them, so that their gradient is
    rounding alone, which Adam makes steps of."""
    for name in one.keys() - {n for n in one if n.endswith("key.bias")}:
        torch.testing.assert_close(one[name], other[name], rtol=1e-3, atol=2e-4, msg=name)


def test_the_learning_rate_warms_up_stays_and_falls() -> None:
    shares = [rate(s, steps=100, warmup=10, decay=0.4) for s in range(100)]
    assert shares[:10] == pytest.approx([(s + 1) / 10 for s in range(10)])
    assert shares[10:60] == [1.0] * 50
    assert shares[60:] == pytest.approx([(100 - s) / 40 for s in range(60, 100)])
    # Falling all the way, it still reaches its peak.
    shares = [rate(s, steps=100, warmup=10, decay=1.0) for s in range(100)]
    assert shares[9] == 1 and shares[10:] == pytest.approx([(100 - s) / 90 for s in range(10, 100)])


def test_micro_batches_change_nothing_beyond_rounding(
    arabic: Any, bert: Any, documents: list[Document], tmp_path: Path
) -> None:
    texts = [d.text for d in documents]
    ends = []
    for micro_batch in (4096, 300):
        core = optimisation(bert, tmp_path)
        steps = steps_of(arabic, texts, batch_size=16, micro_batch=micro_batch)
        assert (len(steps[0]) > 1) == (micro_batch == 300)
        losses = [float(core.update(step, steps[step]).loss) for step in range(4)]
        ends.append((losses, core.bert.state_dict()))
    assert ends[0][0] == pytest.approx(ends[1][0], rel=1e-5)
    assert_close(*(weights for _, weights in ends))


def test_a_step_is_that_of_padded_bert_and_plain_adamw(
    arabic: Any, bert: Any, documents: list[Document], tmp_path: Path
) -> None:
    """An independent oracle: transformers' own loss, torch's own optimizer, decay by hand."""
    steps = steps_of(arabic, [d.text for d in documents[:40]], batch_size=16)
    core = optimisation(bert, tmp_path, weight_decay=0.1, clip=0.5)
    # As for the first checkpoint: asking for the state must not count as a step of Adam's.
    state = tensors(core.model, core.optimizer.optimizer)
    assert all(float(s["step"]) == 0 for s in state["optimizer"]["state"].values())
    oracle = copy.deepcopy(bert)
    named = list(oracle.named_parameters())
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for n, p in named if p.ndim > 1], "weight_decay": 0.1},
            {"params": [p for n, p in named if p.ndim == 1], "weight_decay": 0.0},
        ],
        lr=1e-2, betas=(0.9, 0.98), fused=False,
    )  # fmt: skip
    for step in range(3):
        (batch,) = steps[step]
        update = core.update(step, [batch])
        loss = oracle(**padded(batch)).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(oracle.parameters(), 0.5)
        optimizer.step()
        optimizer.zero_grad()
        assert float(update.loss) == pytest.approx(loss.item(), rel=1e-5)
        assert float(update.gradient_norm) == pytest.approx(float(norm), rel=1e-4)
        assert update.pieces == batch.pieces and not update.stop
    assert_close(oracle.state_dict(), core.bert.state_dict())


def test_norms_and_biases_do_not_decay(bert: Any, tmp_path: Path) -> None:
    core = optimisation(bert, tmp_path, weight_decay=0.1)
    decay = {
        id(p): group["weight_decay"]
        for group in core.optimizer.param_groups
        for p in group["params"]
    }
    for name, parameter in core.bert.named_parameters():
        plain = name.endswith("bias") or "LayerNorm" in name
        assert decay[id(parameter)] == (0.0 if plain else 0.1), name


def test_dropout_follows_from_seed_and_step(arabic: Any, bert: Any, tmp_path: Path) -> None:
    steps = steps_of(arabic, ["يعاني المريض من ألم في الصدر", "بقالي يومين عندي صداع ودوخة"])
    losses = []
    for seed in (1, 1, 2):
        core = optimisation(bert, tmp_path, dropout=0.3, attention_dropout=0.3, seed=seed)
        torch.manual_seed(len(losses))  # nobody's generator state matters
        losses.append(float(core.update(0, steps[0]).loss))
    assert losses[0] == losses[1] != losses[2]


def test_compiling_changes_nothing_beyond_rounding(
    small_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole trainer, evaluations in between, with the encoder traced and its backward too; the
    code that inductor would write of it, a minute on a core, is torch's own concern."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    lines = []
    for compiled in (False, True):
        how = {"precision": "fp32", "compile": compiled}
        small = {"model": {"layers": 1}, "training": {"steps": 3}, "stopping": {"every": 3}}
        run = small_run(tmp_path / str(compiled), small_corpus, **small, how=how)
        assert pretrain(run, lambda _: None)
        lines.append([line["loss"] for line in read(run.metrics) if "loss" in line])
    assert lines[0] == pytest.approx(lines[1], rel=1e-4)


def test_a_loss_that_is_no_number_ends_the_run_in_one_line(
    small_corpus: Path, tmp_path: Path
) -> None:
    run = small_run(tmp_path, small_corpus, training={"learning_rate": 1e30, "clip": 1e30})
    with pytest.raises(StageError, match=r"not finite between steps \d+ and \d+; lower"):
        pretrain(run, lambda _: None)
    assert not run.done.exists()


def test_too_little_memory_names_the_next_smaller_micro_batch(
    small_corpus: Path, tmp_path: Path
) -> None:
    """A real shortage: the process may have 120 MB more than it has once torch is loaded."""
    recipe = small_recipe(
        tmp_path, training={"batch_size": 53, "length": 128}, how={"micro_batch": 100_000}
    )
    text = recipe.read_text(encoding="utf-8").replace("intermediate: 128", "intermediate: 30000")
    recipe.write_text(text, encoding="utf-8")
    run = small_run(tmp_path / "made", small_corpus)  # its corpus is what the command finds
    code = (
        "import resource, sys\n"
        "import train.trainer, train.pretrain\n"
        "from train import optimisation\n"
        "from train.__main__ import main\n"
        "update = optimisation.Optimisation.update\n"
        "def limited(*given):\n"
        "    used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "    resource.setrlimit(resource.RLIMIT_AS, (used + 120_000_000, -1))\n"
        "    return update(*given)\n"
        "optimisation.Optimisation.update = limited\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, "pretrain", str(recipe), "--runs", str(run.runs)],
        cwd=ROOT, text=True, capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert result.returncode == 2, result.stderr
    last = result.stderr.strip().splitlines()[-1]
    found = re.search(r"out of memory with (\d+) word pieces at once .* try (\d+); ", last)
    assert found and int(found[2]) == max(128, int(found[1]) // 2), last
    assert "Traceback" not in result.stderr


def test_what_this_machine_cannot_do_is_said(bert: Any, tmp_path: Path) -> None:
    with pytest.raises(StageError, match="varlen runs on CUDA"):
        optimisation(bert, tmp_path, How(attention="varlen"))


def test_the_memory_of_a_step_is_told_before_it(small_corpus: Path, tmp_path: Path) -> None:
    said: list[str] = []
    pretrain(small_run(tmp_path, small_corpus, training={"steps": 3}), said.append)
    line = next(line for line in said if "at the peak of a step" in line)
    assert "0.2 million parameters on 1 × cpu, attention grouped" in line


def test_metrics_tell_speed_work_and_memory(small_corpus: Path, tmp_path: Path) -> None:
    run = small_run(tmp_path, small_corpus, how={"peak_tflops": 0.5})
    pretrain(run, lambda _: None)
    lines = [line for line in read(run.metrics) if "loss" in line]
    for line in lines:
        assert line["mfu"] == pytest.approx(line["tflops"] / 0.5, abs=2e-4)
        assert line["tokens_per_second"] > 100 and 0.1 < line["memory_gib"] < 50
        assert line["learning_rate"] > 0 and line["gradient_norm"] > 0
    pieces = [line["pieces"] for line in lines]
    assert pieces == sorted(pieces) and lines[-1]["epoch"] > 1


@pytest.mark.parametrize("tracker", ["tensorboard", "trackio"])
def test_trackers_get_the_same_numbers(
    small_corpus: Path, tmp_path: Path, tracker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    run = small_run(tmp_path, small_corpus, training={"steps": 4}, how={"trackers": [tracker]})
    pretrain(run, lambda _: None)
    if tracker == "tensorboard":
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        (folder,) = {p.parent for p in run.folder.rglob("events.out.tfevents.*") if "loss" in
                     EventAccumulator(str(p)).Reload().Tags()["scalars"]}  # fmt: skip
        events = EventAccumulator(str(folder)).Reload()
        logged = [(e.step, e.value) for e in events.Scalars("loss")]
        own = [(line["step"], line["loss"]) for line in read(run.metrics) if "loss" in line]
        assert [s for s, _ in logged] == [s for s, _ in own]
        assert [v for _, v in logged] == pytest.approx([v for _, v in own])
    else:
        assert any((tmp_path / "trackio").rglob("*"))


def test_a_tracker_that_is_missing_is_named(
    small_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.optimisation.find_spec", lambda name: None)
    run = small_run(tmp_path, small_corpus, how={"trackers": ["trackio"]})
    with pytest.raises(StageError, match="trackio is not installed; pip install trackio"):
        pretrain(run, lambda _: None)


def test_the_loader_must_not_be_asked_for_too_little(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="how.micro_batch is below"):
        load(small_recipe(tmp_path, how={"micro_batch": 127}))
