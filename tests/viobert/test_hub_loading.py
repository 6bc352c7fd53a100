"""Models from a Hub on the loopback, by the real client: cold, cached, refused, cut, slow, gone."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from tests.hub import Fault, Hub, Repository, User, connected, no_waits, running
from viobert import checkpoints
from viobert.checkpoints import EMBEDDED, CheckpointError, Seat, load, pair
from viobert.ner import Tagger

NAME = "org/there"
WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def server() -> Iterator[Hub]:
    with running() as hub:
        yield hub


@pytest.fixture()
def hub(server: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Hub:
    """An empty one, which this process's client asks without a token and with an empty cache."""
    server.clear()
    connected(server, monkeypatch)
    for variable in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "VIOBERT_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return server


@pytest.fixture()
def there(hub: Hub, general: Path) -> Repository:
    """The general model on it, among other files, in its release v1."""
    repository = hub.add(NAME, general)
    repository.commit({"README.md": b"# A model\n", "pytorch_model.bin": b"old"})
    repository.tag("v1")
    return repository


def asked(hub: Hub, *parts: str) -> list[str]:
    """The requests that hold all of these."""
    return [request for request in hub.asked if all(part in request for part in parts)]


def refused(name: str) -> CheckpointError:
    """What loading raises, which is one line."""
    with pytest.raises(CheckpointError) as caught:
        load(name)
    assert "\n" not in str(caught.value) and str(caught.value).startswith(name)
    return caught.value


def test_what_was_downloaded_once_is_not_downloaded_again(
    hub: Hub, there: Repository, general: Path
) -> None:
    cold = load(NAME)
    assert (cold.source, cold.revision, cold.name) == ("hub", there.head, NAME)
    assert len(asked(hub, "GET", WEIGHTS)) == 1
    assert not asked(hub, "README.md") and not asked(hub, "pytorch_model.bin")
    inputs = cold.tokenizer("وجع في الصدر", return_tensors="pt")
    torch.testing.assert_close(
        cold.model(**inputs).logits, load(str(general)).model(**inputs).logits
    )
    hub.asked.clear()
    warm = load(NAME)
    assert (warm.folder, warm.revision) == (cold.folder, cold.revision)
    assert hub.asked and not asked(hub, "/resolve/")


