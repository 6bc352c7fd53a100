"""A small Hugging Face Hub on the loopback: real HTTP for the real ``huggingface_hub`` client.

It is kept in memory, knows models, datasets and Spaces, who may read and write them, and fails on
purpose. Large files go by LFS: the client must run without Xet, which ``connected`` and
``environment`` see to.
"""

from tests.hub.client import connected, environment, no_waits
from tests.hub.faults import Fault
from tests.hub.repository import Commit, Repository
from tests.hub.server import running
from tests.hub.state import TOKEN, Hub, User, until

__all__ = [
    "TOKEN",
    "Commit",
    "Fault",
    "Hub",
    "Repository",
    "User",
    "connected",
    "environment",
    "no_waits",
    "running",
    "until",
]
