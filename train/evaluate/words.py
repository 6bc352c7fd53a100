"""What is scored: the words of held-out texts, the same for any tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.corpus.document import Document
from train.masking import combine, uniform
from train.tokens import document_key, encode
from viobert.ner import word_of
from viobert.text import strip_marks, words

FOLDS = 7


@dataclass(frozen=True)
class Window:
    """A stretch of a document, cut between words, that fits every compared model.

    ``pieces[m]``: ids under tokenizer ``m``, without special tokens; ``word_of[m]``: for each
    piece the index in ``fold`` of its word, −1 for punctuation; ``fold``: (words,) which of the
    seven folds hides the word, −1 for a word that is not scored; ``characters``: (words,) letters
    and digits of each, without harakat and tatweel.
    """

    document: int
    pieces: list[NDArray[np.int64]]
    word_of: list[NDArray[np.int64]]
    fold: NDArray[np.int64]
    characters: NDArray[np.int64]


def windows(
    documents: Sequence[Document], tokenizers: Sequence[Any], length: int, seed: int
) -> tuple[list[Window], int]:
    """The windows of all documents, and how many words are not scored.

    ``length``: word pieces a window may have under any tokenizer, special tokens included. Words
    that some tokenizer turns into [UNK], into nothing, or into more pieces than a window has are
    not scored for any model.
    """
    found: list[Window] = []
    left_out = 0
    for index, document in enumerate(documents):
        spans = words(document.text)
        if not spans:
            continue
        encodings = [encode(t, [document.text])[0] for t in tokenizers]
        owners = [word_of(e.offsets, spans) for e in encodings]
        ids = [np.array(e.ids, np.int64) for e in encodings]
        fold = _folds(document.id, len(spans), seed)
        for tokenizer, of, own in zip(tokenizers, ids, owners, strict=True):
            bad = np.unique(own[(of == tokenizer.unk_token_id) & (own >= 0)])
            missing = np.setdiff1d(np.arange(len(spans)), own)
            fold[np.concatenate([bad, missing])] = -1
        sizes = np.array([len(strip_marks(document.text[s:e])) for s, e in spans])
        cut = _cut(index, ids, owners, fold, sizes, length - 2)
        left_out += len(spans) - sum(int((w.fold >= 0).sum()) for w in cut)
        found += cut
    return found, left_out


def _folds(document_id: str, count: int, seed: int) -> NDArray[np.int64]:
    """(count,) a fold for each word: a hash of document, word and seed, nothing else."""
    draw = uniform(combine(document_key(document_id), seed, 0), 7, np.arange(count))
    return (draw * FOLDS).astype(np.int64)


def _cut(
    document: int,
    ids: list[NDArray[np.int64]],
    owners: list[NDArray[np.int64]],
    fold: NDArray[np.int64],
    sizes: NDArray[np.int64],
    room: int,
) -> list[Window]:
    """Windows of as many words as fit ``room`` pieces under every tokenizer."""
    # starts[m][w]: the first piece of word w; punctuation goes with the word before it.
    starts = [_starts(own, len(fold)) for own in owners]
    found = []
    at = 0
    while at < len(fold):
        end = at + 1
        while end < len(fold) and all(s[end + 1] - s[at] <= room for s in starts):
            end += 1
        slices = [slice(s[at], min(s[end], s[at] + room)) for s in starts]
        pieces = [of[part] for of, part in zip(ids, slices, strict=True)]
        owned = [
            np.where(own[part] >= 0, own[part] - at, -1)
            for own, part in zip(owners, slices, strict=True)
        ]
        part_fold = fold[at:end].copy()
        if any(s[end] - s[at] > room for s in starts):
            part_fold[:] = -1  # one word longer than a window: not scored
        found.append(Window(document, pieces, owned, part_fold, sizes[at:end]))
        at = end
    return found


def _starts(own: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """(count + 1,) first piece of each word; leading punctuation belongs to word 0."""
    starts = np.full(count + 1, len(own), np.int64)
    for piece in range(len(own) - 1, -1, -1):
        if own[piece] >= 0:
            starts[own[piece]] = piece
    # A word without pieces starts where the next one does.
    for word in range(count - 1, -1, -1):
        starts[word] = min(starts[word], starts[word + 1])
    starts[0] = 0
    return starts
