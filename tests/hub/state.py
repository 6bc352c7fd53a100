"""The Hub itself: its repositories, who may read and write them, what was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.hub.faults import Fault
from tests.hub.refusals import RefusalError, repository_not_found
from tests.hub.repository import ATTRIBUTES, Repository

TOKEN = "hf_of-the-test"
KINDS = ("model", "dataset", "space")


@dataclass
class User:
    """``orgs``: role by organisation (admin, write, contributor, read); ``role``: the token's
    (write, read); ``granted``: the gated repositories whose files it may have."""

    name: str
    orgs: dict[str, str] = field(default_factory=dict)
    role: str = "write"
    granted: set[str] = field(default_factory=set)

    def may_read(self, namespace: str) -> bool:
        """Whether it sees private repositories there."""
        return namespace == self.name or namespace in self.orgs

    def may_write(self, namespace: str) -> bool:
        """Whether it may make and change repositories there; the token's role is not asked."""
        return namespace == self.name or self.orgs.get(namespace, "read") != "read"


class Hub:
    """``asked``: "METHOD path" of each request in order, faults included; ``faults``: see Fault."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.token = TOKEN
        self.closing = False
        self._lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """As it was in the beginning: no repository, one user, nothing asked, no fault."""
        self.tokens: dict[str, User] = {TOKEN: User("writer", {"org": "write"})}
        self.asked: list[str] = []
        self.faults: list[Fault] = []
        self._repositories: dict[tuple[str, str], Repository] = {}

    def repository(self, name: str, kind: str = "model") -> Repository:
        """Raises KeyError if there is none."""
        return self._repositories[kind, name]

    def names(self, kind: str = "model") -> list[str]:
        """All repositories of a kind."""
        return [name for of_kind, name in list(self._repositories) if of_kind == kind]

    def add(
        self, name: str, files: Path | str | Mapping[str, bytes], kind: str = "model",
        private: bool = False, gated: bool | str = False,
    ) -> Repository:  # fmt: skip
        """Put one there with one commit of a folder's files, or of contents by path."""
        if isinstance(files, Path | str):
            folder = Path(files)
            paths = sorted(path for path in folder.rglob("*") if path.is_file())
            files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        repository = self._new(name, kind, private, "manual" if gated is True else gated, None)
        repository.commit(files, "initial commit")
        return repository

    def create(self, name: str, kind: str, private: bool, sdk: str | None = None) -> Repository:
        """As its web page and ``create_repo`` do, with a first commit that the Hub makes itself."""
        first = {".gitattributes": ATTRIBUTES.encode()}
        if kind == "space":
            title = name.split("/")[1]
            first["README.md"] = f"---\ntitle: {title}\nsdk: {sdk}\n---\n".encode()
        repository = self._new(name, kind, private, False, sdk)
        repository.commit(first, "initial commit")
        return repository

    def delete(self, name: str, kind: str) -> None:
        with self._lock:
            del self._repositories[kind, name]

    def _new(
        self, name: str, kind: str, private: bool, gated: bool | str, sdk: str | None
    ) -> Repository:
        assert kind in KINDS and name.count("/") == 1
        with self._lock:
            if (kind, name) in self._repositories:
                raise RefusalError(409, f"You already created this {kind} repo: {name}")
            made = self._repositories[kind, name] = Repository(name, kind, private, gated, sdk)
            return made

    def user(self, authorization: str | None) -> User | None:
        """Who asks; None if no one says. Raises RefusalError: 401 for an unknown token."""
        if not authorization:
            return None
        found = self.tokens.get(authorization.removeprefix("Bearer ").strip())
        if found is None:
            raise RefusalError(401, "Invalid credentials in Authorization header")
        return found

    def readable(self, user: User | None, name: str, kind: str) -> Repository:
        """The repository as ``user`` may see it, or the refusal that the Hub gives."""
        repository = self._repositories.get((kind, name))
        hidden = repository is None or (
            repository.private and not (user and user.may_read(name.split("/")[0]))
        )
        if repository is None or hidden:
            raise repository_not_found(anonymous=user is None)
        return repository

    def downloadable(self, user: User | None, repository: Repository) -> None:
        """Raises RefusalError if the files of a gated repository are not for ``user``."""
        if not repository.gated:
            return
        if user is None:
            message = f"Access to model {repository.name} is restricted. Please log in."
            raise RefusalError(401, message, "GatedRepo")
        if not (user.may_read(repository.name.split("/")[0]) or repository.name in user.granted):
            message = f"Access to model {repository.name} is restricted; ask for it on its page."
            raise RefusalError(403, message, "GatedRepo")

    def writer(self, user: User | None, namespace: str) -> User:
        """``user``, if it may write there. Raises RefusalError."""
        if user is None:
            raise RefusalError(401, "Invalid username or password.")
        if user.role != "write":
            raise RefusalError(403, "Forbidden: you must use a write token")
        if not user.may_write(namespace):
            raise RefusalError(403, f"You don't have the rights to write under {namespace}")
        return user


def until(reached: Callable[[], object], seconds: float = 8.0) -> None:
    """Wait for it, so long at most."""
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
