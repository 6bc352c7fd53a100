from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from train.evaluate.statistics import Interval, Resampling, draws, holm, proportion


def ratio(sums: Any) -> Any:
    return sums[..., 0] / sums[..., 1]


def counts(seed: int, texts: int = 80) -> np.ndarray[Any, Any]:
    generator = np.random.default_rng(seed)
    n = generator.integers(5, 60, texts).astype(float)
    return np.stack([n * generator.normal(4, 1, texts), n], 1)


def test_the_interval_of_a_ratio_agrees_with_scipy() -> None:
    own = counts(5)
    ours = Resampling(80, 10_000).interval([own], ratio)
    theirs = stats.bootstrap(
        (own[:, 0], own[:, 1]),
        lambda a, b, axis: a.sum(axis) / b.sum(axis),
        paired=True,
        vectorized=True,
        n_resamples=10_000,
        method="percentile",
        random_state=np.random.default_rng(1),
    ).confidence_interval
    assert ours.value == pytest.approx(own[:, 0].sum() / own[:, 1].sum())
    assert ours.low == pytest.approx(theirs.low, abs=0.03)
    assert ours.high == pytest.approx(theirs.high, abs=0.03)


def test_the_interval_of_a_gain_agrees_with_scipy_and_pairing_narrows_it() -> None:
    base = counts(6)
    adapted = base.copy()
    adapted[:, 0] -= base[:, 1] * np.random.default_rng(7).normal(0.2, 0.1, 80)
    resampling = Resampling(80, 10_000)
    ours = resampling.gain([base], [adapted], ratio, relative=False)
    theirs = stats.bootstrap(
        (base[:, 0], adapted[:, 0], base[:, 1]),
        lambda b, a, n, axis: (a.sum(axis) - b.sum(axis)) / n.sum(axis),
        paired=True,
        vectorized=True,
        n_resamples=10_000,
        method="percentile",
        random_state=np.random.default_rng(1),
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.005)
    assert ours.high < 0 and ours.high - ours.low < 0.1
    single = resampling.interval([adapted], ratio)
    assert single.high - single.low > 0.3


def test_a_relative_gain_is_a_share_of_the_base() -> None:
    base, adapted = counts(8), counts(8)
    adapted[:, 0] /= 2
    half = Resampling(80, 500).gain([base, base], [adapted, adapted], ratio, relative=True)
    assert (half.value, half.low, half.high) == pytest.approx((-0.5, -0.5, -0.5))


def test_seeds_that_disagree_widen_the_interval() -> None:
    texts = np.ones((200, 2))
    apart = [texts * [level, 1] for level in (1.0, 2.0, 3.0)]
    resampling = Resampling(200, 4000)
    found = resampling.interval(apart, ratio)
    assert found.value == pytest.approx(2)
    assert (found.low, found.high) == (1, 3)  # three seeds, drawn with replacement
    assert resampling.interval([apart[1]] * 3, ratio) == Interval(2, 2, 2)


def test_the_permutation_p_value_is_scipys_exact_one() -> None:
    generator = np.random.default_rng(9)
    base = np.stack([generator.normal(0, 1, 10), np.ones(10)], 1)
    adapted = base + np.stack([generator.normal(0.4, 0.5, 10), np.zeros(10)], 1)
    ours = Resampling(10, 100_000).p_value([base], [adapted], ratio, relative=False)
    theirs = stats.permutation_test(
        (adapted[:, 0], base[:, 0]),
        lambda a, b: np.mean(a - b),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=False,
    ).pvalue
    assert ours == pytest.approx(theirs, abs=0.005)


def test_no_difference_has_p_1_and_an_interval_that_is_not_empty() -> None:
    same = np.stack([np.r_[np.ones(30), np.zeros(10)], np.ones(40)], 1)
    resampling = Resampling(40, 1000)
    assert resampling.p_value([same], [same], ratio, relative=False) == 1
    found = resampling.gain([same], [same], ratio, relative=False)
    edge = proportion_confint(0, 40, method="wilson")[1]
    assert (found.value, found.low, found.high) == pytest.approx((0, -edge, edge))


def test_p_values_of_no_effect_are_uniform() -> None:
    generator = np.random.default_rng(10)
    found = []
    for _ in range(300):
        pair = generator.normal(0, 1, (2, 25))
        one, other = (np.stack([values, np.ones(25)], 1) for values in pair)
        found.append(Resampling(25, 200).p_value([one], [other], ratio, relative=False))
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_holm_is_statsmodels() -> None:
    generator = np.random.default_rng(11)
    for size in (1, 2, 21):
        p = generator.beta(0.4, 2, size)
        expected = multipletests(p, method="holm")[1]
        np.testing.assert_allclose(holm(p.tolist()), expected)
    assert holm([]) == []
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_wilsons_interval_stands_in_near_0_and_1() -> None:
    middle = Interval(0.5, 0.4, 0.6)
    assert proportion(middle, 100, 100) is middle
    for right in (0, 2, 98, 100):
        flat = Interval(right / 100, right / 100, right / 100)
        low, high = proportion_confint(right, 100, method="wilson")
        found = proportion(flat, 100, 100)
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    # Many words in few texts: as many trials as the bootstrap's error is worth, not the texts.
    wide, narrow = proportion(Interval(0.03, 0.0, 0.1), 30, 5000), Interval(0.03, 0.028, 0.032)
    assert proportion(narrow, 30, 5000).high < wide.high < 0.2


def test_draws_are_with_replacement_and_follow_from_the_seed() -> None:
    drawn = draws(50, 300, 4)
    assert drawn.shape == (300, 50) and (drawn.sum(1) == 50).all() and drawn.max() > 2
    np.testing.assert_array_equal(drawn, np.random.default_rng(4).multinomial(50, [0.02] * 50, 300))
    with pytest.raises(ValueError, match="no text"):
        draws(0, 10, 1)
