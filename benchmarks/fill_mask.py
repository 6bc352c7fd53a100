"""What the page asks of a model, beside the plain way to do it; medians of alternating rounds.

    python benchmarks/fill_mask.py [--runs 11] [--json]

MARBERTv2's shape with random weights, and a sentence of 32 word pieces: the predictions of
transformers' ``pipeline("fill-mask")`` in fp32 beside the head at the mask alone, by torch and by
OpenVINO; the surprise of each word beside a loop over one masked copy at a time with the logits of
every place. Answers that differ are an error, not a figure. The last row is the embedded pair, with
its real weights. All on the CPU, in one process.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from layouts import Shape
from masking import versions
from tqdm import tqdm
from training import table
from transformers import BertTokenizer, pipeline

from viobert.checkpoints import EMBEDDED, ROOT, Checkpoint, load
from viobert.fill_mask import FillMask
from viobert.runtime import faster
from viobert.surprise import Surprise, total

PACKAGES = ("torch", "transformers", "openvino", "viobert")
PIECES, MOST_MS, K = 32, 60.0, 5
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
Method = Callable[[], Any]


def vocabulary(size: int) -> list[str]:
    """Made words of three letters and more, each second one an ending as well."""
    found, longest = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS)], range(3, 9)
    for letters in itertools.chain.from_iterable(
        itertools.product(LETTERS, repeat=n) for n in longest
    ):
        word = "".join(letters)
        found.append(word)
        if len(found) % 2:
            found.append(f"##{word}")
        if len(found) >= size:
            break
    return found[:size]


def made(shape: Shape) -> Checkpoint:
    """The shape with random weights, in which some words are likelier than others."""
    words = vocabulary(shape.vocabulary)
    tokenizer = BertTokenizer({word: i for i, word in enumerate(words)}, do_lower_case=True)
    model = shape.model().eval()
    with torch.no_grad():
        model.get_input_embeddings().weight.mul_(5)  # the head's, too
    return Checkpoint("made", "folder", None, model, tokenizer, 512, ROOT)


def sentence(tokenizer: Any, masked: bool) -> str:
    """32 pieces with the special ones; every fourth word has two."""
    every = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    whole = [w for w in every if len(w) >= 3 and w[0] not in "[#"]
    ends = [w.removeprefix("##") for w in every if w.startswith("##") and len(w) > 4]
    words = ["[MASK]"] if masked else []
    while (count := len(tokenizer(" ".join(words))["input_ids"])) < PIECES:
        at = 7 * len(words)
        both = len(words) % 4 == 3 and count < PIECES - 1
        words.append(whole[-1 - at] + (ends[-1 - at] if both else ""))
        if len(tokenizer(" ".join(words))["input_ids"]) > PIECES:
            words[-1] = whole[-1 - at]
    return " ".join(words[1:6] + words[:1] + words[6:])


def one_by_one(checkpoint: Checkpoint, text: str) -> float:
    """Bits of all words: one copy a forward, all logits."""
    tokenizer: Any = checkpoint.tokenizer
    inputs = tokenizer(text, return_tensors="pt")
    ids, word_ids = inputs["input_ids"][0], inputs.word_ids()
    bits = 0.0
    for place, word in enumerate(word_ids):
        if word is None:
            continue
        copy = ids.clone()
        copy[[i for i in range(place, len(ids)) if word_ids[i] == word]] = tokenizer.mask_token_id
        with torch.inference_mode():
            logits = checkpoint.model(**{**inputs, "input_ids": copy[None]}).logits
        bits -= float(logits.log_softmax(-1)[0, place, ids[place]]) / math.log(2)
    return bits


def timed(methods: dict[str, Method], runs: int, quiet: bool) -> dict[str, list[float]]:
    """Milliseconds; the first round warms up."""
    found: dict[str, list[float]] = {name: [] for name in methods}
    for number in tqdm(range(runs + 1), disable=quiet):
        for name, method in methods.items():
            start = time.perf_counter()
            method()
            if number:
                found[name].append(1000 * (time.perf_counter() - start))
    return found


def differs(theirs: list[dict[str, Any]], ours: list[Any]) -> str | None:
    """What is wrong with the predictions, or None."""
    words = [(row["token_str"], p.token) for row, p in zip(theirs, ours, strict=True)]
    gap = max(abs(r["score"] - p.probability) for r, p in zip(theirs, ours, strict=True))
    if any(a.replace("##", "") != b.replace("##", "") for a, b in words):
        return f"other words than the pipeline's: {words}"
    return f"scores differ by {gap:.1g}" if gap > 1e-5 else None


def compared(checkpoint: Checkpoint, runs: int, quiet: bool) -> Iterator[dict[str, Any]]:
    """The rows, the embedded pair's last. Ends the process where answers differ."""
    masked, whole = (sentence(checkpoint.tokenizer, kind) for kind in (True, False))
    plain = pipeline("fill-mask", model=checkpoint.model, tokenizer=checkpoint.tokenizer)
    head, quick = FillMask(checkpoint), FillMask(checkpoint, runtime="openvino")
    surprise = Surprise(checkpoint)
    wrong = differs(plain(masked, top_k=K), head(masked, K)[0])
    bits = one_by_one(checkpoint, whole), total(surprise(whole))
    if wrong or not abs(bits[0] - bits[1]) <= 1e-3:
        sys.exit(wrong or f"the surprise differs: {bits[0]:.4f} and {bits[1]:.4f} bits")
    panels, gallery, agreed = embedded()
    found = timed(
        {
            "pipeline": lambda: plain(masked, top_k=K),
            "head": lambda: head(masked, K),
            "openvino": lambda: quick(masked, K),
            "loop": lambda: one_by_one(checkpoint, whole),
            "surprise": lambda: surprise(whole),
            "panels": lambda: [panel(gallery, K) for panel in panels],
        },
        runs, quiet,
    )  # fmt: skip
    precise = {"precision": quick.precision, "agreement_of_viobert_mini": round(agreed, 4)}
    told = {"bits": round(bits[1], 3), "bits_of_the_loop": round(bits[0], 3)}
    yield row("head at the mask", 1.4, 1.5, found, "pipeline", "head", precision=head.precision)
    yield row("openvino", 3.0, 4.0, found, "pipeline", "openvino", **precise)
    yield row("surprise", 3.5, 4.0, found, "loop", "surprise", **told)
    yield row("both panels", 1.0, 1.0, {**found, "most": [MOST_MS] * runs}, "most", "panels")


