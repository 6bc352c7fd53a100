from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from train.energy import Energy


def package(folder: Path, name: str, energy: int, top: int = 1000) -> Path:
    (folder / name).mkdir(parents=True)
    (folder / name / "max_energy_range_uj").write_text(f"{top}\n")
    (folder / name / "energy_uj").write_text(f"{energy}\n")
    return folder / name / "energy_uj"


def test_processors_are_added_up_and_a_counter_may_start_again(tmp_path: Path) -> None:
    one = package(tmp_path, "intel-rapl:0", 900)
    two = package(tmp_path, "intel-rapl:1", 10)
    package(tmp_path, "intel-rapl:0:0", 500).unlink()  # a part of package 0
    energy = Energy(0, tmp_path)
    assert energy.joules() == 0
    two.write_text("40")
    assert energy.joules() == pytest.approx(30e-6)
    one.write_text("100")  # 200 further on, past the range of 1,000
    assert energy.joules() == pytest.approx(230e-6)
    one.write_text("950")
    assert energy.joules() == pytest.approx(1080e-6)


def test_where_nothing_can_be_read_nothing_is_said(tmp_path: Path) -> None:
    assert Energy(0, tmp_path / "none").joules() is None
    (tmp_path / "intel-rapl:0").mkdir()
    assert Energy(0, tmp_path).joules() is None


def test_gpus_are_read_in_millijoules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = {0: 5000, 1: 7000}
    library: Any = SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByIndex=lambda i: i,
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: read[handle],
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    energy = Energy(2, tmp_path)
    read.update({0: 6500, 1: 7500})
    assert energy.joules() == pytest.approx(2.0)


def test_a_gpu_without_its_library_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert Energy(1, tmp_path).joules() is None
