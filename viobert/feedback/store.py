"""Votes and notes on disk: whole lines, appended and synced before they are acknowledged."""

from __future__ import annotations

import atexit
import os
import threading
import uuid
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from viobert.feedback.records import Note, Vote, from_line, screen_again, to_line
from viobert.feedback.screen import FeedbackError

if TYPE_CHECKING:
    from viobert.feedback.push import Pusher

#: Where records are: on this disk only; the Hub asked for the first time; pushed to a private
#: dataset; kept from a dataset that is public; kept until the Hub answers again.
Status = Literal["disk", "starting", "pushing", "public", "unreachable"]
PATTERN = "feedback-*.jsonl"


class Feedback:
    """Appends records to a file of this process in ``folder``, and pushes the folder to a dataset.

    ``repository``: id of the dataset; without it, without a token or offline, all stays on disk.
    ``every``: minutes between pushes. Threads may share it; a forked child writes its own file and
    leaves pushing to its parent.
    """

    def __init__(
        self,
        folder: Path,
        repository: str | None = None,
        token: str | None = None,
        every: float = 5.0,
        endpoint: str | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self._lock = threading.Lock()
        self._file: int | None = None
        self._pusher: Pusher | None = None
        _LIVING.add(self)
        if repository and token and not offline():
            # Imported late: the Hub's client is needed here only.
            from viobert.feedback.push import Pusher

            self._pusher = Pusher(self.folder, repository, token, every, endpoint, self._lock)
            self._pusher.start()
            atexit.register(self.stop)

    @property
    def status(self) -> Status:
        """Where the records are."""
        return self._pusher.status if self._pusher else "disk"

    def add(self, record: Vote | Note) -> None:
        """Return once the record is on the disk.

        Raises FeedbackError: ``disk``, or ``personal`` for a text that was not screened.
        """
        screen_again(record)
        line = to_line(record)
        with self._lock:
            try:
                self._append(line)
            except OSError as error:
                raise FeedbackError("disk", f"not stored in {self.folder}: {error}") from None

    def earlier(self) -> None:
        """Fetch what the dataset held before, once, in the background, for ``files``."""
        if self._pusher:
            self._pusher.fetch_earlier()

    def files(self) -> list[Path]:
        """What ``read`` takes: the folder's files, and those of earlier disks."""
        own = sorted(self.folder.glob(PATTERN))
        names = {path.name for path in own}
        fetched = sorted((self.folder / "earlier").glob(PATTERN))
        return own + [path for path in fetched if path.name not in names]

    def stop(self) -> None:
        """Push what is left, for 20 seconds at most. Never raises; more calls do nothing."""
        if self._pusher:
            self._pusher.stop()

    def _append(self, line: bytes) -> None:
        """Write and sync, or leave no trace. Raises OSError."""
        if self._file is not None and os.fstat(self._file).st_nlink == 0:
            self._close()  # somebody cleared the folder: what is written now would be lost
        if self._file is None:
            self._file = _create(self.folder)
        before = os.fstat(self._file).st_size
        try:
            if os.write(self._file, line) != len(line):
                raise OSError("the disk is full")
            os.fsync(self._file)
        except OSError:
            try:
                os.ftruncate(self._file, before)
            except OSError:
                self._close()  # readers skip an unfinished last line: nothing may follow it
            raise

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _after_fork(self) -> None:
        # The parent's lock may be held for ever here, and its threads do not exist.
        self._lock = threading.Lock()
        self._pusher = None
        self._close()


def offline() -> bool:
    """Whether VIOBERT_OFFLINE or HF_HUB_OFFLINE forbids the Hub."""
    values = (os.environ.get(name, "") for name in ("VIOBERT_OFFLINE", "HF_HUB_OFFLINE"))
    return any(value.upper() not in ("", "0", "FALSE", "NO", "OFF") for value in values)


def from_environment(endpoint: str | None = None) -> Feedback:
    """As VIOBERT_FEEDBACK_DIR, VIOBERT_FEEDBACK_REPO and FEEDBACK_TOKEN or HF_TOKEN say."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = os.environ.get("VIOBERT_FEEDBACK_DIR") or Path(state) / "viobert" / "feedback"
    token = os.environ.get("FEEDBACK_TOKEN") or os.environ.get("HF_TOKEN")
    repository = os.environ.get("VIOBERT_FEEDBACK_REPO")
    return Feedback(Path(folder), repository or None, token or None, endpoint=endpoint)


def read(paths: Iterable[Path]) -> list[Vote | Note]:
    """The records of these files, in order; a round counts once, an unfinished last line not.

    Raises ValueError with file and row for any other line that cannot be read, and OSError.
    """
    records: list[Vote | Note] = []
    rounds: set[str] = set()
    for path in paths:
        *lines, _unfinished = path.read_bytes().split(b"\n")
        for row, line in enumerate(lines, 1):
            try:
                record = from_line(line)
            except (ValueError, FeedbackError) as error:
                raise ValueError(f"{path}: row {row}: {error}") from None
            if isinstance(record, Vote):
                if record.round in rounds:
                    continue
                rounds.add(record.round)
            records.append(record)
    return records


def _create(folder: Path) -> int:
    """A new file of this process, its name on the disk. Raises OSError."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    file = os.open(folder / f"feedback-{uuid.uuid4()}.jsonl", flags, 0o600)
    try:
        for directory in (folder, *(path.parent for path in made)):
            _sync(directory)
    except OSError:
        os.close(file)
        raise
    return file


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_LIVING: weakref.WeakSet[Feedback] = weakref.WeakSet()


def _forked() -> None:
    for feedback in list(_LIVING):
        feedback._after_fork()


os.register_at_fork(after_in_child=_forked)
