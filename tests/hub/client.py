"""How the real client is turned to this Hub."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi, constants

from tests.hub.state import Hub


def environment(hub: Hub) -> dict[str, str]:
    """Variables for a process whose client is to use it."""
    return {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0"}


def connected(hub: Hub, monkeypatch: pytest.MonkeyPatch, token: str | None = None) -> HfApi:
    """A client in this process, with the Hub's own token or another; functions that take no
    endpoint go there too."""
    # The variables have been read by now.
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    return HfApi(endpoint=hub.url, token=hub.token if token is None else token)


def no_waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The client tries again at once; returns the seconds that it would have waited."""
    waits: list[float] = []
    for module in ("utils._http", "file_download"):
        monkeypatch.setattr(f"huggingface_hub.{module}.time", SimpleNamespace(sleep=waits.append))
    return waits
