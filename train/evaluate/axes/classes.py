"""Classes of texts: linear probes of the frozen encoder, and fine-tuning on shares of the rows."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from transformers import AutoModelForSequenceClassification

from train.evaluate.axes import Axis, Cell, Context, Found
from train.evaluate.examples import Example
from train.evaluate.labelled import Row, labelled
from train.evaluate.options import LabelledSet
from train.evaluate.probing import POOLINGS, features
from train.evaluate.split import text_id
from train.evaluate.tasks import Task, source_hash
from train.evaluate.tuning import fit, head, predict
from train.files import Run, replace_file
from train.machine import precision
from train.tokens import encode
from viobert import checkpoints

VERSION = 2
#: Inverse strengths of the penalty that dev rows choose from.
STRENGTHS = (0.01, 0.1, 1.0, 10.0)
#: The setting of fine-tuning that learns from all rows.
TUNED = "100 %"


def _sets(run: Run) -> dict[str, LabelledSet]:
    """The labelled sets of the grid, coarse before fine."""
    config = run.recipe.what.evaluation
    return {n: s for n, s in (("coarse", config.coarse), ("fine", config.fine)) if s}


def _every(run: Run) -> dict[str, LabelledSet]:
    config = run.recipe.what.evaluation
    dialect = config.forgetting.dialect if config.forgetting else None
    found = {**_sets(run), **config.further}
    return {**found, "dialect": dialect} if dialect else found


def settings_probing(run: Run) -> list[tuple[str, str]]:
    return [(name, pooling) for name in _sets(run) for pooling in POOLINGS]


def settings_further(run: Run) -> list[tuple[str, str]]:
    return [(name, "mean") for name in run.recipe.what.evaluation.further]


def settings_dialect(run: Run) -> list[tuple[str, str]]:
    return [("dialect", "mean")] if "dialect" in _every(run) else []


def settings_tuning(run: Run) -> list[tuple[str, str]]:
    shares = run.recipe.what.evaluation.shares
    return [(name, f"{100 * share:g} %") for name in _sets(run) for share in shares]


def source(run: Run, task: str) -> list[Any]:
    config = _every(run)[task]
    length = run.recipe.what.evaluation.length
    return [VERSION, dataclasses.asdict(config), source_hash(run, config.set), length]


def source_tuning(run: Run, task: str) -> list[Any]:
    tuning = dataclasses.asdict(run.recipe.what.evaluation.fine_tuning)
    return [*source(run, task), tuning, precision(run.recipe.how)]


def _where(run: Run, task: str) -> str:
    if task in _sets(run):
        return task
    return "forgetting.dialect" if task == "dialect" else f"further.{task}"


def compute_probing(context: Context, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Found]]:
    """Logistic regression on frozen states; each text is encoded once for all cells."""
    tasks = {}
    for cell in cells:
        if cell.task not in tasks:
            config = _every(context.run)[cell.task]
            tasks[cell.task] = labelled(context.run, config, _where(context.run, cell.task))
        yield cell, _probe(context, cell, tasks[cell.task])


def _probe(context: Context, cell: Cell, task: Task[Row]) -> Found:
    assert cell.seed is not None
    train, dev = task.divide(cell.seed)
    states = _states(context, cell, [row.text for row in [*train, *dev]])
    x, y = states[: len(train)], [row.label for row in train]
    unseen, gold = states[len(train) :], [row.label for row in dev]
    judged = {}
    for strength in STRENGTHS:
        said = _regression(strength).fit(x, y).predict(unseen)
        judged[strength] = f1_score(gold, said, average="macro", labels=sorted(set(gold)))
    best = max(judged, key=lambda s: (judged[s], -s))
    model = _regression(best).fit(x, y)
    test = task.test.open()
    said = model.predict(_states(context, cell, [row.text for row in test]))
    about = task.about | {"penalty": f"C={best:g}", "dev_macro_f1": round(judged[best], 4)}
    return Found(_table(test, said.tolist()), about)


def _regression(strength: float) -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000))


def _states(context: Context, cell: Cell, texts: Sequence[str]) -> NDArray[np.float32]:
    """(texts, width) frozen states, from the disk where this model has read these texts before."""
    subject = context.subject(cell)
    wanted = sorted(set(texts))
    made_from = [f"{VERSION}", subject.revision, str(context.config.length), *wanted]
    digest = hashlib.sha256("\0".join(made_from).encode()).hexdigest()[:16]
    path = context.folder / "features" / f"{digest}.npz"
    if not path.exists():
        loaded = checkpoints.load(subject.place)
        length = min(context.config.length, loaded.max_length)
        model: Any = loaded.model.to(context.device)  # type: ignore[arg-type]
        found = features(model, loaded.tokenizer, wanted, length)
        replace_file(path, lambda to: _save(to, found))
    with np.load(path) as stored:
        rows = stored[cell.setting]
    place = {text: i for i, text in enumerate(wanted)}
    return np.asarray(rows[[place[text] for text in texts]])


def _save(path: Path, found: dict[str, NDArray[np.float32]]) -> None:
    with path.open("wb") as to:  # given a name, numpy would add its own ending
        np.savez(to, allow_pickle=False, **found)


def compute_tuning(context: Context, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Found]]:
    for cell in cells:
        config = _sets(context.run)[cell.task]
        yield cell, _tune(context, cell, labelled(context.run, config, cell.task))


def _tune(context: Context, cell: Cell, task: Task[Row]) -> Found:
    """Encoder and head trained on a share of the rows, the epoch chosen on dev."""
    assert cell.seed is not None
    config, subject = context.config.fine_tuning, context.subject(cell)
    share = float(cell.setting.partition(" ")[0]) / 100
    train, dev = task.divide(cell.seed, share)
    names = sorted({row.label for row in task.learning})
    loaded = checkpoints.load(subject.place)
    length = min(config.length, loaded.max_length)
    tokenizer: Any = loaded.tokenizer
    labels = {"id2label": dict(enumerate(names)), "label2id": {n: i for i, n in enumerate(names)}}
    model = head(
        AutoModelForSequenceClassification, loaded.folder, config, cell.seed, context.device,
        num_labels=len(names), **labels,
    )  # fmt: skip
    reader = _Reader(tokenizer, names, length)
    gold = [row.label for row in dev]

    def judge(model: Any) -> float:
        said = reader.say(model, dev)
        return float(f1_score(gold, said, average="macro", labels=sorted(set(gold))))

    pad = tokenizer.pad_token_id
    fitted = fit(model, reader.examples(train), judge, pad, config, cell.seed, context.precision)
    context.keep_head(cell.name, fitted.model, tokenizer)
    test = task.test.open()
    said = reader.say(fitted.model, test)
    dev_scores = [round(r, 4) for r in fitted.readings]
    about = {"rows_trained_on": len(train), "dev_macro_f1": dev_scores, "kept": fitted.best}
    return Found(_table(test, said), task.about | about)


def again(run: Run, task: str, model: Any, tokenizer: Any, length: int) -> pa.Table:
    """The outcomes of a head that was trained before, on the test part."""
    names = [model.config.id2label[i] for i in range(model.num_labels)]
    test = labelled(run, _sets(run)[task], task).test.open()
    return _table(test, _Reader(tokenizer, names, length).say(model, test))


class _Reader:
    """Texts as a model's word pieces, and the class that it says of each."""

    def __init__(self, tokenizer: Any, names: Sequence[str], length: int) -> None:
        self.tokenizer, self.names, self.length = tokenizer, list(names), length

    def examples(self, rows: Sequence[Row]) -> list[Example]:
        first, last = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        encoded = encode(self.tokenizer, [row.text for row in rows])
        return [
            Example([[first, *e.ids[: self.length - 2], last]], self.names.index(row.label))
            for e, row in zip(encoded, rows, strict=True)
        ]

    def say(self, model: Any, rows: Sequence[Row]) -> list[str]:
        found = predict(model, self.examples(rows), self.tokenizer.pad_token_id)
        return [self.names[int(p.argmax())] for p in found]


def _table(rows: Sequence[Row], said: Sequence[str]) -> pa.Table:
    return pa.table(
        {
            "item": [row.id for row in rows],
            "document": [text_id(row.text) for row in rows],
            "gold": [row.label for row in rows],
            "said": list(said),
        }
    )


def _task(cell: Cell) -> Hashable:
    return cell.task


def _name(cell: Cell) -> str:
    return cell.name


AXES = (
    Axis("probing", settings_probing, source, compute_probing, _task),
    Axis("fine-tuning", settings_tuning, source_tuning, compute_tuning, _name, _name),
    Axis("dialect", settings_dialect, source, compute_probing, _task, in_grid=False),
    Axis("further", settings_further, source, compute_probing, _task, in_grid=False),
)
