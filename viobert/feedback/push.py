"""Pushes a folder of feedback to a private dataset, in the background."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from fnmatch import fnmatch
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import RepositoryNotFoundError

from viobert.feedback.schedule import FOLDER, LAST_PUSH, PublicError, Scheduler, must_be_private
from viobert.feedback.store import PATTERN, Status

#: Seconds between attempts to reach the Hub (doubled from the first to the longest), and until a
#: push that is under way counts as stuck.
FIRST_DELAY, LONGEST_DELAY = 5.0, 600.0
STUCK = 120.0

log = logging.getLogger(__name__)


class Pusher:
    """Reaches the Hub, however long that takes, then pushes every ``every`` minutes.

    ``lock`` is held by whoever appends to the folder's files.
    """

    def __init__(
        self, folder: Path, repository: str, token: str, every: float, endpoint: str | None,
        lock: threading.Lock,
    ) -> None:  # fmt: skip
        self._folder, self._repository, self._every = folder, repository, every
        self._hub = HfApi(endpoint=endpoint, token=token)
        self._lock = lock
        self._status: Status = "starting"
        self._scheduler: Scheduler | None = None
        self._connected, self._stopping = threading.Event(), threading.Event()
        self._deadline: float | None = None
        self._fetching = False
        # One thread from the start to the last push: at the exit no other can be started.
        self._worker = threading.Thread(target=self._run, name="feedback", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._worker.start()

    @property
    def status(self) -> Status:
        """What came of the last attempt."""
        began = self._scheduler.began if self._scheduler else None
        stuck = began is not None and time.monotonic() - began > STUCK
        return "unreachable" if stuck else self._status

    def stop(self) -> None:
        """The last push, for LAST_PUSH seconds since the first call at most. Never raises."""
        if self._deadline is None:
            self._deadline = time.monotonic() + LAST_PUSH
        self._stopping.set()
        self._worker.join(max(0.0, self._deadline - time.monotonic()))

    def fetch_earlier(self) -> None:
        """Download the dataset's files into ``earlier/``, once, in the background."""
        if not self._fetching:
            self._fetching = True
            threading.Thread(target=self._fetch, daemon=True).start()

    def _run(self) -> None:
        delay = FIRST_DELAY
        while self._scheduler is None:
            last = self._stopping.is_set()
            try:
                self._scheduler = self._connect()
            except Exception as error:
                self._tell("public" if isinstance(error, PublicError) else "unreachable")
                log.warning("feedback stays on the disk: %s", _line(error))
                if last:
                    return
                self._stopping.wait(delay)
                delay = min(2 * delay, LONGEST_DELAY)
        self._stopping.wait()
        try:
            self._scheduler.push_everything()
        except Exception as error:
            log.warning("the last push of feedback failed: %s", _line(error))

    def _connect(self) -> Scheduler:
        """The schedule of a private dataset, which is made if there is none."""
        try:
            must_be_private(self._hub, self._repository)
        except RepositoryNotFoundError:
            self._hub.create_repo(
                self._repository, repo_type="dataset", private=True, exist_ok=True
            )
            must_be_private(self._hub, self._repository)
        self._connected.set()
        # Its constructor already uploads.
        return Scheduler(
            self._hub, self._folder, self._repository, self._every, self._lock, self._tell
        )

    def _tell(self, status: Status) -> None:
        self._status = status

    def _fetch(self) -> None:
        self._connected.wait()
        target = self._folder / "earlier"
        try:
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
            names = self._hub.list_repo_files(self._repository, repo_type="dataset")
            with tempfile.TemporaryDirectory(prefix=".earlier-", dir=self._folder) as folder:
                for name in names:
                    if not fnmatch(name, f"{FOLDER}/{PATTERN}") or self._own(name):
                        continue
                    path = self._hub.hf_hub_download(
                        self._repository, name, repo_type="dataset", local_dir=folder
                    )
                    os.replace(path, target / Path(name).name)
        except Exception as error:
            log.warning("earlier feedback was not fetched: %s", _line(error))

    def _own(self, name: str) -> bool:
        return (self._folder / Path(name).name).exists()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
