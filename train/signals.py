"""SIGTERM and Ctrl-C end a training after the step in hand, with a checkpoint."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """``signal``: the number of the signal that came, 0 while none did."""

    def __init__(self) -> None:
        self.signal = 0

    def _came(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        # The second Ctrl-C does not wait.
        signal.signal(signal.SIGINT, signal.default_int_handler)

    @contextmanager
    def watch(self) -> Iterator[Stop]:
        """Hear the signals inside, leave them as they were outside."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = [signal.signal(number, self._came) for number in numbers]
        try:
            yield self
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)


def ignore(_: int = 0) -> None:
    """For the workers of a loader: they end when the training does."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
