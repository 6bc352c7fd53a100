"""A recipe that goes on from another one's model, and weights between the two."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from filelock import FileLock, Timeout
from transformers import BertForMaskedLM

from tests.train.conftest import ROOT
from tests.train.making import last_state, small_recipe
from train.blending import Blend
from train.corpus.build import build
from train.corpus.made import read_manifest
from train.files import Run, StageError
from train.lineage import finished, identity, lineage, require_finished
from train.pretrain import pretrain
from train.publish import facts
from train.publish.made import data, made
from train.recipe import RecipeError, load
from train.start import start
from viobert import checkpoints

TEXTS = [f"ألم في الصدر رقم {i} مع ضيق في التنفس وسعال منذ أيام، ودواء" for i in range(80)]
CLOZE = {"text": "عندي [MASK] في الصدر", "accepted": ["ألم", "ضيق"], "dialect": "msa"}


def write(folder: Path, name: str, **what: Any) -> Path:
    """A recipe of the small base on ``TEXTS``; ``what`` by section, or a value."""
    whole: dict[str, Any] = {
        "base": "smoke-base.yaml",
        "corpus": {
            "sources": [{"path": "texts.jsonl", "licence": "CC0-1.0"}],
            "near_duplicates": {"threshold": 1.0},
        },
        "training": {"steps": 4, "batch_size": 6, "length": 64, "warmup": 1, "replay": 0.5},
        "stopping": {"every": 2, "weights": {"nats_per_word": 1, "fill_mask_top5": 0}},
    }
    for key, value in what.items():
        whole[key] = {**whole[key], **value} if isinstance(value, dict) else value
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({"name": name, "what": whole}), encoding="utf-8")
    return path


def written(folder: Path) -> tuple[Path, Path]:
    """Recipes of two stages and of their base, with what they read."""
    base = small_recipe(folder, training={"steps": 4, "warmup": 1}, stopping={"every": 4})
    whole = base.read_text(encoding="utf-8").replace("../../assets", str(ROOT / "assets"))
    base.write_text(whole, encoding="utf-8")
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in TEXTS]
    (folder / "texts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    sentences = [{**CLOZE, "text": f"{CLOZE['text']} منذ {i} أيام"} for i in range(20)]
    lines = [json.dumps(row, ensure_ascii=False) for row in sentences]
    (folder / "sentences.jsonl").write_text("\n".join(lines), encoding="utf-8")
    first = write(folder, "first", training={"save_precision": "float16"})
    second = write(
        folder, "second", continues="first.yaml",
        training={"blend": 0.25, "steps": 8, "learning_rate": 5e-3},
        stopping={"cloze": "sentences.jsonl", "weights": {"cloze_nats": 1, "nats_per_word": 0,
                                                          "fill_mask_top5": 0}},
    )  # fmt: skip
    return first, second


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """Both, trained by training the second."""
    folder = tmp_path_factory.mktemp("stages")
    first, second = (Run(load(path), folder) for path in written(folder))
    build(second, lambda _: None)
    assert pretrain(second, lambda _: None)
    return first, second


def test_training_the_second_trains_what_it_goes_on_from(stages: tuple[Run, Run]) -> None:
    first, second = stages
    assert [run.recipe.name for run in lineage(second)] == ["smoke-base", "first", "second"]
    assert all(map(finished, lineage(second)))
    assert identity(second).startswith(identity(first) + "+")
    require_finished(second)


def test_it_begins_with_the_first_ones_model_and_replays_the_base(
    stages: tuple[Run, Run],
) -> None:
    first, second = stages
    model, _, read = start(second, weights=True)
    kept = checkpoints.load(str(first.best)).model.state_dict()
    assert all(torch.equal(weight, kept[name]) for name, weight in model.state_dict().items())
    base = second.base()
    assert base and len(read[1].keys) == read_manifest(base)["splits"]["train"]


def test_the_stages_share_their_documents(stages: tuple[Run, Run]) -> None:
    first, second = stages
    assert second.documents == first.documents and not (second.folder / "corpus").exists()


def test_what_is_kept_lies_between_its_beginning_and_its_end(stages: tuple[Run, Run]) -> None:
    _, second = stages
    begun, kept = (checkpoints.load(str(run.best)).model.state_dict() for run in stages)
    state, about = last_state(second)
    assert about["step"] == 8 == json.loads(second.done.read_text())["best"]["step"]
    for name, came_to in state["model"].items():
        name = name.removeprefix("bert.")
        torch.testing.assert_close(kept[name], 0.75 * begun[name] + 0.25 * came_to)
    assert not torch.equal(kept["bert.embeddings.word_embeddings.weight"],
                           begun["bert.embeddings.word_embeddings.weight"])  # fmt: skip


def test_another_first_stage_unmakes_the_second(stages: tuple[Run, Run]) -> None:
    first, second = stages
    whole = first.recipe.path.read_text(encoding="utf-8")
    try:
        first.recipe.path.write_text(whole.replace("steps: 4", "steps: 3"), encoding="utf-8")
        again = Run(load(second.recipe.path), second.runs)
        assert not finished(again)
        with pytest.raises(StageError, match="first: no model of this recipe and corpus"):
            require_finished(again)
    finally:
        first.recipe.path.write_text(whole, encoding="utf-8")
    assert finished(Run(load(second.recipe.path), second.runs))


def test_record_and_card_tell_both_stages(stages: tuple[Run, Run]) -> None:
    first, second = stages
    record = facts.facts(second)
    assert [of["name"] for of in facts.stages(record)] == ["second", "first"]
    assert record["earlier"]["training"] == json.loads(first.done.read_text(encoding="utf-8"))
    assert record["base"]["name"] == "smoke-base" and "earlier" not in record["base"]
    text = made(record)
    assert "a mean, 25% of those it came to" in text and "And, as first" not in data(record)
    order = ["`second.yaml`", "It went on from first, on the same text: `first.yaml`", "Its base"]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)


def test_a_second_stage_holds_the_first_ones_folder(stages: tuple[Run, Run]) -> None:
    first, second = stages
    for run in lineage(second):
        FileLock(run.folder / ".lock", timeout=0).acquire().lock.release()
    with second.lock():
        for run in lineage(second):
            with pytest.raises(Timeout):  # not the object that a run holds: as another process
                FileLock(run.folder / ".lock", timeout=0).acquire()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"base": "first.yaml"}, "another what.base"),
        ({"corpus": {"dev": 0.3}}, "another what.corpus"),
        ({"continues": "second.yaml"}, "what.continues leads back to second"),
        ({"continues": "nowhere.yaml"}, "no such recipe"),
        ({"base": ""}, "what.continues needs what.base"),
        ({"training": {"blend": 0}}, "greater than 0"),
        ({"stopping": {"cloze": "", "weights": {"cloze_nats": 1}}}, "needs what.stopping.cloze"),
        (
            {"evaluation": {"cloze": {"test": "s.jsonl"}}, "stopping": {"cloze": "s.jsonl"}},
            "which no training may look at",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    written(tmp_path)
    parts = {"continues": "first.yaml", "evaluation": {}, **change}
    with pytest.raises(RecipeError, match=said):
        Run(load(write_with(tmp_path, parts)), tmp_path)


def write_with(folder: Path, parts: dict[str, Any]) -> Path:
    path = write(folder, "second", **{k: v for k, v in parts.items() if k != "evaluation"})
    whole = yaml.safe_load(path.read_text(encoding="utf-8"))
    whole["what"]["evaluation"] = parts["evaluation"]
    if not whole["what"]["base"]:
        whole["what"]["training"].pop("replay")
        whole["what"] |= {"tokenizer": {}, "model": {}}
    path.write_text(yaml.safe_dump(whole), encoding="utf-8")
    return path


def test_from_scratch_there_is_nothing_to_blend_with(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="blend needs what.base"):
        load(small_recipe(tmp_path, training={"blend": 0.5}))


def test_a_blend_leaves_the_trained_model_and_its_ties_alone(bert: Any) -> None:
    model: BertForMaskedLM = copy.deepcopy(bert)
    blend, whole = Blend(model, 0.5), Blend(model, 1.0)
    begun = {name: weight.clone() for name, weight in model.state_dict().items()}
    assert all(torch.equal(w, begun[n]) for n, w in blend.of(model).state_dict().items())
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.1
    now = {name: weight.clone() for name, weight in model.state_dict().items()}
    mixed = blend.of(model)
    for name, weight in mixed.state_dict().items():
        torch.testing.assert_close(weight, (begun[name] + now[name]) / 2)
    assert all(torch.equal(w, now[n]) for n, w in model.state_dict().items())
    decoder: Any = mixed.cls.predictions.decoder
    assert decoder.weight is mixed.bert.embeddings.word_embeddings.weight
    assert whole.of(model) is model and blend.of(None) is None


def test_sentences_that_do_not_fit_are_told(stages: tuple[Run, Run], tmp_path: Path) -> None:
    from train.readings import Readings, check

    _, second = stages
    path = second.recipe.resolve("sentences.jsonl")
    long = {**CLOZE, "text": CLOZE["text"] + " جدا" * 70}
    whole = path.read_text(encoding="utf-8")
    tokenizer: Any = checkpoints.load(str(second.best)).tokenizer
    try:
        path.write_text(f"{whole}\n{json.dumps(long, ensure_ascii=False)}", encoding="utf-8")
        with pytest.raises(StageError, match=r"sentences.jsonl: longer than 64 word pieces"):
            Readings(second, tokenizer, 64)
        path.unlink()
        with pytest.raises(RecipeError, match="sentences.jsonl"):
            check(second.recipe)
    finally:
        path.write_text(whole, encoding="utf-8")
