"""The models behind the page, loaded once in the background."""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from viobert.checkpoints import Answering, CheckpointError, load, pair, taggers
from viobert.fill_mask import FillMask, OwnWord, Prediction, Problem, check, check_word
from viobert.ner import Entity, Tagger
from viobert.page.examples import examples
from viobert.page.gpu import surprises
from viobert.runtime import RuntimeTooInexact, RuntimeUnavailable, faster
from viobert.surprise import Surprise, WordSurprise, check_surprise
from viobert.text import has_arabic

log = logging.getLogger(__name__)
State = Literal["loading", "ready", "failed"]
Trouble = Problem | Literal["loading", "failed"]
Picked = tuple[str, str]

WARM_UP = "المريض يعاني من [MASK] في الصدر"
MAX_TEAMS = 3
#: Characters of a text whose entities are looked for.
MAX_TAGGED = 2_000


@dataclass(frozen=True)
class Outcome:
    """A comparison: per model (general, medical) and per mask its predictions and the visitor's
    own word, or the reason for having none."""

    predictions: tuple[list[list[Prediction]], ...] = ()
    problem: Trouble | None = None
    own: tuple[list[OwnWord], ...] = ()
    text: str = ""
    answering: tuple[Answering, ...] = ()


@dataclass(frozen=True)
class Surprised:
    """Per model (general, medical) the words of ``text`` with their bits, or a reason for none."""

    words: tuple[list[WordSurprise], ...] = ()
    problem: Trouble | None = None
    text: str = ""
    answering: tuple[Answering, ...] = ()


@dataclass(frozen=True)
class Tagged:
    """Per model (general, medical) the entities of ``text``, or a reason for none."""

    entities: tuple[list[Entity], ...] = ()
    problem: Trouble | None = None
    text: str = ""
    answering: tuple[Answering, ...] = ()


@dataclass(frozen=True)
class Team:
    """Two models at work, general first; ``agreement``: of a faster runtime's ten best words with
    the exact ones, where one answers."""

    answering: tuple[Answering, ...]
    fillers: tuple[FillMask, ...]
    surprises: tuple[Surprise, ...]
    agreement: tuple[float, ...] = ()


