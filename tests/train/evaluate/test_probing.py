from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from tests.train.conftest import SAMPLE
from train.corpus.document import Document
from train.evaluate.probing import Labelled, Probe, features, from_documents, from_file, macro_f1
from train.evaluate.split import part, text_id
from train.files import StageError


def test_a_row_keeps_its_side_and_equal_texts_go_together() -> None:
    texts = [f"يعاني المريض من العرض رقم {i}" for i in range(3000)]
    sides = Counter(part(t) for t in texts)
    assert sides["train"] / 3000 == pytest.approx(0.6, abs=0.03)
    assert sides["dev"] / 3000 == pytest.approx(0.2, abs=0.03)
    for text in texts[:50]:
        assert part(text) == part(text.replace("المريض", "المَريض"))
        assert text_id(text) == text_id(text.replace("المريض", "المَريض"))
    assert len({text_id(t) for t in texts}) == 3000


def test_rows_of_a_file_and_of_documents(documents: list[Document], tmp_path: Path) -> None:
    sample = from_file(SAMPLE, "text", "dialect")
    assert len(sample.texts) == 168 and set(sample.labels) >= {"msa", "egyptian"}
    with pytest.raises(StageError, match=r"documents\.jsonl, row 1: no column dialct; it has id"):
        from_file(SAMPLE, "text", "dialct")
    path = tmp_path / "rows.jsonl"
    lines = [
        {"text": "ألم", "label": "a"},
        {"text": "", "label": "b"},
        {"text": "ب", "label": None},
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert from_file(path, "text", "label") == Labelled(["ألم"], ["a"])
    tagged = Document(id="1", text="ألم", source="", licence="", ref="", metadata={"kind": "k"})
    assert from_documents([tagged, documents[0]], "kind") == Labelled(["ألم"], ["k"])


def test_features_do_not_depend_on_the_batch(arabic: Any, bert: Any) -> None:
    texts = ["ألم", "يعاني المريض من ألم في الصدر", "بقالي يومين عندي صداع ودوخة " * 20]
    together = features(bert, arabic, texts, 64)
    for text, mean, first in zip(texts, together["mean"], together["CLS"], strict=True):
        inputs = arabic(text, truncation=True, max_length=64, return_tensors="pt")
        with torch.no_grad():
            states = bert.bert(**inputs).last_hidden_state[0]
        np.testing.assert_allclose(mean, states.mean(0).numpy(), atol=1e-5)
        np.testing.assert_allclose(first, states[0].numpy(), atol=1e-5)


def test_macro_f1_is_sklearns_and_its_error_that_of_a_bootstrap() -> None:
    generator = np.random.default_rng(3)
    gold = generator.choice(["a", "b", "c"], 300, p=[0.6, 0.3, 0.1])
    said = np.where(generator.random(300) < 0.7, gold, generator.choice(["a", "b", "d"], 300))
    value, replicates = macro_f1(gold.tolist(), said.tolist(), resamples=2000)
    classes = ["a", "b", "c"]
    assert value == pytest.approx(
        f1_score(gold, said, labels=classes, average="macro", zero_division=0)
    )
    again = []
    for _ in range(400):
        draw = generator.integers(0, 300, 300)
        again.append(f1_score(gold[draw], said[draw], labels=classes, average="macro"))
    assert np.std(replicates) == pytest.approx(np.std(again), rel=0.15)
    assert macro_f1(gold.tolist(), gold.tolist())[0] == 1


def test_a_probe_finds_what_the_states_tell(arabic: Any, bert: Any) -> None:
    symptoms = ["صداع", "ألم في الصدر", "سعال جاف", "حرارة"]
    drugs = ["metformin", "insulin", "ibuprofen", "paracetamol"]
    texts, labels = [], []
    for i in range(120):
        texts += [f"{symptoms[i % 4]} منذ {i} أيام", f"{drugs[i % 4]} {i} mg"]
        labels += ["symptom", "drug"]
    probe = Probe(Labelled(texts, labels), 200, "here")
    assert len(probe.train.texts) + len(probe.dev.texts) <= 200
    assert not set(probe.train.texts) & set(probe.dev.texts)
    value, replicates = probe.read(bert, arabic, 64)
    assert value > 0.95 and np.std(replicates) < 0.05
    shuffled = Probe(Labelled(texts, labels[1:61] + labels[:1] + labels[61:]), 200, "here")
    assert shuffled.read(bert, arabic, 64)[0] < value


def test_too_few_rows_are_named(arabic: Any) -> None:
    rows = Labelled(["ألم", "صداع"], ["a", "b"])
    with pytest.raises(StageError, match="smoke.yaml: .* labelled rows to train the probe"):
        Probe(rows, 100, "smoke.yaml")
