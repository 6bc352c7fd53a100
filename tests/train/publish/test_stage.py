"""A release to the Hub on the loopback, with every way in which it can break off."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.hub import Fault, Hub, environment, until
from tests.train.conftest import RECIPES, ROOT
from train.__main__ import main
from train.files import Run
from train.lineage import deciding
from train.publish.release import _bound
from train.recipe import load
from viobert import scores

NAMES = ("org/smoke-ner", "org/smoke")
TAG = "v3.0.0"


@pytest.fixture()
def command(smoke: Run) -> list[str]:
    """``publish`` of the smoke recipe."""
    recipe = str(RECIPES / "smoke.yaml")
    return ["publish", recipe, "--runs", str(smoke.runs), "--repo", "org/smoke"]


def released(hub: Hub) -> bool:
    """Whether both repositories are whole, tagged at their head, and in one commit each."""
    for name in NAMES:
        if name not in hub.names():
            return False
        repository = hub.repository(name)
        if repository.tags != {TAG: repository.head} or len(repository.commits) != 2:
            return False
    return True


def never_public(hub: Hub) -> bool:
    return not [e for name in hub.names() for e in hub.repository(name).events if "public" in e]


def test_a_release_is_pushed_tagged_verified_and_only_then_public(
    hub: Hub, command: list[str], smoke: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 0
    assert released(hub) and never_public(hub)
    files = hub.repository("org/smoke").files(TAG)
    for name in ("config.json", "model.safetensors", "tokenizer.json", "provenance.json"):
        assert name in files
    config = json.loads(files["config.json"])["viobert"]
    assert config["base"] == "smoke-base" and config["recipe"] == deciding(smoke.recipe)
    told = json.loads(files["tokenizer_config.json"])
    assert told["model_max_length"] == 128
    capsys.readouterr()

    asked = len(hub.asked)
    assert main(command) == 0  # again: nothing to do
    assert not [a for a in hub.asked[asked:] if a.startswith(("POST", "PUT", "DELETE"))]
    assert capsys.readouterr().out.count(f"{TAG} is there already") == 2

    assert main([*command[:4], "--verify", f"org/smoke@{TAG}"]) == 0
    out = capsys.readouterr().out
    assert "came out again" in out and "ner.entities.strict.13" in out and "OTHER" not in out

    assert main([*command, "--public"]) == 0
    for name in NAMES:
        events = hub.repository(name).events
        assert not hub.repository(name).private
        assert events.index(f"tag {TAG}") < events.index("made public")
    assert hub.token not in capsys.readouterr().out
    asked = len(hub.asked)
    assert main([*command, "--public"]) == 0  # again: nothing, not even the scores
    assert not [a for a in hub.asked[asked:] if a.startswith(("POST", "PUT")) or "resolve" in a]


FAULTS = [
    (Fault("GET", r"/api/models/org/smoke", status=401), "does not accept the token"),
    (Fault("POST", r"/api/repos/create", status=403), "role write"),
    (Fault("POST", r"/api/repos/create", status=500), "the Hub failed (500)"),
    (Fault("POST", r"/commit/", status=409), "somebody changed it meanwhile"),
    (Fault("POST", r"/commit/", status=412), "somebody changed it meanwhile"),
    (Fault("POST", r"/preupload/", status=429, times=9), "asks to wait"),
    (Fault("POST", r"/commit/", status=500, times=9), "the Hub failed (500)"),
    (Fault("POST", r"objects/batch", status=500, times=9), "the Hub failed (500)"),
    (Fault("PUT", r".*", status=500, times=9), "the Hub failed (500)"),
    (Fault("PUT", r".*", cut=200_000, times=9), "the connection broke"),
    (Fault("GET", r"/resolve/.*safetensors", cut=200_000, times=99), "the connection broke"),
    (Fault("GET", r"/resolve/.*README", status=403, code="GatedRepo"), "may not do this"),
    (Fault("POST", r"/tag/", status=503), "the Hub failed (503)"),
    (Fault("POST", r"validate-yaml", status=500), "the Hub failed (500)"),
    (Fault("POST", r"validate-yaml", cut=0), "the connection broke"),
    (Fault("POST", r"/commit/", status=413), "the Hub refuses it (413)"),
    (Fault("GET", r"/tree/", cut=0, times=99), "the connection broke"),
]


@pytest.mark.parametrize(("fault", "told"), FAULTS, ids=lambda of: str(of)[:40])
def test_a_release_that_broke_off_is_not_public_and_goes_on(
    hub: Hub,
    command: list[str],
    capsys: pytest.CaptureFixture[str],
    fault: Fault,
    told: str,
) -> None:
    hub.faults.append(Fault(**vars(fault)))  # it counts down
    assert main(command) == 2
    whole = capsys.readouterr().err
    err = re.findall(r"train: .*", whole)  # a broken progress bar may stand before it
    assert len(err) == 1 and told in err[0] and hub.token not in whole
    assert never_public(hub) and not released(hub)
    hub.faults.clear()
    assert main(command) == 0
    assert released(hub) and never_public(hub)


def test_what_was_uploaded_before_the_break_is_not_sent_again(hub: Hub, command: list[str]) -> None:
    hub.faults.append(Fault("POST", r"/models/org/smoke/commit/", status=500, times=9))
    assert main(command) == 2
    hub.faults.clear()
    asked = len(hub.asked)
    assert main(command) == 0
    # The weights of both are there; none is put anew.
    assert not [a for a in hub.asked[asked:] if a.startswith("PUT")] and released(hub)


def test_a_kill_in_the_middle_of_an_upload_leaves_nothing_public(
    hub: Hub, command: list[str]
) -> None:
    hub.faults.append(Fault("PUT", r"/lfs/", seconds=20, status=500, times=math.inf))
    more = {**os.environ, **environment(hub)}
    process = subprocess.Popen([sys.executable, "-m", "train", *command], cwd=ROOT, env=more)
    try:
        until(lambda: any(asked.startswith("PUT") for asked in hub.asked), 90)
    finally:
        process.kill()
        process.wait()
    assert never_public(hub) and not released(hub)
    hub.faults.clear()
    assert main(command) == 0 and released(hub)


def test_a_release_loads_with_transformers_alone(hub: Hub, command: list[str]) -> None:
    assert main(command) == 0
    code = (
        "import sys\nfrom transformers import AutoModelForMaskedLM, pipeline\n"
        "name = 'org/smoke'\nAutoModelForMaskedLM.from_pretrained(name, revision='v3.0.0')\n"
        "assert len(pipeline('fill-mask', model=name)('عندي [MASK] شديد')) == 5\n"
        "assert pipeline('fill-mask', model=name).tokenizer.model_max_length == 128\n"
        "pipeline('token-classification', model=name + '-ner')('عندي صداع')\n"
        "assert not {'viobert', 'train'} & set(sys.modules)"
    )
    more = {**os.environ, **environment(hub), "HF_HUB_CACHE": hub.url.rpartition(":")[2]}
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=more, text=True, capture_output=True
        )
    assert result.returncode == 0, result.stderr[-1500:]


@pytest.mark.parametrize(("positions", "length"), [(128, 128), (512, 512), (1024, 512)])
def test_the_length_is_the_models_and_512_at_most(
    tmp_path: Path, positions: int, length: int
) -> None:
    path = tmp_path / "tokenizer_config.json"
    path.write_text('{"do_lower_case": true, "model_max_length": 1e30}', encoding="utf-8")
    _bound(path, positions)
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "do_lower_case": True, "model_max_length": length
    }  # fmt: skip


def test_a_slow_hub_is_waited_for(hub: Hub, command: list[str]) -> None:
    hub.faults.append(Fault("POST", r"/commit/", seconds=1.5))
    assert main(command) == 0 and released(hub)


@pytest.mark.parametrize(
    ("token", "told"),
    [("", "no token of the Hub"), ("hf_unknown", "does not accept the token")],
)
def test_tokens_that_will_not_do(
    hub: Hub,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    token: str,
    told: str,
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    assert main(command) == 2
    err = capsys.readouterr().err
    assert told in err and "hf_unknown" not in err and "Traceback" not in err
    assert not hub.names()


def test_without_an_owner_it_is_the_tokens_user(hub: Hub, command: list[str]) -> None:
    assert main(command[:4]) == 0
    assert sorted(hub.names()) == ["writer/smoke", "writer/smoke-ner"]


def test_a_tag_is_never_moved(
    hub: Hub, command: list[str], smoke: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 0
    hub.repository("org/smoke").commit({"README.md": b"# other\n"}, "by hand")
    assert main(command) == 0  # the tagged revision is what it was
    rows = list(scores.read(smoke.scores))
    whole = smoke.scores.read_bytes()
    scores.write(smoke.scores, [r for r in rows if r.axis != "left-to-right"])
    try:
        assert main(command) == 2
        assert "a tag is never moved" in capsys.readouterr().err
        assert main([*command, "--tag", "v3.0.1"]) == 0
    finally:
        smoke.scores.write_bytes(whole)
    repository = hub.repository("org/smoke")
    assert repository.tags["v3.0.1"] == repository.head != repository.tags[TAG]
    assert b"left-to-right" in repository.files(TAG)["README.md"]
    assert b"left-to-right" not in repository.files("main")["README.md"]


def test_a_public_repository_is_not_pushed_over(
    hub: Hub, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    hub.add("org/smoke", {"README.md": b"# Somebody's\n"})
    assert main(command) == 2
    assert "is public and holds something else" in capsys.readouterr().err
    assert hub.repository("org/smoke").files() == {"README.md": b"# Somebody's\n"}


def test_files_of_a_private_repository_that_are_no_longer_meant_are_removed(
    hub: Hub, command: list[str]
) -> None:
    hub.add("org/smoke", {"pytorch_model.bin": b"old", "README.md": b"old"}, private=True)
    assert main(command) == 0
    assert "pytorch_model.bin" not in hub.repository("org/smoke").files()


def test_what_came_back_otherwise_is_told(
    hub: Hub, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 0
    repository = hub.repository("org/smoke")
    card = repository.files()["README.md"]
    value = re.search(rb"value: (\d+\.\d+)", card)
    assert value is not None
    repository.commit({"README.md": card.replace(value[0], b"value: 1.5", 1)}, "better")
    repository.tag("v9")
    hub.repository("org/smoke-ner").tag("v9")
    assert main([*command[:4], "--verify", "org/smoke@v9"]) == 2
    err = capsys.readouterr().err
    assert "is not what its card says" in err and "1.500000" in err
    assert main([*command[:4], "--verify", "org/smoke@nope"]) == 2
    assert "not there" in capsys.readouterr().err
    assert main([*command[:4], "--verify", "org/smoke"]) == 2
    assert "a revision is needed" in capsys.readouterr().err


def test_only_what_was_checked_becomes_public(
    hub: Hub, command: list[str], capsys: pytest.CaptureFixture[str], smoke: Run
) -> None:
    assert main(command) == 0
    repository = hub.repository("org/smoke")
    repository.commit({"notes.txt": b"later"}, "by hand")
    assert main([*command, "--public"]) == 2
    assert f"main is not {TAG}" in capsys.readouterr().err and never_public(hub)
    hub.clear()
    hub.add("org/smoke", {"weights.bin": b"of other text"}, private=True)
    repository = hub.repository("org/smoke")
    repository.commit({"README.md": b"an earlier try"}, "by hand")
    assert main(command) == 0
    assert main([*command, "--public"]) == 2
    assert "which no tag marks" in capsys.readouterr().err and never_public(hub)


def test_an_earlier_release_that_may_not_be_shown_keeps_the_next_private(
    hub: Hub, command: list[str], smoke: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = Path(shutil.copytree(smoke.runs, tmp_path / "runs"))
    manifest = Run(load(RECIPES / "smoke.yaml"), runs).manifest
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace("CC0-1.0", "CC BY-NC 4.0"), encoding="utf-8")
    assert main([*command[:3], str(runs), *command[4:], "--tag", "v1"]) == 0
    assert main([*command, "--tag", "v2", "--public"]) == 2
    assert "v1, by smoke, source viobert-sample: CC BY-NC 4.0" in capsys.readouterr().err
    assert never_public(hub)


def test_a_break_between_the_repositories_made_public_is_mended(
    hub: Hub, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.publish.stage.verify", lambda *_: [])  # not what is tried here
    hub.faults.append(Fault("PUT", r"/models/org/smoke/settings", status=503))
    assert main([*command, "--public"]) == 2
    assert hub.repository("org/smoke").private
    assert main([*command, "--public"]) == 0
    assert not [n for n in NAMES if hub.repository(n).private]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--repo", "a/b/c"], "no name of a repository"), (["--repo", "a--b"], "no name of a"),
        (["--repo", "https://hf.co/a"], "no name of a"), (["--tag", "a b"], "--tag a b"),
        (["--space", "a/b/c"], "no name of a"), (["--verify", "a/b/c@v1"], "no name of a"),
        (["--verify", "org/smoke@v1", "--seed", "7"], "seed 7 is none of"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_told_in_one_line(
    hub: Hub, command: list[str], capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    assert main([*command[:4], *options]) == 2
    err = capsys.readouterr().err
    assert told in err and "Traceback" not in err and not hub.names()


def test_a_card_without_the_values_that_are_measured_is_no_release(
    hub: Hub, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 0
    repository = hub.repository("org/smoke")
    card = repository.files()["README.md"].decode()
    front, _, body = card.partition("model-index:")
    repository.commit({"README.md": f"{front}---{body.partition('---')[2]}".encode()}, "shorter")
    repository.tag("v9")
    hub.repository("org/smoke-ner").tag("v9")
    assert main([*command[:4], "--verify", "org/smoke@v9"]) == 2
    assert "no value of intrinsic." in capsys.readouterr().err


def test_a_dry_run_asks_nobody(
    hub: Hub, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "")
    out = tmp_path / "release"
    assert main([*command, "--dry-run", "--out", str(out)]) == 0
    assert not hub.asked and sorted(p.name for p in out.iterdir()) == ["smoke", "smoke-ner"]
    assert main([*command, "--dry-run"]) == 2
    assert main([*command, "--dry-run", "--out", str(out)]) == 2
    assert main([*command, "--space", "--dry-run", "--out", str(out)]) == 2
    assert len(list(out.iterdir())) == 2


def test_data_that_forbid_it_stop_a_public_release(
    hub: Hub, command: list[str], smoke: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shutil.copytree(smoke.runs, tmp_path / "runs", symlinks=True)
    run = Run(load(RECIPES / "smoke.yaml"), tmp_path / "runs")
    text = run.manifest.read_text(encoding="utf-8")
    run.manifest.write_text(text.replace("CC0-1.0", "CC BY-NC-SA 4.0"), encoding="utf-8")
    command[3] = str(run.runs)
    assert main([*command, "--public"]) == 2
    err = capsys.readouterr().err
    assert "smoke, source viobert-sample: CC BY-NC-SA 4.0" in err and not hub.names()
    assert main(command) == 0  # among ourselves
    assert never_public(hub)
    files = hub.repository("org/smoke").files()
    assert b"not to be passed on" in files["README.md"] and "LICENSE.md" in files
