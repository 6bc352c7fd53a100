from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2
from sklearn.metrics import accuracy_score, f1_score

from train.evaluate.axes import registry
from train.evaluate.axes.entities import _table, count
from train.evaluate.measures import _KINDS, measures
from train.evaluate.sentences import Sentence
from train.evaluate.statistics import Resampling
from viobert.scores import PRIMARY


def value(found: Any, metric: str) -> float:
    return float(found[metric].value(found[metric].counts.sum(0)))


def test_classes_are_scored_as_by_sklearn() -> None:
    generator = np.random.default_rng(3)
    names = np.array(["قلب", "جلد", "عيون", "dental"])
    gold = names[generator.choice(4, 300, p=[0.6, 0.3, 0.08, 0.02])]
    said = np.where(generator.random(300) < 0.7, gold, names[generator.integers(0, 4, 300)])
    texts = [f"t{i % 250}" for i in range(300)]
    table = pa.table({"item": texts, "document": texts, "gold": gold, "said": said})
    named, found = measures("probing", table)
    assert len(named) == 250 and found["macro_f1"].counts.shape[0] == 250
    assert value(found, "macro_f1") == pytest.approx(f1_score(gold, said, average="macro"))
    assert value(found, "accuracy") == pytest.approx(accuracy_score(gold, said))
    # A resample is weights on texts: the same as scoring its rows.
    weights = generator.multinomial(250, [1 / 250] * 250)
    rows = [i for i in range(300) for _ in range(weights[named.index(texts[i])])]
    macro = found["macro_f1"]
    expected = f1_score(gold[rows], said[rows], average="macro", labels=names)
    assert float(macro.value(weights @ macro.counts)) == pytest.approx(expected)


def test_a_resample_without_a_rare_class_is_no_mean_of_fewer() -> None:
    """The interval of a model that never finds the rare class ends below 4 in 5."""
    gold = ["a"] * 49 + ["b"] * 49 + ["rare"] * 2
    said = ["a"] * 49 + ["b"] * 49 + ["a"] * 2
    items = [str(i) for i in range(100)]
    table = pa.table({"item": items, "document": items, "gold": gold, "said": said})
    macro = measures("probing", table)[1]["macro_f1"]
    found = Resampling(100, resamples=2000).interval([macro.counts], macro.value)
    assert found.value == pytest.approx(2 / 3, abs=0.01)
    assert 0.64 < found.low < found.high < 0.68


def test_a_class_that_is_said_and_not_there_costs_precision_alone() -> None:
    table = pa.table(
        {"item": ["1", "2"], "document": ["1", "2"], "gold": ["a", "a"], "said": ["a", "b"]}
    )
    _, found = measures("probing", table)
    assert value(found, "macro_f1") == pytest.approx(2 / 3)


def test_words_are_averaged_over_words_and_characters() -> None:
    table = pa.table(
        {
            "item": ["d1", "d1", "d2"],
            "document": ["f1", "f1", "f2"],
            "nll": [1.0, 2.0, 6.0],
            "top1": [1.0, 0.0, 0.0],
            "top5": [1.0, 1.0, 0.0],
            "reciprocal_rank": [1.0, 0.25, 0.0],
            "characters": [3, 5, 4],
            "pieces": [1, 2, 1],
        }
    )
    _, found = measures("intrinsic", table)
    assert value(found, "nats_per_word") == pytest.approx(3)
    assert value(found, "bits_per_character") == pytest.approx(9 / np.log(2) / 12)
    assert value(found, "word_perplexity") == pytest.approx(np.exp(3))
    assert value(found, "fill_mask_top1") == pytest.approx(1 / 3)
    assert value(found, "fill_mask_mrr") == pytest.approx(1.25 / 3)
    assert value(found, "fill_mask_top1_one_piece") == 0.5
    assert value(found, "fill_mask_top5_several_pieces") == 1
    assert found["word_perplexity"].relative and found["fill_mask_top1"].proportion


def random_tags(generator: Any, size: int) -> list[str]:
    """Well-formed IOB2."""
    tags: list[str] = []
    for _ in range(size):
        inside = [f"I-{tags[-1][2:]}"] if tags and tags[-1] != "O" else []
        tags.append(str(generator.choice(["O", "O", "B-DRUG", "B-DISEASE", *inside, *inside])))
    return tags


def test_entities_are_scored_as_by_seqevals_strict_report() -> None:
    generator = np.random.default_rng(4)
    sentences, said = [], []
    for i in range(60):
        size = int(generator.integers(3, 12))
        words = [f"w{i}x{j}" for j in range(size)]
        text = " ".join(words)
        starts = np.cumsum([0, *[len(w) + 1 for w in words[:-1]]])
        spans = [(int(s), int(s) + len(w)) for s, w in zip(starts, words, strict=True)]
        gold = random_tags(generator, size)
        sentences.append(Sentence(str(i), text, spans, gold))
        said.append(gold if generator.random() < 0.5 else random_tags(generator, size))
    labels = ["DISEASE", "DRUG"]
    table = _table(sentences, count(sentences, said, labels), labels)
    _, found = measures("ner", table)
    theirs = classification_report(
        [s.tags for s in sentences], said, mode="strict", scheme=IOB2, output_dict=True
    )
    assert value(found, "f1") == pytest.approx(theirs["micro avg"]["f1-score"])
    assert value(found, "precision") == pytest.approx(theirs["micro avg"]["precision"])
    assert value(found, "recall") == pytest.approx(theirs["micro avg"]["recall"])
    for label in labels:
        assert value(found, f"f1_{label}") == pytest.approx(theirs[label]["f1-score"])


def test_a_tagger_that_says_nothing_has_no_entity_right() -> None:
    sentence = Sentence("1", "صداع شديد", [(0, 4), (5, 9)], ["B-SYMPTOM", "O"])
    table = _table([sentence], count([sentence], [["O", "O"]], ["SYMPTOM"]), ["SYMPTOM"])
    _, found = measures("ner", table)
    assert [value(found, m) for m in ("f1", "precision", "recall")] == [0, 0, 0]


def test_every_axis_has_measures_and_one_that_it_is_judged_by() -> None:
    assert set(registry()) == set(_KINDS) == set(PRIMARY)
