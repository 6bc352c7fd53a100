"""A real browser, and the page on the embedded pair for it to look at."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from train.files import StageError
from viobert.checkpoints import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


class NoBrowser(RuntimeError):
    """One line: what is missing, and what installs it."""


@contextmanager
def launched() -> Iterator[Browser]:
    """Chromium from PATH, else Playwright's own; ``NoBrowser`` where there is neither."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ModuleNotFoundError:
        raise NoBrowser("no Playwright; pip install -e '.[dev]' installs it") from None
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        found = found or (own if Path(own).exists() else None)
        if found is None:
            raise NoBrowser("no Chromium, on PATH or Playwright's; make chromium installs it")
        try:
            browser = playwright.chromium.launch(executable_path=found, args=SWITCHES)
        except Error as error:
            raise NoBrowser(f"{found}: {error.message.splitlines()[0]}") from None
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Served:
    """A served page: its address, the seconds until it answered, its process."""

    url: str
    seconds: float
    process: subprocess.Popen[bytes]


@contextmanager
def served(log: Path, **environment: str) -> Iterator[Served]:
    """``app.py`` on a free port, offline, started from the folder of ``log``.

    ``StageError`` if it does not answer within a minute.
    """
    env = {k: v for k, v in os.environ.items() if not k.startswith(("VIOBERT_", "GRADIO_"))}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env |= {"PORT": str(port), "VIOBERT_OFFLINE": "1", **environment}
    began = time.monotonic()
    with log.open("wb") as sink:
        # From another folder: nothing may hang on where it is started.
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py")], env=env, cwd=log.parent,
            stdout=sink, stderr=sink,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        while not _answers(url):
            if process.poll() is not None or time.monotonic() - began > 60:
                said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                raise StageError(
                    f"the page did not start: {said[-1] if said else 'it says nothing'}"
                )
            time.sleep(0.05)
        yield Served(url, time.monotonic() - began, process)
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/config", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
