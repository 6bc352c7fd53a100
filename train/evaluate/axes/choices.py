"""Multiple-choice questions: a choice head fine-tuned, and zero-shot by pseudo-log-likelihood."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from transformers import AutoModelForMultipleChoice

from train.corpus.document import Document
from train.evaluate.axes import Axis, Cell, Context, Found
from train.evaluate.examples import Example
from train.evaluate.intrinsic import score
from train.evaluate.questions import Question, questions
from train.evaluate.split import text_id
from train.evaluate.tasks import Task, source_hash
from train.evaluate.tuning import fit, head, predict
from train.evaluate.words import FOLDS, windows
from train.files import Run
from train.machine import precision
from train.tokens import encode
from viobert import checkpoints
from viobert.text import words

VERSION = 1


def settings(run: Run) -> list[tuple[str, str]]:
    config = run.recipe.what.evaluation.choice
    return [("choice", level) for level in config.levels] if config else []


def settings_zero_shot(run: Run) -> list[tuple[str, str]]:
    return [("zero-shot", level) for _, level in settings(run)]


def source(run: Run, _: str) -> list[Any]:
    config = run.recipe.what.evaluation
    assert config.choice
    parts = [dataclasses.asdict(part) for part in (config.choice, config.fine_tuning)]
    return [VERSION, *parts, source_hash(run, config.choice.set), precision(run.recipe.how)]


def source_zero_shot(run: Run, _: str) -> list[Any]:
    config = run.recipe.what.evaluation
    assert config.choice
    return [VERSION, dataclasses.asdict(config.choice), source_hash(run, config.choice.set)]


def compute(context: Context, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Found]]:
    """One head for all levels, tested on each."""
    seed, config = cells[0].seed, context.config.fine_tuning
    assert seed is not None
    task = questions(context.run, context.config.choice)
    train, dev = task.divide(seed)
    loaded = checkpoints.load(context.subject(cells[0]).place)
    length = min(config.length, loaded.max_length)
    tokenizer: Any = loaded.tokenizer
    model = head(AutoModelForMultipleChoice, loaded.folder, config, seed, context.device)
    unseen = [example(tokenizer, q, length) for q in dev]

    def judge(model: Any) -> float:
        said = predict(model, unseen, tokenizer.pad_token_id)
        right = [int(p.argmax()) == q.answer for p, q in zip(said, dev, strict=True)]
        return float(np.mean(right))

    examples = [example(tokenizer, q, length) for q in train]
    fitted = fit(model, examples, judge, tokenizer.pad_token_id, config, seed, context.precision)
    context.keep_head(_head(cells[0]), fitted.model, tokenizer)
    test = task.test.open()
    asked = [example(tokenizer, q, length) for q in test]
    scores = predict(fitted.model, asked, tokenizer.pad_token_id)
    more = {"dev_accuracy": [round(r, 4) for r in fitted.readings], "kept": fitted.best}
    yield from _by_level(cells, task, test, scores, more)


def compute_zero_shot(context: Context, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Found]]:
    """The option whose words the model finds least surprising after the question, a character."""
    task = questions(context.run, context.config.choice)
    loaded = checkpoints.load(context.subject(cells[0]).place)
    test = task.test.open()
    scores, unread = surprise(loaded, test, context, cells[0].name)
    more = {
        "scored_by": "pseudo-log-likelihood of an option's words after the question, each word's "
        "pieces from left to right, a character",
        "options_without_a_known_word": unread,
    }
    yield from _by_level(cells, task, test, scores, more)


def surprise(
    loaded: checkpoints.Checkpoint, test: Sequence[Question], context: Context, name: str
) -> tuple[list[NDArray[np.float64]], int]:
    """Of each question (options,) the negative nats a character, and how many options have no word
    that the tokenizer knows (such a one is never chosen)."""
    pairs = [(i, j) for i, q in enumerate(test) for j in range(len(q.options))]
    texts = [f"{test[i].text}\n{test[i].options[j]}" for i, j in pairs]
    documents = [
        Document(id=str(k), text=text, source="", licence="", ref="")
        for k, text in enumerate(texts)
    ]
    length = min(context.config.length, loaded.max_length)
    found, _ = windows(documents, [loaded.tokenizer], length, context.config.seeds[0])
    passed = np.zeros(len(pairs), np.int64)  # words of a text that earlier windows hold
    for window in found:
        of_question = len(words(test[pairs[window.document][0]].text))
        place = passed[window.document] + np.arange(len(window.fold))
        window.fold[(window.fold >= 0) & (place < of_question)] = -1
        passed[window.document] += len(window.fold)
    model: Any = loaded.model.to(context.device)  # type: ignore[arg-type]
    own = score(model, loaded.tokenizer, found, 0, FOLDS, name, False, left_to_right=True)
    nats = np.bincount(own.document, weights=own.nll, minlength=len(pairs))
    characters = np.bincount(own.document, weights=own.characters, minlength=len(pairs))
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.where(characters > 0, -nats / characters, -np.inf)
    ends = np.cumsum([len(q.options) for q in test])
    return np.split(values, ends[:-1]), int((characters == 0).sum())


def example(tokenizer: Any, question: Question, length: int) -> Example:
    """[CLS] question [SEP] option [SEP] as two segments, an option each; the longer one is cut."""
    asked, *options = (e.ids for e in encode(tokenizer, [question.text, *question.options]))
    pieces, types = [], []
    for option in options:
        room = length - 3
        first = min(len(asked), max(room - len(option), (room + 1) // 2))
        second = min(len(option), room - first)
        separator = tokenizer.sep_token_id
        left = [tokenizer.cls_token_id, *asked[:first], separator]
        pieces.append([*left, *option[:second], separator])
        types.append([0] * len(left) + [1] * (second + 1))
    return Example(pieces, question.answer, types)


def _by_level(
    cells: Sequence[Cell],
    task: Task[Question],
    test: Sequence[Question],
    scores: Sequence[NDArray[np.float64]],
    more: dict[str, Any],
) -> Iterator[tuple[Cell, Found]]:
    said = [int(s.argmax()) for s in scores]
    for cell in cells:
        here = [(q, a) for q, a in zip(test, said, strict=True) if q.level == cell.setting]
        chance = float(np.mean([1 / len(q.options) for q, _ in here]))
        table = pa.table(
            {
                "item": [q.id for q, _ in here],
                "document": [text_id(q.text) for q, _ in here],
                "gold": [q.answer for q, _ in here],
                "said": [a for _, a in here],
                "options": [len(q.options) for q, _ in here],
            }
        )
        yield cell, Found(table, task.about | more | {"chance": round(chance, 4)})


def _together(_: Cell) -> Hashable:
    return None


def _head(cell: Cell) -> str:
    return f"{cell.axis}.{cell.task}.{cell.model}.{cell.seed}"


AXES = (
    Axis("mcq", settings, source, compute, head=_head),
    Axis(
        "zero-shot", settings_zero_shot, source_zero_shot, compute_zero_shot, _together,
        seeded=False, in_grid=False,
    ),
)  # fmt: skip
