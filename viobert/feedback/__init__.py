"""Votes of a blind comparison of two models, and notes: kept on disk, pushed to a private dataset.

It needs neither torch nor gradio, and the Hub's client only where a dataset is named.
"""

from viobert.feedback.records import (
    LIMIT,
    FeedbackError,
    Note,
    Vote,
    free_text,
    note,
)
from viobert.feedback.signals import install_sigterm
from viobert.feedback.store import Feedback, from_environment, read

__all__ = [
    "LIMIT",
    "Feedback",
    "FeedbackError",
    "Note",
    "Vote",
    "free_text",
    "from_environment",
    "install_sigterm",
    "note",
    "read",
]
