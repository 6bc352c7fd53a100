"""Word perplexity and whole-word fill-mask with fixed masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from train.evaluate.words import Window

_BUDGET = 4096  # word pieces a batch, padding included


@dataclass(frozen=True)
class Outcomes:
    """What one model made of each scored word, in the order of windows and words; all (words,).

    ``nll``: nats, summed over the word's pieces; ``top1``, ``top5``: whether the whole word is
    the most probable, or one of the five most probable, sequences of as many pieces.
    """

    document: NDArray[np.int64]
    nll: NDArray[np.float64]
    top1: NDArray[np.float64]
    top5: NDArray[np.float64]


@dataclass(frozen=True)
class _Item:
    """One masked copy of a window: where its hidden words are and what they were."""

    ids: NDArray[np.int64]
    places: NDArray[np.int64]
    targets: NDArray[np.int64]
    slots: NDArray[np.int64]  # for each place, the word's index among all scored words


def score(
    model: Any,
    tokenizer: Any,
    windows: Sequence[Window],
    which: int,
    folds: int,
    name: str,
    leave: bool = True,
) -> Outcomes:
    """Hide each fold of words in turn and score them; every piece of a hidden word is [MASK].

    ``which``: the place of this model's tokenizer in the windows. In fp32; the result does not
    depend on the batch beyond rounding. ``leave``: keep the progress bar when done.
    """
    first, total = _slots(windows, folds)
    out = Outcomes(*(np.zeros(total, kind) for kind in (np.int64, float, float, float)))
    for window, start in zip(windows, first, strict=True):
        scored = int(((window.fold >= 0) & (window.fold < folds)).sum())
        out.document[start : start + scored] = window.document
    items = sorted(_items(windows, first, tokenizer, which, folds), key=lambda i: len(i.ids))
    device = next(model.parameters()).device
    model.eval()
    progress = tqdm(total=total, desc=f"{name}: words", unit=" words", leave=leave)
    for batch in _batches(items):
        logits = _logits(model, batch, tokenizer.pad_token_id, device)
        _read(logits, batch, out)
        progress.update(len(np.unique(np.concatenate([i.slots for i in batch]))))
    progress.close()
    return out


def _slots(windows: Sequence[Window], folds: int) -> tuple[list[int], int]:
    """The index of each window's first scored word, and how many words are scored."""
    counts = [int(((w.fold >= 0) & (w.fold < folds)).sum()) for w in windows]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(int)
    return [int(s) for s in starts[:-1]], int(starts[-1])


def _items(
    windows: Sequence[Window], first: Sequence[int], tokenizer: Any, which: int, folds: int
) -> Iterator[_Item]:
    for window, start in zip(windows, first, strict=True):
        pieces, word_of = window.pieces[which], window.word_of[which]
        scored = (window.fold >= 0) & (window.fold < folds)
        slot = start + np.cumsum(scored) - 1
        fold_of = np.where(word_of >= 0, window.fold[np.maximum(word_of, 0)], -1)
        for fold in range(folds):
            places = np.flatnonzero(fold_of == fold)
            if not len(places):
                continue
            ids = np.concatenate([[tokenizer.cls_token_id], pieces, [tokenizer.sep_token_id]])
            ids[places + 1] = tokenizer.mask_token_id
            yield _Item(ids, places + 1, pieces[places], slot[word_of[places]])


def _batches(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    batch: list[_Item] = []
    for item in items:  # from short to long
        if batch and (len(batch) + 1) * len(item.ids) > _BUDGET:
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


@torch.inference_mode()
def _logits(model: Any, batch: Sequence[_Item], pad: int, device: torch.device) -> torch.Tensor:
    """(places, vocabulary) log-probabilities at the hidden places of a batch."""
    longest = max(len(item.ids) for item in batch)
    ids = np.full((len(batch), longest), pad, np.int64)
    real = np.zeros((len(batch), longest), np.int64)
    for row, item in enumerate(batch):
        ids[row, : len(item.ids)] = item.ids
        real[row, : len(item.ids)] = 1
    where = np.concatenate([row * longest + item.places for row, item in enumerate(batch)])
    hidden = model.bert(
        input_ids=torch.from_numpy(ids).to(device),
        attention_mask=torch.from_numpy(real).to(device),
    ).last_hidden_state.flatten(0, 1)[torch.from_numpy(where).to(device)]
    return torch.log_softmax(model.cls(hidden).float(), dim=-1)


def _read(logs: torch.Tensor, batch: Sequence[_Item], out: Outcomes) -> None:
    """Write the outcomes of the batch's words into ``out``."""
    targets = torch.from_numpy(np.concatenate([i.targets for i in batch])).to(logs.device)
    slots = np.concatenate([i.slots for i in batch])
    gold = logs.gather(1, targets[:, None])[:, 0].double().cpu().numpy()
    best = logs.topk(min(5, logs.shape[1])).values.double().cpu().numpy()
    np.add.at(out.nll, slots, -gold)
    # Pieces of one word are neighbours here: they start where the slot changes.
    starts = np.flatnonzero(np.r_[True, slots[1:] != slots[:-1]])
    for start, end in zip(starts, np.r_[starts[1:], len(slots)], strict=True):
        sums = best_sums(best[start:end])
        value = gold[start:end].sum()
        out.top1[slots[start]] = value >= sums[0] - 1e-9
        out.top5[slots[start]] = value >= sums[-1] - 1e-9


def best_sums(rows: NDArray[np.float64], k: int = 5) -> NDArray[np.float64]:
    """The ``k`` largest sums that take one entry from each row, descending.

    ``rows``: (pieces, k) log-probabilities, each row descending: the sequences that a word's
    places, independent given the context, make most probable.
    """
    sums: NDArray[np.float64] = rows[0]
    for row in rows[1:]:
        sums = np.sort((sums[:, None] + row[None, :]).ravel())[::-1][:k]
    return sums
