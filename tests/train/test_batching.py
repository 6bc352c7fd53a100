from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.train.making import batch_of, steps_of, whole
from train.batching import IGNORED, Batch, micro_batches, rounded, share_out
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
    (tokens,) = steps.windows.corpora
    seen = np.zeros(len(tokens.ids), int)
    for document, start, end in steps.windows.table:
        assert 0 < end - start <= 46
        assert tokens.offsets[document] <= start and end <= tokens.offsets[document + 1]
        if start > tokens.offsets[document]:
            assert tokens.words[start] != tokens.words[start - 1]
        seen[start:end] += 1
    assert (seen == 1).all()


def test_an_empty_document_has_no_window(arabic: Any) -> None:
    steps = steps_of(arabic, ["ألم", "", "صداع نصفي"])
    assert steps.windows.table[:, 0].tolist() == [0, 2]


def test_a_batch_is_its_documents_one_after_the_other(
    arabic: Any, documents: list[Document]
) -> None:
    texts = [d.text for d in documents[:12]]
    steps = steps_of(arabic, texts, length=128)
    batch = whole(steps)
    original = batch.ids.clone()
    original[batch.masked] = batch.targets
    expected, positions = [], []
    for _, start, end in steps.windows.table:
        ids = steps.windows.corpora[0].ids[start:end].tolist()
        expected += [arabic.cls_token_id, *ids, arabic.sep_token_id]
        positions += list(range(len(ids) + 2))
    assert original.tolist() == expected and batch.positions.tolist() == positions
    assert batch.bounds.tolist() == [0, *np.cumsum(batch.lengths).tolist()]
    special = torch.isin(original, torch.tensor([arabic.cls_token_id, arabic.sep_token_id]))
    assert not special[batch.masked].any()


def test_a_rounded_batch_begins_with_what_it_was(arabic: Any, documents: list[Document]) -> None:
    batch = batch_of(arabic, [d.text for d in documents[:12]])
    found = rounded(batch)
    assert len(found.ids) % 128 == 0 == len(found.targets) % 64
    for name in ("ids", "positions", "bounds", "masked", "targets"):
        one, other = getattr(batch, name), getattr(found, name)
        assert torch.equal(one, other[: len(one)])
    assert set(found.targets[len(batch.targets) :].tolist()) == {IGNORED}
    assert found.lengths == found.bounds.diff().tolist()
    assert same(rounded(found), found)


def test_the_memory_map_is_not_written_to(arabic: Any) -> None:
    steps = steps_of(arabic, ["ألم في الصدر", "صداع"], rate=1.0)
    (tokens,) = steps.windows.corpora
    before = (tokens.ids.copy(), tokens.words.copy())
    whole(steps)
    assert (tokens.ids == before[0]).all() and (tokens.words == before[1]).all()
    assert NO_WORD not in tokens.words


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
    assert len(used) == len(set(used)) > len(steps.sizes) - 7
    at = (0, steps.per_epoch - 1, steps.per_epoch)
    assert [set(steps.members(s)[0].tolist()) for s in at] == [{0}, {0}, {1}]
    assert not same(whole(steps, 0), whole(steps, 1))


def test_a_process_with_fewer_micro_batches_idles_without_a_loss(
    arabic: Any, documents: list[Document]
) -> None:
    """Twelve documents for eight processes, of which no two fit into a micro-batch."""
    texts = [" ".join(d.text.split()[:30]) for d in documents[:12]]
    one = steps_of(arabic, texts, batch_size=12)[0]
    longest = max(one[0].lengths)
    options = {"batch_size": 12, "micro_batch": longest, "length": longest, "processes": 8}
    parts = [steps_of(arabic, texts, process=p, **options)[0] for p in range(8)]
    assert {len(part) for part in parts} == {2}
    idle = [batch for part in parts for batch in part if not len(batch.targets)]
    assert len(idle) >= 4 and all(batch.pieces == 0 < len(batch.ids) for batch in idle)
    seen = sorted(t for part in parts for batch in part for t in batch.targets.tolist())
    assert seen == sorted(one[0].targets.tolist())


