"""What has to be known of a score to believe it: code, recipe, environment, time."""

from __future__ import annotations

import platform
import subprocess
import time
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from viobert import checkpoints


def envelope() -> dict[str, Any]:
    """By what, and when, a cell was computed."""
    return {
        "code": code_version(),
        "environment": _environment(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


@lru_cache(maxsize=1)
def code_version() -> str:
    """The commit of the checkout, or the installed version."""
    command = ["git", "-C", str(checkpoints.ROOT), "describe", "--always", "--dirty"]
    try:
        said = subprocess.run(command, text=True, capture_output=True, check=True)
        return said.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return version("viobert")


@lru_cache(maxsize=1)
def _environment() -> dict[str, str]:
    import torch
    import transformers

    found = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    if torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name()
    return found
