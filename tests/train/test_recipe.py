from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.train.conftest import RECIPES, ROOT
from train.__main__ import main
from train.recipe import RecipeError, load

SMOKE = (RECIPES / "smoke.yaml").read_text(encoding="utf-8")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "train", *arguments],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_shipped_recipe_is_valid(path: Path) -> None:
    recipe = load(path)
    assert recipe.name == path.stem
    base = recipe.base_recipe()
    assert base is None or base.what.model is not None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("steps: ", "stesp: ", "unknown key what.training.stesp (did you mean steps?)"),
        ("what:", "wat: 3\nwhat:", "unknown key wat"),
        ("batch_size: 12", "batch_size: true", "what.training.batch_size"),
        ("batch_size: 12", "batch_size: 0", "what.training.batch_size"),
        ("learning_rate: 1e-3", "learning_rate: fast", "what.training.learning_rate"),
        ("licences: [CC0-1.0]", "licences: CC0-1.0", "what.corpus.licences"),
        (
            "    sources:\n",
            "    source:\n",
            "unknown key what.corpus.source (did you mean sources?)",
        ),
        ("licences: [CC0-1.0]", "purpose: closed", "what.corpus.purpose"),
        ("- path:", "- kind: wikipedia\n        path:", "kind wikipedia needs url"),
        ("- path:", "- depth: 3\n        path:", "depth means nothing to kind files"),
        ("- path:", "- kind: news\n        path:", "what.corpus.sources.0.kind"),
        ("- path:", "- pth:", "unknown key what.corpus.sources.0.pth (did you mean path?)"),
        ("warmup: 10", "warmup: 5000", "what.training.warmup"),
        ("base: smoke-base.yaml", "base: ''", "what.model and what.tokenizer"),
        ("base: smoke-base.yaml", "base: nowhere.yaml", "nowhere.yaml: no such recipe"),
        ("base: smoke-base.yaml", "base: smoke.yaml", "leads back to smoke"),
        ("batch_size: 12", "seed: -1", "what.training.seed"),
        ("length: 128", "length: 2", "what.training.length"),
        ("replay: 0.25", "replay: 1.0", "what.training.replay"),
        ("length: 128", "length: 128\n    short: 1.0", "what.training.short"),
        ("length: 128", "length: 24\n    short: 0.5", "short_length is not below what.training"),
        ("replay: 0.25", "documents: 0", "what.training.documents"),
        ("base: smoke-base.yaml", "base: org/model@main", "replay needs a what.base that is a"),
        (
            "  training:\n    steps: 60\n    batch_size: 12\n    replay: 0.25\n",
            "  masking: {domain: 0.5}\n  training:\n    steps: 60\n    batch_size: 12\n",
            "what.masking.domain needs what.training.replay",
        ),
        ("what:", "what:\n  masking: {domain: -1}", "what.masking.domain"),
        ("batch_size: 12", "batch_size: 1", "replay leaves no document"),
        ("what:", "what:\n  masking: {unit: letter}", "what.masking.unit"),
        ("learning_rate: 1e-3", "learning_rate: -1", "what.training.learning_rate"),
        ("name: smoke", "name: ../smoke", "name"),
        ("dev: 0.1", "dev: 0.9", "leave no training"),
        ("every: 30", "evry: 30", "unknown key what.stopping.evry (did you mean every?)"),
        ("every: 30", "every: 0", "what.stopping.every"),
        ("every: 30", "weights: {nats_per_word: -1}", "what.stopping.weights.nats_per_word"),
        ("every: 30", "weights: {nats_per_word: 0, fill_mask_top5: 0}", "weights are all 0"),
        ("every: 30", "weights: {probe_macro_f1: 1}", "needs what.stopping.probe"),
        ("every: 30", "probe: {path: x.parquet}", "missing key what.stopping.probe.label"),
        ("what:", "how: {micro_batch: 64}\nwhat:", "how.micro_batch is below"),
        ("what:", "how: {attention: best}\nwhat:", "how.attention"),
        ("what:", "how: {trackers: [paper]}\nwhat:", "how.trackers"),
    ],
)
def test_a_fault_is_one_line_that_names_the_key(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in SMOKE
    broken = tmp_path / "smoke.yaml"
    broken.write_text(SMOKE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RecipeError) as error:
        load(broken).base_recipe()
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "[", "3", "- a", "name: x"])
def test_what_is_no_recipe_is_said_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as error:
        load(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_long_way_round_is_a_circle_too(tmp_path: Path) -> None:
    for name, base in (("a", "b"), ("b", "c"), ("c", "a")):
        text = SMOKE.replace("name: smoke", f"name: {name}").replace("smoke-base", base)
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    first = load(tmp_path / "a.yaml")
    second = first.base_recipe()
    assert second is not None
    third = second.base_recipe()
    assert third is not None
    with pytest.raises(RecipeError, match="leads back to a"):
        third.base_recipe()


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIOBERT_DATA", raising=False)
    recipe = load(RECIPES / "mini-base.yaml")
    with pytest.raises(RecipeError, match="VIOBERT_DATA"):
        recipe.resolve(recipe.what.corpus.sources[0].path)


def test_how_and_defaults_do_not_enter_the_digest(tmp_path: Path) -> None:
    same = tmp_path / "smoke.yaml"
    same.write_text(SMOKE + "how:\n  threads: 1\n", encoding="utf-8")
    spelt_out = tmp_path / "spelt.yaml"
    spelt_out.write_text(
        SMOKE.replace("batch_size: 12", "batch_size: 12\n    clip: 1.0"), encoding="utf-8"
    )
    other = tmp_path / "other.yaml"
    other.write_text(SMOKE.replace("batch_size: 12", "batch_size: 13"), encoding="utf-8")
    digest = load(RECIPES / "smoke.yaml").digest()
    assert load(same).digest() == digest == load(spelt_out).digest()
    assert load(other).digest() != digest


@pytest.mark.parametrize("stage", ["corpus", "pretrain", "evaluate"])
def test_the_command_line_says_what_is_wrong_and_exits_2(tmp_path: Path, stage: str) -> None:
    result = run(stage, str(tmp_path / "none.yaml"), "--runs", str(tmp_path))
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1 and "none.yaml" in result.stderr


def test_a_stage_without_the_one_before_says_which_command_to_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    smoke = str(RECIPES / "smoke.yaml")
    for stage, before in (("pretrain", "corpus"), ("evaluate", "pretrain")):
        assert main([stage, smoke, "--runs", str(tmp_path)]) == 2
        assert f"python -m train {before}" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["corpus", "--help"], ["evaluate", "--help"]])
def test_help_needs_no_torch(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom train.__main__ import main\ntry:\n    main(sys.argv[1:])\n"
        "except SystemExit as e:\n    assert e.code == 0\nassert 'torch' not in sys.modules"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "usage: python -m train" in result.stdout


def test_a_missing_package_is_named_with_what_installs_it(tmp_path: Path) -> None:
    code = (
        "import sys\nsys.modules['pyarrow'] = None\nfrom train.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    smoke = str(RECIPES / "smoke.yaml")
    result = subprocess.run(
        [sys.executable, "-c", code, "corpus", smoke, "--runs", str(tmp_path)],
        cwd=ROOT, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert result.returncode == 2 and "pyarrow" in result.stderr
    assert "pip install -e '.[train]'" in result.stderr and "Traceback" not in result.stderr
