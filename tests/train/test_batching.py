from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.train.test_model import batches_of
from train.batching import pack
from train.corpus.document import Document


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 50), max_size=120), st.integers(1, 9))
def test_packing_keeps_every_item_and_no_row_overflows(lengths: list[int], open_rows: int) -> None:
    rows = pack(np.array(lengths, np.int64), 50, open_rows)
    assert sorted(i for row in rows for i in row) == list(range(len(lengths)))
    assert all(0 < sum(lengths[i] for i in row) <= 50 for row in rows)


def test_packing_wastes_little(documents: list[Document]) -> None:
    lengths = np.random.default_rng(1).gamma(2, 40, 5000).astype(np.int64).clip(1, 256)
    rows = pack(lengths, 256)
    assert lengths.sum() / (256 * len(rows)) > 0.97


def test_windows_cover_the_documents_and_cut_between_words(
    arabic: Any, documents: list[Document]
) -> None:
    batches = batches_of(arabic, [d.text for d in documents[:40]], length=48)
    tokens = batches.tokens
    seen = np.zeros(len(tokens.ids), int)
    for document, start, end in batches.windows:
        assert 0 < end - start <= 46
        assert tokens.offsets[document] <= start and end <= tokens.offsets[document + 1]
        if start > tokens.offsets[document]:
            assert tokens.words[start] != tokens.words[start - 1]
        seen[start:end] += 1
    assert (seen == 1).all()


def test_a_batch_depends_on_its_step_alone(arabic: Any, documents: list[Document]) -> None:
    texts = [d.text for d in documents[:30]]
    straight = list(islice(batches_of(arabic, texts).stream(), 25))
    torch.manual_seed(99)
    later = list(islice(batches_of(arabic, texts).stream(17), 8))
    for one, two in zip(straight[17:], later, strict=True):
        assert torch.equal(one.ids, two.ids) and torch.equal(one.masked, two.masked)
        assert torch.equal(one.targets, two.targets)


def test_an_epoch_uses_each_window_once_and_the_next_masks_anew(
    arabic: Any, documents: list[Document]
) -> None:
    batches = batches_of(arabic, [d.text for d in documents[:30]], rows=2)
    used = [w for group in batches.epoch(0) for row in group for w in row]
    assert len(used) == len(set(used)) and len(used) > 0.8 * len(batches.windows)
    group = batches.epoch(0)[0]
    assert not torch.equal(batches.batch(group, 0).ids, batches.batch(group, 1).ids)
