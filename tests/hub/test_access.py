"""Who may read and write on the small Hub, and which cards it takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from huggingface_hub import HfApi, RepoCard
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
)

from tests.hub import Hub, User
from tests.hub.conftest import CARD, FILES, NAME, added


def test_who_a_token_belongs_to(hub: Hub, api: HfApi) -> None:
    told = api.whoami()
    assert (told["name"], [(o["name"], o["roleInOrg"]) for o in told["orgs"]]) == (
        "writer", [("org", "write")],
    )  # fmt: skip
    assert told["auth"]["accessToken"]["role"] == "write"
    with pytest.raises(HfHubHTTPError, match="Invalid user token") as caught:
        api.whoami(token="hf_unknown")
    assert caught.value.response.status_code == 401 and caught.value.request_id


def test_who_may_read(hub: Hub, api: HfApi, tmp_path: Path) -> None:
    hub.tokens |= {"hf_other": User("other"), "hf_reader": User("reader", {"org": "read"})}
    hub.add("org/private", FILES, private=True)
    hub.add("org/gated", FILES, gated=True)
    anonymous, other = HfApi(hub.url, token=False), HfApi(hub.url, token="hf_other")
    reader = HfApi(hub.url, token="hf_reader")

    def status(client: HfApi, name: str) -> tuple[int, type[Exception]]:
        with pytest.raises(HfHubHTTPError) as caught:
            client.hf_hub_download(name, "README.md", cache_dir=tmp_path)
        return caught.value.response.status_code, type(caught.value)

    for client, code in ((anonymous, 401), (other, 404)):
        for name in ("org/private", "org/absent"):
            with pytest.raises(RepositoryNotFoundError) as caught:
                client.model_info(name)
            assert caught.value.response.status_code == code
            assert status(client, name) == (code, RepositoryNotFoundError)
        assert client.model_info("org/gated").gated == "manual"
    assert status(anonymous, "org/gated") == (401, GatedRepoError)
    assert status(other, "org/gated") == (403, GatedRepoError)
    assert status(HfApi(hub.url, token="hf_no"), "org/gated") == (401, HfHubHTTPError)
    hub.tokens["hf_other"].granted.add("org/gated")
    assert other.hf_hub_download("org/gated", "README.md", cache_dir=tmp_path / "2")
    assert reader.model_info("org/private").private


def test_who_may_write(hub: Hub, api: HfApi) -> None:
    hub.tokens |= {
        "hf_other": User("other"), "hf_reader": User("reader", {"org": "read"}),
        "hf_weak": User("writer", {"org": "write"}, role="read"),
    }  # fmt: skip
    repository = hub.add(NAME, FILES)
    for token in ("hf_other", "hf_reader", "hf_weak"):
        client = HfApi(hub.url, token=token)
        for write in (
            lambda c=client: c.create_repo("org/new"),
            lambda c=client: c.create_commit(NAME, added(a_txt=b"a"), commit_message="a"),
            lambda c=client: c.create_tag(NAME, tag="v1"),
            lambda c=client: c.update_repo_settings(NAME, private=True),
        ):
            with pytest.raises(HfHubHTTPError) as caught:
                write()
            assert caught.value.response.status_code == 403
    with pytest.raises(HfHubHTTPError) as caught:
        HfApi(hub.url, token=False).create_repo("org/new")
    assert caught.value.response.status_code == 401
    assert HfApi(hub.url, token="hf_other").create_repo("mine").repo_id == "other/mine"
    assert len(repository.events) == 2


INDEX = b"""---
license: mit
model-index:
- name: x
  results:
  - task: {type: fill-mask}
    dataset: {type: a/b, name: B}
    metrics: [{type: perplexity, value: 3.5}]
---
"""


@pytest.mark.parametrize(
    ("card", "told"),
    [
        (b"---\n- a\n---\n", "must be an object"),
        (b"---\na: [\n---\n", "YAML"),
        (b"---\nlanguage: ar\n---\n", '"license" is missing'),
        (b"---\nlicense: Apache 2\n---\n", '"license" must be one of'),
        (b"---\nlicense: mit\nlanguage: [no]\n---\n", '"language"'),
        (b"---\nlicense: mit\nbase_model: a b\n---\n", '"base_model"'),
        (INDEX.replace(b"name: B", b"title: B"), '"model-index"'),
    ],
)
def test_cards_that_the_hub_refuses(hub: Hub, api: HfApi, card: bytes, told: str) -> None:
    repository = hub.add(NAME, FILES)
    with pytest.raises(ValueError, match=re.escape(told)):
        api.create_commit(NAME, added(README_md=card), commit_message="a card")
    assert len(repository.commits) == 1


def test_cards_that_the_hub_takes(hub: Hub, api: HfApi) -> None:
    hub.add(NAME, FILES)
    RepoCard(CARD.decode()).validate("dataset")
    RepoCard(INDEX.decode()).validate("model")
    RepoCard((Path(__file__).parents[2] / "README.md").read_text("utf-8")).validate("space")
    with pytest.raises(ValueError, match="license"):
        RepoCard(INDEX.decode().replace("mit", "mine")).validate("model")
    with pytest.raises(ValueError, match="sdk"):
        RepoCard(CARD.decode()).validate("space")
    with pytest.warns(UserWarning, match="empty or missing yaml"):
        api.create_commit(NAME, added(README_md=b"# None"), commit_message="a card")
