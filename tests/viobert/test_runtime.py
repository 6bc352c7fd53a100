"""OpenVINO's answers are torch's, or are refused; nothing is told to anyone."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from viobert import runtime
from viobert.checkpoints import EMBEDDED, ROOT, Checkpoint, load
from viobert.fill_mask import FillMask
from viobert.runtime import RuntimeTooInexact, RuntimeUnavailable, agreement, faster

# Not importorskip: imported before viobert does it, OpenVINO reports its use to Google.
HERE = importlib.util.find_spec("openvino") is not None
needs_openvino = pytest.mark.skipif(not HERE, reason="OpenVINO is not installed")
TEXTS = [
    "المريض يعاني من [MASK] في الصدر",
    "المَرِيضُ يُعَانِي مِنْ [MASK] فِي الصَّدْرِ",
    "بقالي يومين عندي و[MASK] ومش قادر آكل حاجة ٥ أو 10",
    "كرشي كتوجعني 😷 وعندي [MASK] بزاف metformin",
    "عندي [MASK] في صدري و[MASK] من يومين؟ [MASK]",
]


@pytest.fixture(scope="module")
def checkpoint(general: Path) -> Checkpoint:
    return load(str(general))


@pytest.fixture(scope="module")
def quick(checkpoint: Checkpoint) -> FillMask:
    if not HERE:
        pytest.skip("OpenVINO is not installed")
    return FillMask(checkpoint, runtime="openvino")


def test_the_precision_told_is_one_that_openvino_has(quick: FillMask) -> None:
    flags = Path("/proc/cpuinfo").read_text() if sys.platform == "linux" else ""
    assert quick.precision in {"bf16", "f16", "f32"}
    if "avx512_bf16" in flags:
        assert quick.precision == "bf16"


@pytest.mark.parametrize("text", TEXTS)
def test_predictions_are_near_torch_s(checkpoint: Checkpoint, quick: FillMask, text: str) -> None:
    every = len(checkpoint.tokenizer)
    reference, found = FillMask(checkpoint)(text, every), quick(text, every)
    assert len(found) == text.count("[MASK]")
    for exact, near in zip(reference, found, strict=True):
        wanted = {p.token: p.probability for p in exact}
        assert {p.token: p.probability for p in near} == pytest.approx(wanted, abs=0.03)
        assert sum(p.probability for p in near) == pytest.approx(1, abs=1e-4)


def test_own_words_are_near_torch_s(checkpoint: Checkpoint, quick: FillMask) -> None:
    for word in ("حرقة", "صداعات", "بالقلب"):
        pairs = zip(
            FillMask(checkpoint).word(TEXTS[4], word), quick.word(TEXTS[4], word), strict=True
        )
        for exact, near in pairs:
            assert near.pieces == exact.pieces
            assert near.probability == pytest.approx(exact.probability, rel=0.5, abs=1e-3)


def test_threads_do_not_disturb_each_other(quick: FillMask) -> None:
    alone, found = [quick(text) for text in TEXTS], {}

    def ask(number: int) -> None:
        found[number] = [quick(text) for text in TEXTS]

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[n] for n in range(4)] == [alone] * 4


def test_agreement_counts_what_the_lists_share(checkpoint: Checkpoint, medical: Path) -> None:
    one, two = FillMask(checkpoint), FillMask(str(medical))
    assert agreement(one, one, TEXTS) == 1
    shares = []
    for text in TEXTS:
        for mine, theirs in zip(one(text, 10), two(text, 10), strict=True):
            shares.append(len([p for p in mine if p.token in [q.token for q in theirs]]) / 10)
    assert len(shares) == 7
    assert agreement(one, two, TEXTS) == pytest.approx(sum(shares) / 7)
    assert agreement(one, two, TEXTS, k=len(one.checkpoint.tokenizer)) == 1
    with pytest.raises(ValueError):
        agreement(one, one, [])


@pytest.mark.parametrize("quick_linear", [True, False])
def test_torch_s_logits_are_the_model_s(
    checkpoint: Checkpoint, quick_linear: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With oneDNN's linear layers and, where there are none, with torch's own."""
    used = []
    if quick_linear and torch.backends.mkldnn.is_available():
        real = torch.ops.mkldnn._linear_pointwise
        monkeypatch.setattr(
            torch.ops.mkldnn, "_linear_pointwise", lambda *a: (used.append(1), real(*a))[1]
        )
    else:
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    ids = torch.randint(5, len(checkpoint.tokenizer), (3, 11))
    found = runtime.Torch(checkpoint.model).logits(ids, torch.tensor([4, 11, 32]))
    with torch.no_grad():
        every = checkpoint.model(input_ids=ids).logits
    expected = torch.stack([every[0, 4], every[1, 0], every[2, 10]])
    assert torch.allclose(found, expected, atol=1e-4)
    assert bool(used) == (quick_linear and torch.backends.mkldnn.is_available())


