from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.train.conftest import ROOT
from tests.train.making import small_run
from train import sweep_report
from train.__main__ import main
from train.files import StageError
from train.recipe import RecipeError, checked, read
from train.sweep import Sweep, of, sweep
from train.sweep_report import Trained, difference, told

SWEEPS = sorted((ROOT / "train" / "sweeps").glob("*.yaml"))


def small_sweep(folder: Path, corpus: Path, **changes: Any) -> Path:
    """Words against pieces, two seeds, four steps, on the corpus of smoke-base."""
    run = small_run(folder, corpus)
    wanted = {
        "name": "units",
        "recipe": run.recipe.path.name,
        "seeds": [13, 42],
        "set": {"training.steps": 4, "stopping.every": 4, "training.warmup": 1},
        "variants": {"Whole words": {}, "pieces": {"masking.unit": "piece"}},
        **changes,
    }
    path = folder / "units.yaml"
    path.write_text(yaml.safe_dump(wanted, sort_keys=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("path", SWEEPS, ids=lambda p: p.stem)
def test_every_shipped_sweep_is_valid(path: Path, tmp_path: Path) -> None:
    members = of(checked(Sweep, read(path), path), path, tmp_path)
    assert len({run.folder for _, _, run in members}) == len(members) >= 2
    digests = {(variant, run.recipe.digest()) for variant, _, run in members}
    # Each variant and each seed is another training.
    assert len({digest for _, digest in digests}) == len(members)


def test_variants_are_trained_compared_and_not_trained_again(
    tmp_path: Path, small_corpus: Path
) -> None:
    path, said = small_sweep(tmp_path, small_corpus), list[str]()
    assert sweep(path, tmp_path, said.append)
    lines = (tmp_path / "units" / "sweep.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [(r["variant"], r["seed"]) for r in rows] == [
        ("Whole words", 13), ("Whole words", 42), ("pieces", 13), ("pieces", 42)
    ]  # fmt: skip
    assert len({r["values"]["nats_per_word"] for r in rows}) == 4
    assert len({r["pieces"] for r in rows if r["seed"] == 13}) == 1  # equal text was read
    for row in rows:
        run = tmp_path / f"units.{row['variant'].lower().replace(' ', '-')}.{row['seed']}"
        done = json.loads((run / "pretrain.json").read_text(encoding="utf-8"))
        assert done["best"]["nats_per_word"] == row["values"]["nats_per_word"]
        assert (run / "corpus").resolve() == small_corpus.resolve()
    table = (tmp_path / "units" / "sweep.md").read_text(encoding="utf-8")
    both = np.mean([r["values"]["nats_per_word"] for r in rows[2:]])
    assert f"{both:.3f} (" in table and "| Whole words |" in table
    assert "seed 42" in (tmp_path / "units" / "sweep.html").read_text(encoding="utf-8")
    again = list[str]()
    assert sweep(path, tmp_path, again.append)
    assert sum("already trained" in line for line in again) == 4


def test_what_all_start_from_is_compared_with_them(tmp_path: Path, small_corpus: Path) -> None:
    path = small_sweep(tmp_path, small_corpus, against="start")
    assert sweep(path, tmp_path, lambda _: None)
    found = sweep_report.read(tmp_path / "units" / "sweep.jsonl")
    assert [(one.variant, one.seed, one.step) for one in found[:3]] == [
        ("no step", 13, 0), ("no step", 42, 0), ("Whole words", 13, 4)
    ]  # fmt: skip
    metrics = (tmp_path / "units.whole-words.13" / "metrics.jsonl").read_text(encoding="utf-8")
    first = next(row for row in map(json.loads, metrics.splitlines()) if "nats_per_word" in row)
    assert first["step"] == 0 and first["nats_per_word"] == found[0].values["nats_per_word"]
    table = (tmp_path / "units" / "sweep.md").read_text(encoding="utf-8")
    gain = difference(found[:2], found[2:4], "nats_per_word")
    assert f"({gain.value:+.3f} [" in table and "difference from no step" in table


def trained(variant: str, seed: int, value: float, replicates: Any) -> Trained:
    of_term = {"nats_per_word": list(replicates)}
    return Trained(variant, seed, {"nats_per_word": value}, of_term, 10, 1000, 1.0, "a CPU")


def test_a_difference_is_paired_over_texts_and_seeds() -> None:
    """What both seeds and both variants share cancels; what a seed changes does not."""
    generator = np.random.default_rng(3)
    shared = generator.normal(8, 1, 400)
    first = [trained("a", s, 8.0, shared) for s in (1, 2, 3)]
    same = [trained("b", s, 7.5, shared - 0.5) for s in (1, 2, 3)]
    found = difference(first, same, "nats_per_word")
    assert [found.value, found.low, found.high] == pytest.approx([-0.5] * 3)
    apart = [trained("b", s, 8 - 0.2 * s, shared - 0.2 * s) for s in (1, 2, 3)]
    found = difference(first, apart, "nats_per_word")
    assert found.value == pytest.approx(-0.4)
    # Of three seeds drawn with replacement, one in 27 takes the same extreme thrice.
    assert found.low == pytest.approx(-0.6, abs=0.07) and found.high == pytest.approx(
        -0.2, abs=0.07
    )
    assert "-0.400 [" in told([*first, *apart])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"variants": {"a": {}, "b": {"corpus.dev": 0.3}}}, "share corpus and base"),
        ({"set": {"base": "org/model"}}, "share corpus and base"),
        ({"variants": {"a": {}, "b": {"stopping.folds": 1}}}, "read the same way"),
        ({"variants": {"a": {}, "b": {"training.length": 64}}}, "read the same way"),
        ({"variants": {"a": {}, "b": {"training.stesp": 3}}}, "unknown key what.training.stesp"),
        ({"variants": {"a": {}, "b": {"masking.rate.x": 3}}}, "rate holds no keys"),
        ({"variants": {"A!": {}, "a?": {"masking.rate": 0.2}}}, "same folder"),
        ({"variants": {"a": {}}}, "variants"),
        ({"seeds": []}, "seeds"),
        ({"sedes": [1]}, "unknown key sedes"),
        ({"recipe": "units.yaml"}, "unknown key"),
        ({"recipe": "gone.yaml"}, "gone.yaml: no such recipe"),
    ],
)
def test_a_fault_is_one_line_before_anything_is_trained(
    tmp_path: Path, small_corpus: Path, changes: dict[str, Any], said: str
) -> None:
    path = small_sweep(tmp_path, small_corpus, **changes)
    with pytest.raises(RecipeError, match=said) as error:
        sweep(path, tmp_path, lambda _: None)
    assert "\n" not in str(error.value) and not (tmp_path / "units").exists()


def test_without_the_corpus_the_command_is_named(
    tmp_path: Path, small_corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = small_sweep(tmp_path, small_corpus)
    with pytest.raises(StageError, match="run python -m train corpus"):
        sweep(path, tmp_path / "elsewhere", lambda _: None)
    assert main(["sweep", str(path), "--runs", str(tmp_path / "elsewhere")]) == 2
    assert "no corpus" in capsys.readouterr().err
