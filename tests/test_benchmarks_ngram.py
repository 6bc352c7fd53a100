"""The 5-gram beside a model: its probabilities, and the benchmark in small."""

from __future__ import annotations

import importlib.util
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.test_benchmarks import found_by, started
from train import recipe
from train.corpus.build import build
from train.corpus.made import read_documents
from train.evaluate.intrinsic import score
from train.evaluate.words import windows
from train.files import Run
from viobert.checkpoints import EMBEDDED, ROOT, load

RECIPE = "train/recipes/smoke-base.yaml"
VOCABULARY = 40
CONTEXTS = [[], [7], [3, 9, 4], [39, 39, 38, 1], [5, 6, 7, 8, 9, 10]]
needs_kenlm = pytest.mark.skipif(
    shutil.which("lmplz") is None or importlib.util.find_spec("kenlm") is None, reason="no KenLM"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The corpus of smoke-base.yaml."""
    made = Run(recipe.load(ROOT / RECIPE), tmp_path_factory.mktemp("runs"))
    build(made, lambda _: None)
    return made


@pytest.fixture()
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


@pytest.fixture()
def model(benchmarks: None, tmp_path: Path) -> Any:
    """Of 200 windows of pieces 0 to 36, the small ones oftener; 37 to 39 are never seen."""
    from five_gram import estimate

    ids = np.random.default_rng(4).geometric(0.12, 5000).clip(1, 37).astype(np.int32) - 1
    starts = np.arange(0, 5000, 25)
    return estimate(ids, np.stack([starts // 25, starts, starts + 25], 1), VOCABULARY, tmp_path)


@needs_kenlm
@pytest.mark.parametrize("context", CONTEXTS)
def test_the_probabilities_of_all_pieces_and_the_end_add_up_to_1(
    model: Any, context: list[int]
) -> None:
    following = [model.left(np.array([*context, v]))[-1] for v in range(VOCABULARY)]
    line = " ".join(map(str, context))
    *_, (end, _, _) = model.model.full_scores(line, bos=True, eos=True)
    assert sum(map(math.exp, following)) + 10**end == pytest.approx(1, abs=1e-5)
    assert following[37] == following[38] < min(following[:37])


@needs_kenlm
def test_the_discounts_are_those_of_the_counts_of_counts(benchmarks: None, tmp_path: Path) -> None:
    """Chen and Goodman's estimate, of the 5-grams counted here."""
    from five_gram import estimate

    ids = np.random.default_rng(6).integers(0, 4, 3000).astype(np.int32)
    found = estimate(ids, np.array([[0, 0, 3000]]), 4, tmp_path).orders[4]
    grams = np.lib.stride_tricks.sliding_window_view(np.r_[-1, ids, -2], 5)
    counts = np.unique(grams, axis=0, return_counts=True)[1]
    n = [int((counts == i).sum()) for i in range(6)]
    y = n[1] / (n[1] + 2 * n[2])
    wanted = [i - (i + 1) * y * n[i + 1] / n[i] for i in (1, 2, 3)]
    assert found["ngrams"] == len(counts)
    assert found["discounts"] == pytest.approx(wanted, abs=1e-3)


@needs_kenlm
@pytest.mark.parametrize("place", [0, 2, 11, 23, 24])
def test_both_sides_are_the_whole_windows_with_each_piece_put_in(model: Any, place: int) -> None:
    pieces = np.random.default_rng(5).integers(0, 40, 25)
    whole = []
    for v in range(VOCABULARY):
        pieces[place] = v
        whole.append(model.model.score(" ".join(map(str, pieces)), bos=True, eos=True))
    joint = np.array(whole) * math.log(10)
    wanted = joint - np.logaddexp.reduce(joint)
    assert model.both(pieces, place) == pytest.approx(wanted, abs=1e-3)
    assert np.exp(model.both(pieces, place)).sum() == pytest.approx(1)


def test_the_words_are_those_that_the_model_is_scored_on(benchmarks: None, run: Run) -> None:
    from five_gram import from_the_left, scored_words

    class Ones:
        def left(self, pieces: Any) -> Any:
            return -np.ones(len(pieces))

    checkpoint = load(str(EMBEDDED / "base-mini"))
    texts, _ = windows(read_documents(run, "test"), [checkpoint.tokenizer], 64, 13)
    for folds in (2, 7):
        ours = score(checkpoint.model, checkpoint.tokenizer, texts, 0, folds, "test", leave=False)
        assert from_the_left(Ones(), texts, folds).tolist() == ours.pieces.tolist()
        windows_of = [w.document for w, _ in scored_words(texts, folds)]
        assert windows_of == ours.document.tolist()


@needs_kenlm
def test_a_model_is_measured_beside_a_5_gram(run: Run) -> None:
    options = ("--runs", str(run.runs), "--part", "test", "--sample", "30", "--folds", "2")
    left, alike, both = found_by("benchmarks/ngram.py", RECIPE, *options)
    assert [row["floor"] for row in (left, alike, both)] == [1.5] * 3
    figures = left["figures"]
    assert figures["trained_on_this_corpus"] is False and len(figures["orders"]) == 5
    parts = [figures[f"words_of_{of}"]["words"] for of in ("one_piece", "several")]
    assert sum(parts) == figures["words"] < figures["pieces"]
    assert alike["figures"]["words"] >= 30 and both["figures"]["words"] < alike["figures"]["words"]
    nats = [figures[f"nats_of_the_{of}"]["value"] for of in ("5_gram", "model")]
    assert left["ratio"] == pytest.approx(math.exp(nats[0] - nats[1]), rel=0.01)
    ends = figures["perplexities"]
    assert ends["low"] <= ends["value"] == left["ratio"] <= ends["high"]
    assert not list(run.folder.glob("ngram-*"))


def test_without_kenlm_it_ends_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit) as ended:
        started("benchmarks/ngram.py")
    said = capsys.readouterr()
    assert ended.value.code == 2 and not said.out
    assert said.err.startswith("KenLM's ") and len(said.err.splitlines()) == 1


def test_both_of_its_parts_are_asked_for(monkeypatch: pytest.MonkeyPatch, benchmarks: None) -> None:
    import five_gram

    monkeypatch.setattr(five_gram.shutil, "which", lambda _: "lmplz")
    for found, problem in ((None, "Python module"), (object(), None)):
        monkeypatch.setattr(five_gram.importlib.util, "find_spec", lambda _, found=found: found)
        told = five_gram.missing()
        assert told is None if problem is None else problem in str(told)
