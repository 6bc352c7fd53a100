"""Training beside transformers' Trainer, and the memory of the prediction head.

    python benchmarks/training.py [--runs 5] [--documents 32] [--json]
    python benchmarks/training.py --gpu [--recipe train/recipes/viobert-v3.yaml] [--json]

MARBERTv2's shape with random weights, bf16 where the device has it, the same documents (about 189
word pieces, 512 at most) in all layouts, real pieces counted, medians of alternating rounds in one
process.
``group_texts`` pads nothing, but lets documents see each other. ``--gpu`` adds what only a GPU can
tell: absolute speed, MFU, peak memory, and the time of the recipe's steps.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from layouts import UPDATES, Flat, Rows, Shape, documents
from masking import versions
from tqdm import tqdm

from train import cost
from train.machine import precision
from train.options import Training
from train.recipe import How, Masking, load
from viobert.checkpoints import ROOT

PACKAGES = ("torch", "transformers", "accelerate", "viobert")
RECIPE = ROOT / "train" / "recipes" / "viobert-v3.yaml"
#: Name, layout compared with, floor, aim.
RATIOS = (("dynamic padding", "padded", 3.5, 4.0), ("group_texts", "grouped", 1.4, 1.6))
HEAD_FLOOR, HEAD_AIM = 4.5, 5.0


def speeds(count: int, runs: int, shape: Shape, quiet: bool) -> list[dict[str, Any]]:
    """Real pieces a second of the three layouts, and the two ratios."""
    how = How(micro_batch=16384, precision=precision(How()))
    training = Training(steps=10**6, warmup=1, learning_rate=1e-5, batch_size=count // UPDATES)
    model = shape.model()
    layouts: dict[str, Any] = {
        "padded": Rows(model, shape, False, how.precision),
        "grouped": Rows(model, shape, True, how.precision),
        "viobert": Flat(model, shape, how, training, Masking()),
    }
    rates: dict[str, list[float]] = {name: [] for name in layouts}
    for number in tqdm(range(runs + 1), disable=quiet):
        pieces = documents(count, shape.vocabulary, seed=number)
        for name, layout in layouts.items():
            seconds, seen = layout.round(pieces)
            if number:  # the first round warms up
                rates[name].append(seen / seconds)
    figures: dict[str, Any] = {
        "documents": count, "runs": runs, "precision": how.precision,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "threads": torch.get_num_threads(),
    }  # fmt: skip
    for name, found in rates.items():
        figures[name] = {
            "pieces_per_second": round(statistics.median(found), 1),
            "slowest": round(min(found), 1),
            "fastest": round(max(found), 1),
        }
    own = figures["viobert"]["pieces_per_second"]
    return [
        {
            "name": f"training beside {title}",
            "ratio": round(own / figures[name]["pieces_per_second"], 2),
            "floor": floor,
            "aim": aim,
            "figures": figures,
            "versions": versions(*PACKAGES),
        }
        for title, name, floor, aim in RATIOS
    ]


#: Runs in a process of its own: peak memory, in bytes (Linux), of one head's forward and backward.
HEAD = """
import sys, torch
from layouts import Shape
from torch.nn import functional
pieces, masked, vocabulary = (int(a) for a in sys.argv[1:4])
head = Shape(layers=1, vocabulary=vocabulary).model().cls
states = torch.randn(pieces, 768, requires_grad=True)
targets = torch.randint(0, vocabulary, (pieces,))
def memory(field):
    status = open("/proc/self/status").read()
    return int(status.partition(field + ":")[2].split()[0]) * 1024
open("/proc/self/clear_refs", "w").write("5")  # the peak begins anew
before = memory("VmRSS")
with torch.autocast("cpu", torch.bfloat16, enabled=sys.argv[4] == "bf16"):
    logits = head(states[:masked])
