"""A tokenizer learned from the shipped texts, and a small BERT, made once a session."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from train import recipe, tokenizer
from train.corpus.document import Document

if TYPE_CHECKING:
    from train.files import Run
    from train.recipe import Recipe

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "train" / "recipes"
SAMPLE = ROOT / "assets" / "sample" / "documents.jsonl"


@pytest.fixture(scope="session")
def documents() -> list[Document]:
    """The 168 shipped texts."""
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    fields = ("id", "text", "source", "licence", "ref", "title")
    return [Document(**{f: r[f] for f in fields}, setting=r["dialect"]) for r in rows]


@pytest.fixture(scope="session")
def arabic(documents: list[Document]) -> Any:
    """A WordPiece tokenizer of the project's kind, 3,000 pieces, learned from the texts."""
    return tokenizer.learn([d.text for d in documents], recipe.Tokenizer(vocab_size=3000), 128)


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus of smoke-base.yaml."""
    from train.corpus.build import build
    from train.files import Run
    from train.recipe import load

    run = Run(load(RECIPES / "smoke-base.yaml"), tmp_path_factory.mktemp("runs"))
    build(run, lambda _: None)
    return run.corpus


def stage(name: str, runs: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A stage of smoke.yaml by the command of the README."""
    recipe = str(RECIPES / "smoke.yaml")
    command = [sys.executable, "-m", "train", name, recipe, "--runs", str(runs), *options]
    result = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr
    return result


@pytest.fixture(scope="session")
def smoke_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smoke recipe, all stages in order from nothing, as ``make mini`` does it."""
    folder = tmp_path_factory.mktemp("runs")
    start = time.monotonic()
    stage("all", folder, "--no-embed")
    print(f"smoke.yaml took {time.monotonic() - start:.0f} s")
    return folder


@pytest.fixture()
def smoke(smoke_runs: Path) -> Run:
    """Its run."""
    from train.files import Run
    from train.recipe import load

    return Run(load(RECIPES / "smoke.yaml"), smoke_runs)


def without_base() -> Recipe:
    """mini-medical.yaml as if its model were made from scratch, where its stages look for text."""
    from train.recipe import load

    whole = load(RECIPES / "mini-medical.yaml")
    what = dataclasses.replace(whole.what, base="", continues="")
    found = dataclasses.replace(whole, name=Path(whole.what.continues).stem, what=what)
    found.path = whole.path
    return found


@pytest.fixture(scope="session")
def medical_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs that holds the corpus of mini-medical, without that of its base; needs
    VIOBERT_DATA."""
    from train.corpus.build import build
    from train.files import Run

    runs = tmp_path_factory.mktemp("runs")
    build(Run(without_base(), runs), lambda _: None)
    return runs


@pytest.fixture(scope="session")
def bert(arabic: Any) -> Any:
    """A random BERT for that tokenizer, fp32, dropout off."""
    import torch
    from transformers import BertConfig, BertForMaskedLM

    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(arabic),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        initializer_range=0.2,
    )
    return BertForMaskedLM(config).eval()
