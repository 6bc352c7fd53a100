"""Named entities: a token classifier's word pieces → spans of whole words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viobert.checkpoints import Checkpoint, load_tagger
from viobert.text import words

LABELS = ("DISEASE", "SYMPTOM", "DRUG", "ANATOMY", "PROCEDURE", "DOSAGE")
OUTSIDE = "O"


@dataclass(frozen=True)
class Entity:
    """Characters [start, end) of a text; ``score``: mean probability of its words' tags."""

    start: int
    end: int
    label: str
    score: float = 1.0


def tags(labels: Sequence[str]) -> list[str]:
    """IOB2 tags for types of entities, O first."""
    return [OUTSIDE, *(f"{edge}-{label}" for label in labels for edge in "BI")]


def word_of(
    offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]
) -> NDArray[np.int64]:
    """(pieces,) the word that each word piece overlaps, −1 for none.

    ``offsets``: characters [start, end) of the pieces; ``spans``: of the words, ascending.
    """
    if not spans:
        return np.full(len(offsets), -1)
    starts = np.array([s for s, _ in spans])
    ends = np.array([e for _, e in spans])
    first = np.array([s for s, _ in offsets] or [0])
    last = np.array([e for _, e in offsets] or [0])
    # The last word that starts before the piece ends, if it reaches into the piece.
    word = np.searchsorted(starts, last, side="left") - 1
    inside = (word >= 0) & (ends[np.maximum(word, 0)] > first)
    return np.where(inside, word, -1)[: len(offsets)]


@dataclass(frozen=True)
class Chunk:
    """A stretch of a text's words that fits a model.

    ``ids``: its pieces, special ones included; ``first``: where each word's first piece is in them;
    ``words``: the words' places in the text.
    """

    ids: list[int]
    first: list[int]
    words: list[int]


def chunks(tokenizer: Any, text: str, spans: Sequence[tuple[int, int]], length: int) -> list[Chunk]:
    """The words of a text as chunks of at most ``length`` pieces, cut between words.

    A word without a piece (of signs that the tokenizer drops) is in no chunk.
    """
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    encoding = backend.encode(text, add_special_tokens=False)
    owner = word_of(encoding.offsets, spans)
    known, first = np.unique(owner[owner >= 0], return_index=True)
    starts = np.flatnonzero(owner >= 0)[first]
    found, at = [], 0
    while at < len(known):
        # Signs before the first word are read with it, if they leave it room.
        begin = 0 if at == 0 and starts[0] < length - 2 else int(starts[at])
        room = begin + length - 2
        # The last word that ends inside; one longer than a chunk is cut.
        ends = np.append(starts[at + 1 :], len(encoding.ids))
        until = at + max(1, int((ends <= room).sum()))
        end = min(int(ends[until - at - 1]), room)
        ids = [tokenizer.cls_token_id, *encoding.ids[begin:end], tokenizer.sep_token_id]
        places = [int(s) - begin + 1 for s in starts[at:until]]
        found.append(Chunk(ids, places, [int(w) for w in known[at:until]]))
        at = until
    return found


def decode(scores: NDArray[np.floating[Any]], names: Sequence[str]) -> list[int]:
    """The most probable tags of a sequence that are well formed: an I- follows its own B- or I-.

    ``scores``: (words, tags) log-probabilities; ``names``: the tags. Viterbi's algorithm.
    """
    if not len(scores):
        return []
    allowed = np.array([[_follows(before, name) for name in names] for before in names])
    steps = np.where(allowed, 0.0, -np.inf)
    best = np.where([_follows(OUTSIDE, name) for name in names], scores[0], -np.inf)
    back = []
    for row in scores[1:]:
        paths = best[:, None] + steps
        back.append(paths.argmax(0))
        best = paths.max(0) + row
    path = [int(best.argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return path[::-1]


def _follows(before: str, name: str) -> bool:
    return not name.startswith("I-") or before[1:] == name[1:]


def entities(
    named: Sequence[str], spans: Sequence[tuple[int, int]], scores: Sequence[float] | None = None
) -> list[Entity]:
    """Entities of strict IOB2 tags, one a word: an I- that continues nothing is none."""
    found: list[tuple[int, int, str]] = []
    for i, tag in enumerate(named):
        edge, _, label = tag.partition("-")
        if edge == "B":
            found.append((i, i + 1, label))
        elif edge == "I" and found and found[-1][1] == i and found[-1][2] == label:
            found[-1] = (found[-1][0], i + 1, label)
    sure = np.asarray(scores if scores is not None else np.ones(len(named)))
    return [
        Entity(spans[a][0], spans[b - 1][1], label, float(sure[a:b].mean()))
        for a, b, label in found
    ]


class Tagger:
    """Finds entities with a token classifier whose ``id2label`` are IOB2 tags."""

    def __init__(self, checkpoint: Checkpoint | str) -> None:
        """``checkpoint``: a token classifier, or its name as ``checkpoints.load_tagger`` takes it.

        Raises CheckpointError.
        """
        found = load_tagger(checkpoint) if isinstance(checkpoint, str) else checkpoint
        self.checkpoint = found
        self.model, self.tokenizer, self.length = found.model, found.tokenizer, found.max_length
        config: Any = found.model.config
        self.names = [config.id2label[i] for i in range(config.num_labels)]

    def __call__(self, text: str) -> list[Entity]:
        """The entities of a text, in order; they are whole words and do not overlap."""
        spans = words(text)
        logs = self.scores(text, spans)
        path = decode(logs, self.names)
        sure = np.exp(logs[np.arange(len(path)), path]).tolist()
        return entities([self.names[i] for i in path], spans, sure)

    def scores(self, text: str, spans: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
        """(words, tags) log-probabilities at each word's first piece; a word without one is O."""
        import torch

        out = np.full((len(spans), len(self.names)), -100.0)
        out[:, self.names.index(OUTSIDE)] = 0.0
        device = next(self.model.parameters()).device
        for chunk in chunks(self.tokenizer, text, spans, self.length):
            with torch.inference_mode():
                ids = torch.tensor([chunk.ids], device=device)
                logits = self.model(input_ids=ids).logits[0, chunk.first]
            out[chunk.words] = torch.log_softmax(logits.float(), -1).double().cpu().numpy()
        return out
