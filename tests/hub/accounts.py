"""Routes about users, and about repositories as a whole."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from tests.hub import cards
from tests.hub.refusals import RefusalError, repository_not_found
from tests.hub.repository import Repository
from tests.hub.state import KINDS, Hub


def kind_of(kinds: str) -> str:
    """models → model. Raises RefusalError."""
    if kinds.removesuffix("s") not in KINDS:
        raise RefusalError(404, "Sorry, we can't find the page you are looking for.")
    return kinds.removesuffix("s")


def seen(hub: Hub, request: Request) -> Repository:
    """The repository of the path, as who asks may see it."""
    at = request.path_params
    user = hub.user(request.headers.get("authorization"))
    return hub.readable(user, f"{at['namespace']}/{at['name']}", kind_of(at["kinds"]))


def owned(hub: Hub, request: Request) -> Repository:
    """The repository of the path, if who asks may change it."""
    user = hub.user(request.headers.get("authorization"))
    if user is None:
        raise repository_not_found(anonymous=True)
    repository = seen(hub, request)
    hub.writer(user, request.path_params["namespace"])
    return repository


def _visibility(asked: dict[str, Any]) -> bool | None:
    """Whether it is to be private; None if it is not told."""
    if "visibility" in asked:
        return asked["visibility"] != "public"
    return asked.get("private")


def routes(hub: Hub) -> APIRouter:
    router = APIRouter()
    repository = "/api/{kinds}/{namespace}/{name}"

    @router.get("/api/whoami-v2")
    async def whoami(request: Request) -> dict[str, Any]:
        user = hub.user(request.headers.get("authorization"))
        if user is None:
            raise RefusalError(401, "Invalid username or password.")
        orgs = [
            {"type": "org", "id": name, "name": name, "fullname": name, "roleInOrg": role}
            for name, role in user.orgs.items()
        ]
        token = {"displayName": "of the test", "role": user.role}
        return {
            "type": "user", "id": user.name, "name": user.name, "fullname": user.name,
            "orgs": orgs, "auth": {"type": "access_token", "accessToken": token},
        }  # fmt: skip

    @router.post("/api/repos/create")
    async def create(request: Request) -> JSONResponse:
        user = hub.user(request.headers.get("authorization"))
        asked = await request.json()
        namespace = asked.get("organization") or (user.name if user else "")
        hub.writer(user, namespace)
        kind, name = asked.get("type") or "model", f"{namespace}/{asked['name']}"
        prefix = "" if kind == "model" else f"{kind}s/"
        told = {"url": f"{hub.url}/{prefix}{name}", "name": name}
        try:
            hub.create(name, kind, bool(_visibility(asked)), asked.get("sdk"))
        except RefusalError as there:
            # The client reads the address from the refusal too.
            headers = {"X-Error-Message": there.message}
            return JSONResponse({**told, "error": there.message}, there.status, headers)
        return JSONResponse(told)

    @router.delete("/api/repos/delete")
    async def delete(request: Request) -> Response:
        user = hub.user(request.headers.get("authorization"))
        asked = await request.json()
        namespace = asked.get("organization") or (user.name if user else "")
        kind, name = asked.get("type") or "model", f"{namespace}/{asked['name']}"
        hub.readable(user, name, kind)
        hub.writer(user, namespace)
        hub.delete(name, kind)
        return Response()

    @router.put(repository + "/settings")
    async def settings(request: Request) -> dict[str, Any]:
        found, asked = owned(hub, request), await request.json()
        private = _visibility(asked)
        if private is not None:
            found.private = private
        if "gated" in asked:
            found.gated = asked["gated"]
        return {"private": found.private, "gated": found.gated}

    @router.get(repository + "/refs")
    async def refs(request: Request) -> dict[str, Any]:
        found = seen(hub, request)

        def listed(names: dict[str, str], of: str) -> list[dict[str, str]]:
            return [
                {"name": name, "ref": f"refs/{of}/{name}", "targetCommit": sha}
                for name, sha in names.items()
            ]

        branches, tags = listed(found.branches, "heads"), listed(found.tags, "tags")
        return {"branches": branches, "tags": tags, "converts": [], "pullRequests": []}

    @router.post(repository + "/tag/{revision}")
    async def tag(request: Request, revision: str) -> Response:
        owned(hub, request).tag((await request.json())["tag"], unquote(revision))
        return Response()

    @router.post(repository + "/branch/{branch}")
    async def branch(request: Request, branch: str) -> Response:
        start = (await request.json()).get("startingPoint", "main")
        owned(hub, request).branch(unquote(branch), start)
        return Response()

    @router.delete(repository + "/{ref}/{which}")
    async def drop(request: Request, ref: str, which: str) -> Response:
        if ref not in ("tag", "branch") or (ref, which) == ("branch", "main"):
            raise RefusalError(403, "This reference cannot be deleted")
        owned(hub, request).drop(ref, unquote(which))
        return Response()

    @router.post("/api/validate-yaml")
    async def validate(request: Request) -> Response:
        asked = await request.json()
        errors, warned = cards.judged(asked["content"], asked.get("repoType") or "model")
        status = 400 if errors else 200
        if request.headers.get("accept") == "text/plain":
            lines = [f"- Error: {line}" for line in errors] + [f"- Warning: {w}" for w in warned]
            return PlainTextResponse("\n".join(lines), status)
        told = {"errors": errors, "warnings": warned}
        return JSONResponse({k: [{"message": m} for m in v] for k, v in told.items()}, status)

    return router
