"""Failures on purpose, and the record of what was asked; before any route sees a request."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from tests.hub.state import Hub


@dataclass
class Fault:
    """What the next ``times`` requests of that method ("*": any) and path get; then it is gone.

    ``path``: a regular expression searched for in the path. ``seconds``: wait so long first.
    ``status``: answer with it, and with ``code`` as X-Error-Code; 429 and 503 say Retry-After.
    ``cut``: close the connection after so many bytes, of the request's body if it has one, else of
    the answer's. With neither the answer is the usual one.
    """

    method: str
    path: str
    status: int | None = None
    times: float = 1
    cut: int | None = None
    seconds: float = 0.0
    code: str = ""
    retry_after: int = 1

    def matches(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and re.search(self.path, path) is not None


class Faults:
    """Middleware that records each request and lets it fail if a Fault says so."""

    def __init__(self, app: ASGIApp, hub: Hub) -> None:
        self.app, self.hub = app, hub
        self.count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        # Routes split the path as it was sent: a branch "a/b" comes as "a%2Fb".
        scope["path"] = scope["raw_path"].decode()
        method, path = scope["method"], unquote(scope["path"])
        self.hub.asked.append(f"{method} {path}")
        self.count += 1
        numbered = _with_headers(send, {"X-Request-Id": f"Root=1-{self.count:08d}"})
        fault = self._next(method, path)
        if fault is None:
            await self.app(scope, receive, numbered)
            return
        if not await self._wait(fault.seconds):
            scope["state"]["transport"].abort()
        elif fault.cut is not None:
            await self._cut(fault.cut, scope, receive, numbered)
        elif fault.status is not None:
            await _read(receive, None)
            await _fail(fault, numbered)
        else:
            await self.app(scope, receive, numbered)

    def _next(self, method: str, path: str) -> Fault | None:
        for fault in list(self.hub.faults):
            if fault.matches(method, path):
                fault.times -= 1
                if fault.times <= 0:
                    self.hub.faults.remove(fault)
                return fault
        return None

    async def _wait(self, seconds: float) -> bool:
        """False if the Hub goes meanwhile, which then need not wait too."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.hub.closing:
            await asyncio.sleep(min(0.05, seconds))
        return not self.hub.closing

    async def _cut(self, cut: int, scope: Scope, receive: Receive, send: Send) -> None:
        transport = scope["state"]["transport"]
        headers = dict(scope["headers"])
        if headers.get(b"transfer-encoding") or int(headers.get(b"content-length", 0)):
            await _read(receive, cut)
            transport.abort()
            return
        left = cut

        async def some(message: Message) -> None:
            nonlocal left
            if message["type"] == "http.response.body":
                message = {**message, "body": message["body"][:left], "more_body": True}
                left -= len(message["body"])
            await send(message)

        await self.app(scope, receive, some)
        transport.close()  # what was written still goes out


async def _read(receive: Receive, most: int | None) -> None:
    """The request's body, or its first bytes."""
    size, more = 0, True
    while more and (most is None or size < most):
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)


async def _fail(fault: Fault, send: Send) -> None:
    message = f"a fault on purpose ({fault.status})"
    headers = {"Content-Type": "application/json", "X-Error-Message": message}
    if fault.code:
        headers["X-Error-Code"] = fault.code
    if fault.status in (429, 503):
        headers["Retry-After"] = str(fault.retry_after)
    body = json.dumps({"error": message}).encode()
    headers["Content-Length"] = str(len(body))
    start: dict[str, Any] = {"type": "http.response.start", "status": fault.status, "headers": []}
    await _with_headers(send, headers)(start)
    await send({"type": "http.response.body", "body": body})


def _with_headers(send: Send, more: dict[str, str]) -> Send:
    pairs = [(name.lower().encode(), value.encode()) for name, value in more.items()]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *pairs]}
        await send(message)

    return sending
