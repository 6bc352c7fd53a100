from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pytest

from train.batching import special_ids
from train.corpus.document import Document
from train.masking import NO_WORD, combine, mask_words, uniform
from train.recipe import Masking
from train.tokens import document_key

# Harakat, clitics, tatweel, punctuation, digits of both scripts, Latin drug names.
LINES = [
    "يُعاني مُحَمَّدٌ من السُّكَّري، وقِياسُ ضَغْطِهِ 120/80.",
    "وبالعلاجِ المناسبِ، يتحسّنون؛ أليس كذلك؟",
    "مـــرض الســـكري: ٥٠٠ ملغ metformin مرّتين يوميًّا",
    "خد metformin 500 mg بعد الأكل، والـHbA1c كانت 7.2%",
    "وش أسوي؟ فيني كحّة وحرارتي ٣٨٫٥ من أمس",
]
KEYWORDS: dict[str, Any] = {"seed": 7, "epoch": 2}


class Fate(NamedTuple):
    """``ids`` after masking, ``chosen``: bool, both (pieces,)."""

    ids: Any
    chosen: Any


def masked(
    tokenizer: Any, text: str, document: int = 1, config: Masking | None = None, **changes: int
) -> tuple[Any, Any, Any]:
    encoding = tokenizer(text, add_special_tokens=False)
    ids = np.array(encoding["input_ids"], np.int32)
    words = np.array(encoding.word_ids(), np.int32)
    special = special_ids(tokenizer)
    chosen = {**KEYWORDS, "document": document, **changes}
    out = mask_words(
        ids,
        words,
        keys(len(ids), **chosen),
        mask_id=special.mask,
        replacements=special.replacements,
        config=config or Masking(),
    )
    picked = np.zeros(len(ids), bool)
    picked[out.chosen] = True
    return ids, words, Fate(out.ids, picked)


def keys(pieces: int, document: int, seed: int, epoch: int) -> Any:
    return np.full(pieces, combine(document, seed, epoch), np.uint64)


@pytest.mark.parametrize("text", LINES)
@pytest.mark.parametrize("action", [Masking(0.5, 1, 0), Masking(0.5, 0, 1), Masking(0.5, 0, 0)])
def test_a_word_is_chosen_whole_and_its_pieces_share_a_fate(
    arabic: Any, text: str, action: Masking
) -> None:
    for document in range(40):
        ids, words, out = masked(arabic, text, document, action)
        for word in np.unique(words):
            pieces = words == word
            assert out.chosen[pieces].all() or not out.chosen[pieces].any()
        if action.mask == 1:
            assert (out.ids[out.chosen] == arabic.mask_token_id).all()
        elif action.random == 0:
            assert (out.ids == ids).all()
        assert (out.ids[~out.chosen] == ids[~out.chosen]).all()


def test_words_are_those_of_a_reader(arabic: Any) -> None:
    def groups(text: str) -> list[str]:
        encoding = arabic(text, add_special_tokens=False)
        words: dict[int, str] = {}
        for piece, word in zip(encoding.tokens(), encoding.word_ids(), strict=True):
            words[word] = words.get(word, "") + piece.removeprefix("##")
        return list(words.values())

    # Harakat do not split a word, punctuation does not stick to one, a clitic stays with it.
    assert groups("مُحَمَّد السُّكَّري،") == ["محمد", "السكري", "،"]
    assert groups("وبالعلاجِ المناسب.") == ["وبالعلاج", "المناسب", "."]
    assert groups("مـــرض") == ["مرض"]
    assert groups("120/80") == ["120", "/", "80"]
    assert groups("metformin 500 mg") == ["metformin", "500", "mg"]
    assert groups("٥٠٠ ملغ") == ["٥٠٠", "ملغ"]


