"""One record for one vote or note: made, checked, written, read."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, get_args

from viobert.feedback.screen import LIMIT, FeedbackError, clean, free_text, screen

__all__ = ["LIMIT", "FeedbackError", "Note", "Vote", "free_text", "from_line", "note", "to_line"]

Winner = Literal["general", "medical", "tie", "both_bad"]
Side = Literal["A", "B"]
WINNERS: tuple[Winner, ...] = get_args(Winner)
SIDES: tuple[Side, ...] = get_args(Side)
REASONS = 8
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_JUDGE = re.compile(r"[0-9a-f]{8,64}")
_MODEL = re.compile(r"[^\s@][^@]{0,150}@[^\s@]{1,80}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Vote:
    """What one judge preferred in one round, the models' names hidden.

    ``example``: the gallery's id, or None for a sentence of the judge's own, whose ``text`` is kept
    with consent only. ``side``: where the medical model stood. ``models``: ``name@revision`` of
    ``general`` and ``medical``. ``judge``: random, given by the server. ``specialty`` and
    ``reasons`` are codes. ``k``: how many words were shown. ``day``: ISO, nothing finer.
    Raises FeedbackError ``bad_field`` or ``too_long``.
    """

    round: str
    example: str | None
    text: str | None
    winner: Winner
    side: Side
    models: dict[str, str] = field(hash=False)
    judge: str
    specialty: str | None
    reasons: tuple[str, ...]
    note: str | None
    k: int
    day: str

    def __post_init__(self) -> None:
        _match("round", self.round, _ID)
        _match("example", self.example, _ID, optional=True)
        _match("judge", self.judge, _JUDGE)
        _match("specialty", self.specialty, _CODE, optional=True)
        _check("text", self.text is None or self.example is None, "with an example, a text")
        _check("winner", self.winner in WINNERS, self.winner)
        _check("side", self.side in SIDES, self.side)
        named = isinstance(self.models, dict) and set(self.models) == {"general", "medical"}
        _check("models", named and all(_is(m, _MODEL) for m in self.models.values()), self.models)
        coded = isinstance(self.reasons, tuple) and all(_is(r, _CODE) for r in self.reasons)
        _check("reasons", coded and len(self.reasons) <= REASONS, self.reasons)
        _check("k", type(self.k) is int and 1 <= self.k <= 100, self.k)
        _check_day(self.day)
        for name, text in (("text", self.text), ("note", self.note)):
            if text is not None:
                _check_text(name, text)

    @property
    def pair(self) -> tuple[str, str]:
        """The general and the medical model."""
        return self.models["general"], self.models["medical"]


@dataclass(frozen=True)
class Note:
    """A remark on a tab of the page; ``judge`` as in a vote. Raises FeedbackError likewise."""

    tab: str
    text: str
    day: str
    judge: str | None

    def __post_init__(self) -> None:
        _match("tab", self.tab, _CODE)
        _check_text("text", self.text)
        _check_day(self.day)
        _match("judge", self.judge, _JUDGE, optional=True)


def note(tab: str, text: str, consent: bool, day: str, judge: str | None = None) -> Note:
    """A note from what a visitor wrote.

    Raises FeedbackError: ``empty``, ``no_consent``, ``too_long``, ``personal``, ``bad_field``.
    """
    if not text[: 10 * LIMIT].strip():
        raise FeedbackError("empty", "the note is empty")
    if not consent:
        raise FeedbackError("no_consent", "a note is kept with consent only")
    kept = free_text(text, consent)
    if kept is None:
        raise FeedbackError("empty", "the note is empty")
    return Note(tab, kept, day, judge)


def screen_again(record: Vote | Note) -> None:
    """The last look before the disk, also at records whose text went past ``free_text``.

    Raises FeedbackError as ``free_text``. What is read back is not screened: the screening may have
    become stricter since.
    """
    texts = (record.text, record.note) if isinstance(record, Vote) else (record.text,)
    for text in filter(None, texts):
        screen(text)


def to_line(record: Vote | Note) -> bytes:
    """One line of JSON, its end included."""
    kind = "vote" if isinstance(record, Vote) else "note"
    written = json.dumps({"kind": kind} | dataclasses.asdict(record), ensure_ascii=False)
    return written.encode() + b"\n"


def from_line(line: bytes) -> Vote | Note:
    """The record of a line. Raises ValueError or FeedbackError."""
    values = json.loads(line.decode())
    if not isinstance(values, dict):
        raise ValueError("no object")
    kind = values.pop("kind", None)
    if kind not in ("vote", "note"):
        raise ValueError(f"kind: {kind!r}")
    type_: type[Vote] | type[Note] = Vote if kind == "vote" else Note
    expected = {f.name for f in dataclasses.fields(type_)}
    if expected != set(values):
        raise ValueError(f"fields missing or unknown: {', '.join(sorted(expected ^ set(values)))}")
    if isinstance(values.get("reasons"), list):
        values["reasons"] = tuple(values["reasons"])
    return type_(**values)


def _is(value: Any, shape: re.Pattern[str]) -> bool:
    return isinstance(value, str) and shape.fullmatch(value) is not None


def _match(name: str, value: Any, shape: re.Pattern[str], optional: bool = False) -> None:
    _check(name, (optional and value is None) or _is(value, shape), value)


def _check(name: str, fine: bool, value: object) -> None:
    if not fine:
        raise FeedbackError("bad_field", f"{name}: {str(value)[:80]!r} cannot stand there")


def _check_day(day: Any) -> None:
    fine = _is(day, _DAY)
    if fine:
        try:
            date.fromisoformat(day)
        except ValueError:
            fine = False
    _check("day", fine, day)


def _check_text(name: str, text: Any) -> None:
    """Shape only: whether it is personal is asked where it enters."""
    _check(name, isinstance(text, str) and text != "", "no text")
    if len(text) > LIMIT:
        raise FeedbackError("too_long", f"{len(text)} characters: at most {LIMIT} are kept")
    _check(name, clean(text) == text, "what was not cleaned")  # and is not repeated in a log
