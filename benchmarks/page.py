"""The page as a process: how soon it answers, what it weighs, how it bears a crowd.

    python benchmarks/page.py [--starts 5] [--clients 32] [--seconds 60] [--json]

``app.py`` with the embedded pair, offline. Ready: seconds from start until /config answers, median
of the starts; resident memory once all models are loaded and each was asked. Load: so many clients
on loopback ask /fill_mask, one call after the other each, for so long; a refusal by the full queue
is counted apart from any other error. Memory is read every second; flat means that the last tenth
is no larger than the fourth (before it caches and the table of sessions, which is bounded, fill).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import httpx
import psutil

from viobert.checkpoints import ROOT
from viobert.page.examples import examples

#: Seconds until the page answers, megabytes resident, and growth under load that are allowed.
READY, RESIDENT, GROWTH = 6.0, 900.0, 1.05
FULL = "Queue is full"


@contextmanager
def page() -> Iterator[tuple[str, subprocess.Popen[bytes], float]]:
    """Address, process, and seconds until it answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as votes:
        env = {k: v for k, v in os.environ.items() if not k.startswith("VIOBERT_")}
        env |= {"PORT": str(port), "VIOBERT_OFFLINE": "1", "VIOBERT_FEEDBACK_DIR": votes}
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py")],
            env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            while not _up(url):
                if process.poll() is not None or time.monotonic() - began > 90:
                    raise SystemExit("the page did not start")
                time.sleep(0.02)
            yield url, process, time.monotonic() - began
        finally:
            process.terminate()
            process.wait(30)


def _up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/config", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def call(client: httpx.Client, url: str, name: str, *data: Any) -> str:
    """The last event of a call: ``complete`` or what went wrong."""
    asked = client.post(f"{url}/gradio_api/call/{name}", json={"data": list(data)})
    if asked.status_code != 200:
        return asked.text
    told = client.get(f"{url}/gradio_api/call/{name}/{asked.json()['event_id']}")
    return "complete" if "event: complete" in told.text else told.text


def wait_for_models(client: httpx.Client, url: str) -> None:
    """Until every ability has answered once."""
    text = examples()[0]
    for name, data in (("fill_mask", [text.text, 5, ""]), ("surprise", [text.whole]),
                       ("entities", [text.whole])):  # fmt: skip
        said = call(client, url, name, *data)
        if said != "complete":
            raise SystemExit(f"{name}: {said}")


@dataclass
class Crowd:
    """What the clients met."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    errors: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, url: str, number: int, until: float) -> None:
        """One client: call after call until the time is over."""
        rows = examples()
        # Each its own address, as visitors have: the limit is of one client.
        own = {"x-forwarded-for": f"10.1.0.{number}"}
        with httpx.Client(headers=own, timeout=60) as client:
            turn = number
            while time.monotonic() < until:
                began = time.monotonic()
                try:
                    said = call(client, url, "fill_mask", rows[turn % len(rows)].text, 5, "")
                except httpx.HTTPError as error:
                    said = repr(error)
                turn += 1
                with self.lock:
                    if said == "complete":
                        self.seconds.append(time.monotonic() - began)
                    elif FULL in said or "queue" in said.lower():
                        self.refused += 1
                    else:
                        self.errors.append(said[:200])
                if said != "complete":
                    time.sleep(0.2)


def crowd(url: str, process: psutil.Process, clients: int, seconds: float) -> dict[str, Any]:
    """The load test's row."""
    met, memory = Crowd(), []
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=met.ask, args=(url, i, until)) for i in range(clients)]
    for thread in threads:
        thread.start()
    while time.monotonic() < until:
        memory.append(process.memory_info().rss / 1e6)
        time.sleep(min(1.0, seconds / 20))
    for thread in threads:
        thread.join()
    tenth = max(1, len(memory) // 10)
    before = statistics.median(memory[3 * tenth : 4 * tenth])
    after = statistics.median(memory[-tenth:])
    cuts = statistics.quantiles(met.seconds, n=20) if len(met.seconds) > 1 else [0.0] * 19
    figures = {
        "clients": clients, "seconds": seconds, "answered": len(met.seconds),
        "a_second": round(len(met.seconds) / seconds, 1), "queue_full": met.refused,
        "other_errors": len(met.errors), "first_error": (met.errors or [""])[0],
        "p50_ms": round(1000 * cuts[9]), "p95_ms": round(1000 * cuts[18]),
        "mb_before": round(before), "mb_after": round(after),
    }  # fmt: skip
    return row("memory under load", GROWTH * before / after, 1.0, figures)


def row(name: str, ratio: float, floor: float, figures: dict[str, Any]) -> dict[str, Any]:
    """One result; the ratio is of what is allowed to what was measured."""
    versions = {p: version(p) for p in ("gradio", "torch", "transformers")}
    versions |= {"python": platform.python_version()}
    return {
        "name": name, "ratio": round(ratio, 3), "floor": floor, "aim": floor, "figures": figures,
        "versions": versions,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--json", action="store_true", help="one JSON object a line and no more")
    options = parser.parse_args()
    ready = []
    for _ in range(options.starts - 1):
        with page() as (_, _, seconds):
            ready.append(seconds)
    with page() as (url, process, seconds), httpx.Client(timeout=90) as client:
        ready.append(seconds)
        wait_for_models(client, url)
        inside = psutil.Process(process.pid)
        resident = inside.memory_info().rss / 1e6
        load = crowd(url, inside, options.clients, options.seconds)
    median = statistics.median(ready)
    rows = [
        row("ready", READY / median, 1.0, {"seconds": [round(s, 2) for s in ready]}),
        row("resident", RESIDENT / resident, 1.0, {"mb": round(resident)}),
        load,
    ]
    for found in rows:
        told = (
            f"{found['name']}: {found['ratio']:.2f} (floor {found['floor']:g}) {found['figures']}"
        )
        print(json.dumps(found) if options.json else told)


if __name__ == "__main__":
    main()
