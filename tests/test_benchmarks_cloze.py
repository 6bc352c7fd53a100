"""The words that the pair fills in: the benchmark says what the scores say."""

from __future__ import annotations

import pytest

from tests.test_benchmarks import found_by
from viobert import scores
from viobert.checkpoints import ROOT


def test_the_pair_is_compared_as_its_scores_tell() -> None:
    (found,) = found_by("benchmarks/cloze.py", "--part", "test")
    figures, scored = found["figures"], dict[str, scores.Score]()
    for score in scores.read(ROOT / "assets" / "scores.jsonl"):
        if score.axis == "cloze" and score.metric == "fitting_top5":
            who = "base" if score.model == "mini-base" else "model"
            scored["difference" if score.against else who] = score
    assert len(scored) == 3 and figures["sentences"] == scored["model"].n
    for name, score in scored.items():
        interval = {end: round(getattr(score, end), 4) for end in ("value", "low", "high")}
        assert figures[name] == pytest.approx(interval, abs=1e-4)
    each = [value for value in figures.values() if isinstance(value, dict) and "sentences" in value]
    assert len(each) == 5 and sum(of["sentences"] for of in each) == figures["sentences"]
    assert sum(of["model"] for of in each) == round(scored["model"].value * scored["model"].n)
    assert 0 < figures["reachable"]["base"] == figures["reachable"]["model"] < figures["sentences"]
