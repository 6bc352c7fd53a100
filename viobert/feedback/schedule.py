"""The Hub client's scheduler, for a dataset that must be private and a Hub that may hang."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from huggingface_hub import CommitInfo, CommitScheduler, HfApi

from viobert.feedback.store import PATTERN, Status

#: Seconds for one answer, and for the last push.
TIMEOUT, LAST_PUSH = 10.0, 20.0
#: Where the files stand in the dataset.
FOLDER = "data"


class PublicError(Exception):
    """The dataset is public: nothing is uploaded."""


class Scheduler(CommitScheduler):
    """Pushes while the dataset is private, in threads for which no exit waits."""

    def __init__(
        self, hub: HfApi, folder: Path, repository: str, every: float, lock: threading.Lock,
        tell: Callable[[Status], None],
    ) -> None:  # fmt: skip
        self._appending = lock
        self._tell = tell
        self._one = threading.Lock()
        self.began: float | None = None
        super().__init__(
            repo_id=repository, folder_path=folder, every=every, path_in_repo=FOLDER,
            repo_type="dataset", private=True, allow_patterns=PATTERN, squash_history=False,
            hf_api=hub,
        )  # fmt: skip
        # The last push is stop's, which gives up on a Hub that does not answer.
        atexit.unregister(self._push_to_hub)

    def trigger(self) -> Future[CommitInfo | None]:
        """As the parent's, without its pool: an exit would wait for that."""
        future: Future[CommitInfo | None] = Future()

        def push() -> None:
            try:
                future.set_result(self._push_to_hub())
            except Exception as error:
                future.set_exception(error)

        threading.Thread(target=push, daemon=True).start()
        return future

    def push_to_hub(self, wait: float = 0.0) -> CommitInfo | None:
        """Push what is new; nothing when another push is under way for ``wait`` seconds."""
        if not (self._one.acquire(timeout=wait) if wait else self._one.acquire(blocking=False)):
            return None
        try:
            self.began = time.monotonic()
            self.lock = self._appending  # a scan sees whole lines
            must_be_private(self.api, self.repo_id)
            info = super().push_to_hub()
        except PublicError:
            self._tell("public")
            raise
        except Exception:
            self._tell("unreachable")
            raise
        finally:
            self.began = None
            self._one.release()
        self._tell("pushing")
        return info

    def push_everything(self) -> None:
        """Stop the schedule, and push once more."""
        self.stop()
        # What was written in the clock tick of the last scan looks pushed. What is, is not resent.
        self.last_uploaded.clear()
        self.push_to_hub(wait=LAST_PUSH)


def must_be_private(hub: HfApi, repository: str) -> None:
    """Raises PublicError, or what the Hub's client raises when it is absent or unreachable."""
    if hub.repo_info(repository, repo_type="dataset", timeout=TIMEOUT).private is not True:
        raise PublicError(f"the dataset {repository} is public: make it private")
