"""What the small Hub tells of its files, and how it gives them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    RemoteEntryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import get_session

from tests.hub import Hub
from tests.hub.conftest import CARD, FILES, NAME, WEIGHTS
from tests.hub.repository import blob_sha


def test_what_a_repository_holds(hub: Hub, api: HfApi) -> None:
    repository = hub.add(NAME, FILES, gated=True)
    info = api.model_info(NAME, files_metadata=True)
    assert (info.gated, info.card_data and info.card_data.license) == ("manual", "apache-2.0")
    by_name = {sibling.rfilename: sibling for sibling in info.siblings or []}
    assert by_name["README.md"].blob_id == blob_sha(CARD) and by_name["README.md"].lfs is None
    weights = by_name["model.safetensors"]
    sha = hashlib.sha256(WEIGHTS).hexdigest()
    assert weights.size == len(WEIGHTS) and weights.lfs and weights.lfs["sha256"] == sha
    top = {entry.path: type(entry).__name__ for entry in api.list_repo_tree(NAME)}
    assert top == {
        "README.md": "RepoFile", "deep": "RepoFolder", "model.safetensors": "RepoFile",
    }  # fmt: skip
    assert {e.path for e in api.list_repo_tree(NAME, "deep", recursive=True)} == {
        "deep/er", "deep/er/notes.txt",
    }  # fmt: skip
    found = api.get_paths_info(NAME, ["model.safetensors", "deep", "absent"], revision=info.sha)
    assert {entry.path for entry in found} == {"model.safetensors", "deep"}
    (large,) = (entry for entry in found if isinstance(entry, RepoFile))
    assert large.lfs and large.lfs.sha256 == sha and large.xet_hash is None
    with pytest.raises(RemoteEntryNotFoundError):
        list(api.list_repo_tree(NAME, "nowhere"))
    assert repository.head == info.sha and re.fullmatch("[0-9a-f]{40}", info.sha or "")


def test_files_by_branch_tag_and_commit(hub: Hub, api: HfApi, tmp_path: Path) -> None:
    repository = hub.add(NAME, FILES, kind="dataset")
    first = repository.head
    repository.tag("v1")
    repository.commit({"deep/er/notes.txt": b"changed"})
    for revision, content in (("main", b"changed"), ("v1", b"x"), (first, b"x")):
        path = api.hf_hub_download(
            NAME, "notes.txt", subfolder="deep/er", repo_type="dataset", revision=revision,
            cache_dir=tmp_path,
        )  # fmt: skip
        assert Path(path).read_bytes() == content
    url = f"{hub.url}/datasets/{NAME}/resolve/v1"
    small = api.get_hf_file_metadata(url=f"{url}/README.md")
    assert (small.etag, small.size, small.commit_hash) == (blob_sha(CARD), len(CARD), first)
    large = api.get_hf_file_metadata(url=f"{url}/model.safetensors")
    assert (large.etag, large.size) == (hashlib.sha256(WEIGHTS).hexdigest(), len(WEIGHTS))
    assert large.xet_file_data is None
    with pytest.raises(RemoteEntryNotFoundError):
        api.get_hf_file_metadata(url=f"{url}/absent.txt")
    with pytest.raises(RevisionNotFoundError):
        api.get_hf_file_metadata(url=f"{hub.url}/datasets/{NAME}/resolve/v2/README.md")


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=2-4", 206, CARD[2:5]),
        ("bytes=5-", 206, CARD[5:]),
        ("bytes=-3", 206, CARD[-3:]),
        ("bytes=999-", 416, b""),
        ("lines=1-2", 200, CARD),
    ],
)
def test_parts_of_a_file(hub: Hub, api: HfApi, asked: str, status: int, content: bytes) -> None:
    hub.add(NAME, FILES)
    url = f"{hub.url}/{NAME}/resolve/main/README.md"
    answer = get_session().get(url, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (status, content)
