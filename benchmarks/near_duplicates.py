"""Near-duplicate removal from raw text, against datasketch, side by side in one process.
``benchmarks/corpus.py`` runs it.

Texts: about 190 words of an Arabic-like vocabulary with Zipf's frequencies; a fifth are copies of
another with 0 to 18 words replaced. Truth: exact Jaccard similarity of the word 3-grams of all
pairs of a family. datasketch as its documentation shows it, candidates unverified, its words cut
by ``str.split``; it has no threads of its own. Compiling is left out by a first small run.
"""

from __future__ import annotations

import itertools
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from datasketch import MinHash, MinHashLSH
from tqdm import tqdm

from train.corpus.near_duplicates import clusters, near_duplicates
from train.recipe import NearDuplicates

FLOOR, AIM, THRESHOLD = 5.0, 8.0, 0.8
REPLACED = (0, 1, 2, 4, 6, 7, 9, 12, 18)
LETTERS = "اابتثجحخدذرزسشصضطظعغفقكلللمنهووييةأ"
Pair = tuple[int, int]


def make_texts(count: int, seed: int) -> tuple[list[str], list[list[int]]]:
    """Texts, and the families of those that come from one original (two members or more)."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 9, 60_000)
    vocabulary = np.array(["".join(rng.choice(list(LETTERS), n)) for n in lengths])
    weights = 1 / np.arange(10, len(vocabulary) + 10)
    weights /= weights.sum()

    def draw(n: int) -> np.ndarray:
        return rng.choice(len(vocabulary), n, p=weights)

    originals = [draw(max(20, int(rng.normal(190, 40)))) for _ in range(count - count // 5)]
    families = {int(i): [int(i)] for i in rng.choice(len(originals), len(originals) // 8)}
    documents = list(originals)
    for parent in rng.choice(list(families), count // 5):
        copy = originals[parent].copy()
        places = rng.choice(len(copy), rng.choice(REPLACED), replace=False)
        copy[places] = draw(len(places))
        families[int(parent)].append(len(documents))
        documents.append(copy)
    texts = [" ".join(vocabulary[document]) for document in documents]
    return texts, [family for family in families.values() if len(family) > 1]


def ngram_set(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return set(zip(words, words[1:], words[2:], strict=False))


def similarity(texts: Sequence[str], pair: Pair) -> float:
    one, other = ngram_set(texts[pair[0]]), ngram_set(texts[pair[1]])
    return len(one & other) / len(one | other)


def with_datasketch(texts: Sequence[str]) -> list[Pair]:
    """Candidate pairs of MinHash and LSH, from raw text, by the library's own batch path."""

    def shingles(text: str) -> set[bytes]:
        words = text.split()
        return {" ".join(g).encode() for g in zip(words, words[1:], words[2:], strict=False)}

    index = MinHashLSH(threshold=THRESHOLD, num_perm=128)
    pairs = []
    for i, sketch in enumerate(MinHash.generator(map(shingles, texts), num_perm=128)):
        pairs += [(j, i) for j in index.query(sketch)]
        index.insert(i, sketch)
    return pairs


def with_viobert(texts: Sequence[str], threads: int) -> list[Pair]:
    found = near_duplicates(texts, NearDuplicates(threshold=THRESHOLD), threads)
    return [(i, j) for i, j in found.pairs.tolist()]


def quality(texts: Sequence[str], pairs: Iterable[Pair], true: Sequence[Pair]) -> dict[str, float]:
    """Share of the reported pairs that are true; share of the true ones that end together."""
    reported = list(pairs)
    labels = clusters(len(texts), np.array(reported, np.int64).reshape(-1, 2))
    right = sum(similarity(texts, pair) >= THRESHOLD for pair in reported)
    together = sum(labels[i] == labels[j] for i, j in true)
    return {
        "precision": round(right / max(1, len(reported)), 4),
        "recall": round(together / max(1, len(true)), 4),
    }


def measure(documents: int, runs: int, threads: int, quiet: bool) -> dict[str, Any]:
    texts, families = make_texts(documents, seed=20)
    methods: dict[str, Callable[[Sequence[str]], list[Pair]]] = {
        "datasketch": with_datasketch,
        "viobert": lambda texts: with_viobert(texts, threads),
    }
    for method in methods.values():
        method(texts[:50] + texts[-50:] + texts[:50])
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    processor: dict[str, list[float]] = {name: [] for name in methods}
    pairs: dict[str, list[Pair]] = {}
    for _, name in tqdm(list(itertools.product(range(runs), methods)), disable=quiet):
        clock, cpu = time.perf_counter(), time.process_time()
        pairs[name] = methods[name](texts)
        seconds[name].append(time.perf_counter() - clock)
        processor[name].append(time.process_time() - cpu)
    of_families = [pair for f in families for pair in itertools.combinations(f, 2)]
    true = [pair for pair in of_families if similarity(texts, pair) >= THRESHOLD]
    figures: dict[str, Any] = {
        "documents": documents,
        "words": round(statistics.mean(len(text.split()) for text in texts), 1),
        "pairs_in_families": len(of_families),
        "true_pairs": len(true),
        "runs": runs,
        "threads": threads,
    }
    for name in methods:
        figures[name] = {
            "seconds": round(statistics.median(seconds[name]), 3),
            "fastest": round(min(seconds[name]), 3),
            "slowest": round(max(seconds[name]), 3),
            "cpu_seconds": round(statistics.median(processor[name]), 3),
            **quality(texts, pairs[name], true),
        }
    return {
        "name": "near-duplicates",
        "ratio": round(figures["datasketch"]["seconds"] / figures["viobert"]["seconds"], 2),
        "floor": FLOOR,
        "aim": AIM,
        "figures": figures,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("datasketch", "numba", "numpy", "viobert")},
        },
    }


def table(result: dict[str, Any]) -> str:
    """The figures for a reader."""
    figures = result["figures"]
    lines = [
        f"{figures['documents']} documents, {figures['true_pairs']} true pairs, medians of "
        f"{figures['runs']} alternating runs; {figures['threads']} threads for viobert",
        f"{'':12}{'s':>9}{'min':>9}{'max':>9}{'cpu s':>9}{'precision':>11}{'recall':>9}",
    ]
    widths = (9, 9, 9, 9, 11, 9)
    for name in ("datasketch", "viobert"):
        cells = zip(figures[name].values(), widths, strict=True)
        lines.append(f"{name:12}" + "".join(f"{value:{width}}" for value, width in cells))
    lines.append(f"ratio {result['ratio']} (floor {FLOOR}, aim {AIM})")
    return "\n".join(lines)
