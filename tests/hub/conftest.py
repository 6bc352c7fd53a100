"""The real client on an empty Hub, and files to put there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from tests.hub import Hub, connected, no_waits, running

NAME = "org/thing"
CARD = b"---\nlicense: apache-2.0\nlanguage: [ar]\n---\n# Thing\n"
WEIGHTS = bytes(range(256)) * 400
FILES = {"README.md": CARD, "model.safetensors": WEIGHTS, "deep/er/notes.txt": b"x"}
KINDS = ("model", "dataset", "space")


@pytest.fixture(scope="module")
def server() -> Iterator[Hub]:
    with running() as hub:
        yield hub


@pytest.fixture()
def hub(server: Hub) -> Hub:
    """Empty again: starting one takes a third of a second."""
    server.clear()
    return server


@pytest.fixture()
def api(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> HfApi:
    return connected(hub, monkeypatch)


@pytest.fixture()
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    return no_waits(monkeypatch)


def added(**files: bytes) -> list[CommitOperationAdd]:
    return [CommitOperationAdd(path.replace("_", "."), content) for path, content in files.items()]


def posts(hub: Hub, part: str) -> list[str]:
    return [asked for asked in hub.asked if part in asked and not asked.startswith("GET")]
