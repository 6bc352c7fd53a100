"""Routes that bring files: preupload, LFS, commit."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tests.hub import cards
from tests.hub.accounts import kind_of, owned
from tests.hub.refusals import RefusalError, entry_not_found, revision_not_found
from tests.hub.repository import Repository, blob_sha
from tests.hub.state import Hub


def _changes(repository: Repository, branch: str, lines: list[Any]) -> dict[str, bytes | None]:
    """What the lines after the header do, by path; None for what goes. Raises RefusalError."""
    changes: dict[str, bytes | None] = {}
    there = repository.files(branch)
    for line in lines:
        key, value = line["key"], line["value"]
        path = value["path"]
        if key == "file":
            changes[path] = base64.b64decode(value["content"])
        elif key == "lfsFile":
            if value["oid"] not in repository.objects:
                raise RefusalError(
                    400, f"LFS pointer pointed to a file that does not exist: {path}"
                )
            changes[path] = repository.objects[value["oid"]]
        elif key in ("deletedFile", "deletedFolder"):
            folder = path.rstrip("/") + "/"
            gone = [
                p for p in there if (p == path if key == "deletedFile" else p.startswith(folder))
            ]
            if not gone:
                raise entry_not_found(f"A file with this name doesn't exist: {path}")
            changes.update(dict.fromkeys(gone))
        else:
            raise RefusalError(400, f"Unknown operation: {key}")
    return changes


def routes(hub: Hub) -> APIRouter:
    router = APIRouter()
    repository = "/api/{kinds}/{namespace}/{name}"

    @router.post(repository + "/preupload/{revision}")
    async def preupload(request: Request, revision: str) -> dict[str, Any]:
        found = owned(hub, request)
        commit = found.at(unquote(revision))

        def told(file: dict[str, Any]) -> dict[str, Any]:
            path, sample = file["path"], base64.b64decode(file["sample"])
            large = found.is_large(path, file["size"], sample)
            oid = None
            if path in commit.files:
                content = commit.files[path]
                # As the client names what it has: by LFS's name if it would go there.
                oid = hashlib.sha256(content).hexdigest() if large else blob_sha(content)
            mode = "lfs" if large else "regular"
            return {"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid}

        return {"files": [told(file) for file in (await request.json())["files"]]}

    @router.post("/{namespace}/{name}.git/info/lfs/objects/batch")
    @router.post("/{kinds}/{namespace}/{name}.git/info/lfs/objects/batch")
    async def batch(request: Request) -> dict[str, Any]:
        request.path_params.setdefault("kinds", "models")
        found, asked = owned(hub, request), await request.json()
        if asked["operation"] != "upload" or "basic" not in asked["transfers"]:
            raise RefusalError(422, "only uploads, and by the basic transfer")
        told = []
        for one in asked["objects"]:
            entry = {"oid": one["oid"], "size": one["size"]}
            if one["oid"] not in found.objects:
                address = f"{hub.url}/lfs/{found.kind}s/{found.name}/{one['oid']}"
                entry["actions"] = {
                    "upload": {"href": address}, "verify": {"href": f"{address}/verify"},
                }  # fmt: skip
            told.append(entry)
        return {"transfer": "basic", "objects": told}

    # No token is asked for here: on the Hub this is another host's address, with a signature.
    @router.put("/lfs/{kinds}/{namespace}/{name}/{oid}")
    async def put(request: Request, kinds: str, namespace: str, name: str, oid: str) -> Response:
        content = await request.body()
        if hashlib.sha256(content).hexdigest() != oid:
            raise RefusalError(400, "the content is not what its name says")
        hub.repository(f"{namespace}/{name}", kind_of(kinds)).objects[oid] = content
        return Response()

    @router.post("/lfs/{kinds}/{namespace}/{name}/{oid}/verify")
    async def verify(request: Request, oid: str) -> dict[str, bool]:
        found, asked = owned(hub, request), await request.json()
        if len(found.objects.get(oid, b"")) != asked["size"]:
            raise RefusalError(404, "the object has not arrived")
        return {"ok": True}

    @router.post(repository + "/commit/{revision}")
    async def commit(request: Request, revision: str) -> dict[str, Any]:
        found, branch = owned(hub, request), unquote(revision)
        if request.query_params.get("create_pr"):
            raise RefusalError(501, "this Hub has no pull requests")
        if branch not in found.branches:
            raise revision_not_found(branch)
        header, *lines = map(json.loads, (await request.body()).splitlines())
        wanted = header["value"].get("parentCommit")
        if wanted is not None and wanted != found.branches[branch]:
            message = "A commit has happened since. Please refresh and try again."
            raise RefusalError(412, message)
        changes = _changes(found, branch, lines)
        readme = changes.get("README.md")
        if readme is not None:
            errors, _ = cards.judged(readme.decode(), found.kind)
            if errors:
                raise RefusalError(400, f"Invalid metadata in README.md: {errors[0]}")
        large = {line["value"]["path"] for line in lines if line["key"] == "lfsFile"}
        made = found.commit(changes, header["value"]["summary"], branch, large)
        prefix = "" if found.kind == "model" else f"{found.kind}s/"
        address = f"{hub.url}/{prefix}{found.name}/commit/{made.sha}"
        return {"success": True, "commitOid": made.sha, "commitUrl": address, "hookOutput": ""}

    return router
