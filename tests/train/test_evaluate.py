from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from train.corpus.document import Document
from train.evaluate import intrinsic
from train.evaluate.compare import Candidate, compare
from train.evaluate.statistics import Bootstrap
from train.evaluate.words import FOLDS, windows
from train.recipe import Evaluation
from viobert.text import words


def document(text: str, name: str = "d") -> Document:
    return Document(id=name, text=text, source="s", licence="CC0-1.0", ref="r", setting="s")


def test_best_sums_equal_trying_every_sequence() -> None:
    generator = np.random.default_rng(4)
    for pieces in (1, 2, 3, 4):
        logs = np.sort(np.log(generator.dirichlet(np.ones(7), pieces)), axis=1)[:, ::-1]
        every = sorted((sum(c) for c in itertools.product(*logs)), reverse=True)[:5]
        np.testing.assert_allclose(intrinsic.best_sums(logs[:, :5]), every)


def test_the_interval_of_a_ratio_agrees_with_scipy() -> None:
    from scipy import stats

    generator = np.random.default_rng(5)
    n = generator.integers(5, 60, 80).astype(float)
    total = n * generator.normal(4, 1, 80)
    ours = Bootstrap(80, 10_000, seed=1).ratio(total, n)
    theirs = stats.bootstrap(
        (total, n),
        lambda a, b, axis: a.sum(axis) / b.sum(axis),
        paired=True,
        vectorized=True,
        n_resamples=10_000,
        method="percentile",
        random_state=generator,
    ).confidence_interval
    assert ours.value == pytest.approx(total.sum() / n.sum())
    assert ours.low == pytest.approx(theirs.low, abs=0.03)
    assert ours.high == pytest.approx(theirs.high, abs=0.03)


def test_pairing_narrows_the_interval_of_a_difference() -> None:
    generator = np.random.default_rng(6)
    n = np.full(60, 30.0)
    base = n * generator.normal(5, 1.5, 60)
    own = base - n * generator.normal(0.2, 0.1, 60)
    bootstrap = Bootstrap(60, 4000, seed=2)
    paired = bootstrap.ratio(own - base, n)
    assert paired.high < 0 and paired.high - paired.low < 0.1
    single = bootstrap.ratio(own, n)
    assert single.high - single.low > 0.5


def test_seven_folds_hide_every_word_once(arabic: Any, documents: list[Document]) -> None:
    found, left_out = windows(documents[:20], [arabic], 64, seed=13)
    hidden = sum(int((w.fold >= 0).sum()) for w in found)
    assert hidden + left_out == sum(len(words(d.text)) for d in documents[:20])
    shares = np.bincount(np.concatenate([w.fold[w.fold >= 0] for w in found]), minlength=FOLDS)
    assert shares / hidden == pytest.approx([1 / FOLDS] * FOLDS, abs=0.03)


def test_masks_are_those_of_the_words_for_any_tokenizer(
    arabic: Any, marbert: Any, documents: list[Document]
) -> None:
    from transformers import AutoTokenizer

    other = AutoTokenizer.from_pretrained(marbert)
    texts = [
        document("المريض يعاني من صداع و حرارة عالية كل يوم", "a"),
        document("عِنْدِي صُدَاعٌ، 5 mg metformin بعد الأكل", "b"),
    ]
    found, _ = windows(texts, [arabic, other], 48, seed=13)
    for window in found:
        for which, tokenizer in enumerate((arabic, other)):
            assert len(window.pieces[which]) + 2 <= 48
            assert tokenizer.unk_token_id not in [
                p
                for p, w in zip(window.pieces[which], window.word_of[which], strict=True)
                if w >= 0 and window.fold[w] >= 0
            ]
        # Each scored word has pieces under both tokenizers.
        for word in np.flatnonzero(window.fold >= 0):
            assert all((of == word).any() for of in window.word_of)
    alone, _ = windows(texts, [arabic], 48, seed=13)
    both = np.concatenate([w.fold for w in found])
    own = np.concatenate([w.fold for w in alone])
    assert (own[both >= 0] == both[both >= 0]).all()


def test_no_window_is_longer_than_asked_and_no_piece_is_lost(
    arabic: Any, documents: list[Document]
) -> None:
    found, _ = windows(documents, [arabic], 40, seed=13)
    assert max(len(w.pieces[0]) for w in found) <= 38
    for i in (0, 30, 167):
        pieces = np.concatenate([w.pieces[0] for w in found if w.document == i])
        expected = arabic(documents[i].text, add_special_tokens=False)["input_ids"]
        assert pieces.tolist() == expected


