"""The models behind the page: picked pairs, faster runtimes, entity finders, absent GPUs."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from viobert.checkpoints import ROOT
from viobert.feedback import Feedback
from viobert.page import gpu
from viobert.page.build import build
from viobert.page.csv_file import BOM, as_csv
from viobert.page.limits import Limits
from viobert.page.models import MAX_TAGGED, Models, Outcome
from viobert.page.strings import ARABIC
from viobert.page.strings import STRINGS as LANGUAGES
from viobert.surprise import Surprise

SENTENCE = "المريض يعاني من [MASK] في الصدر"


@pytest.fixture()
def pair(general: Path, medical: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIOBERT_BASE", str(general))
    monkeypatch.setenv("VIOBERT_MODEL", str(medical))
    monkeypatch.setenv("VIOBERT_OFFLINE", "1")


def test_only_what_the_operator_allows_can_be_picked(
    pair: None, general: Path, marbert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIOBERT_CHOICES", f"{marbert}, {general},,{marbert}, /nowhere/at/all")
    models = Models()
    assert models.choices == (str(marbert), str(general), "/nowhere/at/all")
    models.load()
    default = [one.checkpoint.name for one in models.answering]
    picked = (str(marbert), str(general))
    outcome = models.compare(SENTENCE, picked=picked)
    assert [one.checkpoint.name for one in outcome.answering] == [marbert.name, general.name]
    # The same weights in two shapes of folder answer alike.
    assert outcome.predictions[0] == outcome.predictions[1]
    assert [one.checkpoint.name for one in models.answering_of(picked)] == [
        marbert.name, general.name
    ]  # fmt: skip
    for forged in ((str(ROOT / "assets"), str(general)), ("a/b", "c/d"), ("x",), 7, "ab"):
        outcome = models.compare(SENTENCE, picked=forged)  # type: ignore[arg-type]
        assert [one.checkpoint.name for one in outcome.answering] == default
    outcome = models.compare(SENTENCE, picked=("/nowhere/at/all", str(general)))
    assert outcome.answering[0].problem is not None
    assert outcome.answering[0].checkpoint.name == default[0]


def test_few_picked_pairs_are_held_at_once(
    pair: None, general: Path, medical: Path, marbert: Path
) -> None:
    names = [str(general), str(medical), str(marbert)]
    models = Models(choices=tuple(names))
    models.load()
    for left in names:
        for right in names:
            assert models.compare(SENTENCE, picked=(left, right)).predictions
    assert len(models._picked) == 3


def test_a_page_without_choices_has_no_picker(pair: None, tmp_path: Path) -> None:
    for choices, count in (((), 0), (("a",), 0), (("a", "b"), 2)):
        demo = build(Models(choices=choices), Feedback(tmp_path))
        found = [b for b in demo.blocks.values() if str(b.elem_id).startswith("pick-")]
        assert len(found) == count


@pytest.mark.parametrize("wanted", ["openvino", "tensorflow"])
def test_a_runtime_is_measured_or_told_and_left(
    pair: None, wanted: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("VIOBERT_RUNTIME", wanted)
    models = Models()
    with caplog.at_level(logging.WARNING):
        models.load()
    assert len(models.compare(SENTENCE).predictions) == 2
    if wanted == "openvino":
        # Either both are exact enough, or it is said which is not.
        assert len(models.agreement) + caplog.text.count("torch answers in its place") == 2
        assert all(share >= 0.9 for share in models.agreement)
    else:
        assert models.agreement == () and "neither torch nor openvino" in caplog.text


def test_finders_that_cannot_be_had_leave_the_rest(
    pair: None, general: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIOBERT_NER", str(general))  # no entity finder
    models = Models()
    models.load()
    assert models.tagging[1].problem is not None and models.tagging[1].problem.kind == "not_tagger"
    assert models.tagging[1].checkpoint.name == "viobert-mini-ner"
    assert models.entities("يعاني من السكري").entities
    for text, kind in (
        ("", "empty"),
        ("heart", "no_arabic"),
        ("قلب " * 501, "too_many_characters"),
    ):
        problem = models.entities(text).problem
        assert not isinstance(problem, str) and problem is not None and problem.kind == kind
    assert len("قلب " * 501) > MAX_TAGGED


def test_a_csv_of_nothing_is_empty_and_formulas_are_harmless(pair: None) -> None:
    models = Models()
    models.load()
    assert as_csv(Outcome(), ARABIC) == ""
    for strings in LANGUAGES.values():
        text = as_csv(models.compare("@قلب [MASK]", 3, "وجع"), strings)
        lines = text.split("\r\n")
        assert text.startswith(BOM) and len(lines) == 2 + 2 * 4
        assert all(line.startswith("'@قلب") for line in lines[1:-1])


def test_a_limit_is_of_one_client_and_forgets_addresses() -> None:
    limits = Limits(2)

    class Asked:
        def __init__(self, address: str) -> None:
            self.headers = {"x-forwarded-for": f"{address}, 10.0.0.1"}
            self.client = None

    first, second = Asked("192.0.2.1"), Asked("192.0.2.2")
    allowed = [limits.allow(request) for request in (first, first, first, second)]  # type: ignore[arg-type]
    assert allowed == [True, True, False, True]
    assert "192.0.2" not in repr(vars(limits._limiter.storage))
    assert all(Limits(0).allow(first) for _ in range(1000))  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIOBERT_RATE", "many")
        with pytest.raises(ValueError, match="VIOBERT_RATE=many"):
            Limits()


@pytest.mark.parametrize("installed", [True, False])
def test_the_page_needs_no_spaces_package_and_bears_one(installed: bool) -> None:
    hide = "" if installed else "import sys; sys.modules['spaces'] = None\n"
    code = (
        f"{hide}from viobert.surprise import Surprise\nfrom viobert.page import gpu\n"
        "gpu.SMALL = 0\nmodel = Surprise('assets/models/viobert-mini')\n"
        "text = 'المريض يعاني من ألم'\n"
        "assert gpu.surprises([model], text) == (model(text),)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("forked_before", [False, True])
def test_what_is_sent_to_a_gpu_s_process_is_small(forked_before: bool) -> None:
    """ZeroGPU pickles the arguments of each call into another process, a model's weights too."""
    forget = "gpu._HERE.clear()" if forked_before else "pass"
    code = (
        "import pickle, sys, types\n"
        "def GPU(duration):\n"
        "    def decorate(call):\n"
        "        def sent(*args):\n"
        "            sizes.append(len(pickle.dumps(args)))\n"
        f"            {forget}\n"
        "            return call(*pickle.loads(pickle.dumps(args)))\n"
        "        return sent\n"
        "    return decorate\n"
        "sizes = []\n"
        "sys.modules['spaces'] = types.SimpleNamespace(GPU=GPU)\n"
        "from viobert.surprise import Surprise\nfrom viobert.page import gpu\n"
        "gpu.SMALL = 0\n"
        "pair = [Surprise(f'assets/models/{n}-mini') for n in ('base', 'viobert')]\n"
        "text = 'المريض يعاني من ألم'\n"
        "assert gpu.surprises(pair, text) == tuple(model(text) for model in pair)\n"
        "assert len(sizes) == 1 and sizes[0] < 2000, sizes"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_without_a_gpu_to_borrow_the_cpu_answers(
    monkeypatch: pytest.MonkeyPatch, general: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: Any) -> Any:
        raise gr.Error("ZeroGPU quota exceeded")

    monkeypatch.setattr(gpu, "SMALL", 0)
    monkeypatch.setattr(gpu, "_with_gpu", refused)
    model = Surprise(str(general))
    assert gpu.surprises([model], "وجع في الصدر") == (model("وجع في الصدر"),)
    assert "ZeroGPU quota exceeded" in caplog.text


def test_gradio_s_skip_is_what_a_refused_vote_gives() -> None:
    assert gr.skip()["__type__"] == "update"
