"""What the repository says of itself holds."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from viobert import scores
from viobert.checkpoints import EMBEDDED, ROOT, TAGGERS, load
from viobert.ner import Tagger

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAIR = ("base-mini", "viobert-mini")


def imports(path: Path) -> set[str]:
    """Top-level names of every module that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_the_rooms_keep_their_doors_shut() -> None:
    for path in [*(ROOT / "viobert").rglob("*.py"), ROOT / "app.py"]:
        assert not imports(path) & {"train", "tests"}, path


def test_the_readme_names_every_folder_and_file_that_it_should() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, text=True, capture_output=True, check=False
    ).stdout.splitlines()
    if not listed:
        pytest.skip("not a git checkout: no list of the project's files")
    for folder in {line.split("/")[0] for line in listed if "/" in line} - {".ci"}:
        assert f"({folder})" in README, folder
    for link in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / link).exists(), link


def test_a_wheel_carries_all_that_the_packages_read(tmp_path: Path) -> None:
    pytest.importorskip("setuptools")  # what builds it; a venv of Python 3.12 has none of its own
    source = tmp_path / "source"
    for name in ("viobert", "train"):
        shutil.copytree(
            ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.nb[ci]")
        )
    for name in ("pyproject.toml", "requirements.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index",
               "--no-build-isolation", "--wheel-dir", str(tmp_path), str(source)]  # fmt: skip
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        held = {name for name in packed.namelist() if ".dist-info/" not in name}
    meant = {
        path.relative_to(ROOT).as_posix()
        for name in ("viobert", "train") for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }  # fmt: skip
    assert held == meant


def test_the_front_matter_agrees_with_the_requirements() -> None:
    front = yaml.safe_load(README.split("---")[1])
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert front["sdk"] == "gradio" and f"gradio[mcp]=={front['sdk_version']}" in pins
    assert front["python_version"] == "3.12.12" and front["app_file"] == "app.py"
    assert len(front["short_description"]) <= 60


def test_adaptation_helped_where_the_readme_says() -> None:
    rows = scores.read(ROOT / "assets" / "scores.jsonl")
    gains = {(r.setting, r.metric): r for r in rows if r.against and r.axis == "intrinsic"}
    assert {setting for setting, _ in gains} == {
        "consultations", "encyclopaedia", "news and public health"
    }  # fmt: skip
    for (setting, metric), gain in gains.items():
        if metric in ("nats_per_word", "word_perplexity", "fill_mask_top5"):
            assert gain.verdict == "gain", setting


def test_the_embedded_models_are_small_together_and_find_entities() -> None:
    files = [path for path in EMBEDDED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 64_000_000
    for seat in TAGGERS.values():
        folder = ROOT / seat.stand_in
        card = (folder / "README.md").read_text(encoding="utf-8")
        front = yaml.safe_load(card.split("---")[1])
        assert front["pipeline_tag"] == "token-classification" and "entity F1" in card
        assert Tagger(str(folder))("يعاني من السكري ويتناول الميتفورمين")


@pytest.mark.parametrize("name", PAIR)
def test_an_embedded_model_is_small_whole_and_described(name: str) -> None:
    folder = EMBEDDED / name
    assert (folder / "model.safetensors").stat().st_size <= 16_000_000
    checkpoint = load(str(folder))
    assert checkpoint.source == "embedded" and checkpoint.max_length == 128
    assert checkpoint.model.config.torch_dtype is not None
    text = (folder / "README.md").read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("---")[1])
    assert front["license"] == "cc-by-sa-4.0" and front["pipeline_tag"] == "fill-mask"
    for heading in ("## Results", "## Training data", "## Training\n", "## Limits", "## Licence"):
        assert heading in text
    assert "research_only" not in text and "CC BY-NC" not in text


def test_the_embedded_models_load_with_no_code_of_ours(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom transformers import pipeline\nfor model in sys.argv[1:]:\n"
        "    answers = pipeline('fill-mask', model=model)('المريض يعاني من [MASK] في الصدر')\n"
        "    assert len(answers) == 5\nassert not {'viobert', 'train'} & set(sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-c", code, *(str(EMBEDDED / name) for name in PAIR)],
        cwd=tmp_path, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
