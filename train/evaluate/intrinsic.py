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
#: Answers that a word's rank is looked for among.
RANKS = 10


@dataclass(frozen=True)
class Outcomes:
    """What one model made of each scored word, in the order of windows and words; all (words,).

    ``nll``: nats, summed over the word's pieces; ``top1``, ``top5``: whether the whole word is
    the most probable, or one of the five most probable, sequences of as many pieces;
    ``reciprocal_rank``: one over its rank among those, 0 beyond the tenth; ``characters``: as in
    ``Window``; ``pieces``: how many it has under this model's tokenizer.
    """

    document: NDArray[np.int64]
    nll: NDArray[np.float64]
    top1: NDArray[np.float64]
    top5: NDArray[np.float64]
    reciprocal_rank: NDArray[np.float64]
    characters: NDArray[np.int64]
    pieces: NDArray[np.int64]


@dataclass(frozen=True)
class _Item:
    """One masked copy of a window: the places that are scored there and what they were."""

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
    left_to_right: bool = False,
) -> Outcomes:
    """Hide each fold of words in turn and score them; every piece of a hidden word is [MASK].

    ``which``: the place of this model's tokenizer in the windows. In fp32; the result does not
    depend on the batch beyond rounding. ``leave``: keep the progress bar when done.
    ``left_to_right``: instead hide each word alone, and score its pieces one after the other, the
    ones before being shown (PLL-word-l2r, Kauf and Ivanova 2023); there are no ranks then.
    """
    first, out = _empty(windows, which, folds)
    kind = _one_by_one if left_to_right else _items
    items = sorted(kind(windows, first, tokenizer, which, folds), key=lambda i: len(i.ids))
    device = next(model.parameters()).device
    model.eval()
    # A word of several pieces is in several items: it is done with its last.
    progress = tqdm(total=len(items), desc=f"{name}: texts", unit=" texts", leave=leave)
    for batch in _batches(items):
        _read(_logits(model, batch, tokenizer.pad_token_id, device), batch, out)
        progress.update(len(batch))
    progress.close()
    if left_to_right:
        for ranked in (out.top1, out.top5, out.reciprocal_rank):
            ranked[:] = np.nan
    return out


def _empty(windows: Sequence[Window], which: int, folds: int) -> tuple[list[int], Outcomes]:
    """The index of each window's first scored word, and outcomes to be filled."""
    parts: list[list[NDArray[Any]]] = [[], [], []]
    first, total = [], 0
    for window in windows:
        scored = (window.fold >= 0) & (window.fold < folds)
        own = window.word_of[which]
        pieces = np.bincount(own[own >= 0], minlength=len(scored))[scored]
        document = np.full(len(pieces), window.document)
        found = (document, window.characters[scored], pieces)
        for part, values in zip(parts, found, strict=True):
            part.append(values)
        first.append(total)
        total += len(pieces)
    whole = [np.concatenate([np.zeros(0, np.int64), *part]).astype(np.int64) for part in parts]
    nll, top1, top5, rank = (np.zeros(total) for _ in range(4))
    return first, Outcomes(whole[0], nll, top1, top5, rank, characters=whole[1], pieces=whole[2])


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


def _one_by_one(
    windows: Sequence[Window], first: Sequence[int], tokenizer: Any, which: int, folds: int
) -> Iterator[_Item]:
    for window, start in zip(windows, first, strict=True):
        pieces, word_of = window.pieces[which], window.word_of[which]
        slot = start - 1
        for word in np.flatnonzero((window.fold >= 0) & (window.fold < folds)):
            slot += 1
            own = np.flatnonzero(word_of == word)
            for at, place in enumerate(own):
                ids = np.concatenate([[tokenizer.cls_token_id], pieces, [tokenizer.sep_token_id]])
                ids[own[at:] + 1] = tokenizer.mask_token_id
                where = np.array([place])
                yield _Item(ids, where + 1, pieces[where], np.array([slot]))


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
    best = logs.topk(min(RANKS, logs.shape[1])).values.double().cpu().numpy()
    np.add.at(out.nll, slots, -gold)
    # Pieces of one word are neighbours here: they start where the slot changes.
    starts = np.flatnonzero(np.r_[True, slots[1:] != slots[:-1]])
    for start, end in zip(starts, np.r_[starts[1:], len(slots)], strict=True):
        sums = best_sums(best[start:end])
        value = gold[start:end].sum()
        rank = 1 + int((sums > value + 1e-9).sum())
        word = slots[start]
        out.top1[word], out.top5[word] = rank == 1, rank <= 5
        out.reciprocal_rank[word] = 1 / rank if rank <= len(sums) else 0.0


def best_sums(rows: NDArray[np.float64], k: int = RANKS) -> NDArray[np.float64]:
    """The ``k`` largest sums that take one entry from each row, descending.

    ``rows``: (pieces, k) log-probabilities, each row descending: the sequences that a word's
    places, independent given the context, make most probable.
    """
    sums: NDArray[np.float64] = rows[0]
    for row in rows[1:]:
        sums = np.sort((sums[:, None] + row[None, :]).ravel())[::-1][:k]
    return sums
