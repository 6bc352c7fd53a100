"""The page as a Hugging Face Space: which files it gets, and whether the Hub would take them."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id
from packaging.requirements import InvalidRequirement, Requirement

from train.files import StageError
from viobert.checkpoints import ROOT

README = "README.md"
REQUIREMENTS = "requirements.txt"
CITATION = "CITATION.cff"
FILES = ("app.py", REQUIREMENTS, README, "LICENSE", CITATION)
FOLDERS = ("viobert", "assets")
#: Of the Hub's documentation of 2026-08-22.
PYTHONS = ("3.12.12", "3.10.13")
COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
SHORT = 60

FRONT = re.compile(r"---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)", re.DOTALL)
COMMIT = re.compile(r"[0-9a-f]{40}")
IMAGE = r"!\[[^\]]*\]\([^)]*\)"
#: Code, in which nothing is a link, or a link: its label (which may hold an image), its target.
LINK = re.compile(
    r"^```.*?^```|`[^`\n]+`"
    rf"|!?\[(?P<label>(?:{IMAGE}|[^\[\]])*)\]\((?P<target>[^()\s]+)(?:\s+\"[^\"]*\")?\)",
    re.DOTALL | re.MULTILINE,
)


def files(root: Path = ROOT) -> list[Path]:
    """What a Space gets, relative to ``root``, sorted: the page and nothing that makes models."""
    real, ours = root.resolve(), _tracked(root)
    return sorted(
        path
        for path in _walk(root)
        if _belongs(path) and _at_home(root / path, real) and (ours is None or path in ours)
    )


def _tracked(root: Path) -> set[Path] | None:
    """What git knows, so that nothing that merely lies about is pushed; None without a checkout."""
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "ls-files", "-z"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return {Path(name) for name in said.split("\0") if name}


def _walk(root: Path) -> Iterator[Path]:
    yield from (Path(name) for name in FILES if (root / name).is_file())
    for top in FOLDERS:
        for folder, _, names in os.walk(root / top):
            yield from ((Path(folder) / name).relative_to(root) for name in names)


def _belongs(path: Path) -> bool:
    if any(part.startswith(".") or part == "__pycache__" for part in path.parts):
        return False
    return path.suffix != ".pyc" and (path.parts[0] in FOLDERS or str(path) in FILES)


def _at_home(path: Path, root: Path) -> bool:
    """Whether a file is there and, if it is a symlink, leads to what a Space gets."""
    target = path.resolve()
    return target.is_file() and target.is_relative_to(root) and _belongs(target.relative_to(root))


def front_matter(text: str) -> dict[str, Any]:
    """The YAML block at the top of a README; ``StageError`` if there is none."""
    block = FRONT.match(text)
    if block is None:
        raise StageError(f"{README} begins with no block of YAML between two lines of ---")
    try:
        front = yaml.safe_load(block[1])
    except yaml.YAMLError as error:
        raise StageError(f"{README}: {' '.join(str(error).split())}") from None
    if not isinstance(front, dict):
        raise StageError(f"{README}: the YAML block at the top is no mapping")
    return front


def check(root: Path) -> None:
    """``StageError``, one line, for the first thing at which a Space would fail to build."""
    front = front_matter(_read(root, README))
    requirements = list(_requirements(_read(root, REQUIREMENTS)))
    there = {path.as_posix() for path in files(root)}
    for name in ("LICENSE", "viobert/__init__.py"):
        if name not in there:
            raise StageError(f"{root} has no {name} for the Space")
    for key, wrong in (
        ("sdk", _sdk),
        ("sdk_version", partial(_sdk_version, requirements)),
        ("python_version", partial(_python_version, requirements)),
        ("app_file", partial(_app_file, there)),
        ("title", _text),
        ("emoji", _emoji),
        ("colorFrom", _colour),
        ("colorTo", _colour),
        ("short_description", _short),
        ("license", _text),
        ("models", _repositories),
        ("datasets", _repositories),
        ("preload_from_hub", partial(_preloaded, front.get("models"))),
    ):
        # A private model cannot be preloaded.
        if key in front or key != "preload_from_hub":
            _refuse(front, key, wrong)


def _refuse(front: dict[str, Any], key: str, wrong: Callable[[Any], str]) -> None:
    if key not in front:
        raise StageError(f"{README}: {key} is missing")
    if reason := wrong(front[key]):
        raise StageError(f"{README}: {key} {reason}")


def _read(root: Path, name: str) -> str:
    try:
        return (root / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StageError(f"{name} cannot be read: {error}") from None


def _requirements(text: str) -> Iterator[Requirement]:
    """Each line's; ``StageError`` for a line that leaves open what is installed."""
    for number, line in enumerate(text.splitlines(), start=1):
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if not line:
            continue
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            raise StageError(f"{REQUIREMENTS}, line {number}: {line!r} is no requirement") from None
        if requirement.url or not any(
            bound.operator in ("==", "===", "~=", "<", "<=") for bound in requirement.specifier
        ):
            raise StageError(
                f"{REQUIREMENTS}, line {number}: {line!r} is neither pinned nor bounded from above"
            )
        yield requirement


