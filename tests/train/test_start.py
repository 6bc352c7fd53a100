"""What a training begins with, where several corpora have a part in it."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.train.conftest import RECIPES
from tests.train.making import small_run, steps_of
from train.corpus.build import build
from train.corpus.document import Document
from train.files import Run, StageError, write_json
from train.lineage import identity
from train.pretrain import pretrain
from train.publish import facts
from train.publish.made import data
from train.publish.terms import terms
from train.recipe import RecipeError, load
from train.start import start

WORD = "بالهيدروكورتيزون"


def other(folder: Path, **corpus: object) -> Run:
    """A recipe ``other.yaml`` whose texts hold a word that the shipped ones have not."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = [f"وصف الطبيب العلاج {WORD} للحالة رقم {i} وشرح طريقة الاستعمال" for i in range(60)]
    lines = "\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in texts)
    (folder / "other.jsonl").write_text(lines, encoding="utf-8")
    whole = yaml.safe_load((RECIPES / "smoke-base.yaml").read_text(encoding="utf-8"))
    source = {"path": "other.jsonl", "licence": "CC0-1.0"}
    near = {"threshold": 1.0}
    whole |= {"name": "other"}
    whole["what"]["corpus"] = {"sources": [source], "near_duplicates": near, **corpus}
    (folder / "other.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    return Run(load(folder / "other.yaml"), folder)


def with_words_of(folder: Path, corpus: Path, also: str = "other.yaml", times: int = 1) -> Run:
    """``small_run`` with a vocabulary that is learned from another recipe's documents too."""
    run = small_run(folder, corpus)
    whole = yaml.safe_load(run.recipe.path.read_text(encoding="utf-8"))
    whole["what"]["tokenizer"] |= {"also": also, "also_times": times}
    run.recipe.path.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    return Run(load(run.recipe.path), folder)


def test_a_vocabulary_of_two_corpora_holds_the_words_of_both(
    tmp_path: Path, small_corpus: Path
) -> None:
    build(other(tmp_path), lambda _: None)
    _, alone, _ = start(small_run(tmp_path / "alone", small_corpus), weights=False)
    _, both, found = start(with_words_of(tmp_path, small_corpus), weights=False)
    assert len(alone.tokenize(WORD)) > 2 and both.tokenize(WORD) == [WORD]
    assert len(both) == len(alone) and both.tokenize("في") == ["في"]
    # Its documents are only those of its own corpus.
    assert len(found) == 1
    assert WORD not in both.convert_ids_to_tokens(set(found[0].ids.tolist()))


def test_the_other_corpus_must_be_there_and_is_part_of_what_a_model_is(
    tmp_path: Path, small_corpus: Path
) -> None:
    more, run = other(tmp_path), with_words_of(tmp_path, small_corpus)
    with pytest.raises(StageError, match=r"train corpus .*other\.yaml first"):
        start(run, weights=False)
    build(more, lambda _: None)
    before = identity(run)
    write_json(more.manifest, {"content": "something else"})
    assert identity(run) != before
    plain = small_run(tmp_path / "plain", small_corpus)
    assert identity(plain) == f"{identity(plain).split('+')[0]}" and "v-" not in identity(plain)


def test_words_of_a_corpus_for_research_stay_out_of_an_open_model(
    tmp_path: Path, small_corpus: Path
) -> None:
    other(tmp_path, purpose="research")
    with pytest.raises(RecipeError, match=r"other\) is meant for research"):
        identity(with_words_of(tmp_path, small_corpus))
    with pytest.raises(RecipeError, match="no such recipe"):
        identity(with_words_of(tmp_path / "again", small_corpus, also="gone.yaml"))


def test_a_replay_reads_the_bases_training_documents(smoke_runs: Path, tmp_path: Path) -> None:
    shutil.copytree(smoke_runs, tmp_path / "runs")
    run = Run(load(RECIPES / "smoke.yaml"), tmp_path / "runs")
    base = run.base()
    assert base is not None and run.recipe.what.training.replay == 0.25
    _, _, (own, again) = start(run, weights=True)
    _, _, (of_base,) = start(base, weights=False)
    assert again.ids.tolist() == of_base.ids.tolist() and own.ids.tolist() != again.ids.tolist()
    # It was trained so: of the 12 documents of a step 9 are its own.
    done = json.loads(run.done.read_text(encoding="utf-8"))
    assert done["epochs"] == round(60 / (len(own.windows(126)) // 9), 2)


def test_a_replay_takes_no_document_that_the_base_has_not_read(
    arabic: Any, documents: list[Document]
) -> None:
    texts = [d.text for d in documents]
    steps = steps_of(arabic, texts[:20], base=texts, replay=0.5, shares=[1.0, 0.2], length=64)
    replayed = steps.windows.of(1, 0.2)
    drawn = {w for s in range(300) for w in steps.members(s)[1].tolist() if w >= 20}
    own = set(steps.windows.of(0).tolist())
    assert drawn - own == set(replayed.tolist())
    assert 0 < len(replayed) < len(steps.windows.of(1)) / 2


def test_a_card_names_the_licences_of_a_text_that_only_the_vocabulary_comes_from(
    smoke: Run, tmp_path: Path
) -> None:
    record = facts.facts(smoke)
    other_corpus = copy.deepcopy(record["corpus"]) | {"content": "another"}
    counts = {"train": 3, "words": 9, "read": 3, "kept": 3}
    other_corpus["sources"] = {"papers": {"licences": ["CC-BY-NC-4.0"], "settings": [], **counts}}
    assert not terms(record).forbid
    record["base"]["vocabulary"] = {"name": "other", "corpus": other_corpus}
    assert terms(record).forbid == ("other, source papers: CC-BY-NC-4.0",)
    assert "for the vocabulary alone, as other" in data(record)
    assert facts.texts(record)[-1]["name"] == "other"


def test_no_documents_are_told_before_the_first_step(tmp_path: Path, small_corpus: Path) -> None:
    run = small_run(tmp_path, small_corpus, training={"documents": 1e-9})
    with pytest.raises(StageError, match=r"raise what\.training\.documents"):
        pretrain(run, lambda _: None)
