"""Whole-word masks beside those of transformers' collator, medians of alternating runs.

    python benchmarks/masking.py [--batches 40] [--runs 7] [--json]

Both make the same batches of 32 documents, of about 189 word pieces and 512 at most, from text that
is tokenised already: Arabic of this project, cut and put together anew. transformers' collator
(``whole_word_mask=True``) takes rows of equal length only, so its rows are padded by hand, which
is not timed. Real pieces are counted, padding is not. One thread does the work in both.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
from tqdm import tqdm
from transformers import AutoTokenizer, DataCollatorForLanguageModeling

from train.batching import Steps, special_ids
from train.recipe import Masking
from train.tokens import Tokens, encode
from viobert.checkpoints import EMBEDDED, ROOT

FLOOR, AIM, ROWS = 50.0, 80.0, 32
#: Word pieces of a document: gamma of shape 2, as medical questions and answers have them.
MEAN, LONGEST = 189, 512


def lengths(count: int, generator: np.random.Generator, longest: int = LONGEST) -> np.ndarray:
    """(count,) word pieces of documents, special tokens left out."""
    drawn = generator.gamma(2, MEAN / 2, count).astype(int)
    return np.clip(drawn, 8, longest - 2)


def texts(count: int, seed: int) -> list[str]:
    """Documents of real words: stretches of the shipped texts, one after the other."""
    generator = np.random.default_rng(seed)
    sample = (ROOT / "assets" / "sample" / "documents.jsonl").read_text(encoding="utf-8")
    words = [w for line in sample.splitlines() for w in json.loads(line)["text"].split()]
    starts = generator.integers(0, len(words), count)
    # About 1.7 pieces a word with this tokenizer.
    sizes = (lengths(count, generator) / 1.7).astype(int) + 1
    return [
        " ".join(words[(start + i) % len(words)] for i in range(size))
        for start, size in zip(starts.tolist(), sizes.tolist(), strict=True)
    ]


def ours(tokenizer: Any, documents: list[str]) -> Callable[[], int]:
    encodings = encode(tokenizer, documents)
    tokens = Tokens(
        ids=np.concatenate([np.array(e.ids[: LONGEST - 2], np.int32) for e in encodings]),
        words=np.concatenate([np.array(e.word_ids[: LONGEST - 2], np.int32) for e in encodings]),
        offsets=np.cumsum([0, *(min(len(e.ids), LONGEST - 2) for e in encodings)]),
        keys=np.arange(len(documents), dtype=np.uint64),
    )
    steps = Steps(
        [tokens], special_ids(tokenizer), Masking(), batch_size=ROWS, length=LONGEST,
        micro_batch=10**9, seed=1,
    )  # fmt: skip
    batches, epochs = np.arange(len(documents)).reshape(-1, ROWS), np.zeros(ROWS, np.int64)

    def run() -> int:
        return sum(steps.batch(members, epochs).pieces for members in batches)

    return run


def theirs(tokenizer: Any, documents: list[str]) -> Callable[[], int]:
    collator = DataCollatorForLanguageModeling(tokenizer, whole_word_mask=True)
    batches = []
    for start in range(0, len(documents), ROWS):
        rows = tokenizer(
            documents[start : start + ROWS], truncation=True, max_length=LONGEST, padding="longest",
            return_offsets_mapping=True, return_special_tokens_mask=True,
        )  # fmt: skip
        batches.append([{name: rows[name][i] for name in rows} for i in range(ROWS)])

    def run() -> int:
        return sum(int(collator(rows)["attention_mask"].sum()) for rows in batches)

    return run


def measure(batches: int, runs: int, quiet: bool) -> dict[str, Any]:
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED / "base-mini")
    tokenizer.model_max_length = LONGEST
    documents = texts(batches * ROWS, seed=3)
    methods = {"transformers": theirs(tokenizer, documents), "viobert": ours(tokenizer, documents)}
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    pieces = {name: method() for name, method in methods.items()}
    for _ in tqdm(range(runs), disable=quiet):
        for name, method in methods.items():
            start = time.perf_counter()
            method()
            seconds[name].append(time.perf_counter() - start)
    figures: dict[str, Any] = {"batches": batches, "documents": len(documents), "runs": runs}
    for name, taken in seconds.items():
        figures[name] = {
            "pieces": pieces[name],
            "seconds": round(statistics.median(taken), 5),
            "fastest": round(min(taken), 5),
            "slowest": round(max(taken), 5),
            "pieces_per_second": round(pieces[name] / statistics.median(taken)),
        }
    speed = {name: figures[name]["pieces_per_second"] for name in methods}
    return {
        "name": "whole-word masks",
        "ratio": round(speed["viobert"] / speed["transformers"], 1),
        "floor": FLOOR,
        "aim": AIM,
        "figures": figures,
        "versions": versions("transformers", "numpy", "torch", "viobert"),
    }


def versions(*packages: str) -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def table(result: dict[str, Any]) -> str:
    """The figures for a reader."""
    figures = result["figures"]
    lines = [
        f"{result['name']}: {figures['batches']} batches, medians of {figures['runs']} "
        "alternating runs",
        f"{'':14}{'pieces':>10}{'s':>10}{'min':>10}{'max':>10}{'pieces/s':>14}",
    ]
    for name in ("transformers", "viobert"):
        cells = zip(figures[name].values(), (10, 10, 10, 10, 14), strict=True)
        lines.append(f"{name:14}" + "".join(f"{value:>{width},}" for value, width in cells))
    lines.append(f"ratio {result['ratio']} (floor {result['floor']}, aim {result['aim']})")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="one JSON object a line and no more")
    options = parser.parse_args()
    found = measure(options.batches, options.runs, options.json)
    print(json.dumps(found) if options.json else table(found))


if __name__ == "__main__":
    main()
