"""What was fetched so far: a file that a killed run goes on from, and the file it ends in."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from train.corpus.sources.errors import SourceError
from train.files import replace_file


class Journal(Mapping[str, dict[str, Any]]):
    """Records by key, in a file that is only ever appended to, so that a killed run goes on.

    The first line holds a digest of ``options``: a journal of other options is put aside. Use it
    as a context; it is held for one process (``SourceError`` if another holds it).
    """

    def __init__(self, path: Path, options: dict[str, Any]) -> None:
        self.path = path
        text = json.dumps(options, sort_keys=True, ensure_ascii=False)
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        self.last = ""
        """Key of the last record."""
        self._at: dict[str, int] = {}
        self._lock = FileLock(path.with_name(".lock"), timeout=0)

    def __enter__(self) -> Journal:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise SourceError(f"{self.path.parent}: another process fetches into it") from None
        try:
            whole = self._load() if self.path.exists() else 0
            if whole and self["options"]["digest"] != self.digest:
                os.replace(self.path, self.path.with_suffix(".old"))
                print(f"{self.path}: of other options, put aside", file=sys.stderr)
                self._at, self.last, whole = {}, "", 0
            self._file = self.path.open("ab")
            self._file.truncate(whole)  # what follows was cut off by a kill
            self._synced = time.monotonic()
            if not whole:
                self.add("options", {"digest": self.digest})
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            os.fsync(self._file.fileno())
            self._file.close()
        finally:
            self._lock.release()

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, key: object) -> bool:
        return key in self._at

    def __getitem__(self, key: str) -> dict[str, Any]:
        at = self._at[key]
        with self.path.open("rb") as lines:
            lines.seek(at)
            record: dict[str, Any] = json.loads(lines.readline())
        return record

    def add(self, key: str, record: dict[str, Any]) -> dict[str, Any]:
        """Append; an earlier record of that key is forgotten. Returns the record."""
        at = self._file.seek(0, os.SEEK_END)
        self._file.write(_line({"key": key, **record}))
        self._file.flush()  # a killed process loses nothing; a lost machine, a few seconds' work
        if time.monotonic() - self._synced > 5:
            os.fsync(self._file.fileno())
            self._synced = time.monotonic()
        self._at[key], self.last = at, key
        return record

    def _load(self) -> int:
        """Index the records; returns the length of the part that is whole."""
        at = 0
        with self.path.open("rb") as lines:
            for row, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    break
                try:
                    key = json.loads(line)["key"]
                except (ValueError, KeyError, TypeError):
                    raise SourceError(
                        f"{self.path}, row {row}: damaged; remove the file to fetch anew"
                    ) from None
                self._at[key], self.last = at, key
                at += len(line)
        return at


def write(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write JSON Lines atomically, in UTF-8."""

    def fill(temporary: Path) -> None:
        with temporary.open("wb") as lines:
            lines.writelines(map(_line, records))

    replace_file(path, fill)


def _line(record: dict[str, Any]) -> bytes:
    # Half a character (a lone surrogate), which JSON may hold and UTF-8 not, becomes a "?".
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
