"""Names become models and tokenizers, or one clear line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from huggingface_hub import snapshot_download
from tokenizers import BertWordPieceTokenizer

from tests.hub import Fault, environment, running
from viobert import checkpoints
from viobert.checkpoints import ROOT, CheckpointError, load, pair

# Harakat, a hamza seat, a clitic, both digit scripts, a Latin drug, a dialect.
ARABIC = [
    "المَرِيضُ يُعانِي مِن [MASK] في الصَّدرِ",
    "أبويا عنده السُّكَّر وبياخد Metformin 500 mg قبل الأكل",
    "والضغط ١٢٠/٨٠ وبالليل [MASK]، مش قادر أنام؟",
]


def test_local_folder_is_fp32_in_eval_mode_with_a_sane_limit(general: Path) -> None:
    checkpoint = load(str(general))
    assert (checkpoint.name, checkpoint.source, checkpoint.revision) == (
        "tiny-general", "folder", None,
    )  # fmt: skip
    assert not checkpoint.model.training
    assert {p.dtype for p in checkpoint.model.parameters()} == {torch.float32}
    assert checkpoint.max_length == 64
    assert isinstance(checkpoint.max_length, int)


def test_half_precision_weights_are_widened(general: Path, tmp_path: Path) -> None:
    model = transformers.AutoModelForMaskedLM.from_pretrained(general).to(torch.bfloat16)
    half = tmp_path / "half"
    model.save_pretrained(half)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (half / name).write_bytes((general / name).read_bytes())
    loaded = load(str(half)).model
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    weight = model.get_input_embeddings().weight
    assert torch.equal(loaded.get_input_embeddings().weight, weight.float())


def test_repository_of_marbert_s_shape_gives_the_right_ids(general: Path, marbert: Path) -> None:
    old, new = load(str(marbert)), load(str(general))
    reference = BertWordPieceTokenizer(str(marbert / "vocab.txt"), lowercase=True)
    assert old.max_length == 64
    assert old.tokenizer.model_max_length > 10**20
    for text in ARABIC:
        ids = old.tokenizer(text)["input_ids"]
        assert ids == reference.encode(text).ids
    inputs = old.tokenizer(ARABIC[0], return_tensors="pt")
    assert old.tokenizer.mask_token_id in inputs["input_ids"]
    assert old.tokenizer.unk_token_id not in inputs["input_ids"]
    torch.testing.assert_close(old.model(**inputs).logits, new.model(**inputs).logits)


def _without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _truncate(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:2000])


def _widen(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 500}))


def _no_vocabulary(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def _no_mask(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        text = (folder / name).read_text(encoding="utf-8").replace("[MASK]", "[HIDE]")
        (folder / name).write_text(text, encoding="utf-8")
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings |= {"tokenizer_class": "PreTrainedTokenizerFast", "mask_token": None}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


def _gpt(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "gpt2", "vocab_size": 99}')


def _classifier(folder: Path) -> None:
    config = transformers.BertConfig.from_pretrained(folder)
    transformers.BertForSequenceClassification(config).save_pretrained(folder)


def _tagger(folder: Path) -> None:
    config = transformers.BertConfig.from_pretrained(folder)
    transformers.BertForTokenClassification(config).save_pretrained(folder)


def _hostile(folder: Path) -> None:
    """A pickle that would run code when loaded without care."""
    (folder / "model.safetensors").unlink()
    torch.save({"x": _Bomb(folder)}, folder / "pytorch_model.bin")


class _Bomb:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.folder / "went-off"),)


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (_without("config.json"), "missing"),
        (_without("model.safetensors"), "broken_weights"),
        (_truncate, "broken_weights"),
        (_widen, "broken_weights"),
        (_hostile, "broken_weights"),
        (_no_vocabulary, "no_tokenizer"),
        (_no_mask, "no_mask_token"),
        (_gpt, "not_masked_lm"),
        (_classifier, "not_masked_lm"),
        (_tagger, "not_masked_lm"),
    ],
)
def test_spoilt_folder_is_refused_in_one_line(
    copy_of: Callable[[str], Path], spoil: Callable[[Path], None], kind: str
) -> None:
    folder = copy_of("spoilt")
    spoil(folder)
    with pytest.raises(CheckpointError) as caught:
        load(str(folder))
    assert caught.value.kind == kind
    assert "\n" not in str(caught.value)
    assert not (folder / "went-off").exists()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "./nowhere",
        "/nowhere/at/all",
        "a/b/c",
        "../x",
        "نموذج عربي",
        "a/b.git",
        "a/b.",
        "a/b--c",
        "أ/ب",
    ],
)
def test_a_name_that_is_neither_folder_nor_hub_id_is_missing(name: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        load(name)
    assert caught.value.kind == "missing"


def test_pair_takes_the_named_folders(
    general: Path, medical: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIOBERT_BASE", str(general))
    monkeypatch.setenv("VIOBERT_MODEL", str(medical))
    monkeypatch.setenv("VIOBERT_OFFLINE", "1")
    first, second = pair()
    assert [(a.role, a.checkpoint.name, a.problem) for a in (first, second)] == [
        ("general", "tiny-general", None), ("medical", "tiny-medical", None),
    ]  # fmt: skip


def test_a_stand_in_answers_where_the_named_model_cannot(
    general: Path, medical: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seats = {
        "general": checkpoints.Seat("VIOBERT_BASE", "org/unused", str(general)),
        "medical": checkpoints.Seat("VIOBERT_MODEL", "org/unused", str(medical)),
    }
    monkeypatch.setattr(checkpoints, "SEATS", seats)
    monkeypatch.setenv("VIOBERT_BASE", "/nowhere/model")
    monkeypatch.setenv("VIOBERT_MODEL", "org/on-the-hub")
    monkeypatch.setenv("VIOBERT_OFFLINE", "1")
    first, second = pair()
    assert (first.checkpoint.name, second.checkpoint.name) == ("tiny-general", "tiny-medical")
    assert first.problem is not None and first.problem.kind == "missing"
    assert second.problem is not None and second.problem.kind == "offline"
    monkeypatch.delenv("VIOBERT_BASE")
    assert pair()[0].problem is None


HUB_SCRIPT = """
import json, sys, time
from viobert.checkpoints import CheckpointError, load
for name in sys.argv[1:]:
    began = time.monotonic()
    try:
        checkpoint = load(name)
        told = [checkpoint.name, checkpoint.source, checkpoint.revision, checkpoint.max_length]
    except CheckpointError as error:
        told = [error.kind, error.__cause__ is not None]
    print(json.dumps([*told, time.monotonic() - began]))
