"""A tokenizer learned from the shipped texts, and a small BERT, made once a session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from train import recipe, tokenizer
from train.corpus.document import Document

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
