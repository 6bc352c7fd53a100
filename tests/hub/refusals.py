"""What the Hub refuses: a status, and the headers that its client reads."""

from __future__ import annotations


class RefusalError(Exception):
    """``code`` becomes X-Error-Code, ``message`` X-Error-Message."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


def repository_not_found(anonymous: bool) -> RefusalError:
    """Absent, or hidden from who asks; the Hub does not tell which."""
    # The Hub leaves the code out for 401 and its client guesses from an https address; here the
    # address is http, so the code says what it would guess.
    if anonymous:
        return RefusalError(401, "Invalid username or password.", "RepoNotFound")
    return RefusalError(404, "Repository not found", "RepoNotFound")


def revision_not_found(revision: str) -> RefusalError:
    return RefusalError(404, f"Invalid rev id: {revision}", "RevisionNotFound")


def entry_not_found(message: str = "Entry not found") -> RefusalError:
    return RefusalError(404, message, "EntryNotFound")
