"""Whether a folder is a release that others can use: with transformers alone, as its card says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard

from train.files import StageError
from train.publish.heads import Head
from train.publish.hub import saying
from train.publish.metadata import DIGITS, key, told
from train.publish.release import Part
from viobert import checkpoints, scores
from viobert.checkpoints import MAX_PIECES, Checkpoint, CheckpointError

NEEDED = ("README.md", "config.json", "model.safetensors", "tokenizer.json",
          "tokenizer_config.json", "provenance.json", "scores.jsonl")  # fmt: skip


def check(part: Part, folder: Path, hub: bool = False) -> None:
    """``StageError`` for whatever is wrong with a part as it lies in ``folder``.

    ``hub``: let the Hub's own validation read the card as well.
    """
    for name in NEEDED:
        sharded = name == "model.safetensors" and (folder / f"{name}.index.json").exists()
        if not (folder / name).is_file() and not sharded:
            raise StageError(f"{part.name}: {name} is missing")
    _card(part, folder, hub)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if not config.get("viobert", {}).get("made_from"):
        raise StageError(f"{part.name}: config.json does not tell what it was made from")
    _loads(part, folder)


def opened(head: Head, folder: Path) -> Checkpoint:
    """A head and its tokenizer, in fp32; ``ValueError`` or ``CheckpointError`` if it is none."""
    if head.tags:
        return checkpoints.load_tagger(str(folder))
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model: Any
    model, report = AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True
    )
    if report["missing_keys"]:
        raise ValueError(f"no weights of {', '.join(sorted(report['missing_keys']))}")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    length = int(min(tokenizer.model_max_length, model.config.max_position_embeddings))
    return Checkpoint(folder.name, "folder", None, model.eval(), tokenizer, length, folder)


def _card(part: Part, folder: Path, hub: bool) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    name = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))["name"]
    rows = {(key(s), s.metric): s.value for s in scores.read(folder / "scores.jsonl")
            if s.model == name and not s.against and s.items == scores.ALL}  # fmt: skip
    for of, value in told(text).items():
        if of not in rows or abs(rows[of] - value) > 10**-DIGITS:
            raise StageError(f"{part.name}: README.md tells {of} as {value}, scores.jsonl does not")
    link = ModelCard(text).data.to_dict().get("license_link", "")
    if link and not link.startswith("https://") and not (folder / link).is_file():
        raise StageError(f"{part.name}: README.md names the licence {link}, which is missing")
    if hub:
        validated(part.name, text, "model")


def validated(name: str, text: str, kind: str) -> None:
    """Let the Hub itself read a card; ``StageError`` for what it refuses."""
    with saying(name):
        try:
            ModelCard(text).validate(repo_type=kind)
        except ValueError as error:
            said = " ".join(str(error).split())
            raise StageError(f"{name}: the Hub refuses README.md: {said}") from error


def _loads(part: Part, folder: Path) -> None:
    from transformers import AutoTokenizer, pipeline

    try:
        loaded = checkpoints.load(str(folder)) if part.head is None else opened(part.head, folder)
    except (CheckpointError, OSError, ValueError) as error:
        raise StageError(f"{part.name}: {error}") from error
    length = AutoTokenizer.from_pretrained(folder).model_max_length
    if not length == loaded.max_length <= MAX_PIECES:
        raise StageError(
            f"{part.name}: its tokenizer takes {length} pieces, it {loaded.max_length}"
        )
    if part.head is None and not pipeline("fill-mask", model=str(folder))("عندي [MASK] شديد"):
        raise StageError(f"{part.name}: fills in nothing")
