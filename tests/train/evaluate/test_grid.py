"""The whole grid on a few rows: computed, resumed, chosen from, failing and killed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.train.conftest import ROOT
from tests.train.evaluate.making import context, exam, write_rows
from train.corpus.made import read_documents
from train.evaluate import grid, tasks, workers
from train.evaluate.axes import Cell, Context, registry
from train.evaluate.compare import scores as compared
from train.evaluate.outcomes import Store
from train.evaluate.split import part
from train.evaluate.stage import compare_models, contaminated
from train.evaluate.workers import Job, work
from train.files import Run, StageError
from viobert import scores
from viobert.scores import ALL, UNCONTAMINATED, Score

Models = dict[str, str]


def test_every_configuration_has_its_cells(filled: tuple[Context, list[Score], list[str]]) -> None:
    made, rows, _ = filled
    every = grid.cells(made)
    by_axis = {a: len({c.configuration for c in every if c.axis == a}) for a in registry()}
    assert by_axis == {
        "intrinsic": 1, "left-to-right": 1, "forgetting": 1, "probing": 4, "fine-tuning": 4,
        "dialect": 1, "further": 1, "ner": 1, "mcq": 2, "zero-shot": 2, "cloze": 1,
    }  # fmt: skip
    assert len([c for c in every if c.axis == "probing"]) == 4 * 2 * 2
    assert {c.seed for c in every if c.axis in ("zero-shot", "left-to-right", "cloze")} == {None}
    gains = [s for s in rows if s.p is not None and s.items == ALL]
    assert {(s.axis, s.task, s.setting) for s in gains} == {c.configuration for c in every}
    family = [s for s in gains if s.p_holm is not None]
    assert len(family) == 1 + 4 + 4 + 1 + 2
    assert all(s.envelope["family"] == 12 and (s.p or 0) <= (s.p_holm or 0) for s in family)


def test_the_grid_of_the_real_recipes_is_42_configurations() -> None:
    """21 settings a model, three seeds: 126 cells."""
    from train.evaluate.axes import choices, classes, entities
    from train.recipe import load

    for name in ("mini-medical", "viobert-v3"):
        recipe = load(ROOT / "train" / "recipes" / f"{name}.yaml")
        here = Run(recipe, Path("nowhere"))
        count = len(recipe.what.evaluation.intrinsic)
        count += len(classes.settings_probing(here)) + len(classes.settings_tuning(here))
        count += len(entities.settings(here)) + len(choices.settings(here))
        assert (count, recipe.what.evaluation.seeds) == (21, [13, 42, 1234])


def test_scores_carry_what_has_to_be_known_of_them(
    filled: tuple[Context, list[Score], list[str]],
) -> None:
    made, rows, _ = filled
    assert list(scores.read(made.run.scores)) == rows
    for score in rows:
        told = score.envelope
        assert {"dataset", "recipe", "code", "environment", "time", "left_out"} <= set(told)
        assert {"name", "rows", "hash"} <= set(told["dataset"])
        assert score.low <= score.value + 1e-12 and score.value <= score.high + 1e-12
    one = next(s for s in rows if s.axis == "probing" and s.seed is None and not s.against)
    own = [s.value for s in rows if s.seed is not None and s.axis == one.axis
           and (s.task, s.setting, s.model, s.metric) ==
           (one.task, one.setting, one.model, one.metric)]  # fmt: skip
    assert len(own) == 2 and one.value == pytest.approx(np.mean(own))
    assert one.envelope["seeds"] == [13, 42]


def test_the_reported_split_is_the_test_split(
    filled: tuple[Context, list[Score], list[str]],
) -> None:
    made, _, _ = filled
    store = Store(made)
    held_out = {d.id for d in read_documents(made.run, "test")}
    rows = {r["id"]: r for r in exam()}
    texts = _texts(made.run)
    for cell in grid.cells(made):
        items = set(store.read(cell).table["item"].to_pylist())
        if cell.axis in ("intrinsic", "left-to-right"):
            assert items <= held_out
        elif cell.axis in ("mcq", "zero-shot"):
            assert {part(rows[item]["question"]) for item in items} == {"test"}
        elif cell.axis not in ("ner", "forgetting", "cloze"):
            assert {part(texts[item]) for item in items} == {"test"}, cell
    wanted = {
        json.loads(line)["id"]
        for line in (made.run.recipe.path.parent / "ner-test.jsonl").read_text("utf-8").splitlines()
    }
    ner = next(c for c in grid.cells(made) if c.axis == "ner")
    assert set(store.read(ner).table["item"].to_pylist()) == wanted


def _texts(run: Run) -> dict[str, str]:
    return {name: values["text"] for name, values, _ in tasks.rows_of(run, "classes")}


def test_a_cell_reads_its_test_part_once_when_it_has_learned(
    run: Run, models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While anything is fitted no test part is open, and each is opened once."""
    import sklearn.pipeline

    from train.evaluate.axes import choices, classes, entities

    log: list[str] = []
    opening = tasks.Sealed.open

    def opened(self: Any) -> Any:
        log.append("open")
        return opening(self)

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            log.append("fit")
            return function(*arguments, **options)

        return call

    monkeypatch.setattr(tasks.Sealed, "open", opened)
    monkeypatch.setattr(sklearn.pipeline.Pipeline, "fit", watched(sklearn.pipeline.Pipeline.fit))
    for module in (classes, entities, choices):
        monkeypatch.setattr(module, "fit", watched(module.fit))
    made = dataclasses.replace(context(run, models), folder=tmp_path)
    for axis in ("probing", "fine-tuning", "ner", "mcq"):
        job = next(j for j in grid.jobs(grid.cells(made)) if j.axis == axis)
        for cell in job.cells if axis != "mcq" else [job.cells[0]]:
            log.clear()
            chosen = job if axis == "mcq" else Job(axis, (cell,))
            result = work(made, chosen)
            assert not result.error, result.trace
            assert log[-1] == "open" and log.count("open") == 1 and "fit" in log, (cell, log)


