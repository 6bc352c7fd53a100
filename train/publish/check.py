"""Whether a folder is a release that others can use: with transformers alone, as its card says."""

from __future__ import annotations

import json
from pathlib import Path

from huggingface_hub import ModelCard

from train.files import StageError
from train.publish.metadata import DIGITS, key, told
from train.publish.release import Part
from viobert import checkpoints, scores
from viobert.checkpoints import MAX_PIECES, CheckpointError

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


def _card(part: Part, folder: Path, hub: bool) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    name = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))["name"]
    rows = {(key(s), s.metric): s.value for s in scores.read(folder / "scores.jsonl")
            if s.model == name and not s.against and s.items == scores.ALL}  # fmt: skip
    for of, value in told(text).items():
        if of not in rows or abs(rows[of] - value) > 10**-DIGITS:
            raise StageError(f"{part.name}: README.md tells {of} as {value}, scores.jsonl does not")
    if hub:
        try:
            ModelCard(text).validate()
        except ValueError as error:
            said = " ".join(str(error).split())
            raise StageError(f"{part.name}: the Hub refuses README.md: {said}") from error


def _loads(part: Part, folder: Path) -> None:
    from transformers import AutoTokenizer, pipeline

    try:
        if part.head is None:
            loaded = checkpoints.load(str(folder))
        elif part.head.tags:
            loaded = checkpoints.load_tagger(str(folder))
        else:
            pipeline("text-classification", model=str(folder))("عندي صداع")
            return
    except (CheckpointError, OSError, ValueError) as error:
        raise StageError(f"{part.name}: {error}") from error
    length = AutoTokenizer.from_pretrained(folder).model_max_length
    if not length == loaded.max_length <= MAX_PIECES:
        raise StageError(
            f"{part.name}: its tokenizer takes {length} pieces, it {loaded.max_length}"
        )
    if part.head is None and not pipeline("fill-mask", model=str(folder))("عندي [MASK] شديد"):
        raise StageError(f"{part.name}: fills in nothing")