"""


def _ask_hub(home: Path, *names: str, **hub: str) -> list[list[Any]]:
    """Loads each name in a process of its own, with ``hub`` as its variables and a cache under
    ``home``."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "VIOBERT_"))}
    env = {**kept, "HF_HOME": str(home), "PYTHONPATH": str(ROOT), **hub}
    command = [sys.executable, "-c", HUB_SCRIPT, *names]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=90, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_hub_answers_and_refusals(marbert: Path, tmp_path: Path) -> None:
    names = ["org/gated", "org/absent", "org/there@nope", "org/slow", "org/there", "org/there@v1"]
    with running() as hub:
        there = hub.add("org/there", marbert)
        there.tag("v1")
        hub.add("org/gated", marbert, gated=True)
        hub.add("org/slow", marbert)
        hub.faults.append(Fault("GET", "/org/slow", seconds=8))
        told = _ask_hub(tmp_path, *names, **environment(hub))
    assert [row[:-1] for row in told] == [
        ["gated", True], ["not_found", True], ["unknown_revision", True], ["unreachable", True],
        ["org/there", "hub", there.head, 64], ["org/there", "hub", there.head, 64],
    ]  # fmt: skip
    assert 2 < told[3][-1] < 5


def test_offline_the_cache_answers_and_nothing_waits(marbert: Path, tmp_path: Path) -> None:
    with running() as hub:
        head = hub.add("org/there", marbert).head
        snapshot_download("org/there", endpoint=hub.url, cache_dir=tmp_path / "hub")
        names = ("org/there", "org/other")
        variables = {**environment(hub), "HF_HUB_OFFLINE": "1"}
        hub.asked.clear()
        there, other = _ask_hub(tmp_path, *names, **variables)
        assert not hub.asked
    assert there[:-1] == ["org/there", "hub", head, 64]
    assert other[:-1] == ["offline", True] and other[-1] < 1


def test_looking_up_the_hub_is_bounded() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        checkpoints._within(0.2, lambda: time.sleep(5))
    assert time.monotonic() - began < 1


def test_threads_that_load_at_once_leave_loading_whole(general: Path, medical: Path) -> None:
    """transformers takes the tying of weights away while it loads: see ``checkpoints._LOADING``."""
    before = transformers.PreTrainedModel.tie_weights
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda place: load(str(place)), [general, medical] * 12))
        assert transformers.PreTrainedModel.tie_weights is before
    finally:
        transformers.PreTrainedModel.tie_weights = before
    for checkpoint in found:
        rows: Any = checkpoint.model.get_input_embeddings()
        assert checkpoint.model.get_output_embeddings().weight is rows.weight