@dataclass
class Models:
    """The default pair, its entity finders, and pairs of ``choices`` that visitors pick.

    ``choices``: names that an operator allows (VIOBERT_CHOICES, commas between); none by default.
    """

    choices: tuple[str, ...] = field(default_factory=lambda: _choices())
    error: CheckpointError | None = None
    taggers: tuple[Tagger, ...] = ()
    tagging: tuple[Answering, ...] = ()

    def __post_init__(self) -> None:
        self._team: Team | None = None
        self._picked: OrderedDict[Picked, Team] = OrderedDict()
        self._picking = threading.Lock()
        self._done, self._tagged = threading.Event(), threading.Event()

    @property
    def state(self) -> State:
        """Where loading the default pair stands."""
        if not self._done.is_set():
            return "loading"
        return "ready" if self._team else "failed"

    @property
    def answering(self) -> tuple[Answering, ...]:
        """The default pair; empty until it is ready."""
        return self._team.answering if self._team else ()

    @property
    def agreement(self) -> tuple[float, ...]:
        """Of the faster runtime, general first; empty where there is none."""
        return self._team.agreement if self._team else ()

    def answering_of(self, picked: Picked | None) -> tuple[Answering, ...]:
        """Who answers for this pick: its own pair once loaded, else the default one."""
        team = self._picked.get(picked) if isinstance(picked, tuple) else None
        return team.answering if team else self.answering

    def prepare(self, picked: Picked) -> None:
        """Load a picked pair, once; names that ``choices`` lack are ignored."""
        self._ready(picked, patience=60.0)

    def start(self) -> None:
        """Load all in a daemon thread; returns at once."""
        threading.Thread(target=self.load, daemon=True, name="models").start()

    def load(self) -> None:
        """Load and warm up all; never raises: ``state`` and ``error`` tell."""
        try:
            self._team = _team(pair())
        except CheckpointError as error:
            self.error = error
            log.error("%s", error)
        except Exception:
            log.exception("the models could not be loaded")
        finally:
            self._done.set()
        try:
            found = taggers()
            ready = tuple(Tagger(one.checkpoint) for one in found)
            for tagger in ready:
                tagger(WARM_UP)
            self.taggers, self.tagging = ready, found
        except CheckpointError as error:
            log.error("%s", error)
        except Exception:
            log.exception("the entity finders could not be loaded")
        finally:
            self._tagged.set()

    def compare(
        self, text: str, k: int = 5, word: str = "", patience: float = 60.0,
        picked: Picked | None = None,
    ) -> Outcome:  # fmt: skip
        """Both models' ``k`` best words for each mask, and of ``word`` if there is one, waiting
        ``patience`` seconds for loading."""
        problem = check(text) or (check_word(word) if word.strip() else None)
        team = problem or self._ready(picked, patience)
        if not isinstance(team, Team):
            return Outcome(problem=team)
        own_word = word if word.strip() else None
        problem = _first(check(text, filler.checkpoint, own_word) for filler in team.fillers)
        if problem is not None:
            return Outcome(problem=problem)
        found = tuple(filler(text, k) for filler in team.fillers)
        own = tuple(f.word(text, word) for f in team.fillers) if word.strip() else ()
        return Outcome(found, None, own, text, team.answering)

    def surprise(
        self, text: str, patience: float = 60.0, picked: Picked | None = None
    ) -> Surprised:
        """How much each word surprises both models."""
        team = check_surprise(text) or self._ready(picked, patience)
        if not isinstance(team, Team):
            return Surprised(problem=team)
        problem = _first(check_surprise(text, s.checkpoint) for s in team.surprises)
        if problem is not None:
            return Surprised(problem=problem)
        return Surprised(surprises(team.surprises, text), None, text, team.answering)

    def entities(self, text: str, patience: float = 60.0) -> Tagged:
        """The entities that both finders see."""
        problem = _untaggable(text)
        if problem is not None:
            return Tagged(problem=problem)
        if not self._tagged.wait(patience):
            return Tagged(problem="loading")
        if not self.taggers:
            return Tagged(problem="failed")
        return Tagged(tuple(t(text) for t in self.taggers), None, text, self.tagging)

    def _ready(self, picked: Picked | None, patience: float) -> Team | Trouble:
        if not self._done.wait(patience):
            return "loading"
        if self._team is None:
            return "failed"
        # What is picked comes from a browser: only what the operator allows is loaded.
        if (
            not isinstance(picked, tuple)
            or len(picked) != 2
            or not set(picked) <= set(self.choices)
        ):
            return self._team
        with self._picking:
            if picked not in self._picked:
                self._picked[picked] = _team(self._pick(picked))
                while len(self._picked) > MAX_TEAMS:
                    self._picked.popitem(last=False)
            self._picked.move_to_end(picked)
            return self._picked[picked]

    def _pick(self, picked: Picked) -> Sequence[Answering]:
        """The two that were picked; the default one where one cannot be had."""
        assert self._team
        found = []
        for name, default in zip(picked, self._team.answering, strict=True):
            try:
                found.append(Answering(default.role, load(name)))
            except CheckpointError as problem:
                log.warning("%s; %s answers in its place", problem, default.checkpoint.name)
                found.append(Answering(default.role, default.checkpoint, problem))
        return found


def _choices() -> tuple[str, ...]:
    told = os.environ.get("VIOBERT_CHOICES", "").split(",")
    return tuple(dict.fromkeys(name.strip() for name in told if name.strip()))


def _team(answering: Sequence[Answering]) -> Team:
    """Two models warmed up by a first call each."""
    fillers, agreement = [], []
    for one in answering:
        filler, agreed = _filler(one)
        filler(WARM_UP)
        fillers.append(filler)
        agreement += agreed
    surprised = tuple(Surprise(one.checkpoint) for one in answering)
    return Team(tuple(answering), tuple(fillers), surprised, tuple(agreement))


def _filler(one: Answering) -> tuple[FillMask, list[float]]:
    """By VIOBERT_RUNTIME; a runtime that is missing or not exact enough is told and left."""
    wanted = os.environ.get("VIOBERT_RUNTIME", "").strip() or "torch"
    if wanted != "torch":
        try:
            if wanted != "openvino":
                raise RuntimeUnavailable(f"VIOBERT_RUNTIME={wanted} is neither torch nor openvino")
            filler, agreed = faster(one.checkpoint, [e.text for e in examples()])
            return filler, [agreed]
        except (RuntimeTooInexact, RuntimeUnavailable) as error:
            log.warning("%s; torch answers in its place", error)
    return FillMask(one.checkpoint), []


def _first(problems: Iterable[Problem | None]) -> Problem | None:
    return next((p for p in problems if p is not None), None)


def _untaggable(text: str) -> Problem | None:
    if not text.strip():
        return Problem("empty")
    if len(text) > MAX_TAGGED:
        return Problem("too_many_characters", len(text), MAX_TAGGED)
    return None if has_arabic(text) else Problem("no_arabic")