def test_rates_on_a_hundred_thousand_tokens(arabic: Any, documents: list[Document]) -> None:
    fates: Counter[str] = Counter()
    pieces = chosen_pieces = words_seen = chosen_words = epoch = 0
    multi: Counter[bool] = Counter()
    multi_chosen: Counter[bool] = Counter()
    special = special_ids(arabic)
    while pieces < 100_000:
        epoch += 1
        for document in documents:
            ids, words, out = masked(arabic, document.text, document_key(document.id), epoch=epoch)
            pieces += len(ids)
            chosen_pieces += int(out.chosen.sum())
            first = np.flatnonzero(np.r_[True, words[1:] != words[:-1]])
            long = np.diff(np.r_[first, len(words)]) > 1
            words_seen += len(first)
            chosen_words += int(out.chosen[first].sum())
            for kind in (False, True):
                multi[kind] += int((long == kind).sum())
                multi_chosen[kind] += int(out.chosen[first[long == kind]].sum())
            for at in first[out.chosen[first]]:
                fates[
                    "mask"
                    if out.ids[at] == special.mask
                    else "keep"
                    if out.ids[at] == ids[at]
                    else "random"
                ] += 1
            assert not np.isin(out.ids, [special.cls, special.sep, arabic.pad_token_id]).any()
    # Three standard errors of a proportion of about 2,000 to 90,000 draws.
    assert chosen_pieces / pieces == pytest.approx(0.15, abs=0.005)
    assert chosen_words / words_seen == pytest.approx(0.15, abs=0.005)
    total = sum(fates.values())
    assert fates["mask"] / total == pytest.approx(0.8, abs=0.015)
    assert fates["random"] / total == pytest.approx(0.1, abs=0.01)
    assert fates["keep"] / total == pytest.approx(0.1, abs=0.01)
    # Words of many pieces are neither favoured nor spared.
    for kind in (False, True):
        assert multi_chosen[kind] / multi[kind] == pytest.approx(0.15, abs=0.01)


def test_a_mask_is_a_pure_function_of_seed_epoch_and_document(arabic: Any) -> None:
    text = " ".join(LINES)
    once = masked(arabic, text)[2]
    np.random.seed(0)  # nobody's generator state matters
    again = masked(arabic, text)[2]
    assert (once.ids == again.ids).all() and (once.chosen == again.chosen).all()
    for change in ({"seed": 8}, {"epoch": 3}, {"document": 2}):
        assert (masked(arabic, text, **change)[2].chosen != once.chosen).any()


def test_a_window_is_masked_as_its_document_is(arabic: Any) -> None:
    ids, words, whole = masked(arabic, " ".join(LINES), config=Masking(0.5, 0.3, 0.6))
    cut = int(np.flatnonzero(words == 9)[0])
    special = special_ids(arabic)
    part = mask_words(
        ids[cut:],
        words[cut:],
        keys(len(ids) - cut, 1, **KEYWORDS),
        mask_id=special.mask,
        replacements=special.replacements,
        config=Masking(0.5, 0.3, 0.6),
    )
    assert (part.ids == whole.ids[cut:]).all()
    assert (part.chosen + cut == np.flatnonzero(whole.chosen[cut:]) + cut).all()


def test_documents_side_by_side_are_masked_as_each_by_itself(arabic: Any) -> None:
    special, config = special_ids(arabic), Masking(0.5, 0.3, 0.6)
    alone = [masked(arabic, line, number, config) for number, line in enumerate(LINES)]
    frame = (np.array([special.sep], np.int32), np.array([NO_WORD], np.int32))
    ids = np.concatenate([part for one in alone for part in (one[0], frame[0])])
    words = np.concatenate([part for one in alone for part in (one[1], frame[1])])
    of = np.concatenate(
        [keys(len(one[0]) + 1, number, **KEYWORDS) for number, one in enumerate(alone)]
    )
    out = mask_words(
        ids, words, of, mask_id=special.mask, replacements=special.replacements, config=config
    )
    expected = np.concatenate([part for one in alone for part in (one[2].ids, frame[0])])
    assert (out.ids == expected).all()
    assert not (words[out.chosen] == NO_WORD).any()


def test_random_pieces_come_from_the_whole_ordinary_vocabulary(arabic: Any) -> None:
    seen: set[int] = set()
    for document in range(1500):
        ids, _, out = masked(arabic, LINES[0], document, Masking(1, 0, 1))
        seen |= set(out.ids.tolist())
    assert not seen & set(arabic.all_special_ids)
    assert len(seen) > 0.9 * (len(arabic) - len(arabic.all_special_ids))


def test_uniform_numbers_are_uniform() -> None:
    from scipy import stats

    draws = np.concatenate([uniform(key, 1, np.arange(2000)) for key in range(50)])
    many = uniform(np.repeat(np.arange(50, dtype=np.uint64), 2000), 1, np.tile(np.arange(2000), 50))
    assert (draws == many).all()
    assert stats.kstest(draws, "uniform").pvalue > 1e-3
    assert (
        stats.kstest([uniform(k, 2, np.arange(1))[0] for k in range(5000)], "uniform").pvalue > 1e-3
    )


def test_an_empty_text_has_nothing_to_mask(arabic: Any) -> None:
    ids, _, out = masked(arabic, "")
    assert len(ids) == len(out.ids) == len(out.chosen) == 0
