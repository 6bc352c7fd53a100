"""A 5-gram over word pieces: estimated by KenLM's ``lmplz``, read by KenLM's Python module.

Interpolated modified Kneser-Ney (Chen and Goodman 1998; Heafield et al. 2013), nothing pruned.
The pieces are written as their numbers, a window a line; pieces that no window holds share what is
kept for the unseen, so that the probabilities of all pieces and of the window's end add up to 1.
``benchmarks/ngram.py`` compares it with a model.
"""

from __future__ import annotations

import importlib.util
import math
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from train.evaluate.words import Window

ORDER = 5
MEMORY = "2G"  # of lmplz, which would else take four fifths of the machine's
UNSEEN, END = "<unk>", "</s>"
STATISTICS = re.compile(r"^(\d) (\d+) D1=(\S+) D2=(\S+) D3\+=(\S+)$", re.MULTILINE)


def missing() -> str | None:
    """What has to be installed first, in one line, or None."""
    if importlib.util.find_spec("kenlm") is None:
        return "KenLM's Python module is not installed: pip install -e '.[ngram]'"
    if shutil.which("lmplz") is None:
        return "KenLM's lmplz is not on the PATH: https://github.com/kpu/kenlm says how it is built"
    return None


class FiveGram:
    """What ``estimate`` found; memory grows with the n-grams, 1 GB for 30 million of them.

    ``orders``: for n from 1 to 5 how many n-grams there are, and their discounts.
    """

    def __init__(self, arpa: Path, vocabulary: int, orders: list[dict[str, Any]]) -> None:
        import kenlm

        settings = kenlm.Config()
        settings.show_progress = False
        self.model = kenlm.Model(str(arpa), settings)
        self.new_state = kenlm.State
        self.pieces = [str(piece) for piece in range(vocabulary)]
        self.orders = orders

    def left(self, pieces: NDArray[np.int64]) -> NDArray[np.float64]:
        """(pieces,) log-probability of each piece of a window, the four before it given."""
        scores = self.model.full_scores(_line(pieces), bos=True, eos=False)
        return np.array([score for score, _, _ in scores], np.float64) * math.log(10)

    def both(self, pieces: NDArray[np.int64], place: int) -> NDArray[np.float64]:
        """(vocabulary,) log-probability of each piece at ``place`` of a window, the four before
        and the four after it given: all five 5-grams that hold it, normalised."""
        found = np.empty(len(self.pieces))
        before = self._state(pieces[:place])
        after = [*map(str, pieces[place + 1 : place + ORDER].tolist()), END][: ORDER - 1]
        score, one, other = self.model.BaseScore, self.new_state(), self.new_state()
        for number, piece in enumerate(self.pieces):
            total = score(before, piece, one)
            for following in after:
                total += score(one, following, other)
                one, other = other, one
            found[number] = total * math.log(10)
        return np.asarray(found - np.logaddexp.reduce(found))

    def _state(self, pieces: NDArray[np.int64]) -> Any:
        """Where the model stands after the window's start and these pieces."""
        state, following = self.new_state(), self.new_state()
        self.model.BeginSentenceWrite(state)
        for piece in pieces.tolist():
            self.model.BaseScore(state, str(piece), following)
            state, following = following, state
        return state


def estimate(
    ids: NDArray[np.int32], windows: NDArray[np.int64], vocabulary: int, folder: Path
) -> FiveGram:
    """The 5-gram of windows (windows, 3: document, first piece, end) of ``ids`` (pieces,).

    ``folder`` takes some 150 bytes a piece. ``RuntimeError`` with what lmplz said where it fails.
    """
    text, arpa = folder / "windows.txt", folder / "pieces.arpa"
    with text.open("w", encoding="ascii") as out:
        for _, start, end in windows.tolist():
            out.write(_line(ids[start:end]) + "\n")
    # Every piece was seen often enough to be one: hardly any was seen just once or twice, from
    # which the discounts of the 1-grams are reckoned. The end of a window can follow as well.
    more = ["--discount_fallback", "--vocab_pad", str(vocabulary + 1)]
    command = ["lmplz", "-o", str(ORDER), "-S", MEMORY, "-T", str(folder / "lmplz"), *more]
    with text.open("rb") as source, arpa.open("wb") as target:
        done = subprocess.run(command, stdin=source, stdout=target, stderr=subprocess.PIPE)
    said = done.stderr.decode(errors="replace")
    if done.returncode:
        raise RuntimeError(f"lmplz: {said.strip()[-500:]}")
    orders = [
        {"ngrams": int(count), "discounts": [round(float(d), 3) for d in discounts]}
        for _, count, *discounts in STATISTICS.findall(said)
    ]
    return FiveGram(arpa, vocabulary, orders)


def scored_words(texts: Sequence[Window], folds: int) -> Iterator[tuple[Window, NDArray[np.int64]]]:
    """Window and places of its pieces for each scored word, in the order of ``intrinsic.score``."""
    for window in texts:
        for word in np.flatnonzero((window.fold >= 0) & (window.fold < folds)):
            yield window, np.flatnonzero(window.word_of[0] == word)


def from_the_left(model: FiveGram, texts: Sequence[Window], folds: int) -> NDArray[np.float64]:
    """(words,) nats of each scored word, its pieces one after the other."""
    pieces = {id(window): model.left(window.pieces[0]) for window in texts}
    return np.array([-pieces[id(w)][places].sum() for w, places in scored_words(texts, folds)])


def from_both_sides(
    model: FiveGram, texts: Sequence[Window], folds: int, quiet: bool
) -> NDArray[np.float64]:
    """Nats of each scored word of one piece; a tenth of a second each at 16,000 pieces."""
    words = [(w, places[0]) for w, places in scored_words(texts, folds) if len(places) == 1]
    return np.array(
        [-model.both(w.pieces[0], at)[w.pieces[0][at]] for w, at in tqdm(words, disable=quiet)]
    )


def _line(pieces: NDArray[Any]) -> str:
    return " ".join(map(str, pieces.tolist()))
