"""A small Hub on the loopback: real HTTP, the few routes a download needs."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REFUSALS = {
    "/api/models/org/gated": (403, "GatedRepo"),
    "/api/models/org/absent": (404, "RepoNotFound"),
    "/api/models/org/there/revision/nope": (404, "RevisionNotFound"),
}


@dataclass
class SmallHub:
    """Serves folders as repositories at one commit, and remembers what was asked."""

    folders: dict[str, Path] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def json(self, path: str) -> Any:
        """What the API says about ``path``, or None."""
        for repository, folder in self.folders.items():
            files = sorted(file.name for file in folder.iterdir())
            if path.startswith(f"/api/models/{repository}/tree/"):
                return [
                    {"type": "file", "path": name, "oid": "0" * 40,
                     "size": (folder / name).stat().st_size}
                    for name in files
                ]  # fmt: skip
            if path.startswith(f"/api/models/{repository}"):
                siblings = [{"rfilename": name} for name in files]
                return {"id": repository, "sha": COMMIT, "siblings": siblings}
        return None

    def file(self, path: str) -> bytes | None:
        """The contents at a ``resolve`` address, or None."""
        for repository, folder in self.folders.items():
            prefix = f"/{repository}/resolve/{COMMIT}/"
            if path.startswith(prefix):
                return (folder / path.removeprefix(prefix)).read_bytes()
        return None


def _handler(hub: SmallHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            hub.asked.append(path)
            if path.startswith("/api/models/org/slow"):
                time.sleep(8)
            status, code = REFUSALS.get(path, (200, ""))
            answer = None if code else hub.json(path)
            body = hub.file(path) if answer is None else json.dumps(answer).encode()
            if body is None:
                status, code = (status, code) if code else (404, "EntryNotFound")
                body = b"{}"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "application/json")
            self.send_header("ETag", f'"{hashlib.sha1(body).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            if code:
                self.send_header("X-Error-Code", code)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler


@contextmanager
def small_hub() -> Iterator[SmallHub]:
    """A running Hub that serves what is put into ``folders``."""
    small = SmallHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(small))
    small.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield small
    server.shutdown()
