"""Energy of the machine's devices, where their counters can be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

RAPL = Path("/sys/class/powercap")
Counter = Callable[[], float]


class Energy:
    """Joules since it was made, of this machine's GPUs and of its processors (not their memory).

    GPUs by NVIDIA's management library, all that are visible; processors by RAPL, which only root
    may read. What others do on the same devices is in it.
    """

    def __init__(self, gpus: int, rapl: Path = RAPL) -> None:
        """``gpus``: how many of this machine the training uses."""
        self._counters = [*_gpus(gpus), *_packages(rapl)]
        self._start = [counter() for counter in self._counters]

    def joules(self) -> float | None:
        """None where no counter can be read."""
        if not self._counters:
            return None
        pairs = zip(self._counters, self._start, strict=True)
        return sum(counter() - start for counter, start in pairs)


def _gpus(count: int) -> list[Counter]:
    if not count:
        return []
    try:
        import pynvml

        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(count)]
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
        if folder.name.count(":") > 1:  # a part of a package
            continue
        try:
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
