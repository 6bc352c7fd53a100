from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from tests.train.making import tokens_of
from train import ppmi
from train.corpus.document import Document


def test_cooccurrence_equals_a_double_loop(
    arabic: Any, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ppmi, "_CHUNK", 50)  # many chunks, so that their seams are tried
    tokens = tokens_of(arabic, [d.text[:200] for d in documents[:6]])
    counts: Counter[tuple[int, int]] = Counter()
    for d in range(6):
        ids = tokens.ids[tokens.offsets[d] : tokens.offsets[d + 1]].tolist()
        for i, a in enumerate(ids):
            for b in ids[i + 1 : i + 4]:
                counts[a, b] += 1
                counts[b, a] += 1
    found = ppmi.cooccurrence(tokens, len(arabic), 3).tocoo()
    ours = {
        (int(r), int(c)): float(v) for r, c, v in zip(found.row, found.col, found.data, strict=True)
    }
    assert ours == {k: float(v) for k, v in counts.items()}


def test_ppmi_follows_its_definition() -> None:
    from scipy import sparse

    counts = np.array([[0.0, 4, 1], [4, 2, 0], [1, 0, 6]])
    context = counts.sum(0) ** 0.75 / (counts.sum(0) ** 0.75).sum()
    with np.errstate(divide="ignore"):
        pmi = np.log(counts / counts.sum(1)[:, None] / context[None, :])
    found = ppmi.ppmi(sparse.csr_matrix(counts)).toarray()
    np.testing.assert_allclose(found, np.maximum(pmi, 0), rtol=1e-5)


def test_embeddings_put_words_of_one_context_together(
    arabic: Any, documents: list[Document]
) -> None:
    texts = ["عندي ألم في الصدر", "عندي ألم في البطن", "قال الوزير إن الميزانية كبيرة"] * 5
    tokens = tokens_of(arabic, texts)
    vectors = ppmi.embeddings(tokens, len(arabic), 8, 3, seed=1)
    pain, have, minister = (
        arabic(w, add_special_tokens=False)["input_ids"][0] for w in ("ألم", "عندي", "قال")
    )

    def cosine(a: int, b: int) -> float:
        return float(
            vectors[a] @ vectors[b] / np.linalg.norm(vectors[a]) / np.linalg.norm(vectors[b])
        )

    assert vectors.shape == (len(arabic), 8)
    assert not vectors[arabic.mask_token_id].any()  # never seen: the model keeps its own start
    assert cosine(pain, have) > cosine(pain, minister) + 0.3


def test_log_unigrams_sum_to_one(arabic: Any, documents: list[Document]) -> None:
    tokens = tokens_of(arabic, [documents[0].text])
    assert np.exp(ppmi.log_unigrams(tokens, len(arabic))).sum() == pytest.approx(1, rel=1e-4)
