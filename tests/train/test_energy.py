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
    part = "core" if name.count(":") > 1 else "psys" if name.endswith(":9") else "package-0"
    (folder / name / "name").write_text(f"{part}\n")
    (folder / name / "energy_uj").write_text(f"{energy}\n")
    return folder / name / "energy_uj"


def test_processors_are_added_up_and_a_counter_may_start_again(tmp_path: Path) -> None:
    one = package(tmp_path, "intel-rapl:0", 900)
    two = package(tmp_path, "intel-rapl:1", 10)
    others = [package(tmp_path, f"intel-rapl:{name}", 500) for name in ("0:0", "9")]
    energy = Energy([], tmp_path)
    for part_or_whole in others:
        part_or_whole.write_text("700")
    assert energy.joules() == 0
    two.write_text("40")
    assert energy.joules() == pytest.approx(30e-6)
    one.write_text("100")  # 200 further on, past the range of 1,000
    assert energy.joules() == pytest.approx(230e-6)
    assert Energy([], tmp_path, before=7.0).joules() == pytest.approx(7.0)
    one.write_text("950")
    assert energy.joules() == pytest.approx(1080e-6)


def test_where_nothing_can_be_read_nothing_is_said(tmp_path: Path) -> None:
    assert Energy([], tmp_path / "none").joules() is None
    (tmp_path / "intel-rapl:0").mkdir()
    assert Energy([], tmp_path).joules() is None


def test_gpus_are_read_in_millijoules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = {"GPU-a": 5000, "GPU-b": 7000, "GPU-c": 1}
    library: Any = SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=lambda uuid: uuid,
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: read[handle],
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    energy = Energy(["GPU-a", "GPU-b"], tmp_path)
    read.update({"GPU-a": 6500, "GPU-b": 7500, "GPU-c": 10**9})
    assert energy.joules() == pytest.approx(2.0)


def test_a_gpu_without_its_library_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert Energy(["GPU-a"], tmp_path).joules() is None
