"""The benchmarks run, and tell machines what they measured in one line of JSON."""

from __future__ import annotations

import json
import subprocess
import sys

from viobert.checkpoints import ROOT


def test_near_duplicates_are_measured_beside_datasketch() -> None:
    command = [
        sys.executable,
        "benchmarks/corpus.py",
        "--documents",
        "2000",
        "--runs",
        "1",
        "--json",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert set(found) == {"name", "ratio", "floor", "aim", "figures", "versions"}
    assert found["ratio"] > 1 and found["floor"] == 5
    assert found["figures"]["viobert"]["precision"] == 1
    assert found["figures"]["viobert"]["recall"] >= 0.99
