"""The corpus stage on many documents: seconds of each phase, documents a second, peak memory.

Documents of about 190 words are resampled from the texts of VIOBERT_DATA and perturbed: a window
of a real text with some words exchanged; one in ten is a near-duplicate of an earlier one, one in
fifty a copy. They are written to a temporary folder and stay there no longer than the run.
``benchmarks/corpus.py`` runs it.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

WORDS = 190
FILE = 50_000
RATE = 1_200_000 / (20 * 60)  # documents a second: the floor
SETS = {"medarabench": ["question", "options"], "mmlu_ar_medical": ["question", "options"],
        "arcovidvac": ["text"], "arsarcasm_dialect": ["text"]}  # fmt: skip


def words_of(data: Path) -> list[str]:
    """All words of the real texts, one after the other."""
    found: list[str] = []
    for path in sorted([*data.glob("general/*.parquet"), *data.glob("medical/*.parquet")]):
        for text in pq.read_table(path, columns=["text"]).column("text").to_pylist():
            found += text.split()
    return found


def generate(folder: Path, pool: list[str], documents: int, seed: int = 7) -> None:
    """Parquet files of ``FILE`` documents each."""
    draw = np.random.default_rng(seed)
    earlier: list[list[str]] = []
    for first in range(0, documents, FILE):
        count = min(FILE, documents - first)
        sizes = np.clip(draw.lognormal(np.log(WORDS) - 0.18, 0.6, count), 20, 900).astype(int)
        starts = draw.integers(0, len(pool) - 1000, count)
        kinds = draw.random(count)
        texts = []
        for size, start, kind in zip(sizes.tolist(), starts.tolist(), kinds.tolist(), strict=True):
            if earlier and kind < 0.12:
                words = list(earlier[int(kind * 1e9) % len(earlier)])
                changed = 0 if kind < 0.02 else int(kind * 1e7) % 19
            else:
                words = pool[start : start + size]
                changed = size // 30
            for place in draw.integers(0, len(words), changed).tolist():
                words[place] = pool[int(draw.integers(0, len(pool)))]
            if len(earlier) < 20_000:
                earlier.append(words)
            texts.append(" ".join(words))
        rows = {
            "id": [f"d{first + i}" for i in range(count)],
            "text": texts,
            "source": ["resampled"] * count,
            "licence": ["CC0-1.0"] * count,
            "ref": [f"row {first + i}" for i in range(count)],
        }
        pq.write_table(pa.table(rows), folder / f"{first // FILE:03d}.parquet")


def recipe(folder: Path, data: Path, workers: int) -> Path:
    sets = [
        {"name": name, "path": str(data / "tasks" / f"{name}.parquet"), "columns": columns}
        for name, columns in SETS.items()
    ]
    corpus = {"sources": [{"path": "*.parquet"}], "evaluation_sets": sets}
    whole = {
        "name": "many",
        "what": {
            "corpus": corpus,
            "tokenizer": {},
            "model": {},
            "training": {"steps": 1000, "length": 256},
        },
        "how": {"workers": workers},
    }
    path = folder / "many.yaml"
    path.write_text(yaml.safe_dump(whole), encoding="utf-8")
    return path


def watched(command: list[str]) -> tuple[float, float]:
    """Seconds, and the peak of the memory (proportional set size, GiB) of all its processes."""
    start, peak = time.monotonic(), 0
    process = psutil.Popen(command)
    while process.poll() is None:
        held = 0
        for one in [process, *process.children(recursive=True)]:
            try:
                held += one.memory_full_info().pss
            except psutil.Error:
                continue
        peak = max(peak, held)
        time.sleep(0.5)
    if process.returncode:
        raise SystemExit(process.returncode)
    return time.monotonic() - start, peak / 2**30


def measure(documents: int, data: Path, workers: int = 0) -> dict[str, Any]:
    """One run, once; the ratio is that of 20 minutes for 1.2 million documents to its time."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), words_of(data), documents)
        return _measured(documents, workers, Path(folder), data)


def _measured(documents: int, workers: int, folder: Path, data: Path) -> dict[str, Any]:
    path = recipe(folder, data, workers)
    runs = folder / "runs"
    command = [sys.executable, "-m", "train", "corpus", str(path), "--runs", str(runs)]
    seconds, peak = watched(command)
    corpus = runs / "many" / "corpus"
    manifest = json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))
    source = manifest["sources"]["resampled"]
    return {
        "name": "whole stage",
        "ratio": round(documents / RATE / seconds, 2),
        "floor": 1.0,
        "aim": 1.0,
        "figures": {
            "documents": documents,
            "seconds": round(seconds, 1),
            "phases": manifest["seconds"],
            "peak_gib": round(peak, 2),
            "documents_per_second": round(documents / seconds),
            "kept": source["kept"],
            "left_out": source["left_out"],
            "words": source["words"],
            "gib_read": round(sum(p.stat().st_size for p in folder.glob("*.parquet")) / 2**30, 2),
            "gib_written": round(sum(p.stat().st_size for p in corpus.iterdir()) / 2**30, 2),
            "workers": workers or os.cpu_count(),
        },
        "versions": {
            "python": platform.python_version(),
            **{p: version(p) for p in ("datatrove", "numba", "numpy", "pyarrow")},
        },
    }
