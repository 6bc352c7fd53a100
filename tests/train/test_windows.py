"""Short windows among the long ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.making import last_state, small_run, steps_of
from train.batching import Steps
from train.metrics import read
from train.pretrain import pretrain

OWN = [
    f"ألم في الصدر رقم {i} مع ضيق في التنفس وسعال منذ أيام، ووبالمستشفى دواء " * 5
    for i in range(40)
]
BASE = [f"خبر من السوق رقم {i} عن أسعار الخبز والوقود في المدينة هذا الشهر " * 5 for i in range(90)]
SHORT = 16


@pytest.fixture(scope="module")
def steps(arabic: Any) -> Steps:
    """Half of six own windows and of two replayed ones are short."""
    return steps_of(
        arabic, OWN, base=BASE, batch_size=8, replay=0.25, short=0.5, short_length=SHORT, length=48
    )


def test_every_step_has_its_share_of_both_texts(steps: Steps) -> None:
    assert steps.batch_size == 8
    for step in range(30):
        members = steps.members(step)[1]
        part, short = steps.windows.part[members], steps.windows.short[members]
        counts = [(int((part == p).sum()), int(short[part == p].sum())) for p in (0, 1)]
        assert counts == [(6, 3), (2, 1)]
        assert steps.sizes[members][short].max() <= SHORT < steps.sizes[members][~short].max()


def test_short_windows_cover_the_documents_and_cut_between_words(steps: Steps) -> None:
    windows = steps.windows
    for corpus, tokens in enumerate(windows.corpora):
        seen = np.zeros(len(tokens.ids), int)
        for document, start, end in windows.table[windows.of(corpus, short=True)]:
            if start > tokens.offsets[document]:
                assert tokens.words[start] != tokens.words[start - 1]
            seen[start:end] += 1
        assert (seen == 1).all()


def test_an_epoch_is_the_text_once_in_windows_of_both_kinds(steps: Steps) -> None:
    windows, own = steps.windows, 0
    for step in range(steps.per_epoch):
        members = steps.members(step)[1]
        own += int((steps.sizes[members][windows.part[members] == 0] - 2).sum())
    assert own == pytest.approx(len(windows.corpora[0].ids), rel=0.1)


def test_the_size_that_is_told_is_that_of_a_step(steps: Steps) -> None:
    drawn = np.concatenate([steps.members(step)[1] for step in range(400)])
    assert steps.mean_size == pytest.approx(steps.sizes[drawn].mean(), rel=0.02)


def test_what_a_long_window_hides_a_short_one_hides_by_its_own_draw(steps: Steps) -> None:
    """At the same number of times read; else a word would be hidden in both, or in none."""
    hidden = []
    for short in (False, True):
        (drawn,) = (d for d in steps.drawn[:2] if steps.windows.short[d.windows[0]] == short)
        members = steps.windows.of(0, short=short)
        batch = steps.batch(members, np.full(len(members), drawn.at(0)[0]))
        flat, kept = steps.windows.flat(members), np.zeros(batch.pieces, bool)
        inside = (flat.positions > 0) & (flat.positions < np.repeat(flat.sizes, flat.sizes) - 1)
        kept[batch.masked.numpy()] = True
        order = np.lexsort((flat.places, np.repeat(steps.windows.table[members, 0], flat.sizes)))
        hidden.append(kept[order][inside[order]])
    both, rate = (hidden[0] & hidden[1]).mean(), hidden[0].mean()
    assert len(hidden[0]) == len(hidden[1]) and 0.2 < rate < 0.4
    assert both == pytest.approx(rate * hidden[1].mean(), abs=0.02)  # as of two that are apart


def test_a_later_training_hides_other_words(arabic: Any) -> None:
    """Own text and replayed: else a second stage would ask again what the first one did."""
    options = {"base": BASE, "batch_size": 8, "replay": 0.25, "rate": 0.3}
    first, later = (steps_of(arabic, OWN, **options, trainings=n) for n in (0, 1))
    for part in range(2):
        members = first.windows.of(part)
        hidden = []
        for steps in (first, later):
            (drawn,) = (d for d in steps.drawn if steps.windows.part[d.windows[0]] == part)
            epoch, _ = drawn.at(0)
            batch = steps.batch(members, np.full(len(members), epoch))
            hidden.append(np.isin(np.arange(batch.pieces), batch.masked.numpy()))
        rate = [h.mean() for h in hidden]
        assert (hidden[0] & hidden[1]).mean() == pytest.approx(rate[0] * rate[1], abs=0.03)


def test_without_a_share_its_length_changes_nothing(arabic: Any) -> None:
    plain, other = steps_of(arabic, OWN), steps_of(arabic, OWN, short_length=SHORT)
    assert (plain.windows.table == other.windows.table).all()
    assert plain.per_epoch == other.per_epoch and not other.windows.short.any()


def test_a_training_with_short_windows_ends_and_tells_its_pieces(
    small_corpus: Path, tmp_path: Path
) -> None:
    pieces = []
    for name, options in (("long", {}), ("short", {"short": 0.75, "short_length": SHORT})):
        run = small_run(tmp_path / name, small_corpus, training=options)
        assert pretrain(run, lambda _: None) and last_state(run)[1]["step"] == 14
        pieces.append(max(line["pieces"] for line in read(run.metrics) if "loss" in line))
    assert pieces[1] < 0.6 * pieces[0]