# Each says what is wrong with the value of a key; nothing if it is right.


def _text(value: Any) -> str:
    return "" if isinstance(value, str) and value.strip() else "must be a text"


def _sdk(value: Any) -> str:
    return "" if value == "gradio" else f"must be gradio, not {value!r}"


def _sdk_version(requirements: Iterable[Requirement], value: Any) -> str:
    if not isinstance(value, str):
        return f"must be quoted: YAML reads {value!r}"
    pins = [str(one.specifier) for one in requirements if one.name.lower() == "gradio"]
    if pins != [f"=={value}"]:
        return f"is {value}, but {REQUIREMENTS} says gradio{', '.join(pins) or ' nowhere'}"
    return ""


def _python_version(requirements: Iterable[Requirement], value: Any) -> str:
    if not isinstance(value, str):
        return f"must be quoted: YAML reads {value!r}"
    if value not in PYTHONS:
        return f"must be one that ZeroGPU has, {' or '.join(PYTHONS)}, not {value!r}"
    python = {"python_version": ".".join(value.split(".")[:2]), "python_full_version": value}
    allowed: dict[str, bool] = {}
    for one in requirements:
        applies = one.marker is None or one.marker.evaluate(python)
        allowed[one.name] = allowed.get(one.name, False) or applies
    without = [name for name, applies in allowed.items() if not applies]
    return f"is {value}, for which {REQUIREMENTS} names no {without[0]}" if without else ""


def _app_file(there: set[str], value: Any) -> str:
    given = isinstance(value, str) and value in there
    return "" if given else f"must be a file that the Space gets, not {value!r}"


def _emoji(value: Any) -> str:
    if isinstance(value, str) and not value.isascii() and not any(map(str.isalnum, value)):
        return ""
    return f"must be an emoji, not {value!r}"


def _colour(value: Any) -> str:
    return "" if value in COLOURS else f"must be one of {', '.join(COLOURS)}, not {value!r}"


def _short(value: Any) -> str:
    if isinstance(value, str) and len(value) > SHORT:
        return f"has {len(value)} characters, the Hub takes {SHORT}"
    return _text(value)


def _is_repository(name: Any) -> bool:
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return "/" in name


def _repositories(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return "must be a list of owner/name"
    wrong = [name for name in value if not _is_repository(name)]
    return f"must hold owner/name, not {wrong[0]!r}" if wrong else ""


def _preloaded(models: Any, value: Any) -> str:
    if not isinstance(value, list):
        return "must be a list"
    for entry in value:
        name, *rest = entry.split(" ") if isinstance(entry, str) else [""]
        named = rest[0].split(",") if rest else []
        # The Hub reads them by their place: a commit needs files before it.
        if len(rest) > 2 or not all(named) or (named and COMMIT.fullmatch(named[0])) or not name:
            return f"must hold 'owner/name file,file commit', not {entry!r}"
        if len(rest) == 2 and not COMMIT.fullmatch(rest[1]):
            return f"must end in a commit of 40 hexadecimal digits: {entry!r}"
        if not isinstance(models, list) or name not in models:
            return f"names {name}, which is not among models"
    return ""


def fill(folder: Path, root: Path = ROOT) -> list[Path]:
    """Copy what a Space gets into an empty ``folder``, after ``check``; the copied files."""
    check(root)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise StageError(f"{folder} is not empty: the Space would get what lies there")
    copied = files(root)
    for path in copied:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / path, target)
    readme = links(_read(root, README), copied, _repository(root))
    (folder / README).write_text(readme, encoding="utf-8")
    return copied


def links(text: str, copied: Iterable[Path], repository: str) -> str:
    """Markdown of which each relative link leads to a file in ``copied`` or below the
    ``repository``'s address; if that is empty, only the link's text stays."""
    names = {path.as_posix() for path in copied}
    there = names | {parent.as_posix() for name in names for parent in Path(name).parents}

    def follow(link: re.Match[str]) -> str:
        target = link["target"]
        if target is None or re.match(r"[a-zA-Z][\w+.-]*:|[/#]", target):
            return link[0]
        label = LINK.sub(follow, link["label"])
        path, mark, anchor = target.partition("#")
        path = posixpath.normpath(path)
        if path in there:
            return link[0].replace(link["label"], label, 1)
        if not repository or path.startswith(".."):
            return label
        bang = "!" if link[0].startswith("!") else ""
        kind = "raw" if bang else "blob" if Path(path).suffix else "tree"
        return f"{bang}[{label}]({repository}/{kind}/HEAD/{path}{mark}{anchor})"

    return LINK.sub(follow, text)


def _repository(root: Path) -> str:
    """The address that CITATION.cff gives; empty if none."""
    if not (root / CITATION).is_file():
        return ""
    try:
        cited = yaml.safe_load(_read(root, CITATION))
    except yaml.YAMLError as error:
        raise StageError(f"{CITATION}: {' '.join(str(error).split())}") from None
    address = cited.get("repository-code") if isinstance(cited, dict) else None
    return address.rstrip("/") if isinstance(address, str) else ""
