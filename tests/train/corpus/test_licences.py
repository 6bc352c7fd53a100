from __future__ import annotations

import dill
import pytest

from train.corpus.document import Document
from train.corpus.licences import Licence, LicenceError, duties, normalise, permits
from train.recipe import RecipeError, load

OPEN = [
    *("CC0-1.0", "CC0", "cc0 1.0", "PDDL-1.0", "public domain", "Public Domain", "Unlicense"),
    *("CC BY 4.0", "CC-BY-4.0", "cc by 3.0 igo", "Creative Commons Attribution 4.0"),
    *("CC BY-SA 4.0", "CC-BY-SA-3.0", "ODbL-1.0", "GFDL-1.3-or-later"),
    *("Apache-2.0", "Apache License 2.0", "MIT", "MIT License", "BSD-3-Clause", "ODC-BY"),
    *("MIT (as stated by the repository)", "CC BY 4.0 (as stated by the authors)"),
]
CLOSED = [
    *("CC BY-NC-SA 3.0 IGO", "CC BY-NC 4.0", "CC-BY-NC-SA-4.0", "cc by nc sa 4.0"),
    *("CC BY-ND 4.0", "CC BY-NC-ND 4.0", "CC-BY-NC-ND-3.0-IGO"),
    *("none stated", "None", "all rights reserved", "All Rights Reserved (as stated)"),
    *("research only", "for research purposes only", "proprietary", "non-commercial use"),
]
UNKNOWN = ["", "  ", "Some Licence 9", "CC", "CC BY-XX 4.0", "MITX", "see website", "(MIT)"]


@pytest.mark.parametrize("licence", OPEN)
def test_open_licences_go_into_open_weights(licence: str) -> None:
    assert permits(licence, "open") and permits(licence, "research")


@pytest.mark.parametrize("licence", CLOSED + UNKNOWN)
def test_all_others_go_into_research_weights_only(licence: str) -> None:
    assert not permits(licence, "open")
    assert permits(licence, "research")


def test_a_purpose_that_does_not_exist_permits_nothing() -> None:
    with pytest.raises(ValueError, match="not 'comercial'"):
        permits("MIT", "comercial")  # type: ignore[arg-type]


def test_duties_follow_the_kind_of_licence() -> None:
    assert duties("CC0-1.0") == "none"
    assert "name the authors" in duties("MIT (as stated by the repository)")
    assert "same licence" in duties("CC BY-SA 4.0")
    assert "not settled" in duties("CC BY-NC-ND 4.0")
    assert "commercial" in duties("CC BY-NC-SA 3.0 IGO")
    assert "no permission" in duties("none stated")
    assert "unknown" in duties("Some Licence 9")


def document(licence: str) -> Document:
    return Document(id="d7", text="ألم", source="clinic", licence=licence, ref="r")


def test_a_forbidden_document_stops_the_run_by_name() -> None:
    with pytest.raises(LicenceError) as error:
        Licence("open").apply(document("CC BY-NC-SA 3.0 IGO"))
    said = str(error.value)
    assert isinstance(error.value, RecipeError) and "\n" not in said
    for part in ("clinic", "d7", "CC BY-NC-SA 3.0 IGO", "non-commercial", "open", "research"):
        assert part in said


@pytest.mark.parametrize("listed", [[], ["MIT"], ["CC BY-NC-SA 4.0"]])
def test_a_list_does_not_open_what_the_purpose_forbids(listed: list[str]) -> None:
    with pytest.raises(LicenceError):
        Licence("open", listed).apply(document("CC BY-NC-SA 4.0"))


@pytest.mark.parametrize("licence", ["Some Licence 9", ""])
def test_an_unknown_licence_stops_an_open_run_even_if_listed(licence: str) -> None:
    with pytest.raises(LicenceError, match="not known here.*SPDX"):
        Licence("open", ["Some Licence 9"]).apply(document(licence))


def test_what_is_permitted_but_not_listed_is_dropped() -> None:
    step = dill.loads(dill.dumps(Licence("open", ["CC BY-SA 4.0", "MIT"])))
    reasons = {}
    for name in ("CC-BY-SA-4.0", "MIT (as stated by the repository)", "Apache-2.0"):
        one = document(name)
        step.apply(one)
        reasons[name] = one.reason
    assert reasons == {
        "CC-BY-SA-4.0": "",
        "MIT (as stated by the repository)": "",
        "Apache-2.0": "licence Apache-2.0",
    }


def test_an_empty_list_takes_all_that_the_purpose_permits() -> None:
    for licence, purpose in (("MIT", "open"), ("none stated", "research")):
        one = document(licence)
        Licence(purpose).apply(one)  # type: ignore[arg-type]
        assert one.reason == ""


def test_names_are_normalised_to_one_spelling() -> None:
    assert normalise("cc by-sa 4.0") == normalise("CC-BY-SA-4.0 (as stated)") == "CC-BY-SA-4.0"


def test_the_licences_that_shipped_recipes_list_are_known() -> None:
    from tests.train.conftest import RECIPES

    names = {n for p in RECIPES.glob("*.yaml") for n in load(p).what.corpus.licences}
    assert names
    assert all("unknown" not in duties(name) for name in names)


@pytest.mark.parametrize(
    "licence",
    [
        "CC BY-SA 4.0 / CC BY-NC 4.0",
        "CC BY 4.0, NC",
        "CC-BY-4.0-NC",
        "CC BY 4.0 AND CC BY-NC-ND 4.0",
        "CC BY 4.0 or research only",
        "CC BY 4.0 (non-commercial use only)",
        "MIT (research use only)",
    ],
)
def test_a_restriction_counts_wherever_it_stands(licence: str) -> None:
    assert not permits(licence, "open") and permits(licence, "research")
