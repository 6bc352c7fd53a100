"""What may be done with weights: from the licences of all text and weights they were made from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from train.corpus.licences import duties, normalise, permits
from train.publish.facts import Facts, foreign
from train.publish.facts import texts as texts_of

#: Licences that the Hub knows by a name of its own, by ours.
_HUB = {
    "CC0-1.0": "cc0-1.0", "CC-BY-SA-4.0": "cc-by-sa-4.0", "CC-BY-SA-3.0": "cc-by-sa-3.0",
    "CC-BY-4.0": "cc-by-4.0", "APACHE-2.0": "apache-2.0", "MIT": "mit",
}  # fmt: skip
#: Of a base's weights: what may be passed on, though not for every use.
_SHARED = re.compile(r"research|non-?commercial|\bNC\b", re.IGNORECASE)


@dataclass(frozen=True)
class Terms:
    """``licence``: as the Hub's metadata take it, ``name`` and ``link`` where that is ``other``;
    ``forbid``: a line for each text whose licence forbids weights made from it to be passed on;
    ``duties``: each licence and what it asks."""

    licence: str
    name: str
    link: str
    forbid: tuple[str, ...]
    duties: dict[str, str]


def terms(record: Facts, more: Sequence[str] = ()) -> Terms:
    """Of a model; ``more``: licences of what a head learned from besides."""
    texts = [
        (f"{made['name']}, source {name}", licence)
        for made in texts_of(record)
        for name, source in sorted(made["corpus"]["sources"].items())
        for licence in source["licences"]
    ]
    texts += [("labelled rows", licence) for licence in more]
    forbid = tuple(
        f"{where}: {licence.strip() or 'no licence given'}"
        for where, licence in texts
        if not permits(licence, "open")
    )
    base = foreign(record)
    if base and not permits(base["licence"], "open") and not _SHARED.search(base["licence"]):
        forbid += (f"the weights of {base['name']}: {base['licence']}",)
    every = {licence for _, licence in texts}
    every |= {base["licence"]} if base and permits(base["licence"], "open") else set()
    asked = {licence: duties(licence) for licence in sorted(every)}
    name, link = "", ""
    if base and not permits(base["licence"], "open"):
        licence, name, link = "other", base["licence"], base["link"] or ""
    elif forbid:
        licence, name = "other", "not to be passed on"
    else:
        licence = _joint({normalise(given) for given in every})
        name = "those of the training data" if licence == "other" else ""
    return Terms(licence, name, link, forbid, asked)


def _joint(names: set[str]) -> str:
    """One licence that meets all: share-alike binds; what only asks for credit is credited."""
    alike = {n for n in names if "SA" in n.split("-")}
    if len(alike) == 1:
        return _HUB.get(next(iter(alike)), "other")
    if alike:
        return "other"
    credited = names - {"CC0-1.0"}
    if not credited:
        return "cc0-1.0"
    return _HUB.get(next(iter(credited)), "other") if len(credited) == 1 else "other"
