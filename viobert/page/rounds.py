"""Blind rounds: which side is whose is drawn and kept on the server until the vote."""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Literal

from viobert.checkpoints import Answering
from viobert.feedback import Feedback, Vote, read
from viobert.feedback.records import Winner
from viobert.feedback.report import WinRate, by_pair, win_rate
from viobert.fill_mask import Prediction
from viobert.page.models import Outcome

log = logging.getLogger(__name__)
Side = Literal["A", "B"]
Choice = Literal["A", "B", "tie", "both_bad"]
#: Rounds that wait for their vote, and seconds that they do.
MOST, EXPIRY = 10_000, 7_200.0
#: Seconds that a win rate is shown before the files are read again.
FRESH = 10.0


class RoundError(Exception):
    """A vote that cannot be taken: ``used``, ``expired`` or ``unknown``."""

    def __init__(self, kind: Literal["used", "expired", "unknown"]) -> None:
        super().__init__(f"this round is {kind}")
        self.kind: Literal["used", "expired", "unknown"] = kind


@dataclass(frozen=True)
class Round:
    """A sentence, what both models expect (general, medical), and where the medical one stands."""

    id: str
    text: str
    example: str | None
    side: Side
    predictions: tuple[list[list[Prediction]], ...]
    models: dict[str, str]
    k: int
    opened: float

    def shown(self, side: Side) -> list[list[Prediction]]:
        """What stands on a side."""
        return self.predictions[1 if side == self.side else 0]

    @property
    def pair(self) -> tuple[str, str]:
        """The general and the medical model."""
        return self.models["general"], self.models["medical"]

    def vote(
        self, choice: Choice, judge: str, *, text: str | None, note: str | None,
        specialty: str | None, reasons: tuple[str, ...],
    ) -> Vote:  # fmt: skip
        """What is kept of a choice; ``text`` and ``note`` as screened. Raises FeedbackError."""
        if choice == "tie" or choice == "both_bad":
            winner: Winner = choice
        else:
            winner = "medical" if choice == self.side else "general"
        return Vote(
            round=f"r{self.id}", example=self.example, text=text, winner=winner, side=self.side,
            models=self.models, judge=judge, specialty=specialty, reasons=reasons, note=note,
            k=self.k, day=datetime.now(timezone.utc).date().isoformat(),
        )  # fmt: skip


class Rounds:
    """Open rounds, in memory; each is taken once. Threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: OrderedDict[str, Round] = OrderedDict()
        self._ended: OrderedDict[str, Literal["used", "expired"]] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, outcome: Outcome, example: str | None, k: int) -> Round:
        """A new round on an answered comparison."""
        round_ = Round(
            id=secrets.token_urlsafe(16), text=outcome.text, example=example,
            side=secrets.choice(("A", "B")), predictions=outcome.predictions,
            models={one.role: full_name(one) for one in outcome.answering}, k=k,
            opened=self._clock(),
        )  # fmt: skip
        with self._lock:
            self._open[round_.id] = round_
            self._tidy()
        return round_

    def take(self, name: str) -> Round:
        """The round of that id, which is used by that. Raises RoundError."""
        with self._lock:
            self._tidy()
            if name not in self._open:
                raise RoundError(self._ended.get(name, "unknown"))
            self._ended[name] = "used"
            return self._open.pop(name)

    def peek(self, name: str) -> Round | None:
        """The open round of that id, which stays open."""
        with self._lock:
            self._tidy()
            return self._open.get(name)

    def give_back(self, round_: Round) -> None:
        """Open again: its vote could not be stored."""
        with self._lock:
            self._ended.pop(round_.id, None)
            self._open[round_.id] = round_
            self._tidy()

    def _tidy(self) -> None:
        """Drop what is too old or too much: a visitor's sentence shall not stay for ever."""
        now = self._clock()
        # Not from the front only: what was given back stands behind younger ones.
        for name in [name for name, one in self._open.items() if now - one.opened > EXPIRY]:
            self._end(name)
        while len(self._open) > MOST:
            self._end(next(iter(self._open)))
        while len(self._ended) > MOST:
            self._ended.popitem(last=False)

    def _end(self, name: str) -> None:
        del self._open[name]
        self._ended[name] = "expired"


class Rates:
    """What the stored votes say of a pair, the files read again every few seconds at most."""

    def __init__(self, feedback: Feedback) -> None:
        self._feedback = feedback
        self._found: dict[tuple[str, str], tuple[float, WinRate]] = {}

    def of(self, pair: tuple[str, str]) -> WinRate | None:
        """None where the files cannot be read; a log line says which."""
        found = self._found.get(pair)
        if found is None or time.monotonic() - found[0] > FRESH:
            try:
                votes = by_pair(read(self._feedback.files())).get(pair, [])
            except (OSError, ValueError) as error:
                log.error("no win rate: %s", error)
                return None
            found = self._found[pair] = (time.monotonic(), win_rate(votes))
        return found[1]

    def forget(self, pair: tuple[str, str]) -> None:
        """Read again: a vote has been added."""
        self._found.pop(pair, None)


def full_name(one: Answering) -> str:
    """``name@revision``; where the Hub gives no commit, the weights' own hash."""
    checkpoint = one.checkpoint
    return f"{checkpoint.name}@{checkpoint.revision or _hash_of(checkpoint.folder)}"


@cache
def _hash_of(folder: Path) -> str:
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin")]):
        with path.open("rb") as weights:
            while block := weights.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
