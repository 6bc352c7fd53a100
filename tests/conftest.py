"""Tiny random masked language models, real in every part, made once a session."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# Two processes of tests with two threads each wait for each other; before torch is imported.
if share := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // int(share)))

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SENTENCES = """
المريض يعاني من في الصدر الم ضيق حرقة عندي صدري وجع بقالي يومين قلب القلب السكري ضغط الدم
علاج الطبيب دواء حقن الانسولين قبل الاكل صداع نصفي حرارة عالية كحة قوية اسهال حبوب ركبتي
و ال ب ل ابني ولدي بنتي الدكتور كل يوم ؟ . ، : 5 10 ٥ ١٠ mg metformin
"""
LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىء"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ENDINGS = [*(f"##{letter}" for letter in LETTERS), "##ات", "##ين", "##ing"]
VOCABULARY = list(dict.fromkeys([*SPECIAL, *SENTENCES.split(), *LETTERS, *ENDINGS]))


#: Files and folders that share what takes long to make: all tests of a line in one process.
TOGETHER = [
    ("page/",),
    ("train/publish/test_heads.py", "train/publish/test_stage.py", "train/test_stages.py",
     "train/test_start.py", "train/test_whole.py"),
    ("train/publish/test_mini.py", "train/test_real_data.py"),
    ("train/evaluate/test_cloze.py", "train/evaluate/test_grid.py",
     "train/evaluate/test_grid_faults.py"),
]  # fmt: skip


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """``-n``: a file in one process. Not by pytest-xdist's marks: with pytest 9.2 its 3.8 passes
    over them without a word."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0].removeprefix("tests/")
            return next((files[0] for files in TOGETHER if path.startswith(files)), path)

    return ByFile(config, log)


def make_checkpoint(folder: Path, seed: int, positions: int = 64) -> Path:
    """A folder in transformers' present shape: safetensors and tokenizer.json."""
    import torch
    from transformers import BertConfig, BertForMaskedLM, BertTokenizer

    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(VOCABULARY), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=positions,
        # Wide enough that the random model prefers some words to others.
        initializer_range=0.3,
    )  # fmt: skip
    BertForMaskedLM(config).save_pretrained(folder)
    vocabulary = {word: index for index, word in enumerate(VOCABULARY)}
    BertTokenizer(vocabulary, do_lower_case=True).save_pretrained(folder)
    return folder


def as_marbert(folder: Path, target: Path) -> Path:
    """The same model in the shape of MARBERTv2's repository: four files of an older time."""
    import torch
    from transformers import BertForMaskedLM

    target.mkdir()
    shutil.copy(folder / "config.json", target)
    torch.save(BertForMaskedLM.from_pretrained(folder).state_dict(), target / "pytorch_model.bin")
    (target / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    settings = {"do_lower_case": True, "strip_accents": None, "model_max_length": 10**30}
    (target / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return target


@pytest.fixture(scope="session")
def general(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny model with 64 positions."""
    return make_checkpoint(tmp_path_factory.mktemp("models") / "tiny-general", seed=1)


@pytest.fixture(scope="session")
def medical(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of another tiny model with 48 positions."""
    return make_checkpoint(tmp_path_factory.mktemp("models") / "tiny-medical", 2, positions=48)


@pytest.fixture(scope="session")
def marbert(general: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The general model in the shape of MARBERTv2's repository."""
    return as_marbert(general, tmp_path_factory.mktemp("models") / "tiny-marbert")


@pytest.fixture()
def copy_of(general: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Copies the general model's folder, to be spoilt."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(general, tmp_path / name))

    return copy


# Not for the session: with its event loop alive, processes of later tests would wait for ever.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real one; the test is skipped where there is none (and fails in CI)."""
    from train.browser import NoBrowser, launched

    with ExitStack() as open_until_done:
        try:
            opened = open_until_done.enter_context(launched())
        except NoBrowser as error:
            reason = f"{error}: the page was not looked at"
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
        yield opened
