from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from train import model as models
from train.batching import Batches, special_ids
from train.corpus.document import Document
from train.recipe import Masking
from train.tokens import Tokens, document_key


def tokens_of(tokenizer: Any, texts: list[str]) -> Tokens:
    encodings = [tokenizer(t, add_special_tokens=False) for t in texts]
    return Tokens(
        ids=np.concatenate([np.array(e["input_ids"], np.int32) for e in encodings]),
        words=np.concatenate([np.array(e.word_ids(), np.int32) for e in encodings]),
        offsets=np.cumsum([0] + [len(e["input_ids"]) for e in encodings]),
        keys=np.array([document_key(str(i)) for i in range(len(texts))], np.uint64),
    )


def batches_of(tokenizer: Any, texts: list[str], rows: int = 4, length: int = 128) -> Batches:
    return Batches(
        tokens_of(tokenizer, texts),
        special_ids(tokenizer),
        Masking(rate=0.3),
        rows=rows,
        length=length,
        seed=5,
    )


def test_masked_only_loss_equals_the_full_loss_of_bert(
    arabic: Any, bert: Any, documents: list[Document]
) -> None:
    batches = batches_of(arabic, [d.text for d in documents[:30]], rows=6)
    for group in batches.epoch(0)[:3]:
        batch = batches.batch(group, 0)
        labels = torch.full((batch.ids.numel(),), -100)
        labels[batch.masked] = batch.targets
        full = bert(
            input_ids=batch.ids,
            attention_mask=batch.attention,
            position_ids=batch.positions,
            labels=labels.view(batch.ids.shape),
        )
        ours = models.masked_loss(bert, batch) / len(batch.targets)
        assert ours.item() == pytest.approx(full.loss.item(), rel=1e-5)


def test_gradients_equal_those_of_the_full_loss(
    arabic: Any, bert: Any, documents: list[Document]
) -> None:
    batches = batches_of(arabic, [d.text for d in documents[:8]])
    batch = batches.batch(batches.epoch(0)[0], 0)
    bert.zero_grad()
    (models.masked_loss(bert, batch) / len(batch.targets)).backward()
    ours = {n: p.grad.clone() for n, p in bert.named_parameters() if p.grad is not None}
    bert.zero_grad()
    labels = torch.full((batch.ids.numel(),), -100)
    labels[batch.masked] = batch.targets
    bert(
        input_ids=batch.ids,
        attention_mask=batch.attention,
        position_ids=batch.positions,
        labels=labels.view(batch.ids.shape),
    ).loss.backward()
    for name, parameter in bert.named_parameters():
        if parameter.grad is not None:
            torch.testing.assert_close(ours[name], parameter.grad, rtol=1e-4, atol=1e-6)
    bert.zero_grad()


def test_packed_documents_do_not_see_each_other(arabic: Any, bert: Any) -> None:
    first, second = "يعاني المريض من ألم في الصدر", "بقالي يومين عندي صداع ودوخة"
    other = "Metformin 500 mg مرتين يوميًّا"

    def hidden(texts: list[str]) -> torch.Tensor:
        batches = batches_of(arabic, texts, rows=1)
        batches.masking = Masking(rate=0)
        (batch,) = [batches.batch(g, 0) for g in batches.epoch(0, shuffle=False)]
        with torch.no_grad():
            out = bert.bert(
                input_ids=batch.ids, attention_mask=batch.attention, position_ids=batch.positions
            ).last_hidden_state
        return out[0, : len(arabic(first)["input_ids"])]

    with torch.no_grad():
        alone = bert.bert(**arabic(first, return_tensors="pt")).last_hidden_state[0]
    torch.testing.assert_close(hidden([first, second]), alone, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(hidden([first, other]), alone, rtol=1e-5, atol=1e-5)


def test_dropout_reaches_attention_too(bert: Any) -> None:
    models.set_dropout(bert, 0.25)
    rates = {m.p for m in bert.modules() if isinstance(m, torch.nn.Dropout)}
    assert rates == {0.25}
    models.set_dropout(bert, 0.0)
