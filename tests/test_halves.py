from __future__ import annotations

import sys
from pathlib import Path

import pytest

import tests.__main__ as halves


def test_the_halves_are_there() -> None:
    assert len(halves.HALF) > 20 and all(path.exists() for path in halves.HALF)


@pytest.mark.parametrize(
    ("one", "other", "status"),
    [("pass", "", 0), ("assert 0", "pass", 1), ("pass", "assert 0", 1), ("", "", 5)],
)
def test_both_are_run_told_and_judged(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    one: str,
    other: str,
    status: int,
) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    for name, body in (("one", one), ("other", other)):
        text = f"def test_{name}():\n    {body}\n" if body else ""
        (folder / f"test_{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(halves, "FOLDER", folder)
    monkeypatch.setattr(halves, "HALF", [folder / "test_one.py"])
    monkeypatch.setattr(sys, "argv", ["tests", "-v", "-p", "no:cacheprovider"])
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    assert halves.main() == status
    said = capfd.readouterr().out
    assert ("test_one.py::test_one" in said, "test_other.py::test_other" in said) == (
        bool(one),
        bool(other),
    )
    assert said.count("test session starts") == 2
