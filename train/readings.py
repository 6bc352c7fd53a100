"""What is measured at each evaluation while a model is trained."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.corpus.document import Document
from train.corpus.made import read_documents, stream_documents
from train.corpus.sources import local
from train.evaluate import cloze, intrinsic
from train.evaluate.cloze import Sentence
from train.evaluate.intrinsic import Outcomes
from train.evaluate.probing import RESAMPLES, Probe, from_documents, from_file
from train.evaluate.statistics import draws
from train.evaluate.words import Window, windows
from train.files import Run, StageError, file_hash
from train.options import General
from train.recipe import Recipe, RecipeError, Source
from train.stopping import GENERAL, Reading
from train.tokens import document_key


class Readings:
    """Dev texts, general texts, sentences and probe of a recipe, read the same way each time."""

    def __init__(self, run: Run, tokenizer: Any, length: int) -> None:
        """``length``: word pieces of a window. ``StageError`` when there is nothing to read."""
        self.run, self.tokenizer, self.length = run, tokenizer, length
        self.config = run.recipe.what.stopping
        dev = read_documents(run, "dev")
        if not dev:
            raise StageError(f"{run.recipe.path}: no dev document; raise what.corpus.dev")
        self.dev = self._windows(_some(dev, self.config.documents))
        self.general: list[Window] = []
        if self.config.general:
            texts = self._general_texts(self.config.general)
            self.general = self._windows(_some(texts, self.config.general.documents))
        self.probe = self._probe(dev)
        self.sentences = self._sentences()
        #: Changes with what the files of probe, general text and sentences hold.
        self.source = _digest(run.recipe)

    def take(self, model: Any) -> Reading:
        """Read a ``BertForMaskedLM``; in fp32."""
        name = self.run.recipe.name
        out = self._score(model, self.dev, f"{name}: dev")
        values: dict[str, float] = {}
        replicates: dict[str, list[float]] = {}
        for term, outcomes in (("nats_per_word", out.nll), ("fill_mask_top5", out.top5)):
            values[term], replicates[term] = self._mean(outcomes, out.document, "dev")
        if self.general:
            out = self._score(model, self.general, f"{name}: general text")
            found = self._mean(out.nll, out.document, "general")
            values[GENERAL], replicates[GENERAL] = found
        if self.probe:
            found = self.probe.read(model, self.tokenizer, self.length)
            values["probe_macro_f1"], replicates["probe_macro_f1"] = found
        if self.sentences:
            nats = cloze.nats(model, self.tokenizer, self.sentences)
            found = self._mean(nats, np.arange(len(nats)), "cloze")
            values["cloze_nats"], replicates["cloze_nats"] = found
        return Reading(values, replicates)

    def _windows(self, documents: Sequence[Document]) -> list[Window]:
        return windows(documents, [self.tokenizer], self.length, self.config.seed)[0]

    def _score(self, model: Any, texts: Sequence[Window], name: str) -> Outcomes:
        folds = self.config.folds
        return intrinsic.score(model, self.tokenizer, texts, 0, folds, name, leave=False)

    def _mean(
        self, outcomes: NDArray[np.float64], document: NDArray[np.int64], kind: str
    ) -> tuple[float, list[float]]:
        """Mean over the words, and the same on resampled documents."""
        sums = np.bincount(document, weights=outcomes)
        words = np.bincount(document)
        sums, words = sums[words > 0], words[words > 0]
        if len(words) < 2:
            raise StageError(
                f"{self.run.recipe.path}: words to hide in fewer than two {kind} documents; give "
                "more, or raise what.stopping.folds"
            )
        weights = draws(len(words), RESAMPLES, self.config.seed).astype(np.float64)
        resampled = (weights @ sums) / (weights @ words)
        return float(sums.sum() / words.sum()), resampled.tolist()

    def _general_texts(self, config: General) -> Iterator[Document]:
        recipe, base = self.run.recipe, self.run.base()
        if not config.path:
            assert base is not None, "checked when the recipe was read"
            return stream_documents(base, "dev")
        source = Source(path=config.path)
        return (d for path in local.files(recipe, source) for d in local.read(path, source))

    def _sentences(self) -> list[Sentence]:
        """``StageError`` for one that is longer than a window."""
        path = self.config.cloze
        if not path:
            return []
        (file,) = local.files(self.run.recipe, Source(path=path))
        found = cloze.read(file)
        for sentence in found:
            if len(self.tokenizer(sentence.text)["input_ids"]) > self.length:
                raise StageError(f"{file}: longer than {self.length} word pieces: {sentence.text}")
        return found

    def _probe(self, dev: Sequence[Document]) -> Probe | None:
        config, path = self.config.probe, self.run.recipe.path
        if not config:
            return None
        where = f"{path}: what.stopping.probe"
        if not config.path:
            return Probe(from_documents(dev, config.label), config.rows, where, test_too=True)
        (file,) = local.files(self.run.recipe, Source(path=config.path))
        return Probe(from_file(file, config.text, config.label), config.rows, where)


def _digest(recipe: Recipe) -> str:
    digest = hashlib.sha256()
    for _, named in _named(recipe):
        for path in local.files(recipe, Source(path=named)):
            digest.update(file_hash(path).encode())
    return digest.hexdigest()[:16]


def check(recipe: Recipe) -> None:
    """``RecipeError`` unless what is to be read is there, before long work."""
    for part, named in _named(recipe):
        found = local.files(recipe, Source(path=named))
        if part != "general.path" and len(found) > 1:
            raise RecipeError(f"{recipe.path}: what.stopping.{part} names several files")


def _named(recipe: Recipe) -> list[tuple[str, str]]:
    """The files that readings are taken of, and the key that names each."""
    stopping = recipe.what.stopping
    found = [("probe.path", stopping.probe.path)] if stopping.probe else []
    found += [("general.path", stopping.general.path)] if stopping.general else []
    return [(part, path) for part, path in [*found, ("cloze", stopping.cloze)] if path]


def _some(documents: Iterable[Document], count: int) -> list[Document]:
    """By hash, not in the order of the files: every source has its share."""
    return heapq.nsmallest(count, documents, key=lambda d: document_key(d.id))
