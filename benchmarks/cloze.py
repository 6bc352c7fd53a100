"""How often the five words that the page shows hold one that fits: the pair on sentences with one
hidden word, written for this in five varieties.

    python benchmarks/cloze.py [--part test] [--base FOLDER] [--model FOLDER] [--answers] [--json]

A word fits if it is among those that the sentence's writer, or a second reader who did not see
them, took for sensible there; spelling counts as in ``viobert.text.key``. ``dev`` is to choose by,
``test`` to be read once. The interval of the difference: bootstrap over sentences, paired.
``reachable``: sentences of which some fitting word is one piece of the vocabulary, the most that a
model can have. ``--answers`` shows the model's five words of each sentence, those that fit marked.
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

from train.evaluate.statistics import Counts, Interval, Resampling, proportion
from viobert.checkpoints import EMBEDDED, ROOT, CheckpointError
from viobert.fill_mask import FillMask, Prediction
from viobert.text import key

SENTENCES = ROOT / "assets" / "cloze"
PACKAGES = ("numpy", "torch", "transformers", "viobert")
# Of sentences five in six are the goal of the pair; of ratios to the base's share it has none.
FLOOR, AIM, GOAL, K = 1.0, 2.0, 5 / 6, 5
Item = dict[str, Any]


def items(part: str) -> list[Item]:
    """The sentences of a part, each with its fitting words."""
    lines = (SENTENCES / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def fits(item: Item, found: Prediction) -> bool:
    """Whether a whole word of the item's is shown."""
    return not found.continues and key(found.word) in set(map(key, item["accepted"]))


def answered(fill: FillMask, sentences: Sequence[Item]) -> list[list[Prediction]]:
    """The five first of each sentence."""
    return [fill(item["text"], K)[0] for item in sentences]


def right(sentences: Sequence[Item], answers: Sequence[Sequence[Prediction]]) -> NDArray[np.bool_]:
    """Which sentences have a word that fits."""
    pairs = zip(sentences, answers, strict=True)
    return np.array([any(fits(item, one) for one in found) for item, found in pairs])


def reachable(fill: FillMask, item: Item) -> bool:
    """Whether some fitting word is one piece."""
    tokenizer = fill.checkpoint.tokenizer
    words = (tokenizer.tokenize(word) for word in item["accepted"])
    return any(len(pieces) == 1 and pieces != [tokenizer.unk_token] for pieces in words)


def compared(sentences: Sequence[Item], base: FillMask, model: FillMask, part: str) -> Item:
    """The row; and what the model answered."""
    answers = answered(model, sentences)
    before, after = right(sentences, answered(base, sentences)), right(sentences, answers)
    resampling, varieties = Resampling(len(sentences)), [item["variety"] for item in sentences]

    def counts(hits: NDArray[np.bool_]) -> Counts:
        return np.stack([hits, np.ones(len(hits))], 1).astype(float)

    def mean(sums: Counts) -> NDArray[np.float64]:
        return np.asarray(sums[..., 0] / sums[..., 1])

    def told(found: Interval) -> dict[str, float]:
        return {name: round(getattr(found, name), 3) for name in ("value", "low", "high")}

    def share(hits: NDArray[np.bool_]) -> dict[str, float]:
        found = resampling.interval([counts(hits)], mean)
        return told(proportion(found, len(hits), len(hits)))

    each = {
        name: f"{after[of].sum()} of {of.sum()}, base {before[of].sum()}"
        for name in dict.fromkeys(varieties)
        if (of := np.array([variety == name for variety in varieties])).any()
    }
    figures = {
        "part": part, "sentences": len(sentences), "goal": round(GOAL, 3),
        "base": share(before), "model": share(after),
        "difference": told(resampling.gain([counts(before)], [counts(after)], mean, False)),
        "reachable": int(sum(reachable(model, item) for item in sentences)), **each,
        "models": f"{base.checkpoint.name}, {model.checkpoint.name}",
    }  # fmt: skip
    ratio = round(float(after.sum() / max(1, before.sum())), 2)
    row = {"name": "sentences with a fitting word among five", "ratio": ratio}
    row |= {"floor": FLOOR, "aim": AIM, "figures": figures, "versions": versions(*PACKAGES)}
    return {"row": row, "answers": answers}


def shown(item: Item, found: Sequence[Prediction]) -> str:
    """One sentence and its answers, those that fit between asterisks."""
    words = (f"**{one.word}**" if fits(item, one) else one.word for one in found)
    return f"{item['variety']:10} {item['text']}\n{'':10} {item['accepted'][0]}: {'، '.join(words)}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=("dev", "test"), default="test")
    parser.add_argument("--base", default=str(EMBEDDED / "base-mini"), help="folder or Hub id")
    parser.add_argument("--model", default=str(EMBEDDED / "viobert-mini"), help="likewise")
    parser.add_argument("--answers", action="store_true", help="each sentence's answers as well")
    parser.add_argument("--json", action="store_true", help="one JSON object a line and no more")
    options = parser.parse_args()
    try:
        sentences = items(options.part)
        base, model = FillMask(options.base), FillMask(options.model)
    except CheckpointError as problem:
        sys.exit(str(problem))
    found = compared(sentences, base, model, options.part)
    if options.answers and not options.json:
        print("\n".join(map(shown, sentences, found["answers"])))
    print(json.dumps(found["row"], ensure_ascii=False) if options.json else table(found["row"]))


if __name__ == "__main__":
    main()
