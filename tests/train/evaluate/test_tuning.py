from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertForMultipleChoice, BertForSequenceClassification

from train.evaluate import examples as batching
from train.evaluate.axes.choices import example
from train.evaluate.examples import Example
from train.evaluate.options import FineTuning
from train.evaluate.questions import Question
from train.evaluate.tuning import fit, predict
from train.tokens import encode

TEXTS = ["حكة في الجلد", "طفح أحمر على اليدين منذ أسبوع وحكة شديدة", "خفقان", "ألم في الصدر وخفقان"]


def examples(tokenizer: Any, texts: list[str], labels: list[int]) -> list[Example]:
    return [Example([[tokenizer.cls_token_id, *e.ids, tokenizer.sep_token_id]], label)
            for e, label in zip(encode(tokenizer, texts), labels, strict=True)]  # fmt: skip


def classifier(bert: Any) -> Any:
    torch.manual_seed(0)
    config = copy.deepcopy(bert.config)
    config.num_labels = 2
    return BertForSequenceClassification(config)


def test_predictions_are_those_of_each_text_alone(arabic: Any, bert: Any) -> None:
    model = classifier(bert).eval()
    found = predict(model, examples(arabic, TEXTS, [0] * 4), arabic.pad_token_id)
    for text, logs in zip(TEXTS, found, strict=True):
        with torch.no_grad():
            alone = model(**arabic(text, return_tensors="pt")).logits.log_softmax(-1)[0]
        np.testing.assert_allclose(logs, alone.numpy(), atol=1e-5)


def test_a_head_learns_and_the_best_reading_is_kept(arabic: Any, bert: Any) -> None:
    rows = examples(arabic, TEXTS * 8, [0, 0, 1, 1] * 8)
    config = FineTuning(learning_rate=3e-3, epochs=4, batch_size=8, least_steps=24, dropout=0.0)
    told = iter([0.2, 0.9, 0.4, 0.9])
    weights: list[torch.Tensor] = []

    def judge(model: Any) -> float:
        assert not model.training
        weights.append(model.classifier.weight.detach().clone())
        return next(told)

    fitted = fit(classifier(bert), rows, judge, arabic.pad_token_id, config, seed=13)
    assert fitted.readings == [0.2, 0.9, 0.4, 0.9] and fitted.best == 1  # the first of equals
    assert torch.equal(fitted.model.classifier.weight, weights[1])
    said = [int(p.argmax()) for p in predict(fitted.model, rows[:4], arabic.pad_token_id)]
    assert said == [0, 0, 1, 1]


def test_a_seed_decides_everything_that_is_drawn(arabic: Any, bert: Any) -> None:
    rows = examples(arabic, TEXTS * 4, [0, 0, 1, 1] * 4)
    config = FineTuning(epochs=1, batch_size=4, least_steps=4)

    def trained(seed: int) -> torch.Tensor:
        torch.manual_seed(int(torch.randint(99, ()).item()))  # whatever the state before
        model = classifier(bert)
        fit(model, rows, lambda _: 0.0, arabic.pad_token_id, config, seed)
        return torch.cat([p.detach().flatten() for p in model.parameters()])

    assert torch.equal(trained(13), trained(13))
    assert not torch.equal(trained(13), trained(42))


def test_questions_of_unlike_numbers_of_options_are_learned_together(
    arabic: Any, bert: Any
) -> None:
    torch.manual_seed(0)
    model = BertForMultipleChoice(copy.deepcopy(bert.config)).eval()
    asked = [Question(str(i), "ما سبب الحكة؟", ("الجلد", "القلب", "المعدة", "العين")[: 3 + i % 2],
                      i % 3, "Y1") for i in range(10)]  # fmt: skip
    rows = [example(arabic, q, 32) for q in asked]
    found = predict(model, rows, arabic.pad_token_id)
    assert [len(p) for p in found] == [3 + i % 2 for i in range(10)]
    pair = arabic(
        ["ما سبب الحكة؟"] * 3, list(asked[0].options), padding=True, return_tensors="pt",
        return_token_type_ids=True,
    )  # fmt: skip
    assert rows[0].pieces[1] == [
        arabic.cls_token_id, *arabic("ما سبب الحكة؟", add_special_tokens=False)["input_ids"],
        arabic.sep_token_id, *arabic("القلب", add_special_tokens=False)["input_ids"],
        arabic.sep_token_id,
    ]  # fmt: skip
    types = torch.tensor(
        [row + [0] * (pair["input_ids"].shape[1] - len(row)) for row in rows[0].types or []]
    )
    ids = torch.tensor(
        [row + [arabic.pad_token_id] * (types.shape[1] - len(row)) for row in rows[0].pieces]
    )
    real = (ids != arabic.pad_token_id).long()
    with torch.no_grad():
        alone = model(input_ids=ids[None], attention_mask=real[None], token_type_ids=types[None])
    np.testing.assert_allclose(found[0], alone.logits.log_softmax(-1)[0].numpy(), atol=1e-5)
    config = FineTuning(epochs=1, batch_size=4, least_steps=3)
    assert fit(model, rows, lambda _: 1.0, arabic.pad_token_id, config, 13).best == 0


@pytest.mark.parametrize(("asked", "offered"), [(60, 3), (3, 60), (60, 60)])
def test_the_longer_segment_is_cut(asked: int, offered: int, arabic: Any) -> None:
    question = Question("q", "ألم " * asked, ("صدر " * offered, "صدر"), 0, "Y1")
    found = example(arabic, question, 32)
    assert max(map(len, found.pieces)) == 32 or asked + offered < 30
    for pieces, types in zip(found.pieces, found.types or [], strict=True):
        assert len(pieces) == len(types) <= 32
        assert pieces.count(arabic.sep_token_id) == 2 and sum(types) >= 2
        assert types.count(0) >= 3


def test_batches_of_training_hold_every_row_once_an_epoch(arabic: Any) -> None:
    rows = examples(arabic, [f"{'ألم ' * (i % 9 + 1)}" for i in range(70)], [0] * 70)
    order = batching.order(rows, 8, seed=13)
    for _ in range(2):
        epoch = [next(order) for _ in range(9)]
        assert sorted(i for batch in epoch for i in batch) == list(range(70))
        assert max(map(len, epoch)) == 8
