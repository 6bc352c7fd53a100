from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.train.making import steps_of
from train.batching import Batch, micro_batches, share_out
from train.corpus.document import Document
from train.masking import NO_WORD

SIZES = st.lists(st.integers(3, 50), min_size=1, max_size=120)


@settings(max_examples=80, deadline=None)
@given(SIZES, st.integers(1, 9))
def test_sharing_out_keeps_every_item_and_is_even(sizes: list[int], groups: int) -> None:
    found = share_out(np.array(sizes, np.int64), groups)
    assert sorted(i for group in found for i in group) == list(range(len(sizes)))
    totals = [sum(sizes[i] for i in group) for group in found]
    assert max(totals) - min(totals) <= max(sizes)
    if len(sizes) >= groups:
        assert all(found)


@settings(max_examples=80, deadline=None)
@given(SIZES, st.integers(50, 400), st.integers(1, 4))
def test_micro_batches_fit_the_budget(sizes: list[int], budget: int, processes: int) -> None:
    found = micro_batches(np.array(sizes, np.int64), budget, processes)
    assert len(found) == processes and len({len(own) for own in found}) == 1
    assert len(sizes) < processes or all(own[0] for own in found)
    items = [i for own in found for group in own for i in group]
    assert sorted(items) == list(range(len(sizes)))
    for own in found:
        assert all(sum(sizes[i] for i in group) <= budget for group in own)


def test_a_budget_is_used(arabic: Any, documents: list[Document]) -> None:
    steps = steps_of(arabic, [d.text for d in documents], batch_size=64, micro_batch=1000)
    batches = steps[0]
    total = sum(batch.pieces for batch in batches)
    assert len(batches) <= total / 1000 + 2 and max(b.pieces for b in batches) <= 1000


def test_windows_cover_the_documents_and_cut_between_words(
    arabic: Any, documents: list[Document]
) -> None:
    steps = steps_of(arabic, [d.text for d in documents[:40]], length=48)
    tokens = steps.tokens
    seen = np.zeros(len(tokens.ids), int)
    for document, start, end in steps.windows:
        assert 0 < end - start <= 46
        assert tokens.offsets[document] <= start and end <= tokens.offsets[document + 1]
        if start > tokens.offsets[document]:
            assert tokens.words[start] != tokens.words[start - 1]
        seen[start:end] += 1
    assert (seen == 1).all()


def test_an_empty_document_has_no_window(arabic: Any) -> None:
    steps = steps_of(arabic, ["ألم", "", "صداع نصفي"])
    assert steps.windows[:, 0].tolist() == [0, 2]


def test_a_batch_is_its_documents_one_after_the_other(
    arabic: Any, documents: list[Document]
) -> None:
    texts = [d.text for d in documents[:12]]
    steps = steps_of(arabic, texts, length=128)
    batch = steps.batch(np.arange(len(steps.windows)), epoch=0)
    original = batch.ids.clone()
    original[batch.masked] = batch.targets
    expected, positions = [], []
    for _, start, end in steps.windows:
        ids = steps.tokens.ids[start:end].tolist()
        expected += [arabic.cls_token_id, *ids, arabic.sep_token_id]
        positions += list(range(len(ids) + 2))
    assert original.tolist() == expected and batch.positions.tolist() == positions
    assert batch.bounds.tolist() == [0, *np.cumsum(batch.lengths).tolist()]
    special = torch.isin(original, torch.tensor([arabic.cls_token_id, arabic.sep_token_id]))
    assert not special[batch.masked].any()


def test_the_memory_map_is_not_written_to(arabic: Any) -> None:
    steps = steps_of(arabic, ["ألم في الصدر", "صداع"], rate=1.0)
    before = (steps.tokens.ids.copy(), steps.tokens.words.copy())
    steps.batch(np.arange(2), epoch=0)
    assert (steps.tokens.ids == before[0]).all() and (steps.tokens.words == before[1]).all()
    assert NO_WORD not in steps.tokens.words


def same(one: Batch, other: Batch) -> bool:
    names = ("ids", "positions", "bounds", "masked", "targets")
    return all(torch.equal(getattr(one, n), getattr(other, n)) for n in names)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_step_depends_on_its_number_alone(
    arabic: Any, documents: list[Document], workers: int
) -> None:
    texts = [d.text for d in documents[:30]]
    straight = [steps_of(arabic, texts)[step] for step in range(25)]
    torch.manual_seed(99)
    later = list(steps_of(arabic, texts).loader(17, 25, workers))
    assert len(later) == 8
    for one, two in zip(straight[17:], later, strict=True):
        assert all(same(a, b) for a, b in zip(one, two, strict=True))


def test_a_loader_draws_nothing_from_torch(arabic: Any) -> None:
    state = torch.get_rng_state()
    list(steps_of(arabic, ["ألم", "صداع"]).loader(0, 3, 0))
    assert torch.equal(state, torch.get_rng_state())


def test_an_epoch_uses_each_window_once_and_the_next_masks_anew(
    arabic: Any, documents: list[Document]
) -> None:
    steps = steps_of(arabic, [d.text for d in documents[:30]], batch_size=7)
    used = [w for step in range(steps.per_epoch) for w in steps.members(step)[1].tolist()]
    assert len(used) == len(set(used)) > len(steps.windows) - 7
    assert [steps.members(s)[0] for s in (0, steps.per_epoch - 1, steps.per_epoch)] == [0, 0, 1]
    assert not same(steps.batch(np.arange(7), 0), steps.batch(np.arange(7), 1))


def test_a_process_with_fewer_micro_batches_idles_without_a_loss(
    arabic: Any, documents: list[Document]
) -> None:
    """Twelve documents for eight processes, of which no two fit into a micro-batch."""
    texts = [" ".join(d.text.split()[:30]) for d in documents[:12]]
    whole = steps_of(arabic, texts, batch_size=12)[0]
    longest = max(whole[0].lengths)
    options = {"batch_size": 12, "micro_batch": longest, "length": longest, "processes": 8}
    parts = [steps_of(arabic, texts, process=p, **options)[0] for p in range(8)]
    assert {len(part) for part in parts} == {2}
    idle = [batch for part in parts for batch in part if not len(batch.targets)]
    assert len(idle) >= 4 and all(batch.pieces == 0 < len(batch.ids) for batch in idle)
    seen = sorted(t for part in parts for batch in part for t in batch.targets.tolist())
    assert seen == sorted(whole[0].targets.tolist())


def test_processes_share_a_step_evenly(arabic: Any, documents: list[Document]) -> None:
    texts = [d.text for d in documents]
    whole = steps_of(arabic, texts, batch_size=60)[3]
    parts = [steps_of(arabic, texts, batch_size=60, process=p, processes=3)[3] for p in range(3)]
    pieces = [sum(batch.pieces for batch in part) for part in parts]
    assert sum(pieces) == sum(batch.pieces for batch in whole)
    assert max(pieces) - min(pieces) <= max(whole[0].lengths)
    targets = [t for part in parts for batch in part for t in batch.targets.tolist()]
    assert sorted(targets) == sorted(t for batch in whole for t in batch.targets.tolist())