def test_other_precisions_keep_torch_s_own_layers() -> None:
    layer, data = torch.nn.Linear(8, 4), torch.randn(2, 8)
    with torch.inference_mode(), runtime._quick_linear():
        assert layer.double()(data.double()).dtype == torch.float64
        plain = torch.nn.Linear(8, 4, bias=False)
        assert torch.allclose(plain(data), data @ plain.weight.T, atol=1e-5)


@needs_openvino
def test_the_faster_runtime_is_given_with_its_agreement() -> None:
    lines = json.loads((ROOT / "assets" / "examples.json").read_text(encoding="utf-8"))
    texts = [line["text"] for line in lines][:8]
    found, share = faster(str(EMBEDDED / "viobert-mini"), texts)
    reference = FillMask(found.checkpoint)
    assert 0.9 <= share <= 1 and share == pytest.approx(agreement(reference, found, texts))
    assert found.precision in {"bf16", "f16", "f32"}


@needs_openvino
def test_a_runtime_that_is_not_exact_enough_is_refused(
    checkpoint: Checkpoint, medical: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here it answers with another model's weights."""
    wrong = load(str(medical)).model
    share = agreement(FillMask(checkpoint), FillMask(str(medical)), TEXTS)
    real = runtime.OpenVino
    monkeypatch.setattr(runtime, "OpenVino", lambda model: real(wrong))
    with pytest.raises(RuntimeTooInexact) as refusal:
        faster(checkpoint, TEXTS)
    told = str(refusal.value)
    assert "\n" not in told and "less than 90%" in told and "tiny-general" in told
    figure = float(told.partition(" has ")[2].partition("%")[0]) / 100
    assert figure == pytest.approx(share, abs=0.1) and figure < 0.9
    assert faster(checkpoint, TEXTS, floor=0)[1] == pytest.approx(figure, abs=1e-3)


def test_without_openvino_one_line_tells_what_to_install(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(RuntimeUnavailable) as missing:
        FillMask(checkpoint, runtime="openvino")
    assert "pip install 'viobert[fast]'" in str(missing.value) and "\n" not in str(missing.value)


#: Notes every connection that is tried, and whether OpenVINO's reporting was loaded.
QUIET = """
import socket, sys
tried = []
def note(self, address):
    tried.append(address)
    raise OSError("no network here")
socket.socket.connect = socket.socket.connect_ex = note
socket.getaddrinfo = lambda *args, **kwargs: note(None, args)
from viobert.fill_mask import FillMask
FillMask(sys.argv[1], runtime="openvino")("المريض يعاني من [MASK] في الصدر")
import openvino, time
time.sleep(1)
print(tried, [name for name in sys.modules if name.startswith("openvino_telemetry.")])
"""


@needs_openvino
def test_openvino_reports_to_nobody(general: Path, tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if k not in ("CI", "TF_BUILD", "JENKINS_URL")}
    done = subprocess.run(
        [sys.executable, "-c", QUIET, str(general)],
        cwd=ROOT, env={**kept, "HOME": str(tmp_path)}, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[] []"
    assert not (tmp_path / "intel").exists()


def test_torch_is_not_imported_before_it_is_needed() -> None:
    names = "viobert.fill_mask, viobert.surprise, viobert.runtime"
    code = f"import sys, {names}; print({{'torch', 'openvino', 'transformers'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
