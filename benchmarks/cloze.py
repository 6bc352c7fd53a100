"""How often the five words that the page shows hold one that fits: of any model, to choose by.

    python benchmarks/cloze.py [--part dev] [--base FOLDER] [--model FOLDER] [--answers] [--json]

The sentences are those of ``assets/cloze``: ``dev`` is to choose by, the scores of the pair are of
``test``. The interval of the difference: bootstrap over sentences, paired. ``reachable``: sentences
of which some fitting word is one piece of the vocabulary, the most that a model can have.
``--answers`` shows the model's five words of each sentence, those that fit between asterisks.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from masking import versions
from numpy.typing import NDArray
from training import table

from train.evaluate.cloze import Sentence, answers, reachable, read
from train.evaluate.statistics import Counts, Interval, Resampling, proportion
from train.files import StageError
from viobert.checkpoints import EMBEDDED, ROOT, Checkpoint, CheckpointError, load
from viobert.fill_mask import Prediction

SENTENCES = ROOT / "assets" / "cloze"
PACKAGES = ("numpy", "torch", "transformers", "viobert")
# Five sentences in six are the goal of the pair; the ratio to the base has none.
FLOOR, AIM, GOAL = 1.0, 2.0, 5 / 6
Answers = Sequence[Sequence[Prediction]]


def compared(sentences: Sequence[Sentence], before: Answers, after: Answers) -> dict[str, Any]:
    """Shares of base and model, and the paired difference."""
    resampling = Resampling(len(sentences))
    hits = [
        np.array([any(map(s.fits, found)) for s, found in zip(sentences, of, strict=True)])
        for of in (before, after)
    ]
    counts = [np.stack([h, np.ones(len(h))], 1).astype(float) for h in hits]

    def mean(sums: Counts) -> NDArray[np.float64]:
        return np.asarray(sums[..., 0] / sums[..., 1])

    def told(found: Interval) -> dict[str, float]:
        return {name: round(getattr(found, name), 3) for name in ("value", "low", "high")}

    def share(of: Counts) -> dict[str, float]:
        return told(proportion(resampling.interval([of], mean), len(of), len(of)))

    figures: dict[str, Any] = {
        "base": share(counts[0]), "model": share(counts[1]),
        "difference": told(resampling.gain(counts[:1], counts[1:], mean, relative=False)),
    }  # fmt: skip
    for name in dict.fromkeys(s.variety for s in sentences):
        of = np.array([s.variety == name for s in sentences])
        figures[name] = f"{hits[1][of].sum()} of {of.sum()}, base {hits[0][of].sum()}"
    return figures


def row(part: str, base: Checkpoint, model: Checkpoint, shown: bool) -> dict[str, Any]:
    """The figures; prints the model's answers first if they are to be ``shown``."""
    sentences = read(SENTENCES / f"{part}.jsonl")
    before, after = (answers(one, sentences) for one in (base, model))
    if shown:
        print("\n".join(map(told, sentences, after)))
    figures = {
        "part": part, "sentences": len(sentences), "goal": round(GOAL, 3),
        "reachable": sum(reachable(model.tokenizer, s) for s in sentences),
        **compared(sentences, before, after), "models": f"{base.name}, {model.name}",
    }  # fmt: skip
    shares = [figures[name]["value"] for name in ("model", "base")]
    return {
        "name": "sentences with a fitting word among five",
        "ratio": round(shares[0] / max(shares[1], 1 / len(sentences)), 2), "floor": FLOOR,
        "aim": AIM, "figures": figures, "versions": versions(*PACKAGES),
    }  # fmt: skip


def told(sentence: Sentence, found: Sequence[Prediction]) -> str:
    """One sentence and its answers."""
    words = (f"**{one.word}**" if sentence.fits(one) else one.word for one in found)
    expected = f"{sentence.accepted[0]}: {'، '.join(words)}"
    return f"{sentence.variety:10} {sentence.text}\n{'':10} {expected}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--base", default=str(EMBEDDED / "base-mini"), help="folder or Hub id")
    parser.add_argument("--model", default=str(EMBEDDED / "viobert-mini"), help="likewise")
    parser.add_argument("--answers", action="store_true", help="each sentence's answers as well")
    parser.add_argument("--json", action="store_true", help="one JSON object a line and no more")
    options = parser.parse_args()
    try:
        base, model = load(options.base), load(options.model)
        found = row(options.part, base, model, options.answers and not options.json)
    except (CheckpointError, StageError) as problem:
        sys.exit(str(problem))
    print(json.dumps(found, ensure_ascii=False) if options.json else table(found))


if __name__ == "__main__":
    main()
