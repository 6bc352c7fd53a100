"""A linear probe: what a frozen model's states tell of a text's class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler

from train.corpus.document import Document
from train.corpus.sources import tables
from train.evaluate.split import part, place
from train.files import StageError
from train.tokens import encode

_BUDGET = 8192  # word pieces a batch, padding included
_FEWEST = 20
#: Ways to make one vector of a text's states.
POOLINGS = ("CLS", "mean")
#: Bootstrap resamples: they tell a standard error to 4 %.
RESAMPLES = 400


@dataclass(frozen=True)
class Labelled:
    """Texts with their classes."""

    texts: list[str]
    labels: list[str]

    def part(self, *names: str) -> Labelled:
        """The rows of train, dev or test, or of several of them."""
        pairs = zip(self.texts, self.labels, strict=True)
        kept = [(t, label) for t, label in pairs if part(t) in names]
        return Labelled([t for t, _ in kept], [label for _, label in kept])


def from_file(path: Path, text: str, label: str) -> Labelled:
    """The rows of a file that have a label; ``StageError`` for a column that is not there."""
    rows = []
    for number, row in tables.rows(path):
        for column in (text, label):
            if column not in row:
                has = ", ".join(row)
                raise StageError(f"{path}, row {number}: no column {column}; it has {has}")
        rows.append((str(row[text] or ""), str(row[label] or "")))
    return _labelled(iter(rows))


def from_documents(documents: Sequence[Document], label: str) -> Labelled:
    """The documents whose metadata hold a label."""
    return _labelled((d.text, str(d.metadata.get(label) or "")) for d in documents)


def _labelled(rows: Iterator[tuple[str, str]]) -> Labelled:
    kept = [(text, label) for text, label in rows if text and label]
    return Labelled([text for text, _ in kept], [label for _, label in kept])


class Probe:
    """Logistic regression on the mean of a frozen model's last states."""

    def __init__(self, rows: Labelled, count: int, where: str, test_too: bool = False) -> None:
        """``count``: rows used at most, chosen by hash; ``test_too``: no evaluation reads the
        test rows, they are dev rows here. ``StageError`` names ``where`` when too few are left to
        learn from or to judge by."""
        parts = (rows.part("train"), rows.part("dev", *["test"] * test_too))
        total = sum(len(p.texts) for p in parts)
        self.train, self.dev = (_some(p, count * len(p.texts) // max(1, total)) for p in parts)
        if len(self.dev.texts) < _FEWEST or len(set(self.train.labels)) < 2:
            raise StageError(
                f"{where}: {len(self.train.texts)} labelled rows to train the probe and "
                f"{len(self.dev.texts)} to read it by; {_FEWEST} and two classes are needed"
            )

    def read(self, model: Any, tokenizer: Any, length: int) -> tuple[float, list[float]]:
        """Macro-F1 on the dev rows, and the same on resampled rows (``macro_f1``)."""
        train, dev = (
            features(model, tokenizer, p.texts, length)["mean"] for p in (self.train, self.dev)
        )
        scaler = StandardScaler().fit(train)
        probe = LogisticRegression(max_iter=2000, C=0.1)
        probe.fit(scaler.transform(train), self.train.labels)
        return macro_f1(self.dev.labels, probe.predict(scaler.transform(dev)).tolist())


def macro_f1(
    gold: Sequence[str], said: Sequence[str], resamples: int = RESAMPLES
) -> tuple[float, list[float]]:
    """Mean of the F1 of the classes that occur in ``gold``, and the same on resampled rows (0 for a
    class that a resample neither holds nor says): as many rows are resampled in the same way, so
    that two models can be compared pair by pair."""
    names, codes = np.unique([*gold, *said], return_inverse=True)
    true, found = codes[: len(gold)], codes[len(gold) :]
    classes = np.unique(true)
    value = float(f1_score(true, found, labels=classes, average="macro", zero_division=0.0))
    draw = np.random.default_rng(0).integers(0, len(true), (resamples, len(true)))
    # One matrix of counts a resample: rows are true classes, columns those said.
    cells = true[draw] * len(names) + found[draw] + np.arange(resamples)[:, None] * len(names) ** 2
    tables_ = np.bincount(cells.ravel(), minlength=resamples * len(names) ** 2)
    counts = tables_.reshape(resamples, len(names), len(names)).astype(float)
    hits = np.diagonal(counts, axis1=1, axis2=2)
    of_class, said_so = counts.sum(axis=2), counts.sum(axis=1)
    both = of_class + said_so
    scores = np.divide(2 * hits, both, out=np.zeros_like(hits), where=both > 0)
    return value, scores[:, classes].mean(axis=1).tolist()


def _some(rows: Labelled, count: int) -> Labelled:
    order = sorted(range(len(rows.texts)), key=lambda i: place(rows.texts[i], 12))[:count]
    return Labelled([rows.texts[i] for i in order], [rows.labels[i] for i in order])


@torch.inference_mode()
def features(
    model: Any, tokenizer: Any, texts: Sequence[str], length: int
) -> dict[str, NDArray[np.float32]]:
    """(texts, width) the last states of [CLS], and their mean over a text's pieces, special ones
    included; texts are cut to ``length`` pieces."""
    model.eval()
    device = next(model.parameters()).device
    pieces = [e.ids[: length - 2] for e in encode(tokenizer, texts)]
    shape = (len(texts), model.config.hidden_size)
    out = {pooling: np.zeros(shape, np.float32) for pooling in POOLINGS}
    for members in _batches([len(p) + 2 for p in pieces]):
        longest = max(len(pieces[i]) for i in members) + 2
        ids = torch.full((len(members), longest), tokenizer.pad_token_id)
        for row, i in enumerate(members):
            framed = [tokenizer.cls_token_id, *pieces[i], tokenizer.sep_token_id]
            ids[row, : len(framed)] = torch.tensor(framed)
        sizes = torch.tensor([len(pieces[i]) + 2 for i in members])
        real = (torch.arange(longest) < sizes[:, None]).long().to(device)
        states = model.bert(input_ids=ids.to(device), attention_mask=real).last_hidden_state
        weights = real[:, :, None].to(states.dtype)
        mean = (states * weights).sum(1) / weights.sum(1)
        for pooling, found in (("CLS", states[:, 0]), ("mean", mean)):
            out[pooling][members] = found.float().cpu().numpy()
    return out


def _batches(sizes: Sequence[int]) -> Iterator[list[int]]:
    batch: list[int] = []
    for i in sorted(range(len(sizes)), key=lambda i: sizes[i]):
        if batch and (len(batch) + 1) * sizes[i] > _BUDGET:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