def test_scores_equal_a_brute_force_computation(
    arabic: Any, bert: Any, documents: list[Document]
) -> None:
    texts = [documents[3], documents[70], documents[100]]
    found, _ = windows(texts, [arabic], 60, seed=13)
    outcomes = intrinsic.score(bert, arabic, found, 0, FOLDS, "test")
    at = 0
    for window in found:
        ids = [arabic.cls_token_id, *window.pieces[0], arabic.sep_token_id]
        for fold in range(FOLDS):
            hidden = {
                w: [i + 1 for i, o in enumerate(window.word_of[0]) if o == w]
                for w in np.flatnonzero(window.fold == fold)
            }
            masked = list(ids)
            for place in itertools.chain(*hidden.values()):
                masked[place] = arabic.mask_token_id
            with torch.no_grad():
                logs = bert(torch.tensor([masked])).logits[0].log_softmax(-1).double()
            for word, places in hidden.items():
                slot = at + int((window.fold[:word] >= 0).sum())
                nll = -sum(float(logs[p, ids[p]]) for p in places)
                assert outcomes.nll[slot] == pytest.approx(nll, abs=1e-4)
                right = all(int(logs[p].argmax()) == ids[p] for p in places)
                assert bool(outcomes.top1[slot]) == right
                rows = [sorted(logs[p].tolist(), reverse=True)[:5] for p in places]
                fifth = sorted(map(sum, itertools.product(*rows)), reverse=True)[4]
                assert bool(outcomes.top5[slot]) == (-nll >= fifth - 1e-5)
        at += int((window.fold >= 0).sum())
    assert at == len(outcomes.nll)


def test_the_size_of_a_batch_changes_no_score(
    arabic: Any, bert: Any, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = windows(documents[:6], [arabic], 60, seed=13)
    large = intrinsic.score(bert, arabic, found, 0, FOLDS, "test")
    monkeypatch.setattr(intrinsic, "_BUDGET", 1)
    single = intrinsic.score(bert, arabic, found, 0, FOLDS, "test")
    np.testing.assert_allclose(large.nll, single.nll, atol=1e-5)
    assert (large.top5 == single.top5).all() and (large.document == single.document).all()


def test_segments_of_one_text_are_resampled_together() -> None:
    generator = np.random.default_rng(8)
    texts = [document("ألم", f"{t}-{s}") for t in range(12) for s in range(20)]
    for text in texts:
        text.family = text.id.partition("-")[0]
    level = generator.normal(5, 1, 12)  # what a text's segments have in common
    nll = np.repeat(level, 20) + generator.normal(0, 0.1, 240)
    outcomes = intrinsic.Outcomes(np.arange(240), nll, np.zeros(240), np.zeros(240))
    config = Evaluation(bootstrap=2000)
    candidate = Candidate("m", "r", outcomes)
    together = compare(texts, [candidate], config, {"a": 1})[0]
    assert (together.n, together.documents) == (240, 12)
    for text in texts:
        text.family = text.id
    apart = compare(texts, [candidate], config, {"a": 1})[0]
    assert apart.value == pytest.approx(together.value) == pytest.approx(nll.mean())
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_a_setting_of_few_texts_is_left_out() -> None:
    texts = [document("ألم", str(i)) for i in range(10)]
    for i, text in enumerate(texts):
        text.family, text.setting = str(i), "few" if i < 4 else "many"
    ones = np.ones(10)
    candidate = Candidate("m", "r", intrinsic.Outcomes(np.arange(10), ones, ones, ones))
    rows = compare(texts, [candidate], Evaluation(bootstrap=100), {})
    assert {r.setting for r in rows} == {"all", "many"}


def test_a_certain_model_scores_perfectly(arabic: Any) -> None:
    class Certain:
        """Knows the text by heart: says the right piece with all its weight."""

        def __init__(self, ids: list[int], vocabulary: int) -> None:
            self.ids, self.vocabulary = torch.tensor(ids), vocabulary
            self.cls = lambda hidden: hidden

        def parameters(self) -> Any:
            return iter([torch.zeros(1)])

        def eval(self) -> None: ...

        def bert(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
            logits = torch.nn.functional.one_hot(self.ids, self.vocabulary).float() * 100
            return type("Out", (), {"last_hidden_state": logits.expand(len(input_ids), -1, -1)})

    text = document("وبالعلاجِ المناسب تحسّنت حالة المريض، والحمد لله")
    found, _ = windows([text], [arabic], 100, seed=13)
    ids = arabic(text.text)["input_ids"]
    outcomes = intrinsic.score(Certain(ids, len(arabic)), arabic, found, 0, FOLDS, "test")
    assert len(outcomes.nll) == len(words(text.text))
    assert outcomes.nll.sum() == pytest.approx(0, abs=1e-6)
    assert outcomes.top1.all() and outcomes.top5.all()
