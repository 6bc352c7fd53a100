"""Folders to the Hub: private, in one commit, read back; tags; and only then public."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx2
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    constants,
    get_token,
)
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import validate_repo_id

from train.files import StageError, file_hash

Kind = Literal["model", "space"]
_HTTP = (HfHubHTTPError, httpx2.HTTPError)
#: The Hub's own, not ours.
_THEIRS = (".gitattributes",)


@dataclass(frozen=True)
class Place:
    """A repository on the Hub."""

    name: str
    kind: Kind = "model"

    def __str__(self) -> str:
        return f"the Space {self.name}" if self.kind == "space" else self.name


def connect(to_write: bool = True) -> HfApi:
    """The Hub, with the token of the usual places; ``StageError`` without one ``to_write`` with."""
    if constants.HF_HUB_OFFLINE:
        raise StageError("HF_HUB_OFFLINE is set: nothing can be published or downloaded")
    token = get_token()
    if not token and to_write:
        raise StageError("no token of the Hub: hf auth login, or set HF_TOKEN (role: write)")
    return HfApi(token=token)


def owned(api: HfApi, name: str) -> str:
    """``owner/name``, the owner being the token's user where none is given."""
    named(name)
    if "/" in name:
        return name
    with saying("the Hub"):
        return f"{api.whoami()['name']}/{name}"


def named(name: str) -> str:
    """``name``, if the Hub would take it; ``StageError`` otherwise."""
    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise StageError(f"{name}: no name of a repository: {_flat(str(error))}") from error
    return name


def push(api: HfApi, folder: Path, place: Place, message: str, log: Any = print) -> str:
    """Make a repository hold exactly what ``folder`` does; its commit.

    A new repository is private. One commit takes all; what is there already is not sent again.
    Raises ``StageError`` in one line, also for a public repository that holds something else.
    """
    with saying(str(place)):
        info = _there(api, place)
        local, remote = _hashes(folder), _remote(api, place, "main")
        stray = [path for path in remote if path not in local and path not in _THEIRS]
        changed = [path for path, of in local.items() if remote.get(path) not in of]
        if not changed and not stray:
            log(f"{place}: holds this already, commit {info.sha[:12]}")
            return str(info.sha)
        # A Space has no tags that others rely on: its page is simply the newest.
        if not info.private and place.kind == "model":
            raise StageError(
                f"{place} is public and holds something else: what is pushed would be public "
                "before it is checked; choose another name, or make it private first"
            )
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            CommitOperationAdd(path, str(folder / path)) for path in changed
        ]
        operations += [CommitOperationDelete(path) for path in stray]
        log(f"{place}: {len(changed)} files to push, {len(stray)} to remove")
        done = api.create_commit(
            place.name, operations, commit_message=message, repo_type=place.kind,
            parent_commit=info.sha,
        )  # fmt: skip
        return str(done.oid)


def read_back(api: HfApi, folder: Path, place: Place, commit: str, into: Path) -> Path:
    """Download a commit into an empty folder and compare each file with ``folder``'s, byte by
    byte in effect; where it lies."""
    with saying(str(place)):
        found = Path(
            api.snapshot_download(place.name, repo_type=place.kind, revision=commit, cache_dir=into)
        )
    for path in sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file()):
        if not (found / path).is_file() or file_hash(found / path) != file_hash(folder / path):
            raise StageError(
                f"{place}: {path} came back other than it was sent; run the same command again"
            )
    return found


def tagged(api: HfApi, place: Place, tag: str) -> str | None:
    """The commit that a tag marks; None if the repository or the tag is not there."""
    with saying(str(place)):
        try:
            refs = api.list_repo_refs(place.name, repo_type=place.kind)
        except RepositoryNotFoundError:
            return None
        return next((str(r.target_commit) for r in refs.tags if r.name == tag), None)


def holds(api: HfApi, place: Place, revision: str, folder: Path) -> bool:
    """Whether a revision holds exactly what ``folder`` does."""
    with saying(str(place)):
        remote, local = _remote(api, place, revision), _hashes(folder)
    same = all(remote.get(path) in of for path, of in local.items())
    return same and set(remote) - set(local) <= set(_THEIRS)


def tag_commit(api: HfApi, place: Place, tag: str, commit: str) -> None:
    """Mark a commit."""
    with saying(str(place)):
        api.create_tag(place.name, repo_type=place.kind, tag=tag, revision=commit)


