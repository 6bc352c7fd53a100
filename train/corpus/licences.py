"""The licence gate: which text may go into weights that are meant to be open, and on what duty.

A licence is read by its SPDX-like name; case, spaces and hyphens do not matter (``CC BY-SA 4.0``
is ``CC-BY-SA-4.0``) and neither does a remark in brackets (``MIT (as stated by the repository)``).

What a trained model is in law is not settled. The gate takes the cautious side: as if the weights
were made from the text and handed on with it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

from train.corpus.document import Document, Step
from train.recipe import RecipeError

Purpose = Literal["open", "research"]

_NO_DUTY, _ATTRIBUTION, _SHARE_ALIKE = "no duty", "attribution", "share-alike"
_NO_DERIVATIVES, _NON_COMMERCIAL, _CLOSED = "no derivatives", "non-commercial", "closed"
_OPEN = (_NO_DUTY, _ATTRIBUTION, _SHARE_ALIKE)

_VERSION = r"(?:-\d[\d.]*)?(?:-[A-Z]{2,3}|-INTERNATIONAL|-UNPORTED)?"  # CC-BY-3.0-US
# First match decides. NC and ND stand before the plain Creative Commons names.
_KINDS = [
    (re.compile(rf"(?:{pattern})$"), kind)
    for pattern, kind in [
        (r"CC-BY(?:-NC)?(?:-SA)?-ND(?:-\d.*)?|.*\bND\b.*|.*NO-?DERIV.*", _NO_DERIVATIVES),
        (r"CC-BY-NC(?:-SA)?(?:-\d.*)?|.*\bNC\b.*|.*NON-?COMMERCIAL.*", _NON_COMMERCIAL),
        (r".*RESEARCH.*", _CLOSED),
        (r"CC0(?:-1\.0)?|CC-PDDC|PDDL(?:-1\.0)?|PUBLIC-DOMAIN|UNLICENSE|0BSD|MIT-0", _NO_DUTY),
        (
            rf"CC-BY-SA{_VERSION}|ODBL(?:-1\.0)?|(?:GNU-)?GFDL{_VERSION}(?:-OR-LATER|-ONLY)?",
            _SHARE_ALIKE,
        ),
        (rf"CC-BY{_VERSION}|ODC-BY(?:-1\.0)?|APACHE(?:-2\.0)?|MIT|ISC", _ATTRIBUTION),
        (r"BSD(?:-[23]-CLAUSE)?|OGL(?:-UK)?(?:-\d.*)?|CDLA-PERMISSIVE-\d.*", _ATTRIBUTION),
        (r"NONE|NONE-STATED|NOT-STATED|ALL-RIGHTS-RESERVED|PROPRIETARY", _CLOSED),
    ]
]

_RESTRICTED = re.compile(r"non[- ]?commercial|research", re.IGNORECASE)

_DUTIES = {
    _NO_DUTY: "none",
    _ATTRIBUTION: "name the authors or the source and the licence",
    _SHARE_ALIKE: "name the authors or the source and the licence; pass adapted text on only under "
    "the same licence",
    _NO_DERIVATIVES: "text may be passed on unchanged only, and whether weights are an adaptation "
    "of it is not settled: do not publish weights trained on it",
    _NON_COMMERCIAL: "no commercial use: do not publish weights trained on it as open",
    _CLOSED: "no permission to pass the text on: publish neither it nor weights trained on it",
}
_UNKNOWN = "unknown: read its terms before anything made from it is passed on"


class LicenceError(RecipeError):
    """Names source, document, licence and purpose, and what to do."""


class Licence(Step):
    """Stops the run at a document whose licence the recipe's purpose forbids, and drops those
    under a licence that is not in its list, if there is one."""

    def __init__(self, purpose: Purpose, licences: Collection[str] = ()) -> None:
        super().__init__()
        self.purpose: Purpose = purpose
        self.licences = frozenset(map(normalise, licences))
        self._verdicts: dict[str, str] = {}

    def apply(self, document: Document) -> None:
        licence = document.licence
        if not permits(licence, self.purpose):
            raise LicenceError(
                f"source {document.source}, document {document.id}: licence "
                f"{licence.strip() or '(none given)'} {_objection(licence)}; leave the source out"
                ", or set what.corpus.purpose to research"
            )
        if licence not in self._verdicts:
            listed = not self.licences or normalise(licence) in self.licences
            self._verdicts[licence] = "" if listed else f"licence {licence}"
        document.reason = self._verdicts[licence]


def permits(licence: str, purpose: Purpose) -> bool:
    """Whether text under ``licence`` may go into weights that are meant for ``purpose``.

    ``research`` takes any text: its weights stay within the study. ``open`` takes what allows
    adaptation and commercial use, and nothing whose name is unknown here. NoDerivatives is not
    open: if weights are an adaptation of the text, they could not be shared.
    """
    if purpose not in ("open", "research"):
        raise ValueError(f"purpose is open or research, not {purpose!r}")
    return purpose == "research" or _kind(licence) in _OPEN


def duties(licence: str) -> str:
    """What the licence asks of those who pass on text or weights; one line for the data card."""
    return _DUTIES.get(_kind(licence), _UNKNOWN)


def normalise(licence: str) -> str:
    """SPDX-like spelling: ``cc by-sa 4.0`` → ``CC-BY-SA-4.0``; remarks in brackets dropped."""
    bare = re.sub(r"\([^()]*\)", " ", licence).upper().replace("LICENCE", "LICENSE")
    name = re.sub(r"[\s_,-]+", "-", bare).strip("-")
    name = re.sub(r"^CREATIVE-COMMONS-", "CC-", name).replace("ATTRIBUTION", "BY")
    name = re.sub(r"^CC-(?:ZERO|0)\b", "CC0", name)
    return re.sub(r"^THE-|-LICENSE\b", "", name)


def _kind(licence: str) -> str:
    if _RESTRICTED.search(licence):  # in a remark too
        return _CLOSED if "research" in licence.lower() else _NON_COMMERCIAL
    name = normalise(licence)
    return next((kind for pattern, kind in _KINDS if pattern.match(name)), "")


def _objection(licence: str) -> str:
    kind = _kind(licence)
    if not kind:
        return (
            "is not known here, so purpose open cannot take it: name it by its SPDX identifier "
            "in the source's licence, or, once its terms are read, in train/corpus/licences.py"
        )
    return f"({kind}) forbids purpose open"
