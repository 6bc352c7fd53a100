"""The last push before a process that is told to end does so."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

from viobert.feedback.store import Feedback


def install_sigterm(feedback: Feedback) -> None:
    """Let SIGTERM push what is left, then do what it did before.

    Does nothing outside the main thread, which alone may set handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    previous = signal.getsignal(signal.SIGTERM)
    began, done = False, threading.Event()

    def push() -> None:
        feedback.stop()
        done.set()
        ident = threading.main_thread().ident
        if ident is not None:
            signal.pthread_kill(ident, signal.SIGTERM)

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal began
        if not began:
            began = True
            # Not here: the code that was interrupted may hold the lock that the push needs.
            threading.Thread(target=push, daemon=True).start()
        elif done.is_set():
            if callable(previous):
                previous(number, frame)
            elif previous != signal.SIG_IGN:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, handle)