@pytest.mark.parametrize("how", ["switched off", "gone"])
def test_without_the_hub_the_cache_answers(
    hub: Hub, there: Repository, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    load(NAME)
    load(f"{NAME}@v1")
    hub.asked.clear()
    if how == "switched off":
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    else:
        monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    began = time.monotonic()
    assert load(NAME).revision == load(f"{NAME}@v1").revision == there.head
    assert refused("org/other").kind == ("offline" if how == "switched off" else "unreachable")
    assert time.monotonic() - began < checkpoints.HUB_SECONDS + 3 and not hub.asked


def test_a_moved_head_is_followed_and_a_tag_stays(hub: Hub, there: Repository) -> None:
    first = load(NAME).revision
    config = there.files()["config.json"] + b"\n"
    there.commit({"config.json": config})
    hub.asked.clear()
    assert load(NAME).revision == there.head != first
    assert len(asked(hub, "GET", "/resolve/")) == 1  # the file that changed
    assert load(f"{NAME}@v1").revision == load(f"{NAME}@{first}").revision == first
    assert len(asked(hub, "GET", "/resolve/")) == 1
    assert refused(f"{NAME}@v2").kind == "unknown_revision"


def test_a_gated_model_is_for_those_who_have_access(
    hub: Hub, there: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.gated = "manual"
    assert refused(NAME).kind == "gated"
    hub.tokens["hf_other"] = User("other")
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    error = refused(NAME)
    assert error.kind == "gated" and "403" in str(error.__cause__)
    hub.tokens["hf_other"].granted.add(NAME)
    assert load(NAME).revision == there.head


def test_a_private_model_is_found_with_a_token_only(
    hub: Hub, there: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.private = True
    assert refused(NAME).kind == "not_found"
    monkeypatch.setenv("HF_TOKEN", hub.token)
    assert load(NAME).revision == there.head


def test_weights_that_are_cut_are_gone_on_with(
    hub: Hub, there: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = no_waits(monkeypatch)
    hub.faults.append(Fault("GET", WEIGHTS, cut=20_000, times=2))
    assert load(NAME).revision == there.head
    assert len(asked(hub, "GET", WEIGHTS)) == 3 and waits == [1, 1]


def test_weights_that_never_come_are_told_and_come_the_next_time(
    hub: Hub, there: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_waits(monkeypatch)
    hub.faults.append(Fault("GET", WEIGHTS, cut=0, times=math.inf))
    refused(NAME)
    hub.faults.clear()
    loaded = load(NAME)
    assert loaded.revision == there.head and (loaded.folder / WEIGHTS).is_file()


def test_a_new_version_that_never_comes_leaves_the_old_one(
    hub: Hub, there: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_waits(monkeypatch)
    first = load(NAME).revision
    there.commit({WEIGHTS: there.files()[WEIGHTS][:-1] + b"!"})
    hub.faults.append(Fault("GET", WEIGHTS, cut=0, times=math.inf))
    assert load(NAME).revision == first
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert load(NAME).revision == first


def test_a_hub_that_hangs_after_its_first_answer_is_not_waited_for(
    hub: Hub, there: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(NAME)
    first = there.head
    there.commit({"notes.txt": b"new"})
    monkeypatch.setattr(checkpoints, "HUB_SECONDS", 0.5)
    hub.faults.append(Fault("GET", "/tree/", seconds=3, times=math.inf))
    began = time.monotonic()
    assert load(NAME).revision == first
    assert time.monotonic() - began < 2.5


def test_a_slow_hub_is_not_waited_for(
    hub: Hub, there: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "HUB_SECONDS", 0.4)
    hub.faults.append(Fault("GET", "/api/models/", seconds=5, times=math.inf))
    began = time.monotonic()
    assert refused(NAME).kind == "unreachable"
    assert 0.4 <= time.monotonic() - began < 2
    hub.faults.clear()
    monkeypatch.setattr(checkpoints, "HUB_SECONDS", 5.0)
    load(NAME)
    monkeypatch.setattr(checkpoints, "HUB_SECONDS", 0.4)
    hub.faults.append(Fault("GET", "/api/models/", seconds=5, times=math.inf))
    began = time.monotonic()
    assert load(NAME).revision == there.head
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_a_failing_hub_gives_way_to_the_cache_or_the_stand_in_in_one_line(
    hub: Hub,
    there: Repository,
    general: Path,
    medical: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    monkeypatch.setattr(
        checkpoints,
        "SEATS",
        {
            "general": Seat("VIOBERT_BASE", NAME, str(medical)),
            "medical": Seat("VIOBERT_MODEL", "org/never-loaded", str(medical)),
        },
    )
    for variable in ("VIOBERT_BASE", "VIOBERT_MODEL"):
        monkeypatch.delenv(variable, raising=False)
    load(NAME)
    fault = Fault("*", "", status=status, times=math.inf, retry_after=3600)
    hub.faults.append(fault)
    began = time.monotonic()
    with caplog.at_level(logging.WARNING, "viobert"):
        first, second = pair()
    assert time.monotonic() - began < 5
    assert (first.checkpoint.name, first.checkpoint.revision) == (NAME, there.head)
    assert first.problem is None
    assert second.checkpoint.name == medical.name
    assert second.problem is not None and second.problem.kind == "unreachable"
    (line,) = (r.getMessage() for r in caplog.records if r.name.startswith("viobert"))
    assert line.startswith("org/never-loaded: ") and "\n" not in line


def test_a_tagger_comes_from_the_hub_too(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = hub.add("org/tagger", EMBEDDED / "base-mini-ner")
    repository.tag("v1")
    hub.add("org/fill", {"config.json": b"{}"})
    tagger = Tagger("org/tagger@v1")
    assert (tagger.checkpoint.source, tagger.checkpoint.revision) == ("hub", repository.head)
    assert tagger("يعاني من السكري") == Tagger(str(EMBEDDED / "base-mini-ner"))("يعاني من السكري")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.asked.clear()
    assert Tagger("org/tagger@v1").names == tagger.names and not hub.asked
    with pytest.raises(CheckpointError, match="switched off"):
        Tagger("org/fill")
