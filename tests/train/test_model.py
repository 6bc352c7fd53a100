from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.train.making import batch_of, padded
from train import attention
from train import model as models
from train.batching import rounded
from train.corpus.document import Document
from train.model import MaskedLM

KINDS = ("grouped", "bounds")


@pytest.fixture(params=KINDS)
def flat(request: pytest.FixtureRequest, bert: Any, monkeypatch: pytest.MonkeyPatch) -> MaskedLM:
    """The small BERT on flat batches: by groups, and as on CUDA, with the kernel of torch's varlen
    attention replaced by its definition, which a CPU has."""
    if request.param == "grouped":
        return MaskedLM(bert, "grouped")

    def by_definition(
        q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, start: torch.Tensor, *rest: Any,
        scale: float,
    ) -> torch.Tensor:  # fmt: skip
        sizes = start.diff().tolist()
        parts = zip(*(x.split(sizes) for x in (q, k, v)), strict=True)
        outs = [
            functional.scaled_dot_product_attention(*(p.transpose(0, 1) for p in part), scale=scale)
            for part in parts
        ]
        return torch.cat([out.transpose(0, 1) for out in outs])

    monkeypatch.setattr(attention, "varlen_attn", by_definition)
    return MaskedLM(bert, "varlen")


@pytest.fixture(autouse=True)
def clean(bert: Any) -> Iterator[None]:
    yield
    bert.zero_grad()
    bert.set_attn_implementation("sdpa")


def test_loss_and_gradients_equal_those_of_padded_bert(
    flat: MaskedLM, arabic: Any, documents: list[Document]
) -> None:
    batch = batch_of(arabic, [d.text for d in documents[:30]])
    assert len(set(batch.lengths)) > 10
    loss = flat(batch) / len(batch.targets)
    loss.backward()
    ours = {n: p.grad.clone() for n, p in flat.bert.named_parameters() if p.grad is not None}
    flat.bert.zero_grad()
    flat.bert.set_attn_implementation("eager")
    full = flat.bert(**padded(batch)).loss
    full.backward()
    assert loss.item() == pytest.approx(full.item(), rel=1e-6)
    assert ours.keys() == {n for n, p in flat.bert.named_parameters() if p.grad is not None}
    for name, parameter in flat.bert.named_parameters():
        torch.testing.assert_close(ours[name], parameter.grad, rtol=1e-5, atol=1e-5, msg=name)


def test_rounded_shapes_change_neither_loss_nor_gradients(
    arabic: Any, bert: Any, documents: list[Document]
) -> None:
    flat, found = MaskedLM(bert, "grouped"), []
    batch = batch_of(arabic, [d.text for d in documents[:30]])
    assert len(batch.ids) % 128 and len(batch.targets) % 64
    for shape in (batch, rounded(batch)):
        bert.zero_grad()
        loss = flat(shape)
        loss.backward()
        found.append([loss.detach(), *(p.grad for p in bert.parameters() if p.grad is not None)])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-4)