def test_what_is_done_is_not_done_again_and_what_changed_is(
    filled: tuple[Context, list[Score], list[str]], models: Models
) -> None:
    made, rows, _ = filled
    store, axes = Store(made), registry()
    every = grid.cells(made)
    before = {cell: store.path(cell).stat().st_mtime_ns for cell in every}
    said: list[str] = []
    assert compare_models(made.run, models, made.run.scores, said.append) == rows
    assert {cell: store.path(cell).stat().st_mtime_ns for cell in every} == before
    assert said[0] == f"small: {len(every)} cells, {len(every)} done before"
    # Another learning rate concerns what is fine-tuned, another file what reads it.
    what = made.run.recipe.what
    tuning = dataclasses.replace(what.evaluation.fine_tuning, learning_rate=1e-3)
    evaluation = dataclasses.replace(what.evaluation, fine_tuning=tuning)
    recipe = dataclasses.replace(
        made.run.recipe, what=dataclasses.replace(what, evaluation=evaluation)
    )
    recipe.path = made.run.recipe.path
    changed = Store(dataclasses.replace(made, run=Run(recipe, made.run.runs)))
    stale = {c.axis for c in every if not changed.has(axes[c.axis], c)}
    assert stale == {"fine-tuning", "ner", "mcq"}
    torn = next(c for c in every if c.axis == "ner")
    whole = store.path(torn).read_bytes()
    store.path(torn).write_bytes(whole[: len(whole) // 2])
    assert not store.has(axes["ner"], torn)
    store.path(torn).write_bytes(whole)


def test_cells_are_chosen_by_their_fields(filled: tuple[Context, list[Score], list[str]]) -> None:
    every = grid.cells(filled[0])
    assert grid.choose(every, "") == every
    assert {c.name for c in grid.choose(every, "axis=ner,seed=42")} == {
        "ner.entities.strict.base.42", "ner.entities.strict.adapted.42"
    }  # fmt: skip
    assert {c.task for c in grid.choose(every, " axis = fine-tuning , task=coarse|fine")} == {
        "coarse", "fine"
    }  # fmt: skip
    for only, said in (
        ("axis=nre", "axis=nre: no such cell; there are .*ner"),
        ("axes=ner", "axis or task or setting or model or seed=VALUE"),
        ("ner", "VALUE is needed"),
    ):
        with pytest.raises(StageError, match=said):
            grid.choose(every, only)


def test_heads_are_kept_as_plain_transformers_folders(
    run: Run, models: Models, tmp_path: Path
) -> None:
    from transformers import pipeline

    made = dataclasses.replace(context(run, models, keep=True), folder=tmp_path)
    job = next(j for j in grid.jobs(grid.choose(grid.cells(made), "axis=ner,seed=13,model=base")))
    assert not work(made, job).error
    folder = tmp_path / "heads" / "ner.entities.strict.base.13"
    found = pipeline("token-classification", model=str(folder))("عندي صداع")
    assert all(f["entity"][0] in "BI" for f in found)
    store, axis, cell = Store(made), registry()["ner"], job.cells[0]
    assert store.done(axis, cell)
    (folder / "config.json").unlink()
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()
    assert not store.done(axis, cell) and store.has(axis, cell)


def test_contaminated_items_are_left_out_of_a_second_score(
    filled: tuple[Context, list[Score], list[str]],
) -> None:
    made, _, _ = filled
    every = [c for c in grid.cells(made) if c.axis == "zero-shot"]
    found = grid.gather(made, every)
    items = sorted(set(found[every[0]].table["item"].to_pylist()))
    spoilt = {"exam": set(items[:5])}
    rows = compared(found, made.subjects, spoilt, 200)
    level = every[0].setting
    pair = {
        s.items: s for s in rows
        if s.setting == level and s.model == "base" and s.metric == "accuracy"
    }  # fmt: skip
    assert set(pair) == {ALL, UNCONTAMINATED}
    assert pair[UNCONTAMINATED].n == pair[ALL].n - 5
    assert pair[UNCONTAMINATED].envelope["contaminated"] == 5
    table = found[every[0]].table.to_pylist()
    kept = [r["gold"] == r["said"] for r in table if r["item"] not in spoilt["exam"]]
    assert pair[UNCONTAMINATED].value == pytest.approx(np.mean(kept))
    assert all(s.p_holm is None for s in rows)  # not of the grid
    # A set of which nothing else is left has no second score.
    assert {
        s.items for s in compared(found, made.subjects, {"exam": {r["id"] for r in exam()}}, 200)
    } == {ALL}


def test_contaminated_are_the_items_that_training_text_holds(tmp_path: Path) -> None:
    from tests.train.evaluate.making import recipe, samples
    from train.corpus.build import build
    from train.recipe import load

    path = recipe(tmp_path)
    text = path.read_text(encoding="utf-8").replace(
        "name: classes", "action: report\n      name: classes"
    )
    path.write_text(text, encoding="utf-8")
    rows = [{"id": f"s{i}", "text": s["text"], "label": "a > b"} for i, s in enumerate(samples())]
    write_rows(tmp_path / "classes.jsonl", rows)
    run = Run(load(path), tmp_path / "runs")
    build(run, lambda _: None)
    trained_on = {d.id for d in read_documents(run, "train")}
    ids = {s["id"]: f"s{i}" for i, s in enumerate(samples())}
    assert contaminated(run)["classes"] == {ids[i] for i in trained_on}


def test_the_batch_changes_no_score(
    run: Run, models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.evaluate import intrinsic, probing, tuning

    found: list[dict[Cell, pa.Table]] = []
    for budget in (8192, 200):
        for module in (intrinsic, probing, tuning):
            monkeypatch.setattr(module, "_BUDGET", budget)
        made = dataclasses.replace(context(run, models), folder=tmp_path / str(budget))
        chosen = grid.choose(grid.cells(made), "model=base")
        jobs = [j for j in grid.jobs(chosen) if j.cells[0].seed in (None, 13)]
        for job in jobs:
            assert not work(made, job).error
        store = Store(made)
        found.append({c: store.read(c).table for j in jobs for c in j.cells})
    for cell, table in found[0].items():
        _, one = workers.measures(cell.axis, table)
        _, other = workers.measures(cell.axis, found[1][cell])
        for metric in one:
            values = [float(m[metric].value(m[metric].counts.sum(0))) for m in (one, other)]
            # A perplexity of millions: 1e-5 of the nats that it is the exponential of.
            near = pytest.approx(values[1], rel=1e-5, abs=1e-5)
            assert values[0] == near, (cell, metric)


def test_outcomes_are_kept_item_by_item(filled: tuple[Context, list[Score], list[str]]) -> None:
    made, _, _ = filled
    cell = next(c for c in grid.cells(made) if c.axis == "probing")
    table = pq.read_table(Store(made).path(cell))
    assert {"item", "document", "gold", "said"} == set(table.column_names)
    assert len(set(table["item"].to_pylist())) == len(table)
