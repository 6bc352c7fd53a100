"""Blind rounds: which side is whose is drawn and kept on the server until the vote."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from viobert.checkpoints import Answering
from viobert.fill_mask import Prediction
from viobert.page.models import Outcome

Side = Literal["A", "B"]
#: Rounds that wait for their vote, and seconds that they do.
MOST, EXPIRY = 10_000, 7_200.0


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


class Rounds:
    """Open rounds, in memory; each is taken once. Threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: OrderedDict[str, Round] = OrderedDict()
        self._used: OrderedDict[str, None] = OrderedDict()
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
            while len(self._open) > MOST:
                self._open.popitem(last=False)
        return round_

    def take(self, name: str) -> Round:
        """The round of that id, which is used by that. Raises RoundError."""
        with self._lock:
            if name in self._used:
                raise RoundError("used")
            round_ = self._open.pop(name, None)
            if round_ is None:
                raise RoundError("unknown")
            if self._clock() - round_.opened > EXPIRY:
                raise RoundError("expired")
            self._used[name] = None
            while len(self._used) > MOST:
                self._used.popitem(last=False)
            return round_

    def peek(self, name: str) -> Round | None:
        """The open round of that id, which stays open."""
        with self._lock:
            return self._open.get(name)

    def give_back(self, round_: Round) -> None:
        """Open again: its vote could not be stored."""
        with self._lock:
            self._used.pop(round_.id, None)
            self._open[round_.id] = round_


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
