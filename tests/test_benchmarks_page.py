"""The page's benchmark runs in small, and refuses answers that differ."""

from __future__ import annotations

import importlib.util

import pytest

from tests.test_benchmarks import found_by
from viobert.checkpoints import ROOT
from viobert.fill_mask import Prediction


# Not importorskip: imported before viobert does it, OpenVINO reports its use to Google.
@pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="no OpenVINO")
def test_what_the_page_asks_is_measured_beside_the_plain_way() -> None:
    tiny = ("--layers", "1", "--vocabulary", "3000", "--runs", "5")
    head, openvino, surprise, panels = found_by("benchmarks/fill_mask.py", *tiny)
    assert [row["floor"] for row in (head, openvino, surprise, panels)] == [1.4, 3.0, 3.5, 1.0]
    assert head["name"] == "head at the mask" and head["figures"]["runs"] == 5
    assert openvino["figures"]["precision"] in {"bf16", "f16", "f32"}
    assert 0.9 <= openvino["figures"]["agreement_of_viobert_mini"] <= 1
    both = [surprise["figures"][name] for name in ("bits", "bits_of_the_loop")]
    assert both[0] == pytest.approx(both[1], abs=2e-3) and both[0] > 30
    assert surprise["ratio"] > 1 and panels["figures"]["panels"]["ms"] > 0


def test_predictions_that_differ_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from fill_mask import differs

    theirs = [{"token_str": "قلب", "score": 0.5}, {"token_str": "##ات", "score": 0.25}]
    ours = [Prediction("قلب", "قلب", 0.500001, 1), Prediction("ـات", "##ات", 0.25, 2)]
    assert differs(theirs, ours) is None
    assert "scores differ by 0.1" in str(differs([{**theirs[0], "score": 0.4}, theirs[1]], ours))
    assert "other words" in str(differs(theirs[::-1], ours))


@pytest.mark.parametrize("size", [3_000, 100_000])
def test_the_made_sentences_have_as_many_pieces_as_they_tell(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from fill_mask import sentence, vocabulary
    from transformers import BertTokenizer

    words = vocabulary(size)
    assert len(words) == len(set(words)) == size
    tokenizer = BertTokenizer({word: i for i, word in enumerate(words)}, do_lower_case=True)
    for masked in (True, False):
        pieces = tokenizer.tokenize(sentence(tokenizer, masked))
        assert len(pieces) == 30 and "[UNK]" not in pieces
        assert pieces.count("[MASK]") == masked and any(p.startswith("##") for p in pieces)


def test_the_page_is_measured_under_a_small_crowd() -> None:
    rows = found_by("benchmarks/page.py", "--starts", "1", "--clients", "4", "--seconds", "4")
    assert [row["name"] for row in rows] == ["ready", "resident", "memory under load"]
    load = rows[2]["figures"]
    assert load["answered"] > 10 and load["other_errors"] == 0, load
    assert rows[1]["figures"]["mb"] < 900
