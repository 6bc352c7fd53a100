"""Routes that tell what a repository holds, and give its files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tests.hub import cards
from tests.hub.accounts import seen
from tests.hub.refusals import RefusalError, entry_not_found
from tests.hub.repository import Commit, Repository, blob_sha, pointer
from tests.hub.state import Hub


def _lfs(content: bytes) -> dict[str, Any]:
    return {
        "oid": hashlib.sha256(content).hexdigest(), "size": len(content),
        "pointerSize": len(pointer(content)),
    }  # fmt: skip


def _entry(commit: Commit, path: str) -> dict[str, Any]:
    content = commit.files[path]
    kept = pointer(content) if path in commit.large else content
    entry = {"type": "file", "path": path, "size": len(content), "oid": blob_sha(kept)}
    return {**entry, "lfs": _lfs(content)} if path in commit.large else entry


def _sibling(commit: Commit, path: str, blobs: bool) -> dict[str, Any]:
    if not blobs:
        return {"rfilename": path}
    entry = _entry(commit, path)
    told = {"rfilename": path, "size": entry["size"], "blobId": entry["oid"]}
    if "lfs" in entry:
        told["lfs"] = {**entry["lfs"], "sha256": entry["lfs"]["oid"]}
    return told


def _folders(paths: Iterable[str]) -> set[str]:
    parts = [path.split("/")[:-1] for path in paths]
    return {"/".join(folder[: n + 1]) for folder in parts for n in range(len(folder))}


def _folder(path: str) -> dict[str, Any]:
    return {"type": "directory", "path": path, "size": 0, "oid": blob_sha(path.encode())}


def _info(found: Repository, commit: Commit, blobs: bool) -> dict[str, Any]:
    date = commit.date.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    created = found.commits[0].date.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    told: dict[str, Any] = {
        "id": found.name, "author": found.name.split("/")[0], "sha": commit.sha,
        "private": found.private, "gated": found.gated, "disabled": False, "tags": [],
        "lastModified": date, "createdAt": created, "downloads": 0, "likes": 0,
        "siblings": [_sibling(commit, path, blobs) for path in sorted(commit.files)],
    }  # fmt: skip
    card = cards.metadata(commit.files.get("README.md", b"").decode())
    if isinstance(card, dict):
        told["cardData"] = card
    if found.sdk:
        told["sdk"] = found.sdk
    return told


def _part(content: bytes, asked: str | None, headers: dict[str, str]) -> Response:
    """All of it, or the bytes that a Range header asks for."""
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", asked or "")
    if wanted is None or wanted[0] == "bytes=-":
        return Response(content, 200, headers, "application/octet-stream")
    size = len(content)
    first = int(wanted[1]) if wanted[1] else max(0, size - int(wanted[2]))
    last = min(int(wanted[2]), size - 1) if wanted[1] and wanted[2] else size - 1
    if first >= size or last < first:
        return Response(b"", 416, {**headers, "Content-Range": f"bytes */{size}"})
    headers = {**headers, "Content-Range": f"bytes {first}-{last}/{size}"}
    return Response(content[first : last + 1], 206, headers, "application/octet-stream")


def routes(hub: Hub) -> APIRouter:
    router = APIRouter()
    repository = "/api/{kinds}/{namespace}/{name}"

    @router.get(repository)
    @router.get(repository + "/revision/{revision}")
    async def info(request: Request, revision: str = "main") -> dict[str, Any]:
        found = seen(hub, request)
        return _info(found, found.at(unquote(revision)), "blobs" in request.query_params)

    @router.get(repository + "/tree/{revision}")
    @router.get(repository + "/tree/{revision}/{folder:path}")
    async def tree(request: Request, revision: str, folder: str = "") -> list[dict[str, Any]]:
        commit = seen(hub, request).at(unquote(revision))
        under = f"{unquote(folder)}/" if folder else ""
        paths = [path for path in sorted(commit.files) if path.startswith(under)]
        if under and not paths:
            raise entry_not_found(f"{folder} does not exist on {revision}")
        folders = sorted(path for path in _folders(paths) if path.startswith(under))
        if request.query_params.get("recursive", "").lower() not in ("true", "1"):
            paths = [path for path in paths if "/" not in path[len(under) :]]
            folders = [path for path in folders if "/" not in path[len(under) :]]
        return [*map(_folder, folders), *(_entry(commit, path) for path in paths)]

    @router.get(repository + "/commits/{revision}")
    async def commits(request: Request, revision: str) -> list[dict[str, Any]]:
        found = seen(hub, request)
        told, sha = [], found.at(unquote(revision)).sha
        while sha:
            commit = found.at(sha)
            date = commit.date.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            told.append({
                "id": commit.sha, "title": commit.message, "message": "", "date": date,
                "authors": [{"user": "writer"}],
            })  # fmt: skip
            sha = commit.parent or ""
        return told

    @router.post(repository + "/paths-info/{revision}")
    async def paths_info(request: Request, revision: str) -> list[dict[str, Any]]:
        commit = seen(hub, request).at(unquote(revision))
        asked = [str(path) for path in (await request.form()).getlist("paths")]
        folders = _folders(commit.files)
        told = [_folder(path) for path in asked if path in folders]
        return told + [_entry(commit, path) for path in asked if path in commit.files]

    @router.api_route("/{namespace}/{name}/resolve/{revision}/{path:path}", methods=["GET", "HEAD"])
    @router.api_route(
        "/{kinds}/{namespace}/{name}/resolve/{revision}/{path:path}", methods=["GET", "HEAD"]
    )
    async def resolve(request: Request, revision: str, path: str) -> Response:
        request.path_params.setdefault("kinds", "models")
        user = hub.user(request.headers.get("authorization"))
        found, path = seen(hub, request), unquote(path)
        hub.downloadable(user, found)
        commit = found.at(unquote(revision))
        headers = {"X-Repo-Commit": commit.sha, "Accept-Ranges": "bytes"}
        if path not in commit.files:
            raise RefusalError(404, "Entry not found", "EntryNotFound")
        content = commit.files[path]
        if path in commit.large:
            oid = hashlib.sha256(content).hexdigest()
            headers["ETag"] = headers["X-Linked-ETag"] = f'"{oid}"'
            headers["X-Linked-Size"] = str(len(content))
        else:
            headers["ETag"] = f'"{blob_sha(content)}"'
        return _part(content, request.headers.get("range"), headers)

    return router