def embedded() -> tuple[list[FillMask], str, float]:
    """Both embedded models, a sentence, and OpenVINO's agreement on all of the gallery's."""
    lines = json.loads((ROOT / "assets" / "examples.json").read_text(encoding="utf-8"))
    gallery = [line["text"] for line in lines]
    pair = [load(str(EMBEDDED / name)) for name in ("base-mini", "viobert-mini")]
    return [FillMask(one) for one in pair], gallery[0], faster(pair[1], gallery)[1]


def row(
    name: str, floor: float, aim: float, found: dict[str, list[float]], slow: str, fast: str,
    **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """How many times faster ``fast`` is than ``slow``."""
    middle = {key: statistics.median(found[key]) for key in (slow, fast)}
    times = {
        key: {"ms": round(middle[key], 2), "fastest": round(min(found[key]), 2),
              "slowest": round(max(found[key]), 2)}
        for key in (slow, fast)
    }  # fmt: skip
    figures = {
        "runs": len(found[fast]), "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 2), **times, **more,
    }  # fmt: skip
    return {
        "name": name, "ratio": round(middle[slow] / middle[fast], 2), "floor": floor, "aim": aim,
        "figures": figures, "versions": versions(*PACKAGES),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--layers", type=int, default=12, help="fewer: only to try the script")
    parser.add_argument("--vocabulary", type=int, default=100_000, help="likewise")
    parser.add_argument("--json", action="store_true", help="one JSON object a line and no more")
    options = parser.parse_args()
    shape = Shape(layers=options.layers, vocabulary=options.vocabulary)
    for found in compared(made(shape), options.runs, options.json):
        print(json.dumps(found) if options.json else table(found), flush=True)


if __name__ == "__main__":
    main()
