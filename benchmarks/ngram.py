"""A model beside a 5-gram of the same training documents and word pieces, on the same words.

    python benchmarks/ngram.py [RECIPE] [--runs runs] [--model FOLDER] [--documents 300] [--json]

It needs the corpus of the recipe's base (``python -m train corpus RECIPE``) and KenLM: its Python
module (``pip install -e '.[ngram]'``, with a C++ compiler) and its ``lmplz`` on the PATH. That is
built from https://github.com/kpu/kenlm with CMake and Boost: ``cmake -B build``, ``make -C build
lmplz``; it is in ``build/bin``. Without them the script ends with 2. Some 4 GB of memory and disk.

The words are those of the base's held-out documents; intervals: bootstrap over texts, paired. Rows:
the 5-gram from left to right beside the masked model in its usual setting, which sees both sides
but gives the pieces of a word independently, on some words of each document (articles share
passages, and one long article must not decide); on a sample, a window of a text, beside the model
that hides a word alone and gives its pieces one after the other, as the 5-gram does; and of that
sample the words of one piece, the 5-gram from both sides as well.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import five_gram
import numpy as np
from five_gram import FiveGram, from_both_sides, from_the_left
from masking import versions
from numpy.typing import NDArray
from training import table

from train import recipe as recipes
from train.corpus.document import Document
from train.corpus.made import read_manifest, stream_documents
from train.evaluate import intrinsic
from train.evaluate.statistics import Counts, Interval, Resampling
from train.evaluate.words import FOLDS, Window, windows
from train.files import Run, StageError
from train.recipe import RecipeError
from train.start import tokens
from train.tokens import document_key
from viobert import checkpoints
from viobert.checkpoints import EMBEDDED, ROOT, Checkpoint, CheckpointError

RECIPE = ROOT / "train" / "recipes" / "mini-medical.yaml"
PACKAGES = ("kenlm", "numpy", "torch", "transformers", "viobert")
FLOOR, AIM, SEED = 1.5, 3.0, 13
Nats = NDArray[np.float64]


def held_out(run: Run, part: str, count: int) -> list[Document]:
    """By hash: every source has its share. ``StageError`` when there are none."""
    documents = stream_documents(run, part)
    found = heapq.nsmallest(count, documents, key=lambda d: document_key(d.id))
    if not found:
        raise StageError(f"{run.recipe.path}: no {part} document")
    return found


def five_gram_of(run: Run, tokenizer: Any, length: int) -> tuple[FiveGram, int]:
    """Estimated on the windows that the base was trained on, and how many pieces they have."""
    with run.lock():
        trained = tokens(run, "train", tokenizer)
    with tempfile.TemporaryDirectory(dir=run.folder, prefix="ngram-") as folder:
        found = five_gram.estimate(
            trained.ids, trained.windows(length - 2), len(tokenizer), Path(folder)
        )
    return found, len(trained.ids)


def capped(texts: Sequence[Window], words: int) -> list[Window]:
    """Windows of each document until they have so many scored words."""
    found, scored = list[Window](), dict[int, int]()
    for at in np.random.default_rng(SEED).permutation(len(texts)).tolist():
        window = texts[at]
        if scored.get(window.document, 0) < words:
            of = scored.get(window.document, 0) + int((window.fold >= 0).sum())
            scored[window.document] = of
            found.append(window)
    return found


def one_a_text(texts: Sequence[Window], words: int) -> list[Window]:
    """Windows, one of a document at most, until they have so many scored words: a long article
    must not decide."""
    found: dict[int, Window] = {}
    for at in np.random.default_rng(SEED).permutation(len(texts)).tolist():
        if sum(int((w.fold >= 0).sum()) for w in found.values()) < words:
            found.setdefault(texts[at].document, texts[at])
    return list(found.values())


def row(name: str, theirs: Nats, ours: Nats, families: NDArray[Any], **more: Any) -> dict[str, Any]:
    """One comparison; all (words,): nats of the 5-gram's and the model's words, and what text each
    is from."""
    texts, text = np.unique(families, return_inverse=True)
    pair = [np.stack([np.bincount(text, v), np.bincount(text)], 1) for v in (theirs, ours)]
    resampling = Resampling(len(texts), seed=SEED)

    def mean(sums: Counts) -> Nats:
        return np.asarray(sums[..., 0] / sums[..., 1])

    def told(found: Interval, digits: int = 3) -> dict[str, float]:
        return {key: round(getattr(found, key), digits) for key in ("value", "low", "high")}

    gain = resampling.gain(pair[1:], pair[:1], mean, relative=False)
    ends = Interval(*(math.exp(x) for x in (gain.value, gain.low, gain.high)))
    figures = {
        "texts": len(texts), "words": len(ours),
        "nats_of_the_5_gram": told(resampling.interval(pair[:1], mean)),
        "nats_of_the_model": told(resampling.interval(pair[1:], mean)),
        "difference": told(gain), "perplexities": told(ends, 2), **more,
    }  # fmt: skip
    return {
        "name": name, "ratio": round(ends.value, 2), "floor": FLOOR, "aim": AIM,
        "figures": figures, "versions": versions(*PACKAGES),
    }  # fmt: skip


def same_corpus(run: Run, checkpoint: Checkpoint) -> bool | None:
    """Whether the model's folder says that it comes from these documents; None: nothing said."""
    try:
        told = json.loads((checkpoint.folder / "provenance.json").read_text(encoding="utf-8"))
        return bool(told["corpus"]["content"] == read_manifest(run)["content"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def compared(run: Run, checkpoint: Checkpoint, options: Any) -> Iterator[dict[str, Any]]:
    """The rows."""
    model, tokenizer = checkpoint.model, checkpoint.tokenizer
    documents = held_out(run, options.part, options.documents)
    families = np.array([d.family or d.id for d in documents])
    length = min(run.recipe.what.training.length, checkpoint.max_length)
    texts, left_out = windows(documents, [tokenizer], length, SEED)
    texts = capped(texts, options.cap)
    gram, pieces = five_gram_of(run, tokenizer, length)
    about = {
        "documents": len(documents), "part": options.part, "model": checkpoint.name,
        "trained_on_this_corpus": same_corpus(run, checkpoint), "pieces_of_training": pieces,
    }  # fmt: skip
    ours = intrinsic.score(model, tokenizer, texts, 0, options.folds, checkpoint.name)
    theirs = from_the_left(gram, texts, options.folds)
    single = ours.pieces == 1
    orders = {str(n): order for n, order in enumerate(gram.orders, 1)}
    yield row(
        "5-gram, masked model", theirs, ours.nll, families[ours.document], **about,
        pieces=int(ours.pieces.sum()), left_out=left_out, folds=options.folds,
        words_of_one_piece=nats(theirs[single], ours.nll[single]),
        words_of_several=nats(theirs[~single], ours.nll[~single]),
        largest_share_of_a_document=round(float(np.bincount(ours.document).max() / len(theirs)), 3),
        orders=orders,
    )  # fmt: skip
    some = one_a_text(texts, options.sample)
    name = f"{checkpoint.name}, piece by piece"
    ours = intrinsic.score(model, tokenizer, some, 0, FOLDS, name, left_to_right=True)
    theirs, of = from_the_left(gram, some, FOLDS), families[ours.document]
    yield row("5-gram, model piece by piece", theirs, ours.nll, of, **about)
    single = ours.pieces == 1
    both = from_both_sides(gram, some, FOLDS, options.json)
    alone = {"nats_from_the_left": round(float(theirs[single].mean()), 3)}
    yield row("5-gram from both sides", both, ours.nll[single], of[single], **about, **alone)


def nats(theirs: Nats, ours: Nats) -> dict[str, Any]:
    """How many words, and the means."""
    means = (round(float(v.mean()), 3) if len(v) else None for v in (theirs, ours))
    return dict(zip(("words", "5-gram", "model"), (len(ours), *means), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", type=Path, nargs="?", default=RECIPE)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--model", default=str(EMBEDDED / "base-mini"), help="folder or Hub id")
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--cap", type=int, default=200, help="words of one document, about")
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--folds", type=int, choices=range(1, FOLDS + 1), default=FOLDS)
    parser.add_argument("--sample", type=int, default=1000, help="words of the other rows")
    parser.add_argument("--json", action="store_true", help="one JSON object a line and no more")
    options = parser.parse_args()
    if problem := five_gram.missing():
        parser.exit(2, problem + "\n")
    try:
        run = Run(recipes.load(options.recipe), options.runs)
        for found in compared(run.base() or run, checkpoints.load(options.model), options):
            print(json.dumps(found) if options.json else table(found), flush=True)
    except (RecipeError, StageError, CheckpointError, RuntimeError) as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
