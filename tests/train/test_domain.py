from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from tests.train.making import steps_of, whole
from train.batching import Steps
from train.masking import NO_WORD

OWN = [f"عندي ألم في المعدة ووجع في الصدر منذ {i} أيام، والدكتور قال ألم عضلي" for i in range(40)]
BASE = [f"قال الوزير في السوق منذ {i} أيام إن أسعار الخبز في المدينة ارتفعت" for i in range(90)]


def first_pieces(tokenizer: Any, texts: list[str]) -> Counter[int]:
    """The first piece of each word, read by the tokenizer a word at a time."""
    found: Counter[int] = Counter()
    for text in texts:
        read = tokenizer(text, add_special_tokens=False)
        words = read.word_ids()
        found.update(
            id for id, word, before in zip(read["input_ids"], words, [None, *words], strict=False)
            if word != before
        )  # fmt: skip
    return found


def hidden(steps: Steps, epochs: int) -> tuple[Any, Any, Any]:
    """How often each piece of all windows is chosen; its window's corpus; its word's first id."""
    flat = steps.windows.flat(np.arange(len(steps.sizes)))
    times = np.zeros(len(flat.ids))
    for epoch in range(epochs):
        times[whole(steps, epoch).masked.numpy()] += 1
    bounds = np.cumsum(steps.sizes)
    flat.words[bounds - 1] = flat.words[bounds - steps.sizes] = NO_WORD
    fresh = np.r_[True, flat.words[1:] != flat.words[:-1]]
    first = flat.ids[np.maximum.accumulate(np.where(fresh, np.arange(len(fresh)), 0))]
    first[flat.words == NO_WORD] = -1
    return times / epochs, np.repeat(steps.windows.part, steps.sizes), first


def test_words_of_the_domain_are_hidden_in_proportion(arabic: Any) -> None:
    own, base = first_pieces(arabic, OWN), first_pieces(arabic, BASE)
    steps = steps_of(arabic, OWN, base=BASE, replay=0.5, domain=0.5)
    rates = steps.rates
    assert rates is not None and len(rates) == len(arabic)
    assert sum(rates[i] * n for i, n in own.items()) / own.total() == pytest.approx(0.3)
    ratio = {i: (own[i] + 1) / (base[i] + 1) for i in own}
    free = [i for i in own if rates[i] < 0.65 - 1e-9]
    constant = {round(rates[i] / ratio[i] ** 0.5, 9) for i in free}
    assert len(constant) == 1 and free
    assert all(c * ratio[i] ** 0.5 >= 0.65 for i in own.keys() - set(free) for c in constant)
    pain, at = (arabic.convert_tokens_to_ids(word) for word in ("ألم", "في"))
    assert rates[pain] > 2 * rates[at]


def test_each_word_is_hidden_as_often_as_it_should_be(arabic: Any) -> None:
    steps = steps_of(arabic, OWN, base=BASE, replay=0.5, domain=0.5)
    times, part, first = hidden(steps, epochs=120)
    assert not times[first == -1].any()
    assert steps.rates is not None
    for id in set(first[(part == 0) & (first >= 0)].tolist()):
        seen = times[(part == 0) & (first == id)]
        rate = steps.rates[id]
        # Pieces of a word are no independent draws: four, at most, share one.
        error = np.sqrt(4 * rate * (1 - rate) / (120 * len(seen)))
        assert abs(seen.mean() - rate) < 4.5 * error, arabic.convert_ids_to_tokens([id])
    replayed = times[(part == 1) & (first >= 0)]
    assert replayed.mean() == pytest.approx(0.3, abs=0.01)


def test_pieces_of_a_word_are_hidden_together(arabic: Any) -> None:
    steps = steps_of(arabic, OWN, base=BASE, replay=0.5, domain=1)
    flat, batch = steps.windows.flat(np.arange(40)), steps.batch(np.arange(40), np.full(40, 2))
    chosen = np.zeros(len(flat.ids), bool)
    chosen[batch.masked.numpy()] = True
    ends = np.cumsum(flat.sizes)
    for start, end in zip(ends - flat.sizes, ends, strict=True):
        words, own = flat.words[start + 1 : end - 1], chosen[start + 1 : end - 1]
        assert all(len(set(own[words == word].tolist())) == 1 for word in set(words.tolist()))


def test_a_power_near_nothing_changes_nothing(arabic: Any) -> None:
    plain, weighted = (
        whole(steps_of(arabic, OWN, base=BASE, replay=0.5, domain=power), 1)
        for power in (0.0, 1e-9)
    )
    assert plain.masked.tolist() == weighted.masked.tolist()
    assert plain.ids.tolist() == weighted.ids.tolist()


def test_where_pieces_are_hidden_pieces_are_counted(arabic: Any) -> None:
    steps = steps_of(arabic, OWN, base=BASE, replay=0.5, domain=0.5, unit="piece")
    ids = Counter(id for text in OWN for id in arabic(text, add_special_tokens=False)["input_ids"])
    assert steps.rates is not None
    mean = sum(steps.rates[i] * n for i, n in ids.items()) / ids.total()
    assert mean == pytest.approx(0.3)
