"""The release of the embedded model as a whole, on real text: push, tag, verify, Space."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from tests.hub import Hub
from tests.train.conftest import RECIPES
from train.__main__ import main
from train.publish import space
from viobert.checkpoints import ROOT

DATA = Path(os.environ.get("VIOBERT_DATA", "") or "no-such-folder")
RECIPE = str(RECIPES / "mini-medical.yaml")
TAG = "v3.0.0"


@pytest.mark.skipif(not DATA.is_dir(), reason="VIOBERT_DATA names no folder: nothing to verify on")
def test_viobert_mini_is_released_verified_and_its_page_pushed(
    hub: Hub, medical_corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["publish", RECIPE, "--runs", str(medical_corpus), "--embedded"]
    assert main(command) == 0
    model, head = hub.repository("writer/viobert-mini"), hub.repository("writer/viobert-mini-ner")
    for repository in (model, head):
        assert repository.private and repository.tags == {TAG: repository.head}
    weights = (ROOT / "assets" / "models" / "viobert-mini" / "model.safetensors").read_bytes()
    assert model.files(TAG)["model.safetensors"] == weights
    card = model.files(TAG)["README.md"].decode()
    assert 'model="writer/viobert-mini"' in card and "writer/viobert-mini-ner" in card

    # A seed of three, for time; its rows are in scores.jsonl, whose means the card tells.
    assert main([*command, "--seed", "13", "--verify", f"writer/viobert-mini@{TAG}"]) == 0
    said = capsys.readouterr().out
    assert "intrinsic.masked-language-modelling.consultations.13" in said
    assert (
        "ner.entities.strict.13" in said
        and "37 values of its cards came out again, within 0.005" in said
    )

    assert main([*command[:4], "--space", "org/viobert"]) == 0
    page = hub.repository("org/viobert", "space")
    meant = {path.as_posix() for path in space.files()}
    assert page.private and set(page.files()) - {".gitattributes"} == meant
    asked = len(hub.asked)
    assert main([*command[:4], "--space", "org/viobert"]) == 0
    assert not [a for a in hub.asked[asked:] if a.startswith("PUT") or "/commit/" in a]


def test_a_space_that_broke_off_goes_on(hub: Hub, tmp_path: Path) -> None:
    from tests.hub import Fault

    command = ["publish", RECIPE, "--runs", str(tmp_path), "--space", "org/viobert"]
    hub.faults.append(Fault("PUT", r".*", cut=4_000_000, times=math.inf))
    assert main(command) == 2
    hub.faults.clear()
    assert hub.repository("org/viobert", "space").private
    assert main([*command, "--public"]) == 0
    page = hub.repository("org/viobert", "space")
    assert not page.private and "app.py" in page.files()
    page.commit({"app.py": b"print('other')"}, "by hand")
    assert main(command) == 0  # the page of a public Space is renewed
    assert page.files()["app.py"] == (ROOT / "app.py").read_bytes() and not page.private
