from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from train.files import StageError
from train.options import General, Stopping, Weights
from train.stopping import GENERAL, Judge, MissingTermError, Reading, composite

TERMS = ("nats_per_word", "fill_mask_top5", "probe_macro_f1")
#: Standard errors of each term's difference.
ERRORS = dict(zip(TERMS, (0.1, 0.01, 0.02), strict=True))
ALL = Weights(nats_per_word=1, fill_mask_top5=2, probe_macro_f1=0.5)


def spread(value: float) -> Any:
    """400 numbers of standard deviation 1, others for another value."""
    found = np.random.default_rng(round(1e6 * value)).normal(size=400)
    return (found - found.mean()) / found.std(ddof=1)


def reading(nats: float = 10.0, top5: float = 0.2, f1: float = 0.5, **more: float) -> Reading:
    """Replicates that differ from ``BASE``'s by a known standard error, and from those of another
    reading by √2 of it; their common part, which is ten times as large, must not count."""
    values = {**dict(zip(TERMS, (nats, top5, f1), strict=True)), **more}
    common = np.random.default_rng(2).normal(size=400)
    return Reading(
        values,
        {
            term: (value + ERRORS.get(term, 0.1) * (10 * common + spread(value))).tolist()
            for term, value in values.items()
        },
    )


def base_reading(**more: float) -> Reading:
    told = reading(**more)
    common = np.random.default_rng(2).normal(size=400)
    replicates = {
        term: (value + ERRORS.get(term, 0.1) * 10 * common).tolist()
        for term, value in told.values.items()
    }
    return Reading(told.values, replicates)


BASE = base_reading()


def test_terms_are_weighted_improvements_in_standard_errors_of_the_base() -> None:
    # Worked by hand: 0.3 nats fewer are 3 errors, 0.03 are 3, 0.04 are 2.
    assert composite(BASE, reading(nats=9.7), ALL) == pytest.approx(3)
    assert composite(BASE, reading(top5=0.23), ALL) == pytest.approx(6)
    assert composite(BASE, reading(f1=0.54), ALL) == pytest.approx(1)
    assert composite(BASE, reading(9.7, 0.23, 0.54), ALL) == pytest.approx(10)
    assert composite(BASE, reading(nats=10.2), ALL) == pytest.approx(-2)
    assert composite(BASE, BASE, ALL) == 0


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("of_base", [True, False])
def test_a_missing_term_raises(term: str, of_base: bool) -> None:
    values = {t: v for t, v in BASE.values.items() if t != term}
    lacking = Reading(values, {t: r for t, r in BASE.replicates.items() if t != term})
    pair = (lacking, reading()) if of_base else (BASE, lacking)
    with pytest.raises(MissingTermError, match=f"{term} was not measured"):
        composite(*pair, ALL)


def test_a_term_of_no_weight_may_be_missing() -> None:
    told = reading(nats=9.9)
    now = Reading({"nats_per_word": 9.9}, {"nats_per_word": told.replicates["nats_per_word"]})
    assert composite(BASE, now, Weights(fill_mask_top5=0)) == pytest.approx(1)


def test_a_difference_without_an_error_is_refused() -> None:
    now = Reading({**BASE.values, "nats_per_word": 9.0}, BASE.replicates)
    with pytest.raises(StageError, match="nats_per_word: too few texts"):
        composite(BASE, now, ALL)


def test_a_value_has_the_error_of_its_replicates() -> None:
    assert reading().errors()["fill_mask_top5"] == pytest.approx(0.1, rel=0.1)


def judged(config: Stopping, readings: list[Reading]) -> tuple[Judge, list[Any]]:
    judge = Judge(config)
    verdicts = [judge.judge(step, r) for step, r in enumerate([BASE, *readings])]
    return judge, verdicts


def test_patience_counts_evaluations_without_a_better_score() -> None:
    nats = [9.5, 9.6, 9.4, 9.4, 9.7, 9.41]
    config = Stopping(weights=ALL, patience=3)
    judge, verdicts = judged(config, [reading(n) for n in nats[:-1]])
    assert [v.is_best for v in verdicts] == [True, True, False, True, False, False]
    assert not judge.exhausted and judge.waited == 2
    judge.judge(9, reading(nats[-1]))
    assert judge.exhausted and judge.best_step == 3 and judge.best_score == pytest.approx(6)
    assert judge.best is not None and judge.best.values["nats_per_word"] == 9.4
    eternal, _ = judged(Stopping(weights=ALL, patience=0), [reading(11)] * 50)
    assert not eternal.exhausted and eternal.waited == 50


def test_forgetting_is_told_and_beyond_its_bound_vetoes() -> None:
    config = Stopping(weights=ALL, general=General(bound=0.1, path="x"))
    judge = Judge(config)
    with pytest.raises(MissingTermError, match=GENERAL):
        judge.judge(0, reading())
    base = base_reading(**{GENERAL: 8.0})
    judge = Judge(config)
    judge.judge(0, base)
    kept = judge.judge(1, reading(9.5, **{GENERAL: 8.09}))
    assert kept.forgetting == pytest.approx(0.09) and not kept.vetoed and kept.is_best
    lost = judge.judge(2, reading(9.0, **{GENERAL: 8.11}))
    assert lost.forgetting == pytest.approx(0.11) and lost.vetoed and not lost.is_best
    assert lost.score > kept.score and judge.best_step == 1 and judge.waited == 1


def test_the_memory_survives_a_file() -> None:
    config = Stopping(weights=ALL, patience=4)
    one, _ = judged(config, [reading(9.5), reading(9.6)])
    other = Judge(config)
    other.restore(json.loads(json.dumps(one.state())))
    assert other.judge(3, reading(9.6)) == one.judge(3, reading(9.6))
    assert other.state() == one.state()
    fresh = Judge(config)
    fresh.restore(json.loads(json.dumps(Judge(config).state())))
    assert fresh.judge(0, BASE).is_best


def test_far_from_the_base_what_is_better_than_the_best_is_the_best() -> None:
    """A training from scratch: 8.3, then 7.7 nats a word, both some 80 errors from the base, the
    better one by fewer, since its difference is the more uncertain."""
    config = Stopping(weights=Weights(fill_mask_top5=0))
    common, own = (np.random.default_rng(s).normal(size=400) for s in (2, 3))

    def told(nats: float, error: float) -> Reading:
        found = (nats + common + error * own).tolist()
        return Reading({"nats_per_word": nats}, {"nats_per_word": found})

    judge = Judge(config)
    scores = [judge.judge(i, r).score for i, r in
              enumerate([told(12.5, 0), told(8.3, 0.052), told(7.7, 0.061)])]  # fmt: skip
    assert scores[1] > scores[2] > 70
    assert judge.best_step == 2 and judge.best_score == scores[2]
