"""The real client makes, fills, tags and publishes repositories of the small Hub."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.hub import Hub
from tests.hub.conftest import FILES, KINDS, NAME, WEIGHTS, added, posts


@pytest.mark.parametrize("kind", KINDS)
def test_a_repository_from_its_making_to_its_publication(
    hub: Hub, api: HfApi, kind: str, tmp_path: Path
) -> None:
    sdk = "gradio" if kind == "space" else None
    url = api.create_repo(NAME, repo_type=kind, private=True, space_sdk=sdk)
    assert (url.repo_id, url.repo_type) == (NAME, kind)
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_repo(NAME, repo_type=kind, private=True, space_sdk=sdk)
    assert caught.value.response.status_code == 409
    api.create_repo(NAME, repo_type=kind, private=False, space_sdk=sdk, exist_ok=True)
    repository = hub.repository(NAME, kind)
    assert repository.private and ".gitattributes" in repository.files()

    for path, content in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    if kind == "space":
        (tmp_path / "README.md").write_bytes(b"---\nsdk: gradio\n---\n")
    made = api.upload_folder(repo_id=NAME, repo_type=kind, folder_path=tmp_path)
    info = api.repo_info(NAME, repo_type=kind)
    assert info.sha == made.oid == repository.head and info.private is True
    assert {s.rfilename for s in info.siblings or []} == {*FILES, ".gitattributes"}
    assert repository.files()["model.safetensors"] == WEIGHTS
    assert hub.asked.count(f"PUT /lfs/{kind}s/{NAME}/{hashlib.sha256(WEIGHTS).hexdigest()}") == 1

    api.create_tag(NAME, tag="v1", repo_type=kind)
    api.update_repo_settings(NAME, repo_type=kind, private=False)
    assert api.repo_info(NAME, repo_type=kind).private is False
    assert repository.events == [
        "created private", f"commit {repository.commits[0].sha}", f"commit {made.oid}", "tag v1",
        "made public",
    ]  # fmt: skip
    folder = Path(
        api.snapshot_download(NAME, repo_type=kind, revision="v1", cache_dir=tmp_path / "cache")
    )
    got = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}
    assert got == repository.files("v1") and folder.name == made.oid
    api.delete_repo(NAME, repo_type=kind)
    with pytest.raises(RepositoryNotFoundError):
        api.repo_info(NAME, repo_type=kind)
    with pytest.raises(KeyError):
        hub.repository(NAME, kind)


def test_what_has_not_changed_is_neither_sent_nor_committed(hub: Hub, api: HfApi) -> None:
    repository = hub.add(NAME, FILES)
    head = repository.head
    same = [CommitOperationAdd(path, content) for path, content in FILES.items()]
    assert api.create_commit(NAME, same, commit_message="again").oid == head
    assert not posts(hub, "/commit/") and not posts(hub, "/lfs/models")
    # Elsewhere in the repository: a commit, but the object is there.
    api.create_commit(NAME, [CommitOperationAdd("copy.bin", WEIGHTS)], commit_message="copy")
    assert repository.files()["copy.bin"] == WEIGHTS and not posts(hub, "/lfs/models")
    assert len(repository.commits) == 2


def test_commits_delete_and_refuse_a_parent_that_is_no_longer_the_head(
    hub: Hub, api: HfApi
) -> None:
    repository = hub.add(NAME, FILES)
    first = repository.head
    gone = [CommitOperationDelete("model.safetensors"), CommitOperationDelete("deep/")]
    api.create_commit(NAME, gone, commit_message="less", parent_commit=first)
    assert set(repository.files()) == {"README.md"}
    assert repository.files(first or "") == FILES
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_commit(NAME, added(a_txt=b"a"), commit_message="late", parent_commit=first)
    assert caught.value.response.status_code == 412
    with pytest.raises(RemoteEntryNotFoundError, match="doesn't exist"):
        api.create_commit(NAME, [CommitOperationDelete("no")], commit_message="no")
    with pytest.raises(RevisionNotFoundError):
        api.create_commit(NAME, added(a_txt=b"a"), commit_message="no", revision="nope")
    assert [commit.message for commit in repository.commits] == ["initial commit", "less"]
    assert [c.title for c in api.list_repo_commits(NAME)] == ["less", "initial commit"]


def test_tags_and_branches(hub: Hub, api: HfApi) -> None:
    repository = hub.add(NAME, FILES)
    first = repository.head
    api.create_tag(NAME, tag="v1")
    api.create_branch(NAME, branch="try/this")
    api.create_commit(NAME, added(a_txt=b"a"), commit_message="b", revision="try/this")
    assert repository.head == first != repository.branches["try/this"]
    refs = api.list_repo_refs(NAME)
    assert [(t.name, t.target_commit) for t in refs.tags] == [("v1", first)]
    assert {b.name for b in refs.branches} == {"main", "try/this"}
    assert "a.txt" in api.list_repo_files(NAME, revision="try/this")
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_tag(NAME, tag="v1")
    assert caught.value.response.status_code == 409
    api.create_tag(NAME, tag="v1", exist_ok=True)
    api.delete_tag(NAME, tag="v1")
    api.delete_branch(NAME, branch="try/this")
    assert not repository.tags and set(repository.branches) == {"main"}
    for missing in (api.delete_tag, api.create_tag):
        with pytest.raises(RevisionNotFoundError):
            missing(NAME, tag="v2", **({"revision": "no"} if missing == api.create_tag else {}))
