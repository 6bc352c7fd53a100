"""What a training says it runs on, and the precision it takes there."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import torch

from tests.train.conftest import ROOT
from train import machine
from train.recipe import How


@pytest.mark.parametrize(
    "name, avx512, amx, wanted",
    [
        ("AMD EPYC", True, False, "bf16"),
        ("AMD EPYC", False, False, "fp32"),
        ("Intel Xeon", True, False, "fp32"),
        ("Intel Xeon", True, True, "bf16"),
    ],
)
def test_bf16_only_where_the_device_is_faster_in_it(
    monkeypatch: pytest.MonkeyPatch, name: str, avx512: bool, amx: bool, wanted: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    told = {"architecture": "x86_64", "cpu_name": name, "avx512_bf16": avx512, "amx_bf16": amx}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: told)
    assert machine.precision(How()) == wanted
    assert machine.precision(How(precision="bf16")) == "bf16"
    assert machine.precision(How(precision="fp32")) == "fp32"


def test_this_machine_answers_as_its_processor_does() -> None:
    found = machine.precision(How())
    flags = machine.Path("/proc/cpuinfo")
    if torch.cuda.is_available() or not flags.exists():
        pytest.skip("not a Linux machine without a GPU: its processor was not asked")
    text = flags.read_text(encoding="utf-8")
    if "flags" in text:  # x86
        able = r"\bamx_bf16\b" if "GenuineIntel" in text else r"\bavx512_bf16\b"
        assert (found == "bf16") == bool(re.search(able, text))


#: Page faults of twenty tensors, one after the other, of 64 MB.
FAULTS = """
import resource, sys, torch
from train.machine import keep_memory
torch.set_num_threads(1)
kept = sys.argv[1] == "keep" and keep_memory()
torch.ones(16_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    torch.ones(16_000_000)
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_kept_memory_is_not_fetched_again() -> None:
    def faults(how: str) -> tuple[str, int]:
        command = [sys.executable, "-c", FAULTS, how]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
        kept, count = done.stdout.split()
        return kept, int(count)

    kept, few = faults("keep")
    if kept != "True":
        pytest.skip("not glibc")
    assert few < faults("return")[1] / 2


def test_devices_are_named() -> None:
    found = machine.devices(torch.device("cpu"), 1)
    assert re.fullmatch(r"(1 core|\d+ cores) of \S.*", found)
