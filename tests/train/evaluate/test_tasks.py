from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.train.conftest import ROOT
from tests.train.evaluate.making import classes, exam, recipe, samples, write_rows
from train.evaluate.labelled import labelled
from train.evaluate.options import Choice, LabelledSet
from train.evaluate.questions import questions
from train.evaluate.split import part
from train.evaluate.tasks import Sealed
from train.files import Run, StageError
from train.recipe import RecipeError, load


def run_with(folder: Path, rows: list[dict[str, Any]], file: str = "classes") -> Run:
    path = recipe(folder)
    write_rows(folder / f"{file}.jsonl", rows)
    return Run(load(path), folder / "runs")


FINE = LabelledSet(label="label", set="classes", level=2)


def test_train_dev_and_test_are_told_by_the_text_and_never_meet(tmp_path: Path) -> None:
    task = labelled(run_with(tmp_path, list(classes())), FINE, "fine")
    test = task.test.open()
    assert {part(row.text) for row in test} == {"test"}
    assert "test" not in {part(row.text) for row in task.learning}
    divisions = []
    for seed in (13, 42):
        train, dev = task.divide(seed)
        assert not {r.text for r in train} & {r.text for r in dev}
        assert {r.id for r in train} | {r.id for r in dev} == {r.id for r in task.learning}
        divisions.append({r.id for r in dev})
    assert divisions[0] != divisions[1]
    assert divisions[0] == {r.id for r in task.divide(13)[1]}


def test_a_larger_share_holds_the_smaller_ones_and_the_same_dev_rows(tmp_path: Path) -> None:
    task = labelled(run_with(tmp_path, list(classes())), FINE, "fine")
    parts = [task.divide(13, share) for share in (0.1, 0.25, 0.5, 1.0)]
    sizes = [len(train) for train, _ in parts]
    assert sizes == [round(share * sizes[-1]) for share in (0.1, 0.25, 0.5, 1.0)]
    for (smaller, dev), (larger, same) in zip(parts, parts[1:], strict=False):
        assert {r.id for r in smaller} < {r.id for r in larger} and dev == same


def test_what_is_left_out_is_counted_by_reason(tmp_path: Path) -> None:
    rows = [*classes(), {"id": "e", "text": " ", "label": "clinic > skin"},
            {"id": "n", "text": "بلا صنف", "label": None},
            {"id": "s", "text": "مسار قصير", "label": "clinic"}]  # fmt: skip
    task = labelled(run_with(tmp_path, rows), FINE, "fine")
    assert task.left_out == {
        "no text": 1, "no label": 1, "label not among the classes": 1,
        "class of fewer than 5 rows": 1,
    }  # fmt: skip
    assert task.dataset["classes"] == {"heart": 80, "skin": 80, "stomach": 80}
    merged = LabelledSet(label="label", set="classes", level=2, merge={"out": ["skin"],
                         "in": ["heart"]})  # fmt: skip
    task = labelled(run_with(tmp_path, rows), merged, "coarse")
    assert task.left_out["label not among the classes"] == 82  # stomach, teeth, and the short one
    assert task.dataset["classes"] == {"in": 80, "out": 80}


def test_a_label_that_training_has_not_seen_is_not_tested(tmp_path: Path) -> None:
    rows = list(classes())
    strange = [t for i in range(300) if part(t := f"مسألة نادرة رقم {i}") == "test"][:6]
    rows += [{"id": f"x{i}", "text": t, "label": "clinic > new"} for i, t in enumerate(strange)]
    task = labelled(run_with(tmp_path, rows), FINE, "fine")
    assert task.left_out["label unseen in training"] == 6
    assert "new" not in {row.label for row in task.test.open()}


def test_only_the_most_frequent_classes_are_kept(tmp_path: Path) -> None:
    rows = [r for r in classes() if not (r["label"].endswith("skin") and int(r["id"][1:]) > 60)]
    task = labelled(run_with(tmp_path, rows), LabelledSet("label", "classes", level=2, top=2), "x")
    assert set(task.dataset["classes"]) == {"heart", "stomach"}
    assert task.left_out["class not used"] == 21


def test_a_sets_own_split_is_kept(tmp_path: Path) -> None:
    rows = [{**row, "split": "testing" if i % 4 == 0 else "training"}
            for i, row in enumerate(classes())]  # fmt: skip
    chosen = LabelledSet(label="label", set="classes", level=2, split="split")
    task = labelled(run_with(tmp_path, rows), chosen, "fine")
    kept = {r["id"] for r in rows if r["split"] == "testing"} - {"rare"}
    assert {row.id for row in task.test.open()} == kept