loss = functional.cross_entropy(logits.float(), targets[:masked])
del logits
loss.backward()
print(memory("VmHWM") - before)
"""


def head_memory(pieces: int, runs: int, vocabulary: int) -> dict[str, Any]:
    """Peak memory of the head at all places and at the masked 15 %."""
    masked, kept = round(0.15 * pieces), precision(How())
    found: dict[str, list[int]] = {"all": [], "masked": []}
    for _ in range(runs):
        for name, places in (("all", pieces), ("masked", masked)):
            sizes = [str(pieces), str(places), str(vocabulary)]
            command = [sys.executable, "-c", HEAD, *sizes, kept]
            done = subprocess.run(
                command, cwd=Path(__file__).parent, text=True, capture_output=True, check=True
            )
            found[name].append(int(done.stdout))
    middle = {name: statistics.median(values) for name, values in found.items()}
    return {
        "name": "memory of the head",
        "ratio": round(middle["all"] / middle["masked"], 2),
        "floor": HEAD_FLOOR,
        "aim": HEAD_AIM,
        "figures": {
            "pieces": pieces, "masked": masked, "runs": runs, "precision": kept,
            **{f"{name}_mib": round(value / 2**20, 1) for name, value in middle.items()},
        },
        "versions": versions(*PACKAGES),
    }  # fmt: skip


def absolute(path: Path, steps: int, shape: Shape, compiled: bool) -> dict[str, Any]:
    """The recipe's own steps on this device: speed, MFU, peak memory, extrapolated time; medians of
    five blocks of ``steps`` steps."""
    recipe = load(path)
    training, how = recipe.what.training, dataclasses.replace(recipe.how, compile=compiled)
    flat = Flat(shape.model(), shape, how, training, recipe.what.masking)
    device = flat.core.accelerator.device
    blocks = list(flat.blocks(5, steps))
    rate = statistics.median(seen / seconds for seconds, seen, _ in blocks)
    speed = statistics.median(work / seconds for seconds, _, work in blocks)
    peak = cost.peak(device, how.peak_tflops)
    mfu = round(speed / peak, 4) if peak else None
    memory = torch.cuda.max_memory_allocated() / 2**30 if device.type == "cuda" else None
    a_step = statistics.mean(seen for _, seen, _ in blocks) / steps
    return {
        "name": f"{recipe.name} on {_device(device)}{', compiled' if compiled else ''}",
        "ratio": mfu,
        "floor": 0.31,
        "aim": 0.4,
        "figures": {
            "pieces_per_second": round(rate), "tflops": round(speed / 1e12, 3), "mfu": mfu,
            "peak_gib": memory and round(memory, 2), "steps": steps,
            "batch_size": training.batch_size, "micro_batch": how.micro_batch,
            "attention": flat.core.kind,
            "hours_of_the_recipe": round(training.steps * a_step / rate / 3600, 2),
        },
        "versions": versions(*PACKAGES),
    }  # fmt: skip


def _device(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "the CPU"


def table(result: dict[str, Any]) -> str:
    """The figures for a reader."""
    lines = [result["name"]]
    for name, value in result["figures"].items():
        shown = (
            ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        )
        lines.append(f"  {name:22}{shown}")
    return "\n".join([*lines, f"  ratio {result['ratio']} (floor {result['floor']}, "
                      f"aim {result['aim']})"])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--documents", type=int, default=16, help="a round, in two steps")
    parser.add_argument("--head", type=int, default=4096, help="word pieces of the head's batch")
    parser.add_argument("--layers", type=int, default=12, help="fewer: only to try the script")
    parser.add_argument("--vocabulary", type=int, default=100_000, help="likewise")
    parser.add_argument("--gpu", action="store_true", help="the recipe's own steps as well")
    parser.add_argument("--steps", type=int, default=20, help="a block of --gpu")
    parser.add_argument("--recipe", type=Path, default=RECIPE, help="of --gpu")
    parser.add_argument("--json", action="store_true", help="one JSON object a line and no more")
    options = parser.parse_args()
    shape = Shape(layers=options.layers, vocabulary=options.vocabulary)

    def tell(result: dict[str, Any]) -> None:
        print(json.dumps(result) if options.json else table(result), flush=True)

    if options.gpu and not torch.cuda.is_available():
        sys.exit("--gpu: there is no GPU here")
    if options.gpu:
        for compiled in (False, True):
            tell(absolute(options.recipe, options.steps, shape, compiled))
    for result in speeds(options.documents, options.runs, shape, options.json):
        tell(result)
    tell(head_memory(options.head, options.runs, options.vocabulary))


if __name__ == "__main__":
    main()
