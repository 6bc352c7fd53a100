"""What has to be said in each language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from viobert.checkpoints import Kind, Role, Source
from viobert.page.strings.about import AboutStrings
from viobert.page.strings.entities import EntitiesStrings
from viobert.page.strings.judge import JudgeStrings
from viobert.page.strings.note import NoteStrings
from viobert.page.strings.results import ResultsStrings
from viobert.page.strings.surprise import SurpriseStrings

Language = Literal["ar", "en"]
TITLE = "vioBERT"


@dataclass(frozen=True)
class Strings:
    """One language. Fields in braces are filled with isolated numbers or names."""

    language: Language
    direction: Literal["rtl", "ltr"]
    tagline: str
    warning_title: str
    warning: str
    other_language: str
    sentence: str
    placeholder: str
    insert: str
    compare: str
    examples: str
    fill_tab: str
    word: str
    word_hint: str
    count: str
    clear: str
    csv: str
    columns: dict[str, str]
    own: str
    own_rank: str
    own_pieces: str
    own_unknown: str
    own_winner: dict[str, str]
    rose: str
    fell: str
    held: str
    share: str
    about_link: str
    pick: dict[Role, str]
    agreement: str
    busy: str
    roles: dict[Role, str]
    waiting: str
    blank: str
    common: str
    scale: str
    continuation: str
    loading: str
    ready: str
    failed: str
    sources: dict[Source, str]
    unavailable: str
    reasons: dict[Kind, str]
    problems: dict[str, str]
    dialects: dict[str, str]
    specialties: dict[str, str]
    surprise: SurpriseStrings
    entities: EntitiesStrings
    results: ResultsStrings
    judge: JudgeStrings
    note: NoteStrings
    about: AboutStrings