def is_private(api: HfApi, place: Place) -> bool:
    """Whether only its owners see a repository."""
    with saying(str(place)):
        return bool(api.repo_info(place.name, repo_type=place.kind).private)


def never_meant(api: HfApi, place: Place, tag: str) -> str:
    """What would be seen besides the release if a repository became public; empty if nothing: a
    head that is not the tag's, and commits that no tag marks (but the Hub's own first)."""
    with saying(str(place)):
        refs = api.list_repo_refs(place.name, repo_type=place.kind)
        commits = [c.commit_id for c in api.list_repo_commits(place.name, repo_type=place.kind)]
    tags = {str(ref.target_commit) for ref in refs.tags}
    if commits[0] not in {ref.target_commit for ref in refs.tags if ref.name == tag}:
        return f"main is not {tag}"
    if len(refs.branches) > 1:
        return f"branch {next(b.name for b in refs.branches if b.name != 'main')}"
    loose = [commit for commit in commits[:-1] if commit not in tags]
    return f"commit {loose[0][:12]}, which no tag marks" if loose else ""


def make_public(api: HfApi, place: Place) -> None:
    """Let everybody see a repository."""
    with saying(str(place)):
        api.update_repo_settings(place.name, repo_type=place.kind, private=False)


def declared(api: HfApi, place: Place, revision: str) -> dict[str, str]:
    """Each file's hash as the Hub states it: SHA-256 of large ones, git's of the others."""
    with saying(str(place)):
        return _remote(api, place, revision)


def hashes(path: Path) -> tuple[str, str]:
    """A file's hashes in both ways that the Hub may state them."""
    return file_hash(path), _blob(path)


@contextmanager
def saying(place: str) -> Iterator[None]:
    """Errors of the Hub and the network become one line that says what to do."""
    try:
        yield
    except StageError:
        raise
    except (httpx2.HTTPError, OSError, RuntimeError) as error:
        # Of an upload, and of a listing, what happened is the cause.
        http = next((e for e in (error, error.__cause__) if isinstance(e, _HTTP)), error)
        raise StageError(f"{place}: {_said(http)}") from error


def _said(error: BaseException) -> str:
    response = getattr(error, "response", None)
    status = response.status_code if response is not None else 0
    told = _flat(getattr(error, "server_message", "") or "")
    if status == 401:
        return "the Hub does not accept the token, or wants one: hf auth login, or HF_TOKEN"
    if status == 403:
        return f"the token may not do this ({told or 'forbidden'}); it needs the role write there"
    if status == 404:
        return "not there, or the token may not see it"
    again = "the same command goes on from here"
    if status in (409, 412):
        return f"somebody changed it meanwhile; {again}"
    if status == 429:
        wait = response.headers.get("Retry-After") if response is not None else None
        return f"the Hub asks to wait{f' {wait} s' if wait else ''}; {again}"
    if 400 <= status < 500:
        return f"the Hub refuses it ({status}): {told or 'no reason given'}"
    if status:
        return f"the Hub failed ({status}); {again}"
    if isinstance(error, (httpx2.HTTPError, ConnectionError, TimeoutError)):
        return f"the connection broke ({type(error).__name__}); {again}"
    return f"{_flat(str(error)) or type(error).__name__}; {again}"


def _flat(text: str) -> str:
    """On one line, and not too long."""
    return " ".join(text.split())[:300]


def _there(api: HfApi, place: Place) -> Any:
    """What the Hub says of a repository, which is made, private, if it is not there."""
    try:
        return api.repo_info(place.name, repo_type=place.kind)
    except RepositoryNotFoundError:
        sdk = "gradio" if place.kind == "space" else None
        api.create_repo(
            place.name, repo_type=place.kind, private=True, exist_ok=True, space_sdk=sdk
        )
        return api.repo_info(place.name, repo_type=place.kind)


def _remote(api: HfApi, place: Place, revision: str) -> dict[str, str]:
    tree = api.list_repo_tree(place.name, recursive=True, revision=revision, repo_type=place.kind)
    return {f.path: f.lfs.sha256 if f.lfs else f.blob_id for f in tree if isinstance(f, RepoFile)}


def _hashes(folder: Path) -> dict[str, tuple[str, str]]:
    """Of each file both hashes that the Hub may know it by."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {path.relative_to(folder).as_posix(): hashes(path) for path in files}


def _blob(path: Path) -> str:
    """As git names contents."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as data:
        while block := data.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def empty_cache() -> Iterator[Path]:
    """A folder to download into that holds nothing yet, and is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="viobert-release-") as folder:
        yield Path(folder)
