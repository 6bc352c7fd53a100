"""Named entities: fine-tuned, scored by whole entities under strict IOB2."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from seqeval.scheme import IOB2
from seqeval.scheme import Entities as Scored
from transformers import AutoModelForTokenClassification

from train.corpus.evaluation_items import files
from train.evaluate.axes import Axis, Cell, Context, Found
from train.evaluate.examples import Example
from train.evaluate.sentences import Sentence, read
from train.evaluate.split import text_id
from train.evaluate.tasks import Sealed, named, unseen
from train.evaluate.tuning import fit, head, predict
from train.files import Run, StageError, file_hash
from train.machine import precision
from viobert import checkpoints
from viobert.ner import Chunk, chunks, decode, tags

VERSION = 1
TASK, SETTING = "entities", "strict"


def settings(run: Run) -> list[tuple[str, str]]:
    return [(TASK, SETTING)] if run.recipe.what.evaluation.entities else []


def source(run: Run, _: str) -> list[Any]:
    config = run.recipe.what.evaluation
    assert config.entities
    sets = config.entities
    hashes = [file_hash(run.recipe.resolve(p)) for p in (sets.train, sets.dev, sets.test)]
    tuning = dataclasses.asdict(config.fine_tuning)
    return [VERSION, sets.set, hashes, tuning, precision(run.recipe.how)]


def compute(context: Context, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Found]]:
    for cell in cells:
        yield cell, _tune(context, cell)


def _tune(context: Context, cell: Cell) -> Found:
    assert cell.seed is not None
    run, config = context.run, context.config
    train, dev, sealed, about = load(run)
    labels = sorted(_types(train))
    names = tags(labels)
    loaded = checkpoints.load(context.subject(cell).place)
    length = min(config.fine_tuning.length, loaded.max_length)
    tokenizer: Any = loaded.tokenizer
    model = head(
        AutoModelForTokenClassification, loaded.folder, config.fine_tuning, cell.seed,
        context.device, num_labels=len(names), id2label=dict(enumerate(names)),
        label2id={name: i for i, name in enumerate(names)},
    )  # fmt: skip
    reader = Reader(tokenizer, names, length)

    def judge(model: Any) -> float:
        said = reader.say(model, dev)
        right, found, gold = count(dev, said, labels).sum((0, 1))
        return float(2 * right / max(1, found + gold))

    examples = [example for s in train for example in reader.examples(s)]
    pad = tokenizer.pad_token_id
    fitted = fit(model, examples, judge, pad, config.fine_tuning, cell.seed, context.precision)
    context.keep_head(cell.name, fitted.model, tokenizer)
    about |= {"dev_f1": [round(r, 4) for r in fitted.readings], "kept": fitted.best}
    return Found(tested(reader, fitted.model, sealed.open(), labels), about)


def again(run: Run, _: str, model: Any, tokenizer: Any, length: int) -> pa.Table:
    """The outcomes of a head that was trained before, on the test part."""
    train, _dev, sealed, _about = load(run)
    reader = Reader(tokenizer, [model.config.id2label[i] for i in range(model.num_labels)], length)
    return tested(reader, model, sealed.open(), sorted(_types(train)))


def tested(reader: Reader, model: Any, test: Sequence[Sentence], labels: Sequence[str]) -> pa.Table:
    """A row a sentence and type."""
    return _table(test, count(test, reader.say(model, test), labels), labels)


def load(run: Run) -> tuple[list[Sentence], list[Sentence], Sealed[list[Sentence]], dict[str, Any]]:
    """Train and dev sentences, the sealed test ones, and what the envelope tells of them.

    ``StageError`` for a file without sentences or entities. Sentences that are tested are not
    learned from, whatever file they stand in too. Test entities of a type that training
    has not are taken out of the test, and counted.
    """
    config, recipe = run.recipe.what.evaluation.entities, run.recipe
    assert config
    # The contamination report names rows of several files by the files, too.
    several = bool(config.set) and len(files(recipe, named(run, config.set))) > 1
    parts = [recipe.resolve(p) for p in (config.train, config.dev, config.test)]
    train, dev, test = (read(path, several) for path in parts)
    left_out: Counter[str] = Counter()
    train, dev = (unseen(part, test, left_out) for part in (train, dev))
    known = _types(train)
    kept = []
    for sentence in test:
        strange = [tag for tag in sentence.tags if tag != "O" and tag[2:] not in known]
        types = (tag[2:] for tag in strange if tag.startswith("B-"))
        left_out.update(f"type unseen in training: {name}" for name in types)
        kept.append(sentence.without(strange))
    for part, path in zip((train, dev, kept), parts, strict=True):
        if not _types(part):
            raise StageError(f"{path}: no entity to learn or to find")
    about = {
        "dataset": {
            "name": config.set or recipe.resolve(config.test).stem,
            "rows": len(test),
            "hash": file_hash(recipe.resolve(config.test))[:16],
            "train": len(train),
            "dev": len(dev),
        },
        "set": config.set,
        "left_out": dict(sorted((+left_out).items())),
    }
    return train, dev, Sealed(kept), about


def _types(sentences: Sequence[Sentence]) -> set[str]:
    return {tag[2:] for s in sentences for tag in s.tags if tag != "O"}


class Reader:
    """Sentences as a model's word pieces, and back: the label stands on a word's first piece."""

    def __init__(self, tokenizer: Any, names: Sequence[str], length: int) -> None:
        self.tokenizer, self.names, self.length = tokenizer, list(names), length

    def examples(self, sentence: Sentence) -> list[Example]:
        found = []
        for chunk in self._chunks(sentence):
            label = [-100] * len(chunk.ids)
            for place, word in zip(chunk.first, chunk.words, strict=True):
                label[place] = self.names.index(sentence.tags[word])
            found.append(Example([chunk.ids], label))
        return found

    def say(self, model: Any, sentences: Sequence[Sentence]) -> list[list[str]]:
        """The tags that a model gives to each word, well formed."""
        parts = [(i, c) for i, s in enumerate(sentences) for c in self._chunks(s)]
        examples = [Example([chunk.ids], 0) for _, chunk in parts]
        read_out = predict(model, examples, self.tokenizer.pad_token_id)
        logs = [np.full((len(s.tags), len(self.names)), -100.0) for s in sentences]
        for of in logs:
            of[:, 0] = 0.0  # a word without pieces is outside
        for (i, chunk), found in zip(parts, read_out, strict=True):
            logs[i][chunk.words] = found[chunk.first]
        return [[self.names[t] for t in decode(of, self.names)] for of in logs]

    def _chunks(self, sentence: Sentence) -> list[Chunk]:
        return chunks(self.tokenizer, sentence.text, sentence.spans, self.length)


def count(
    sentences: Sequence[Sentence], said: Sequence[Sequence[str]], labels: Sequence[str]
) -> np.ndarray[Any, Any]:
    """(sentences, labels, 3): entities that are right, said, and there (seqeval's strict IOB2)."""
    gold = Scored([s.tags for s in sentences], IOB2).entities
    found = Scored([list(tags) for tags in said], IOB2).entities
    out = np.zeros((len(sentences), len(labels), 3), np.int64)
    for i, (there, here) in enumerate(zip(gold, found, strict=True)):
        for entities, column in ((set(there) & set(here), 0), (set(here), 1), (set(there), 2)):
            for entity in entities:
                out[i, labels.index(entity.tag), column] += 1
    return out


def _table(
    sentences: Sequence[Sentence], counts: np.ndarray[Any, Any], labels: Sequence[str]
) -> pa.Table:
    rows = [(i, j) for i in range(len(sentences)) for j in range(len(labels))]
    return pa.table(
        {
            "item": [sentences[i].id for i, _ in rows],
            "document": [text_id(sentences[i].text) for i, _ in rows],
            "type": [labels[j] for _, j in rows],
            **{
                name: [int(counts[i, j, k]) for i, j in rows]
                for k, name in enumerate(("right", "said", "gold"))
            },
        }
    )


AXES = (Axis("ner", settings, source, compute, head=lambda cell: cell.name),)
