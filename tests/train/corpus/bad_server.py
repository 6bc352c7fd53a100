"""A server on loopback that behaves as badly as it is told to, and remembers what it was asked.

``with BadServer() as server`` serves ``server.pages`` (path → ``Answer``), and under ``/w/api.php``
the categories and articles of ``server.wiki`` as a MediaWiki does. ``server.spoil(part, *faults)``
spoils the next requests whose path and query hold ``part``, one fault each, in order.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.train.corpus.bad_wiki import Wiki


@dataclass
class Answer:
    """What is sent. A body that is callable is made when it is asked for."""

    body: bytes | str = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    half: bool = False
    """Send half of the body under the Content-Length of the whole."""
    silence: float = 0.0
    """Seconds before anything is sent."""


def busy(status: int = 503, **headers: str) -> Answer:
    """A refusal; ``Retry_After="1"`` becomes the header."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("busy", status, "text/plain", given)


def redirect(target: str, status: int = 302) -> Answer:
    return Answer("", status, headers={"Location": target})


def lag(retry_after: str | None = "1") -> Answer:
    """MediaWiki's answer to maxlag; None: without the headers, as some proxies pass it on."""
    info = {"code": "maxlag", "info": "Waiting for a database server: 9 seconds lagged"}
    headers = {"Retry-After": retry_after, "X-Database-Lag": "9"} if retry_after else {}
    return Answer(json.dumps({"error": info}), kind="application/json", headers=headers)


#: The fault of an answer of which only half arrives: that of the page itself.
HALF = "half"


@dataclass
class Seen:
    """A request as it came in; ``at`` in seconds of ``time.monotonic``."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float


class BadServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.pages: dict[str, Answer] = {}
        self.wiki = Wiki()
        self.seen: list[Seen] = []
        self.closing = threading.Event()
        self._faults: list[tuple[str, list[Answer | str]]] = []
        self._lock = threading.Lock()

    def __enter__(self) -> BadServer:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients of these tests hang up, and are killed: nothing to be told."""

    def spoil(self, part: str, *faults: Answer | str) -> None:
        self._faults.append((part, list(faults)))

    def asked(self, part: str = "") -> list[Seen]:
        """The requests whose path and query hold ``part``."""
        return [seen for seen in self.seen if part in _whole(seen)]

    def choose(self, seen: Seen) -> Answer:
        with self._lock:
            self.seen.append(seen)
            fault = next((f.pop(0) for part, f in self._faults if f and part in _whole(seen)), None)
        if isinstance(fault, Answer):
            return fault
        if seen.path == "/w/api.php":
            body = json.dumps(self.wiki.answer(seen.query), ensure_ascii=False)
            page = Answer(body, kind="application/json; charset=utf-8")
        else:
            page = self.pages.get(seen.path, Answer("not here", 404))
        return Answer(**{**page.__dict__, "half": page.half or fault == HALF})


def _whole(seen: Seen) -> str:
    return f"{seen.path}?{'&'.join(f'{k}={v}' for k, v in seen.query.items())}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer takes 40 ms
    server: BadServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        seen = Seen(unquote(parts.path), query, dict(self.headers), time.monotonic())
        answer = self.server.choose(seen)
        self.server.closing.wait(answer.silence)
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.kind, **answer.headers}.items():
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if answer.half else body)
        if answer.half:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the requests are in ``server.seen``."""