def test_the_corpus_own_documents_are_split_as_they_are(tmp_path: Path) -> None:
    source = tmp_path / "texts.jsonl"
    fields = ("id", "text", "source", "licence", "ref")
    write_rows(source, [{**{f: s[f] for f in fields},
                         "metadata": {"dialect": s["dialect"], "path": ["a", s["specialty"]]}}
                        for s in samples()])  # fmt: skip
    text = recipe(tmp_path).read_text(encoding="utf-8")
    path = tmp_path / "own.yaml"
    path.write_text(text.replace(str(ROOT / "assets/sample/documents.jsonl"), str(source)), "utf-8")
    from train.corpus.build import build
    from train.corpus.made import read_documents

    run = Run(load(path), tmp_path / "runs")
    build(run, lambda _: None)
    task = labelled(run, LabelledSet(label="dialect"), "coarse")
    test = {row.id for row in task.test.open()}
    assert test and test <= {d.id for d in read_documents(run, "test")}
    assert {r.id for r in task.learning}.isdisjoint(test)
    narrow = labelled(run, LabelledSet(label="path", level=2, fewest=5), "fine")
    assert "cardiology" in narrow.dataset["classes"]


UNTESTED = [text for i in range(99) if part(text := f"نص {i}") != "test"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"text": "ألم", "kind": "a"}], r"row 1: no column label; it has text, kind"),
        ([{"text": "ألم", "label": "a > b"}] * 9, "fewer than two classes"),
        (
            [{"text": t, "label": f"x > {i % 2}"} for i, t in enumerate(UNTESTED)],
            "no row to test",
        ),
    ],
)  # fmt: skip
def test_a_set_that_cannot_be_used_says_why(
    rows: list[dict[str, Any]], said: str, tmp_path: Path
) -> None:
    with pytest.raises(StageError, match=said):
        labelled(run_with(tmp_path, rows), FINE, "fine")


def test_questions_that_cannot_be_asked_are_left_out_and_counted(tmp_path: Path) -> None:
    broken = {
        "no question": {"question": "  "},
        "another level": {"level": "Y9"},
        "fewer than two options": {"options": ["مرض"]},
        "an option is missing": {"options": ["مرض", None, "بحر"]},
        "two options are the same": {"options": ["مرض", "مَرَض", "بحر"]},
        "the answer is none of the options": {"answer": "E"},
    }
    rows = list(exam())
    whole = {**rows[1], "id": "whole"}
    rows += [{**whole, "id": name, **change} for name, change in broken.items()]
    rows.append({**whole, "id": "words", "question": "سؤال آخر؟", "answer": whole["options"][2]})
    rows.append({**whole, "id": "other", "question": "سؤال ثالث؟", "answer": "ليس منها"})
    run = run_with(tmp_path, rows, "exam")
    task = questions(run, Choice(set="exam", levels=["Y1", "Y2"]))
    assert task.left_out == {**dict.fromkeys(broken, 1), "the answer is none of the options": 2}
    every = {q.id: q for q in [*task.learning, *task.test.open()]}
    assert every["words"].answer == 2 and len(every) == 121
    assert Counter(len(q.options) for q in every.values())[3] == 12
    with pytest.raises(StageError, match="no question of level Y3 to test"):
        questions(run, Choice(set="exam"))


def test_a_recipe_whose_sets_are_not_there_is_refused(tmp_path: Path) -> None:
    for change, said in (
        ({"coarse": {"set": "clases", "label": "label"}}, "coarse.set: clases is none of"),
        ({"seeds": [1, 1]}, "one stands twice"),
        ({"shares": [0.0]}, "teach nothing"),
        ({"further": {"dialect": {"set": "exam", "label": "level"}}}, "name of another cell"),
        ({"coarse": {"set": "classes", "labl": "x"}}, "did you mean label"),
    ):
        with pytest.raises(RecipeError, match=said):
            load(recipe(tmp_path, **change))


def test_only_what_measures_opens_a_sealed_part() -> None:
    """No training or tuning code opens a test part: every ``.open()`` stands in an axis, behind
    the fit in the same function."""
    opened = []
    for path in (ROOT / "train").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            calls = [
                (n.lineno, n.func.attr if isinstance(n.func, ast.Attribute) else
                 getattr(n.func, "id", ""), ast.unparse(n.func))
                for n in ast.walk(node) if isinstance(n, ast.Call)
            ]  # fmt: skip
            unsealed = [line for line, name, text in calls if name == "open" and "test" in text
                        or name == "open" and "sealed" in text]  # fmt: skip
            fits = [line for line, name, _ in calls if name in ("fit", "_regression")]
            if unsealed:
                opened.append((path.relative_to(ROOT).as_posix(), node.name))
                assert path.parent.name == "axes", path
                assert not fits or max(fits) < min(unsealed), (path, node.name)
    assert {name for _, name in opened} >= {"_probe", "_tune", "compute", "compute_zero_shot"}


def test_a_seal_counts_how_often_it_is_opened() -> None:
    sealed = Sealed([1])
    assert sealed.opened == 0 and sealed.open() == [1] and sealed.opened == 1
