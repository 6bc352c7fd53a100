from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from train.files import replace_file, replace_folder


def fill(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "a").write_text(text)


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "best"
    replace_folder(target, fill("one"))
    replace_folder(target, fill("two"))
    assert (target / "a").read_text() == "two"
    assert [p.name for p in tmp_path.iterdir()] == ["best"]


def test_a_failure_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "best"
    replace_folder(target, fill("one"))

    def fails(folder: Path) -> None:
        (folder / "a").write_text("half")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        replace_folder(target, fails)
    assert (target / "a").read_text() == "one"
    assert [p.name for p in tmp_path.iterdir()] == ["best"]


def test_a_kill_between_the_renames_is_mended(tmp_path: Path) -> None:
    (tmp_path / "best.old").mkdir()
    (tmp_path / "best.old" / "a").write_text("one")
    (tmp_path / "best.tmp").mkdir()

    def fails(folder: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_folder(tmp_path / "best", fails)
    assert (tmp_path / "best" / "a").read_text() == "one"


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    replace_file(target, lambda p: p.write_text("one"))

    def fails(path: Path) -> None:
        path.write_text("ha")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        replace_file(target, fails)
    assert target.read_text() == "one" and len(list(tmp_path.iterdir())) == 1
