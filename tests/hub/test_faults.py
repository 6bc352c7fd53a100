"""The small Hub fails on purpose; what the real client makes of it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    RevisionNotFoundError,
)

from tests.hub import Fault, Hub, connected, running
from tests.hub.conftest import CARD, FILES, NAME, WEIGHTS, added, posts


@pytest.mark.parametrize("status", [401, 403, 409, 412, 429, 500, 503])
def test_a_status_on_purpose_so_many_times(hub: Hub, api: HfApi, status: int) -> None:
    repository = hub.add(NAME, FILES)
    hub.faults.append(Fault("POST", r"/commit/main$", status=status, times=2))
    for _ in range(2):
        with pytest.raises(HfHubHTTPError) as caught:
            api.create_commit(NAME, added(a_txt=b"a"), commit_message="a")
        assert caught.value.response.status_code == status
        assert ("Retry-After" in caught.value.response.headers) == (status in (429, 503))
    assert len(repository.commits) == 1 and not hub.faults
    api.create_commit(NAME, added(a_txt=b"a"), commit_message="a")
    assert len(repository.commits) == 2 and len(posts(hub, "/commit/")) == 3


def test_a_code_on_purpose(hub: Hub, api: HfApi) -> None:
    hub.add(NAME, FILES)
    hub.faults.append(Fault("GET", "/api/models/", status=404, code="RevisionNotFound"))
    with pytest.raises(RevisionNotFoundError):
        api.model_info(NAME)


def test_the_client_waits_as_long_as_it_is_told_and_goes_on(
    hub: Hub, api: HfApi, waits: list[float], tmp_path: Path
) -> None:
    repository = hub.add(NAME, FILES)
    hub.faults.append(Fault("POST", "/preupload/", status=429, retry_after=7))
    hub.faults.append(Fault("POST", "/preupload/", status=500))
    api.create_commit(NAME, added(a_txt=b"a"), commit_message="a")
    assert waits == [8.0, 2.0] and "a.txt" in repository.files()
    hub.faults.append(Fault("HEAD", "/resolve/", status=503, times=2))
    assert Path(api.hf_hub_download(NAME, "a.txt", cache_dir=tmp_path)).read_bytes() == b"a"


def test_a_download_that_is_cut_is_resumed(
    hub: Hub, api: HfApi, waits: list[float], tmp_path: Path
) -> None:
    hub.add(NAME, FILES)
    hub.faults.append(Fault("GET", "safetensors", cut=50_000))
    path = api.hf_hub_download(NAME, "model.safetensors", cache_dir=tmp_path)
    assert Path(path).read_bytes() == WEIGHTS
    assert hub.asked.count(f"GET /{NAME}/resolve/main/model.safetensors") == 2


def test_an_upload_that_is_cut_is_sent_again_or_fails(
    hub: Hub, api: HfApi, waits: list[float]
) -> None:
    repository = hub.add(NAME, {"README.md": CARD})
    hub.faults.append(Fault("PUT", "/lfs/", cut=1000))
    api.create_commit(NAME, added(a_bin=WEIGHTS), commit_message="weights")
    assert repository.files()["a.bin"] == WEIGHTS and len(posts(hub, "PUT /lfs/")) == 2
    hub.faults.append(Fault("PUT", "/lfs/", cut=1000, times=6))
    with pytest.raises(RuntimeError, match="uploading 'b.bin'"):
        api.create_commit(NAME, added(b_bin=WEIGHTS + b"!"), commit_message="weights")
    assert len(repository.commits) == 2 and len(repository.objects) == 1
    hub.faults.append(Fault("POST", "/commit/", cut=0))
    with pytest.raises(Exception, match="disconnected|reset|closed"):
        api.create_commit(NAME, added(b_bin=WEIGHTS + b"!"), commit_message="weights")
    # The object is there by now.
    api.create_commit(NAME, added(b_bin=WEIGHTS + b"!"), commit_message="weights")
    assert len(repository.commits) == 3 and len(posts(hub, "PUT /lfs/")) == 9


def test_a_slow_answer(hub: Hub, api: HfApi) -> None:
    hub.add(NAME, FILES)
    hub.faults.append(Fault("*", "/api/models", seconds=0.3))
    began = time.monotonic()
    assert api.model_info(NAME).sha
    assert 0.3 <= time.monotonic() - began < 2


def test_the_hub_goes_though_an_answer_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    with running() as hub:
        api = connected(hub, monkeypatch)
        hub.faults.append(Fault("*", ".", seconds=60))
        failed: list[Exception] = []

        def ask() -> None:
            try:
                api.model_info(NAME)
            except Exception as error:
                failed.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(0.2)
        began = time.monotonic()
    thread.join(3)
    assert time.monotonic() - began < 3 and len(failed) == 1
    with pytest.raises(Exception, match="refused"):
        api.model_info(NAME)
