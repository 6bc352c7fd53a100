from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from train.corpus.document import Document
from train.evaluate import intrinsic
from train.evaluate.words import FOLDS, windows
from viobert.text import strip_marks, words


def document(text: str, name: str = "d") -> Document:
    return Document(id=name, text=text, source="s", licence="CC0-1.0", ref="r", setting="s")


def test_best_sums_equal_trying_every_sequence() -> None:
    generator = np.random.default_rng(4)
    for pieces in (1, 2, 3, 4):
        logs = np.sort(np.log(generator.dirichlet(np.ones(7), pieces)), axis=1)[:, ::-1]
        every = sorted((sum(c) for c in itertools.product(*logs)), reverse=True)[:5]
        np.testing.assert_allclose(intrinsic.best_sums(logs[:, :5], 5), every)


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
                rows = [sorted(logs[p].tolist(), reverse=True)[:10] for p in places]
                best = sorted(map(sum, itertools.product(*rows)), reverse=True)[:10]
                assert bool(outcomes.top5[slot]) == (-nll >= best[4] - 1e-5)
                rank = 1 + sum(value > -nll + 1e-5 for value in best)
                expected = 1 / rank if rank <= 10 else 0
                assert outcomes.reciprocal_rank[slot] == pytest.approx(expected)
                assert outcomes.pieces[slot] == len(places)
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


def test_a_word_from_left_to_right_is_scored_as_by_hand(arabic: Any, bert: Any) -> None:
    text = document("تناولت الميتفورمين 500 mg بعد الأكل، واختفى الصُّداع")
    found, _ = windows([text], [arabic], 100, seed=13)
    own = intrinsic.score(bert, arabic, found, 0, FOLDS, "test", left_to_right=True)
    ids = arabic(text.text)["input_ids"]
    total = 0.0
    for slot, word in enumerate(np.flatnonzero(found[0].fold >= 0)):
        places = [i + 1 for i, o in enumerate(found[0].word_of[0]) if o == word]
        nll = 0.0
        for at, place in enumerate(places):
            masked = list(ids)
            for hidden in places[at:]:
                masked[hidden] = arabic.mask_token_id
            with torch.no_grad():
                logs = bert(torch.tensor([masked])).logits[0, place].log_softmax(-1)
            nll -= float(logs[ids[place]])
        assert own.nll[slot] == pytest.approx(nll, abs=1e-4)
        total += nll
    assert own.nll.sum() == pytest.approx(total, abs=1e-3) and np.isnan(own.top5).all()
    assert (own.pieces > 1).any() and (own.pieces == 1).any()


def test_characters_are_letters_and_digits_without_marks(arabic: Any) -> None:
    text = document("عِنْدِي صُدَاعٌ، 5 mg")
    found, _ = windows([text], [arabic], 100, seed=13)
    expected = [len(strip_marks(text.text[s:e])) for s, e in words(text.text)]
    assert found[0].characters.tolist() == expected == [4, 4, 1, 2]
