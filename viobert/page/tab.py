"""What each tab of the page is to the page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import gradio as gr

from viobert.feedback.store import Feedback
from viobert.page.limits import Limits
from viobert.page.models import Models
from viobert.page.strings import Strings

#: Of an event that belongs to the page, not to its public API.
EVENT: dict[str, Any] = {"api_visibility": "private"}
QUIET: dict[str, Any] = {**EVENT, "queue": False, "show_progress": "hidden"}
#: Of an event that asks a model: they share one small pool.
MODEL: dict[str, Any] = {
    "trigger_mode": "once", "concurrency_id": "model", "concurrency_limit": 2, **EVENT,
}  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """What a tab finds around it."""

    demo: gr.Blocks
    models: Models
    feedback: Feedback
    limits: Limits
    language: gr.State  # "ar" or "en"
    picked: gr.State  # names of the two models that a visitor chose, or None


class Tab(ABC):
    """A part of the page that can be laid out, wired, and worded in either language."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        #: Components whose texts ``word`` gives anew when the language turns.
        self.worded: list[Any] = []
        #: States that ``word`` needs beside the language.
        self.kept: list[Any] = []

    @abstractmethod
    def lay_out(self, strings: Strings) -> None:
        """Create the components, and fill ``worded`` and ``kept``."""

    @abstractmethod
    def connect(self) -> None:
        """Wire the events; every component of the page exists by now."""

    @abstractmethod
    def word(self, strings: Strings, *kept: Any) -> list[Any]:
        """A value or update for each component of ``worded``."""
