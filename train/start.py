"""What a training begins with: a base's model and tokenizer, or new ones learned from its texts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

from train import model as models
from train import tokenizer as tokenizers
from train.corpus.made import read_manifest, stream_documents
from train.files import Run, StageError, replace_folder, write_json
from train.lineage import base_name
from train.tokens import Tokens, build
from viobert import checkpoints
from viobert.checkpoints import Checkpoint


class Texts:
    """The texts of one split of some runs, from the beginning at every ``iter``."""

    def __init__(self, runs: Sequence[Run], part: str) -> None:
        self.runs, self.part = runs, part

    def __iter__(self) -> Iterator[str]:
        return (d.text for run in self.runs for d in stream_documents(run, self.part))


def start(run: Run, weights: bool) -> tuple[Any, Any, list[Tokens]]:
    """Model, tokenizer, and the tokens of the training documents and of those that are replayed.

    ``weights``: whether a new model's have to be made; a checkpoint may bring them.
    """
    what = run.recipe.what
    if what.base:
        earlier = run.earlier()
        base = checkpoints.load(str(earlier.best) if earlier else base_name(run))
        _check(run, base)
        base.tokenizer.model_max_length = base.max_length  # some say 1e30
        made = run.base() if what.training.replay else None
        read = [tokens(of, "train", base.tokenizer) for of in (run, made) if of]
        return base.model, base.tokenizer, read
    tokenizer = _tokenizer(run)
    found = tokens(run, "train", tokenizer)
    return models.build(run.recipe, tokenizer, found if weights else None), tokenizer, [found]


def tokens(run: Run, part: str, tokenizer: Any) -> Tokens:
    """A split's tokens, from the run's folder if they are there."""
    made_from = f"{read_manifest(run).get('content', '')}:{part}"
    return build(
        run.tokens / part,
        lambda: stream_documents(run, part),
        tokenizer,
        made_from,
        run.recipe.name,
    )


def _tokenizer(run: Run) -> Any:
    """The tokenizer of the recipe's texts: learned once."""
    what, folder = run.recipe.what, run.folder / "tokenizer"
    assert what.tokenizer and what.model, "checked when the recipe was read"
    also = run.vocabulary()
    if also and read_manifest(also).get("recipe") != also.recipe.digest("corpus"):
        raise StageError(
            f"{run.recipe.path}: the vocabulary is learned from the documents of "
            f"{also.recipe.name} too; run python -m train corpus {also.recipe.path} first"
        )
    contents = "+".join(read_manifest(of).get("content", "") for of in (run, also) if of)
    made_from = f"{contents}:{run.recipe.digest('tokenizer')}:{what.model.positions}"
    stamp = {"made_from": hashlib.sha256(made_from.encode()).hexdigest()[:16]}
    if _read(folder / "made.json") != stamp:
        more = [also] * what.tokenizer.also_times if also else []
        texts = Texts([run, *more], "train")
        learned = tokenizers.learn(texts, what.tokenizer, what.model.positions)

        def fill(path: Path) -> None:
            learned.save_pretrained(path)
            write_json(path / "made.json", stamp)

        replace_folder(folder, fill)
    return AutoTokenizer.from_pretrained(folder)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _check(run: Run, base: Checkpoint) -> None:
    """``StageError`` unless this trainer can go on with a base."""
    if base.model.config.model_type != "bert":
        raise StageError(f"{base.name}: a {base.model.config.model_type}, not a BERT")
    for name in ("pad", "unk", "cls", "sep"):
        if getattr(base.tokenizer, f"{name}_token_id") is None:
            raise StageError(f"{base.name}: its tokenizer has no {name} token")
    length = run.recipe.what.training.length
    if length > base.max_length:
        raise StageError(
            f"{run.recipe.path}: what.training.length is {length}, but {base.name} takes "
            f"{base.max_length} word pieces"
        )
