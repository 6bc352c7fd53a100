"""A small Hub on the loopback that datasets are written to: real HTTP, kept in memory."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN, NAME = "hf_of-the-test", "org/votes"
_OID = "0123456789abcdef0123456789abcdef01234567"
Answer = tuple[int, str, bytes]


@dataclass
class Dataset:
    """A repository's files by path, and how often it was committed to."""

    private: bool
    files: dict[str, bytes] = field(default_factory=dict)
    commits: int = 0


@dataclass
class WrittenHub:
    """``fails``: statuses that the next requests get; ``hangs``: seconds before each answer."""

    datasets: dict[str, Dataset] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fails: list[int] = field(default_factory=list)
    hangs: float = 0.0
    url: str = ""

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        match = re.fullmatch(r"(?:/api)?/datasets/([^/]+/[^/]+)(?:/(.*))?", path)
        dataset = self.datasets.get(match[1]) if match else None
        if match is None or dataset is None:
            return 404, "RepoNotFound", b"{}"
        action, _, rest = (match[2] or "").partition("/")
        if action == "preupload":
            return _said({"files": [_mode(dataset, f["path"]) for f in json.loads(body)["files"]]})
        if action == "commit":
            return self._commit(match[1], dataset, body)
        if action == "tree":
            return _said([_entry(name, content) for name, content in dataset.files.items()])
        if action == "resolve":
            content = dataset.files.get(rest.partition("/")[2])
            return (404, "EntryNotFound", b"") if content is None else (200, "", content)
        return _said({"id": match[1], "private": dataset.private, "sha": _OID, "siblings": []})

    def _create(self, asked: dict[str, Any]) -> Answer:
        name = f"{asked['organization']}/{asked['name']}"
        status = 409 if name in self.datasets else 200
        private = asked.get("visibility") == "private" or asked.get("private") is True
        self.datasets.setdefault(name, Dataset(private))
        return status, "", json.dumps({"url": f"{self.url}/datasets/{name}"}).encode()

    def _commit(self, name: str, dataset: Dataset, body: bytes) -> Answer:
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                dataset.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
        dataset.commits += 1
        url = f"https://huggingface.co/datasets/{name}/commit/{_OID}"
        return _said({"commitUrl": url, "commitOid": _OID})


def _said(value: Any) -> Answer:
    return 200, "", json.dumps(value).encode()


def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _mode(dataset: Dataset, path: str) -> dict[str, Any]:
    oid = _blob(dataset.files[path]) if path in dataset.files else None
    return {"path": path, "uploadMode": "regular", "shouldIgnore": False, "oid": oid}


def _entry(path: str, content: bytes) -> dict[str, Any]:
    return {"type": "file", "path": path, "size": len(content), "oid": _blob(content)}


def _handler(hub: WrittenHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            hub.asked.append(f"{self.command} {path}")
            time.sleep(hub.hangs)
            if hub.fails:
                status, code, said = hub.fails.pop(0), "", b"{}"
            elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
                status, code, said = 401, "", b'{"error": "Invalid credentials"}'
            else:
                status, code, said = hub.answer(self.command, path, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.send_header("Content-Type", "application/json")
            self.send_header("ETag", f'"{_blob(said)}"')
            self.send_header("X-Repo-Commit", _OID)
            if code:
                self.send_header("X-Error-Code", code)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said)

        do_HEAD = do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler


@contextmanager
def written_hub(port: int = 0) -> Iterator[WrittenHub]:
    """A running Hub that knows TOKEN."""
    hub = WrittenHub()
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(hub))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def pushed(hub: WrittenHub) -> bytes:
    """The dataset NAME's files, one after another."""
    return b"".join(hub.datasets[NAME].files.values()) if NAME in hub.datasets else b""


def until(reached: Callable[[], object]) -> None:
    """Wait for it, for 8 seconds at most."""
    end = time.monotonic() + 8
    while not reached():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
