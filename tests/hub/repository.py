"""A repository in memory: commits, branches, tags, large objects and what happened to it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from fnmatch import fnmatch

from tests.hub.refusals import RefusalError, revision_not_found

#: A file of this many bytes is a large one whatever its name.
LARGE = 10 * 1024 * 1024
#: What a new repository's .gitattributes declares large, as on the Hub.
_LARGE = (
    "7z arrow avro bin bz2 ckpt ftz gz h5 joblib lfs.* mlmodel model msgpack npy npz onnx ot"
    " parquet pb pickle pkl pt pth rar safetensors tar tflite tgz wasm xz zip zst"
)
ATTRIBUTES = "".join(f"*.{name} filter=lfs diff=lfs merge=lfs -text\n" for name in _LARGE.split())


def blob_sha(content: bytes) -> str:
    """Git's name of a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def pointer(content: bytes) -> bytes:
    """What git keeps in a large file's place."""
    oid = hashlib.sha256(content).hexdigest()
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"
    ).encode()


@dataclass(frozen=True)
class Commit:
    """All files at a commit; ``large``: the paths that LFS holds."""

    sha: str
    message: str
    parent: str | None
    files: dict[str, bytes]
    large: frozenset[str]
    date: datetime


@dataclass
class Repository:
    """``events`` tells in order: created private, commit <sha>, tag <name>, made public, …

    ``kind``: model, dataset or space. Setting ``private`` is what its owner may do at any time.
    """

    name: str
    kind: str
    private: bool
    gated: str | bool = False
    sdk: str | None = None
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    commits: list[Commit] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.events.append("created private" if self.private else "created public")

    def __setattr__(self, name: str, value: object) -> None:
        # So that no way to make it public goes unnoticed.
        if name == "private" and "lock" in self.__dict__ and value != self.private:
            self.events.append("made private" if value else "made public")
        super().__setattr__(name, value)

    @property
    def head(self) -> str | None:
        """Commit of the branch main."""
        return self.branches.get("main")

    def at(self, revision: str) -> Commit:
        """The commit of a branch, a tag, or of that hash (7 digits at least)."""
        with self.lock:
            sha = self.branches.get(revision) or self.tags.get(revision) or revision
            for commit in self.commits:
                if commit.sha == sha or (len(sha) >= 7 and commit.sha.startswith(sha)):
                    return commit
        raise revision_not_found(revision)

    def files(self, revision: str = "main") -> dict[str, bytes]:
        """Contents by path; empty before the first commit."""
        if revision == "main" and self.head is None:
            return {}
        return dict(self.at(revision).files)

    def is_large(self, path: str, size: int, sample: bytes = b"") -> bool:
        """Whether a file of that name and size is one for LFS."""
        attributes = self.files().get(".gitattributes", ATTRIBUTES.encode()).decode()
        patterns = [line.split()[0] for line in attributes.splitlines() if "filter=lfs" in line]
        named = any(fnmatch(path.rsplit("/", 1)[-1], p) or fnmatch(path, p) for p in patterns)
        return size > 0 and (named or size >= LARGE or b"\0" in sample)

    def commit(
        self, changes: Mapping[str, bytes | None], message: str = "a commit", branch: str = "main",
        large: Collection[str] | None = None,
    ) -> Commit:  # fmt: skip
        """Add files, replace them, or remove them (None). ``large``: as the Hub does if None."""
        with self.lock:
            before = self.at(self.branches[branch]) if branch in self.branches else None
            if large is None:
                large = {p for p, c in changes.items() if c and self.is_large(p, len(c), c[:512])}
            files = dict(before.files) if before else {}
            lfs = (set(before.large) if before else set()) - set(changes) | set(large)
            for path, content in changes.items():
                if content is None:
                    files.pop(path, None)
                else:
                    files[path] = content
                    if path in lfs:
                        self.objects[hashlib.sha256(content).hexdigest()] = content
            parent = before.sha if before else None
            listed = "".join(f"{p} {blob_sha(files[p])}\n" for p in sorted(files))
            sha = hashlib.sha1(f"{parent}\n{message}\n{listed}".encode()).hexdigest()
            now = datetime.now(timezone.utc)
            commit = Commit(sha, message, parent, files, frozenset(lfs & set(files)), now)
            self.commits.append(commit)
            self.branches[branch] = sha
            self.events.append(f"commit {sha}")
            return commit

    def tag(self, name: str, revision: str = "main") -> None:
        """Raises RefusalError: 409 if there is one."""
        with self.lock:
            if name in self.tags:
                raise RefusalError(409, f"Tag reference exists already: {name}")
            self.tags[name] = self.at(revision).sha
            self.events.append(f"tag {name}")

    def branch(self, name: str, revision: str = "main") -> None:
        """Raises RefusalError: 409 if there is one."""
        with self.lock:
            if name in self.branches:
                raise RefusalError(409, f"Reference already exists: {name}")
            self.branches[name] = self.at(revision).sha
            self.events.append(f"branch {name}")

    def drop(self, kind: str, name: str) -> None:
        """Remove a tag or a branch. Raises RefusalError: 404 if there is none."""
        with self.lock:
            names = self.tags if kind == "tag" else self.branches
            if name not in names:
                raise revision_not_found(name)
            del names[name]
            self.events.append(f"deleted {kind} {name}")
