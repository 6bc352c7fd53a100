"""Small corpora for the tests: rows of our own Arabic, recipes that read them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from train.files import Run
from train.recipe import Recipe, load

LONG = "يعاني المريض من ألم شديد في الصدر منذ يومين"

# Words enough for texts that do not resemble each other.
_WORDS = [
    "الطبيب", "المريض", "القلب", "الصدر", "الكبد", "المعدة", "الرأس", "العين", "الأذن", "الجلد",
    "الظهر", "الركبة", "السكري", "الضغط", "الربو", "الحساسية", "الصداع", "الحمى", "السعال",
    "الغثيان", "الدواء", "الجرعة", "المضاد", "الحيوي", "التحليل", "الأشعة", "العملية", "الحمل",
    "الرضاعة", "الطفل", "اللقاح", "المناعة", "الفيتامين", "الحديد", "الكالسيوم", "النوم",
    "القلق", "الاكتئاب", "التدخين", "الرياضة", "الغذاء", "الماء", "السمنة", "العظام", "المفاصل",
    "الأعصاب", "الكلى", "البول", "الغدة", "الهرمون", "الدم", "الكولسترول", "التهاب", "عدوى",
    "فيروس", "جرثومة", "فطريات", "مرهم", "حقنة", "قرص", "شراب", "بخاخ", "موعد", "عيادة",
    "مستشفى", "تشخيص", "علاج", "وقاية", "أعراض",
]  # fmt: skip


def text(number: int, words: int = 30) -> str:
    """A text of its own for each number."""
    draw = random.Random(number)
    return " ".join([*(draw.choice(_WORDS) for _ in range(words)), f"بعد {number} يوما"])


def row(name: str, content: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "source": "s", "licence": "CC0-1.0", "ref": "r", "text": content, **more}


def write_lines(path: Path, rows: list[Any]) -> None:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")


def recipe(
    folder: Path, sources: list[dict[str, Any]], how: dict[str, Any] | None = None, **corpus: Any
) -> Recipe:
    """A recipe from scratch on these sources; ``corpus`` and ``how`` add keys."""
    what = {
        "corpus": {"sources": sources, "test": 0.2, **corpus},
        "tokenizer": {"vocab_size": 2000},
        "model": {"layers": 1, "hidden": 32, "heads": 2, "intermediate": 64, "positions": 64},
        "training": {"steps": 4, "batch_size": 4, "length": 64, "warmup": 1},
    }
    path = folder / "small.yaml"
    whole = {"name": "small", "what": what, "how": {"workers": 1, **(how or {})}}
    path.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    return load(path)


def reasons(run: Run) -> dict[str, str]:
    return {r["id"]: r["reason"] for r in pq.read_table(run.excluded).to_pylist()}


def kept(run: Run) -> dict[str, dict[str, str]]:
    return {r["id"]: r for r in pq.read_table(run.documents).to_pylist()}
