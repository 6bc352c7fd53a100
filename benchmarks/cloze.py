"""How often the five words that the page shows hold one that fits: of any model, to choose by.

    python benchmarks/cloze.py [--part dev] [--base FOLDER] [--model FOLDER] [--answers] [--json]

The sentences are those of ``assets/cloze``: ``dev`` is to choose by, the scores of the pair are of
``test`` (``train evaluate``, the axis ``cloze``, whose measures these are). The ratio is of the
model's share to the goal, five sentences in six. ``reachable``: sentences of which some fitting
word is one piece of the vocabulary, the most that a model can have. ``--answers`` shows the model's
five words of each sentence, those that fit between asterisks.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from masking import versions
from training import table

from train.evaluate.cloze import Sentence, answers, outcomes, reachable, read
from train.evaluate.measures import Measure, measures
from train.evaluate.statistics import Interval, Resampling, proportion
from train.files import StageError
from viobert.checkpoints import EMBEDDED, ROOT, Checkpoint, CheckpointError, load
from viobert.fill_mask import Prediction

SENTENCES = ROOT / "assets" / "cloze"
PACKAGES = ("numpy", "torch", "transformers", "viobert")
GOAL = 5 / 6
WHOLE = "fitting_top5"


def compared(before: dict[str, Measure], after: dict[str, Measure]) -> dict[str, Any]:
    """Shares of base and model, the paired difference, and how many of each dialect."""
    first, second = before[WHOLE], after[WHOLE]
    resampling = Resampling(first.n)

    def share(of: Measure) -> Interval:
        return proportion(resampling.interval([of.counts], of.value), of.n, of.n)

    def hits(of: Measure) -> int:
        return int(of.counts[:, 0].sum())

    gain = resampling.gain([first.counts], [second.counts], first.value, relative=False)
    found = {"base": share(first), "model": share(second), "difference": gain}
    figures: dict[str, Any] = {
        name: {end: round(value, 4) for end, value in vars(one).items()}
        for name, one in found.items()
    }
    for name, of in after.items():
        if dialect := name.removeprefix(f"{WHOLE}_") if name.startswith(f"{WHOLE}_") else "":
            figures[dialect] = {"sentences": of.n, "base": hits(before[name]), "model": hits(of)}
    return figures


def row(part: str, base: Checkpoint, model: Checkpoint, shown: bool) -> dict[str, Any]:
    """The figures; prints the model's answers first if they are to be ``shown``."""
    sentences = read(SENTENCES / f"{part}.jsonl")
    found = [answers(one, sentences) for one in (base, model)]
    if shown:
        print("\n".join(map(told, sentences, found[1])))
    both = [measures("cloze", outcomes(sentences, own))[1] for own in found]
    figures = {
        "part": part, "sentences": len(sentences), **compared(*both),
        "reachable": {"base": reachable(base, sentences), "model": reachable(model, sentences)},
        "models": f"{base.name}, {model.name}",
    }  # fmt: skip
    return {
        "name": "sentences with a fitting word among five",
        "ratio": round(figures["model"]["value"] / GOAL, 2), "floor": 1.0, "aim": 1.0,
        "figures": figures, "versions": versions(*PACKAGES),
    }  # fmt: skip


def told(sentence: Sentence, found: Sequence[Prediction]) -> str:
    """One sentence, the expected word, and the answers."""
    words = (f"**{one.word}**" if sentence.fits(one) else one.word for one in found)
    expected = f"{sentence.accepted[0]}: {'، '.join(words)}"
    return f"{sentence.dialect:10} {sentence.text}\n{'':10} {expected}"


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
