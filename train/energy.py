"""Energy of the machine's devices, where their counters can be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

RAPL = Path("/sys/class/powercap")
Counter = Callable[[], float]


class Energy:
    """Joules since it was made, of this machine's GPUs and of its processors (not their memory).

    GPUs by NVIDIA's management library; processors by RAPL, which only root may read. What others
    do on the same devices is in it.
    """

    def __init__(self, gpus: Sequence[str], rapl: Path = RAPL, before: float = 0.0) -> None:
        """``gpus``: the UUIDs of those that the training uses; ``before``: joules of the runs that
        this one goes on from."""
        self._before = before
        self._counters = [*_gpus(gpus), *_packages(rapl)]
        self._start = [counter() for counter in self._counters]

    def joules(self) -> float | None:
        """None where no counter can be read."""
        if not self._counters:
            return None
        pairs = zip(self._counters, self._start, strict=True)
        return self._before + sum(counter() - start for counter, start in pairs)


def gpus(count: int) -> list[str]:
    """UUIDs of the first ``count`` GPUs that this process sees."""
    seen = min(count, torch.cuda.device_count())
    return [f"GPU-{torch.cuda.get_device_properties(i).uuid}" for i in range(seen)]


def _gpus(uuids: Sequence[str]) -> list[Counter]:
    if not uuids:
        return []
    try:
        import pynvml

        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByUUID(uuid) for uuid in uuids]
        counters = [_gpu(pynvml, handle) for handle in handles]
        for counter in counters:
            counter()
        return counters
    except Exception:  # no library, no driver, a card without a counter: then it is not known
        return []


def _gpu(library: object, handle: object) -> Counter:
    read = library.nvmlDeviceGetTotalEnergyConsumption  # type: ignore[attr-defined]
    return lambda: float(read(handle)) / 1000  # mJ


def _packages(rapl: Path) -> list[Counter]:
    found: list[Counter] = []
    for folder in sorted(rapl.glob("intel-rapl:*")):
        try:
            if not (folder / "name").read_text().startswith("package"):
                continue  # a part of one, or the whole machine
            top = int((folder / "max_energy_range_uj").read_text())
            counter = _Wrapping(folder / "energy_uj", top)
        except (OSError, ValueError):
            continue
        found.append(counter)
    return found


class _Wrapping:
    """A counter of microjoules that starts again at 0 when it has reached its range."""

    def __init__(self, path: Path, top: int) -> None:
        self.path, self.top, self.turns = path, top, 0
        self.last = int(path.read_text())

    def __call__(self) -> float:
        now = int(self.path.read_text())
        if now < self.last:
            self.turns += 1
        self.last = now
        return (self.turns * self.top + now) / 1e6
