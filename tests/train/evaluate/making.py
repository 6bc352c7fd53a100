"""A small recipe with every axis, on sets made from the shipped texts, and two small models."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.train.conftest import ROOT, SAMPLE
from train.corpus.build import build
from train.evaluate.axes import Context
from train.evaluate.stage import context_of
from train.files import Run
from train.recipe import load

LEVELS = ("Y1", "Y2")
NER = ROOT / "assets" / "ner"


def samples() -> list[dict[str, Any]]:
    return [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )
    return path


def classes(count: int = 240) -> Iterator[dict[str, Any]]:
    """Complaints of the skin, the heart and the stomach; one of a class of its own."""
    complaints = {
        "skin": ["حكة", "طفح", "بثور", "جفاف"],
        "heart": ["خفقان", "ألم في الصدر", "تورم القدمين", "ضيق تنفس"],
        "stomach": ["غثيان", "حموضة", "إسهال", "انتفاخ"],
    }
    for i in range(count):
        label = list(complaints)[i % 3]
        words = complaints[label]
        text = f"عندي {words[i // 3 % 4]} منذ {i} يوما و{words[(i // 12 + 1) % 4]} أحيانا"
        yield {"id": f"c{i}", "text": text, "label": f"clinic > {label}"}
    yield {"id": "rare", "text": "سؤال وحيد عن الأسنان", "label": "clinic > teeth"}


def exam(count: int = 120) -> Iterator[dict[str, Any]]:
    """Questions whose answer is the option that names the disease; one has three options."""
    wrong = ["الطاولة", "السيارة", "البحر", "الكتاب", "الشجرة"]
    for i in range(count):
        options = [f"{wrong[(i + j) % 5]} {i + j}" for j in range(4 if i % 10 else 3)]
        place = i % 3
        options[place] = f"مرض رقم {i}"
        yield {
            "id": f"q{i}", "question": f"أي مما يلي مرض؟ السؤال {i}", "options": options,
            "answer": "ABCD"[place], "level": LEVELS[i % 2],
        }  # fmt: skip


def recipe(folder: Path, **evaluation: Any) -> Path:
    """Every axis on a few rows; ``evaluation`` replaces keys of the recipe's."""
    write_rows(folder / "classes.jsonl", list(classes()))
    write_rows(folder / "exam.jsonl", list(exam()))
    for part, count in (("train", 40), ("dev", 15), ("test", 30)):
        lines = (NER / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
        write_rows(folder / f"ner-{part}.jsonl", [json.loads(line) for line in lines[:count]])
    lines = (ROOT / "assets" / "cloze" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    write_rows(folder / "cloze.jsonl", [json.loads(line) for line in lines[::8]])
    named = {"set": "classes", "label": "label"}
    what: dict[str, Any] = {
        "tokenizer": {"vocab_size": 2000},
        "model": {},
        "training": {"steps": 10, "warmup": 1},
        "corpus": {
            "sources": [{"path": str(SAMPLE), "setting": "consultations"}],
            "evaluation_sets": [
                {"name": "classes", "path": "classes.jsonl"},
                {"name": "exam", "path": "exam.jsonl", "columns": ["question", "options"]},
            ],
            "test": 0.2,
            "dev": 0.1,
        },
        "evaluation": {
            "seeds": [13, 42],
            "bootstrap": 200,
            "left_to_right": 8,
            "cloze": {"test": "cloze.jsonl"},
            "coarse": {**named, "merge": {"inside": ["heart", "stomach"], "outside": ["skin"]}},
            "fine": named,
            "shares": [0.5, 1.0],
            "choice": {"set": "exam", "levels": list(LEVELS)},
            "entities": {part: f"ner-{part}.jsonl" for part in ("train", "dev", "test")},
            "fine_tuning": {
                "learning_rate": 3e-3, "epochs": 2, "least_steps": 8, "length": 48,
            },
            "forgetting": {"path": str(SAMPLE), "documents": 6, "dialect": named},
            "further": {"again": named},
            **evaluation,
        },
    }  # fmt: skip
    for chosen in ("coarse", "fine"):
        if what["evaluation"].get(chosen):
            what["evaluation"][chosen] = {"level": 2, **what["evaluation"][chosen]}
    path = folder / "small.yaml"
    path.write_text(
        yaml.safe_dump({"name": "small", "what": what, "how": {"workers": 2, "threads": 1}}),
        encoding="utf-8",
    )
    return path


def small_run(folder: Path, **evaluation: Any) -> Run:
    """The run of such a recipe, its corpus built."""
    run = Run(load(recipe(folder, **evaluation)), folder / "runs")
    how = run.recipe.how
    run.recipe.how = dataclasses.replace(how, workers=1)  # no processes for few documents
    build(run, lambda _: None)
    run.recipe.how = how
    return run


def context(run: Run, models: dict[str, str], keep: bool = False) -> Context:
    return context_of(run, models, keep)
