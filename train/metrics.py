"""``metrics.jsonl``, the progress bar with its ETA, and the trackers a recipe asks for."""

from __future__ import annotations

import json
import statistics
import time
from collections import deque
from pathlib import Path
from typing import Any

from tqdm import tqdm

from train.files import replace_file


class Metrics:
    """Lines of JSON, one for each logged step and each evaluation; ``step`` is in all."""

    def __init__(self, path: Path, trackers: Any = None) -> None:
        """``trackers``: an accelerator whose trackers get the same numbers, or None."""
        self.path, self.trackers = path, trackers

    def write(self, step: int, **values: Any) -> None:
        """Append one line; what is None is left out."""
        said = {name: value for name, value in values.items() if value is not None}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **said}) + "\n")
        if self.trackers is not None:
            self.trackers.log(said, step=step)

    def rewind(self, step: int, evaluated: int) -> None:
        """Drop the lines that will be written again: of steps after ``step``, of evaluations after
        that of step ``evaluated``; and one that a kill has cut off."""

        def stays(line: dict[str, Any]) -> bool:
            return bool(line["step"] <= (evaluated if "score" in line else step))

        kept = [line for line in read(self.path) if stays(line)]
        text = "".join(json.dumps(line) + "\n" for line in kept)
        replace_file(self.path, lambda path: path.write_text(text, encoding="utf-8"))


def read(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a ``metrics.jsonl``; none if there is no such file."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.splitlines() if line.endswith("}")]


class Progress:
    """A bar over the steps whose ETA counts the evaluations to come.

    Median of the last steps and of the last evaluations: a pause does not spoil it.
    """

    def __init__(self, name: str, first: int, steps: int, every: int, show: bool) -> None:
        self.step, self.steps, self.every = first, steps, every
        self._steps: deque[float] = deque(maxlen=50)
        self._evaluations: deque[float] = deque(maxlen=5)
        self._last = time.monotonic()
        self._bar = tqdm(
            initial=first,
            total=steps,
            desc=name,
            disable=not show,
            bar_format="{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} steps "
            "[{elapsed}{postfix}]",
        )

    def advance(self) -> float:
        """A step is done; its seconds, without those of what ``pause`` was told of."""
        self.step += 1
        self._steps.append(self._lap())
        self._bar.update()
        return self._steps[-1]

    def pause(self, evaluation: bool = False) -> None:
        """Something else than a step is done: a checkpoint, or an ``evaluation``."""
        seconds = self._lap()
        if evaluation:
            self._evaluations.append(seconds)

    def seconds_left(self) -> float | None:
        """Of all steps that are left and their evaluations, None before the first step."""
        if not self._steps:
            return None
        left = (self.steps - self.step) * statistics.median(self._steps)
        if self._evaluations:
            last = self.steps % self.every > 0
            to_come = self.steps // self.every - self.step // self.every + last
            left += to_come * statistics.median(self._evaluations)
        return left

    def show(self, **values: str) -> None:
        """Put numbers behind the bar, and the time that is left at most."""
        left = self.seconds_left()
        if left is not None:
            values["left"] = tqdm.format_interval(left)
        self._bar.set_postfix(values)

    def close(self) -> None:
        self._bar.close()

    def _lap(self) -> float:
        now = time.monotonic()
        lap, self._last = now - self._last, now
        return lap
