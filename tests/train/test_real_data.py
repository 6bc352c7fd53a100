"""On real text, where VIOBERT_DATA names the folder that holds it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.train.conftest import RECIPES, without_base
from train.corpus.build import build
from train.corpus.licences import permits
from train.corpus.made import read_documents
from train.corpus.manifest import STEPS
from train.evaluate import intrinsic
from train.evaluate.words import FOLDS, windows
from train.files import Run
from train.recipe import RecipeError, load
from viobert import checkpoints, scores
from viobert.checkpoints import EMBEDDED, ROOT
from viobert.text import key

DATA = Path(os.environ.get("VIOBERT_DATA", "") or "no-such-folder")
NAMES = ("base-mini", "viobert-mini")
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="VIOBERT_DATA names no folder: nothing was tried on real text"
)


@pytest.fixture(scope="module")
def medical(medical_corpus: Path) -> Run:
    """The corpus of mini-medical, without that of its base."""
    return Run(without_base(), medical_corpus)


def test_the_medical_corpus_is_clean_licensed_and_whole(medical: Run) -> None:
    documents = pq.read_table(medical.documents).to_pylist()
    assert len(documents) > 2500
    assert all(permits(d["licence"], "open") for d in documents)
    assert not any("NC" in d["licence"] for d in documents)
    assert {d["setting"] for d in documents} == {
        "consultations", "encyclopaedia", "news", "public-health", "written for training"
    }  # fmt: skip
    own = [d for d in documents if d["setting"] == "written for training"]
    assert {d["split"] for d in own} == {"train"}
    noise = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.|https?://|[\u200b-\u200f\u202a-\u202e]")
    assert not [d["id"] for d in documents if noise.search(d["text"])]
    others = sum(len(pq.read_table(p)) for p in (DATA / "medical").glob("*.parquet"))
    written = sum(
        len(p.read_text(encoding="utf-8").splitlines())
        for p in (ROOT / "assets" / "health").glob("*/*.jsonl")
    )
    assert len(documents) + len(pq.read_table(medical.excluded)) == others + written


def test_no_address_and_no_doctor_of_the_consultations_is_left(medical: Run) -> None:
    texts = {d["ref"]: d["text"] for d in pq.read_table(medical.documents).to_pylist()}
    asked = pq.read_table(DATA / "tasks" / "aramed_category.parquet").to_pylist()
    titles = {"الدكتورة", "الدكتور", "الصيدلانية", "الصيدلاني", "الطبيب", "الطبيبة", "أخصائية"}
    left = 0
    for consultation in asked:
        name = " ".join(w for w in consultation["doctor"].split() if w not in titles)
        text = texts.get(consultation["id"], "")
        left += bool(name) and key(name) in key(text)
    assert len(asked) > 300 and left == 0
    assert not [ref for ref, text in texts.items() if "@" in text]


def test_what_forbids_open_weights_stops_the_run_by_name(tmp_path: Path) -> None:
    corpus = (RECIPES / "mini-medical-long.yaml").read_text(encoding="utf-8")
    corpus = corpus.replace("medical/news_ant_health", "research_only/saudi_health_news")
    corpus = corpus.replace("base: mini-base.yaml", "base: ''\n  model: {}\n  tokenizer: {}")
    corpus = re.sub("general: {bound: .*}", "general: null", corpus)  # it was the base's
    corpus = re.sub(" *replay: .*\n", "", corpus)
    corpus = corpus.replace("../../assets", str(ROOT / "assets"))
    path = tmp_path / "mini-medical-long.yaml"
    path.write_text(corpus, encoding="utf-8")
    with pytest.raises(RecipeError, match="saudi-newsnet.*CC BY-NC-SA 4.0"):
        build(Run(load(path), tmp_path), lambda _: None)


def test_the_readmes_funnel_is_that_of_the_corpus(medical: Run) -> None:
    sources = json.loads(medical.manifest.read_text(encoding="utf-8"))["sources"]
    shown = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- funnel")[2]
    for name, source in sources.items():
        # Near-duplicates of the base's texts are not known here: its corpus was not built.
        left = [sum(source["left_out"].get(step, {}).values()) for step in STEPS[:3]]
        row = " | ".join(f"{n:,}" for n in (source["read"], *left))
        assert f"| {name} | {row} |" in shown


def test_the_embedded_tokenizer_knows_nearly_every_word(medical: Run) -> None:
    tokenizer: Any = checkpoints.load(str(EMBEDDED / "viobert-mini")).tokenizer
    texts = [d.text for d in read_documents(medical, "test")[:150]]
    ids = np.concatenate([tokenizer(t)["input_ids"] for t in texts])
    assert (ids == tokenizer.unk_token_id).mean() < 0.002


def test_the_published_scores_of_the_base_come_out_again(medical: Run) -> None:
    """The adapted model's are measured again by its release (``publish/test_mini``)."""
    setting, seed = "news and public health", 13
    # Base first; their names are those of the runs, or of the embedded pair.
    cells = [s for s in scores.read(ROOT / "assets" / "scores.jsonl")
             if s.metric == "nats_per_word" and (s.setting, s.seed) == (setting, seed)]  # fmt: skip
    assert len(cells) == 2
    parts = medical.recipe.what.evaluation.intrinsic[setting]
    documents = [d for d in read_documents(medical, "test") if d.setting in parts]
    pair = [checkpoints.load(str(EMBEDDED / n)) for n in NAMES]
    config = medical.recipe.what.evaluation
    found, _ = windows(documents, [c.tokenizer for c in pair], config.length, seed)
    out = intrinsic.score(pair[0].model, pair[0].tokenizer, found, 0, FOLDS, NAMES[0])
    assert len(out.nll) == cells[0].n
    assert out.nll.mean() == pytest.approx(cells[0].value, abs=1e-4)


def test_the_probe_that_stops_training_reads_no_tested_row(medical: Run) -> None:
    """Checkpoints are chosen by it: were its labels those of tested rows, test would choose."""
    from train.evaluate.axes.classes import _sets
    from train.evaluate.labelled import labelled
    from train.evaluate.probing import from_file
    from train.evaluate.tasks import rows_of

    probe = load(RECIPES / "mini-medical-long.yaml").what.stopping.probe
    assert probe and probe.path.endswith("medarabench.parquet")
    file = DATA / "tasks" / "medarabench.parquet"
    read = {key(t) for t in from_file(file, probe.text, probe.label).part("train", "dev").texts}
    questions = {name: row["question"] for name, row, _ in rows_of(medical, "medarabench")}
    for name, chosen in _sets(medical).items():
        tested = labelled(medical, chosen, name).test.open()
        assert len(tested) > 700
        assert not {key(questions[row.id]) for row in tested} & read