def test_steps_in_bf16_on_a_cpu_have_few_shapes(
    arabic: Any, bert: Any, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes, linear, found = set[torch.Size](), functional.linear, []

    def noted(rows: torch.Tensor, *rest: Any) -> torch.Tensor:
        shapes.add(rows.shape[:-1])
        return linear(rows, *rest)

    monkeypatch.setattr(functional, "linear", noted)
    flat = MaskedLM(bert, "grouped", "bf16")
    for first in range(10):
        batch = batch_of(arabic, [d.text for d in documents[first : first + 12]])
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            loss = flat(batch).item()
        found.append((loss, batch))
    assert shapes and all(shape.numel() % 64 == 0 for shape in shapes)
    assert len(shapes) < 10
    exact = MaskedLM(bert, "grouped")
    for loss, batch in found:
        assert loss == pytest.approx(exact(batch).item(), rel=2e-3)


def test_another_document_leaves_the_states_of_a_document_alone(
    flat: MaskedLM, arabic: Any
) -> None:
    first, second = "يعاني المريض من ألم في الصدر", "بقالي يومين عندي صداع ودوخة"
    other = "Metformin 500 mg مرتين يوميًّا، ثم فحص السكري كل ٣ أشهر"
    with torch.no_grad():
        alone = flat.bert.bert(**arabic(first, return_tensors="pt")).last_hidden_state[0]
        for beside in (second, other):
            for texts in ([first, beside], [beside, first]):
                batch = batch_of(arabic, texts, rate=0)
                hidden = flat.hidden(batch).split(batch.lengths)[texts.index(first)]
                torch.testing.assert_close(hidden, alone, rtol=1e-5, atol=1e-5)


def test_positions_alone_would_leak(arabic: Any, bert: Any) -> None:
    """What the flat layout guards against: sdpa without a plan sees the neighbours."""
    flat = MaskedLM(bert, "grouped")
    batch = batch_of(arabic, ["يعاني المريض من ألم", "بقالي يومين عندي صداع"], rate=0)
    with torch.no_grad():
        leaky = bert.bert(
            input_ids=batch.ids[None], position_ids=batch.positions[None]
        ).last_hidden_state[0]
        assert not torch.allclose(leaky, flat.hidden(batch), atol=1e-3)


def test_padded_input_keeps_its_mask(arabic: Any, bert: Any) -> None:
    texts = ["ألم", "يعاني المريض من ألم في الصدر"]
    inputs = arabic(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        expected = bert.bert(**inputs).last_hidden_state
        MaskedLM(bert, "grouped")
        torch.testing.assert_close(bert.bert(**inputs).last_hidden_state, expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("lengths", [[5], [3, 3, 3], [128, 3, 64, 65, 5, 127, 8], [7] * 40 + [90]])
def test_a_plan_moves_every_piece_there_and_back(lengths: list[int], dtype: torch.dtype) -> None:
    heads, pieces = 3, sum(lengths)
    plan = attention.plan(lengths, heads, dtype, torch.device("cpu"))
    assert torch.equal(plan.gather[plan.back], torch.arange(pieces * heads))
    held = len(plan.gather) - len(plan.padding)
    assert held == pieces * heads
    rows = sum(g.documents * g.longest for g in plan.groups)
    assert len(plan.gather) == rows * heads
    if dtype == torch.float32:
        assert len(plan.padding) <= attention.WASTE * held
        assert sum(g.documents for g in plan.groups) == len(lengths)
    else:
        assert all(g.documents % 4 == g.longest % 16 == 0 for g in plan.groups)


def test_dropout_has_its_two_rates(bert: Any) -> None:
    models.set_dropout(bert, 0.25, 0.5)
    rates = [m.p for m in bert.modules() if isinstance(m, torch.nn.Dropout)]
    assert sorted(set(rates)) == [0.25, 0.5] and rates.count(0.5) == 2
    models.set_dropout(bert, 0.0, 0.0)


def test_attention_dropout_reaches_the_grouped_path(arabic: Any, bert: Any) -> None:
    flat = MaskedLM(bert, "grouped")
    batch = batch_of(arabic, ["يعاني المريض من ألم في الصدر", "بقالي يومين عندي صداع ودوخة"])
    with torch.no_grad():
        without = flat(batch)
        models.set_dropout(bert, 0.0, 0.5)
        bert.train()
        torch.manual_seed(1)
        losses = {flat(batch).item() for _ in range(3)}
        models.set_dropout(bert, 0.0, 0.0)
        assert len(losses) == 3 and flat(batch) == without
    bert.eval()


def test_the_saved_configuration_knows_nothing_of_it(bert: Any, tmp_path: Path) -> None:
    MaskedLM(bert, "grouped")
    bert.save_pretrained(tmp_path)
    assert "viobert" not in (tmp_path / "config.json").read_text(encoding="utf-8")


def test_nothing_masked_is_a_loss_of_zero_with_a_gradient(arabic: Any, bert: Any) -> None:
    loss = MaskedLM(bert, "grouped")(batch_of(arabic, ["ألم"], rate=0))
    loss.backward()
    assert loss.item() == 0 and np.isfinite(loss.item())