def test_processes_share_a_step_evenly(arabic: Any, documents: list[Document]) -> None:
    texts = [d.text for d in documents]
    one = steps_of(arabic, texts, batch_size=60)[3]
    parts = [steps_of(arabic, texts, batch_size=60, process=p, processes=3)[3] for p in range(3)]
    pieces = [sum(batch.pieces for batch in part) for part in parts]
    assert sum(pieces) == sum(batch.pieces for batch in one)
    assert max(pieces) - min(pieces) <= max(one[0].lengths)
    targets = [t for part in parts for batch in part for t in batch.targets.tolist()]
    assert sorted(targets) == sorted(t for batch in one for t in batch.targets.tolist())


OWN = [f"ألم في الصدر رقم {i} مع ضيق في التنفس" for i in range(40)]
BASE = [f"خبر من السوق رقم {i} عن أسعار الخبز" for i in range(90)]


def test_replay_draws_its_share_of_every_step_from_the_base(arabic: Any) -> None:
    steps = steps_of(arabic, OWN, base=BASE, batch_size=8, replay=0.25)
    assert steps.per_epoch == 40 // 6 and steps.batch_size == 8
    drawn = [steps.members(step)[1] for step in range(45)]
    own = [[w for w in members.tolist() if w < 40] for members in drawn]
    again = [[w - 40 for w in members.tolist() if w >= 40] for members in drawn]
    assert {len(members) for members in own} == {6} and {len(members) for members in again} == {2}
    first_epoch = [w for members in own[:6] for w in members]
    assert len(set(first_epoch)) == 36
    assert sorted(w for members in again for w in members) == list(range(90))  # each once
    epochs = steps.members(7)[0].tolist()
    assert epochs == [1] * 6 + [0] * 2


def test_a_replayed_window_reads_as_in_its_own_corpus(arabic: Any) -> None:
    steps = steps_of(arabic, OWN, base=BASE, replay=0.5)
    alone = steps_of(arabic, BASE)
    joined = steps.batch(np.arange(40, 130), np.full(90, 3))
    assert same(joined, whole(alone, 3))


def test_without_replay_the_base_is_not_read(arabic: Any) -> None:
    straight = steps_of(arabic, OWN)
    for step in (0, 3, 17):
        both = zip(straight[step], steps_of(arabic, OWN, base=BASE)[step], strict=True)
        assert all(same(a, b) for a, b in both)


def test_a_share_of_the_documents_is_part_of_a_larger_share(arabic: Any) -> None:
    every = [f"نص {i} عن الصداع " * 12 for i in range(400)]
    used = {}
    for share in (0.1, 0.3, 1.0):
        steps = steps_of(arabic, every, shares=[share], batch_size=1, length=32)
        windows = {w for s in range(steps.per_epoch) for w in steps.members(s)[1].tolist()}
        documents = steps.windows.table[sorted(windows), 0]
        kept = set(documents.tolist())
        # Whole documents, not some of their windows.
        assert np.isin(steps.windows.table[:, 0], documents).sum() == len(windows)
        used[share] = kept
    assert used[0.1] < used[0.3] < used[1.0] == set(range(400))
    assert 25 <= len(used[0.1]) <= 60 and 90 <= len(used[0.3]) <= 150


def test_pieces_are_hidden_one_by_one_when_asked(arabic: Any) -> None:
    texts = ["وبالمستشفيات والمستوصفات يستخدمون الأوكسيتوسين للولادات المتعسرة"] * 60
    steps = {unit: steps_of(arabic, texts, unit=unit, rate=0.15) for unit in ("word", "piece")}
    split = {}
    for unit, of in steps.items():
        batch = whole(of)
        chosen = np.zeros(len(batch.ids), bool)
        chosen[batch.masked.numpy()] = True
        words = of.windows.flat(np.arange(60)).words
        words[np.isin(batch.ids, [arabic.cls_token_id, arabic.sep_token_id])] = NO_WORD
        starts = np.flatnonzero(np.r_[True, words[1:] != words[:-1]])
        ends = [*starts[1:], len(words)]
        shares = [chosen[a:b].mean() for a, b in zip(starts, ends, strict=True)]
        split[unit] = sum(0 < share < 1 for share in shares)
        assert 0.1 < chosen.sum() / (len(batch.ids) - 2 * 60) < 0.2, unit
    assert split["piece"] > 100 and not split["word"]
