"""A Space gets what the page needs and nothing else, and the Hub would take it."""

from __future__ import annotations

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from packaging.requirements import Requirement

from train.files import StageError
from train.publish import space
from viobert.checkpoints import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.page.visiting import App

#: Imported within functions that do without them. A ZeroGPU Space brings ``spaces`` itself.
OPTIONAL = {"openvino", "krippendorff", "spaces"}
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture()
def small(tmp_path: Path) -> Path:
    """A project that passes ``check``: the real README and requirements, little code."""
    root = tmp_path / "project"
    for name in ("README.md", "requirements.txt", "LICENSE", "CITATION.cff", "app.py"):
        root.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, root)
    for name in ("viobert/__init__.py", "assets/page.png", "train/__main__.py", "LOG.md"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("", encoding="utf-8")
    return root


def change(root: Path, **keys: Any) -> None:
    """Other values of the front matter; None takes a key out."""
    front = space.front_matter(README) | keys
    front = {key: value for key, value in front.items() if value is not None}
    text = yaml.safe_dump(front, allow_unicode=True, sort_keys=False)
    (root / "README.md").write_text(f"---\n{text}---\n{README.split('---', 2)[2]}", "utf-8")


def refusal(root: Path) -> str:
    with pytest.raises(StageError) as caught:
        space.check(root)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_project_as_it_is_would_be_taken(small: Path) -> None:
    space.check(ROOT)
    change(small)
    space.check(small)


NAMES = "must hold owner/name"
WRONG: list[tuple[str, Any, str]] = [
    ("sdk", "docker", "must be gradio, not 'docker'"),
    ("sdk_version", "6.30.0", "is 6.30.0, but requirements.txt says gradio=="),
    ("sdk_version", 6.3, "must be quoted: YAML reads 6.3"),
    ("python_version", 3.1, "must be quoted: YAML reads 3.1"),
    ("python_version", "3.11", "3.12.12 or 3.10.13, not '3.11'"),
    ("app_file", "main.py", "not 'main.py'"),
    ("app_file", "train/__main__.py", "a file that the Space gets"),
    ("app_file", ["app.py"], "a file that the Space gets"),
    ("title", "", "must be a text"),
    ("title", 3, "must be a text"),
    ("emoji", "v", "must be an emoji"),
    ("emoji", ":)", "must be an emoji"),
    ("colorFrom", "teal", "red, yellow, green"),
    ("colorTo", "#00ff00", "red, yellow, green"),
    ("short_description", "x" * 61, "has 61 characters, the Hub takes 60"),
    ("short_description", "", "must be a text"),
    ("license", ["apache-2.0"], "must be a text"),
    ("models", "UBC-NLP/MARBERTv2", "must be a list of owner/name"),
    ("models", ["MARBERTv2"], NAMES),
    ("models", ["a/b/c"], NAMES),
    ("models", [7], NAMES),
    ("datasets", ["https://huggingface.co/datasets/a/b"], NAMES),
    ("preload_from_hub", "UBC-NLP/MARBERTv2", "must be a list"),
    ("preload_from_hub", ["google/bert"], "names google/bert, which is not among models"),
    ("preload_from_hub", ["UBC-NLP/MARBERTv2 config.json,"], "must hold"),
    ("preload_from_hub", ["UBC-NLP/MARBERTv2 config.json, vocab.txt"], "must hold"),
    ("preload_from_hub", ["UBC-NLP/MARBERTv2  config.json"], "must hold"),
    ("preload_from_hub", [f"UBC-NLP/MARBERTv2 {COMMIT}"], "must hold"),
    ("preload_from_hub", ["UBC-NLP/MARBERTv2 config.json main"], "40 hexadecimal digits"),
    ("preload_from_hub", [f"UBC-NLP/MARBERTv2 a b {COMMIT}"], "must hold"),
    ("preload_from_hub", [{"UBC-NLP/MARBERTv2": None}], "must hold"),
]


@pytest.mark.parametrize(("key", "value", "reason"), WRONG)
def test_a_wrong_value_is_named_with_its_key(
    small: Path, key: str, value: Any, reason: str
) -> None:
    change(small, **{key: value})
    told = refusal(small)
    assert told.startswith(f"README.md: {key} ") and reason in told


@pytest.mark.parametrize("key", sorted({key for key, _, _ in WRONG} - {"preload_from_hub"}))
def test_a_missing_key_is_named(small: Path, key: str) -> None:
    change(small, **{key: None})
    assert refusal(small) == f"README.md: {key} is missing"


@pytest.mark.parametrize(
    "entries",
    [None, [], ["UBC-NLP/MARBERTv2"], [f"UBC-NLP/MARBERTv2 config.json,vocab.txt {COMMIT}"]],
)
def test_what_may_be_preloaded(small: Path, entries: list[str] | None) -> None:
    change(small, preload_from_hub=entries)
    space.check(small)


def test_the_other_python_of_zerogpu_will_do_if_the_requirements_have_it(small: Path) -> None:
    change(small, python_version="3.10.13")
    space.check(small)
    path = small / "requirements.txt"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(x for x in lines if 'python_version < "3.11"' not in x), "utf-8")
    assert "python_version is 3.10.13, for which" in refusal(small)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("# vioBERT\n", "begins with no block"),
        ("\n---\nsdk: gradio\n---\n", "begins with no block"),
        ("---\nsdk: gradio\n", "begins with no block"),
        ("---\n- sdk\n---\n", "is no mapping"),
        ("---\nsdk: [gradio\ntitle: x\n---\n", "expected"),
    ],
)
def test_a_readme_without_front_matter_is_refused(small: Path, text: str, reason: str) -> None:
    (small / "README.md").write_text(text, encoding="utf-8")
    told = refusal(small)
    assert told.startswith("README.md") and reason in told


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("pandas", "neither pinned nor bounded"),
        ("pandas>=2", "neither pinned nor bounded"),
        ("pandas!=2", "neither pinned nor bounded"),
        ("pandas @ https://example.org/pandas.whl", "neither pinned nor bounded"),
        ("-r others.txt", "is no requirement"),
        ("pandas = 2", "is no requirement"),
    ],
)
def test_a_requirement_that_leaves_open_what_is_installed(
    small: Path, line: str, reason: str
) -> None:
    with (small / "requirements.txt").open("a", encoding="utf-8") as text:
        text.write(f"numpy<3  # bounded\n\n{line}\n")
    told = refusal(small)
    assert told.startswith("requirements.txt, line ") and reason in told and line in told


@pytest.mark.parametrize("name", ["README.md", "requirements.txt", "LICENSE"])
def test_a_missing_file_is_named(small: Path, name: str) -> None:
    (small / name).unlink()
    assert name in refusal(small)


def test_the_space_gets_the_page_and_nothing_that_makes_models() -> None:
    found = space.files()
    names = {path.as_posix() for path in found}
    assert found == sorted(found) and len(names) == len(found)
    assert {path.parts[0] for path in found} == {*space.FOLDERS, *space.FILES}
    for kind in ("*.css", "*.js", "*.py", "*.woff2", "*.safetensors", "*.json", "*.jsonl"):
        for folder in space.FOLDERS:
            there = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob(kind)}
            assert there <= names, kind
    assert names >= {f"assets/models/{name}/model.safetensors" for name in (
        "base-mini", "viobert-mini", "base-mini-ner", "viobert-mini-ner",
    )}  # fmt: skip
    assert not any("__pycache__" in name or name.endswith(".pyc") for name in names)


def test_what_is_hidden_made_or_leads_elsewhere_stays_out(small: Path, tmp_path: Path) -> None:
    expected = space.files(small)
    secret = tmp_path / "token"
    secret.write_text("hf_…", encoding="utf-8")
    for name in (
        "viobert/__pycache__/a.py", "viobert/a.pyc", "assets/.token", "assets/.git/config", ".env",
    ):  # fmt: skip
        (small / name).parent.mkdir(exist_ok=True)
        (small / name).write_text("", encoding="utf-8")
    (small / "assets" / "token").symlink_to(secret)
    (small / "assets" / "gone").symlink_to(tmp_path / "gone")
    (small / "assets" / "log").symlink_to(small / "LOG.md")
    (small / "assets" / "above").symlink_to(tmp_path, target_is_directory=True)
    assert space.files(small) == expected
    (small / "assets" / "other.png").symlink_to(small / "assets" / "page.png")
    assert space.files(small) == sorted([*expected, Path("assets/other.png")])


def test_fill_refuses_what_check_refuses_and_a_folder_with_others_files(
    small: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "space"
    change(small, sdk="static")
    with pytest.raises(StageError, match="sdk"):
        space.fill(folder, small)
    assert not folder.exists()
    change(small)
    assert space.fill(folder, small) == space.files(small) == space.files(folder)
    with pytest.raises(StageError, match="not empty"):
        space.fill(folder, small)


TEXT = """[page](app.py), [code](viobert/), [`LOG.md`](LOG.md), [tests](./tests#unit "all of them")
[web](https://example.org/a), [here](#the-page), [`docs`
of it](docs), ![shown](assets/page.png) ![not shown](docs/a.png) [up](../secret)
[![shown](assets/page.png)](train/recipe.py) `[x](train)`

```
[x](train)
```
"""


def test_links_to_what_the_space_lacks_lead_to_the_repository_or_go(small: Path) -> None:
    found = space.files(small)
    kept = "[page](app.py), [code](viobert/), "
    web = "\n[web](https://example.org/a), [here](#the-page), "
    image = "![shown](assets/page.png)"
    code = " `[x](train)`\n\n```\n[x](train)\n```\n"
    assert space.links(TEXT, found, "") == (
        f"{kept}`LOG.md`, tests{web}`docs`\nof it, {image} not shown up\n{image}{code}"
    )
    at = "https://example.org/us/it"
    assert space.links(TEXT, found, at) == (
        f"{kept}[`LOG.md`]({at}/blob/HEAD/LOG.md), [tests]({at}/tree/HEAD/tests#unit){web}"
        f"[`docs`\nof it]({at}/tree/HEAD/docs), {image} ![not shown]({at}/raw/HEAD/docs/a.png) up\n"
        f"[{image}]({at}/blob/HEAD/train/recipe.py){code}"
    )


def test_the_repositorys_address_is_that_of_the_citation(small: Path, tmp_path: Path) -> None:
    with (small / "CITATION.cff").open("a", encoding="utf-8") as text:
        text.write("\nrepository-code: https://example.org/us/it/\n")
    space.fill(tmp_path / "space", small)
    readme = (tmp_path / "space" / "README.md").read_text(encoding="utf-8")
    assert "[`LOG.md`](https://example.org/us/it/blob/HEAD/LOG.md)" in readme
    (small / "CITATION.cff").write_text("title: [", encoding="utf-8")
    with pytest.raises(StageError, match=r"^CITATION\.cff: .*$"):
        space.fill(tmp_path / "other", small)


def imported(tree: ast.AST) -> set[str]:
    """Top-level names that are imported anywhere below a node."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def required() -> Iterator[Distribution]:
    """What ``pip install -r requirements.txt`` installs here, dependencies included."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    waiting = [Requirement(line) for line in lines if line and not line.startswith("#")]
    waiting = [one for one in waiting if one.marker is None or one.marker.evaluate()]
    seen: set[tuple[str, str]] = set()
    while waiting:
        one = waiting.pop()
        for extra in one.extras | {""}:
            if (one.name.lower(), extra) in seen:
                continue
            seen.add((one.name.lower(), extra))
            try:
                found = distribution(one.name)
            except PackageNotFoundError:
                continue
            for other in map(Requirement, found.requires or []):
                if other.marker is None or other.marker.evaluate({"extra": extra}):
                    waiting.append(other)
            if not extra:
                yield found


def provided(one: Distribution) -> set[str]:
    """Names of the files and folders that a distribution has put at the top of site-packages."""
    return {path.parts[0] for path in one.files or [] if path.parts[0] not in ("..", "__pycache__")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site-packages of what ``requirements.txt`` brings, and of nothing else."""
    folder = tmp_path_factory.mktemp("site-packages")
    for one in required():
        for name in provided(one):
            if not (folder / name).exists():
                (folder / name).symlink_to(Path(str(one.locate_file(name))))
    return folder


def test_the_page_imports_only_what_its_requirements_bring(site: Path) -> None:
    brought = {path.name.split(".")[0] for path in site.iterdir()}
    assert not brought & {"viobert", "train", "pytest", "openvino", "datatrove"}
    for path in [ROOT / "app.py", *(ROOT / "viobert").rglob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        foreign = imported(tree) - sys.stdlib_module_names - {"viobert"}
        assert foreign - OPTIONAL <= brought, path
        # At the top of a file nothing is optional.
        tops: list[ast.stmt] = [
            node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))
        ]
        assert not imported(ast.Module(tops, [])) & OPTIONAL, path


#: Runs app.py as python does, with a site-packages that is given and without ``site``, which would
#: add the editable install. Tells of each file of the checkout that is opened.
BOOT = """
import importlib.util, os, runpy, sys

packages, checkout = sys.argv[1:]

def watch(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], str):
        path = os.path.abspath(arguments[0])
        if path.startswith(checkout + os.sep) and "-packages" not in path:
            os.write(2, f"STRAY {path}\\n".encode())

sys.addaudithook(watch)
sys.path[:] = [os.getcwd(), *(p for p in sys.path if p and "-packages" not in p), packages]
sys.argv = ["app.py"]
import viobert
assert importlib.util.find_spec("train") is None
assert importlib.util.find_spec("pytest") is None
print("PAGE", viobert.__file__, flush=True)
runpy.run_path("app.py", run_name="__main__")
"""


@contextmanager
def served(folder: Path, site: Path, notes: Path) -> Iterator[App]:
    """The page in ``folder``, run from there with ``site`` alone; ``notes`` gets log and votes."""
    inherited = ("VIOBERT_", "GRADIO_", "PYTHON", "HF_", "SPACE_", "VIRTUAL_ENV")
    env = {key: value for key, value in os.environ.items() if not key.startswith(inherited)}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log, votes, began = notes / "log.txt", notes / "votes", time.monotonic()
    env |= {"PORT": str(port), "VIOBERT_OFFLINE": "1", "VIOBERT_FEEDBACK_DIR": str(votes)}
    env |= {"PYTHONDONTWRITEBYTECODE": "1"}
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-s", "-S", "-c", BOOT, str(site), str(ROOT)],
            env=env, cwd=folder, stdout=sink, stderr=sink,
        )  # fmt: skip
    # Seconds of torch and gradio, while the page imports them, too.
    from tests.page.visiting import App

    app = App(f"http://127.0.0.1:{port}", 0.0, process, log, votes)
    try:
        while not _answers(app.url):
            assert process.poll() is None and time.monotonic() - began < 90, log.read_text()
            time.sleep(0.1)
        yield app
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/config", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spaces") / "space"
    space.fill(folder)
    return folder


def test_no_link_of_a_space_is_broken(filled: Path) -> None:
    """Neither of its README nor of those of the models in it; every image is there."""
    for readme in [filled / "README.md", *(filled / "assets").rglob("*.md")]:
        text = readme.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (readme.parent / target).resolve().is_relative_to(filled), target
            assert (readme.parent / target).exists(), target
        assert not re.search(r"(src|href)=|^\[[^\]]+\]: ", text, re.MULTILINE)
    text = (filled / "README.md").read_text(encoding="utf-8")
    assert space.front_matter(text) == space.front_matter(README)
    assert text.count("](assets/") == README.count("](assets/") > 3


@pytest.fixture(scope="module")
def app(filled: Path, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The page of the filled folder. At the end it has neither failed, nor read the checkout, nor
    written beside its own files."""
    with served(filled, site, tmp_path_factory.mktemp("served")) as page:
        yield page
    told = page.log.read_text(encoding="utf-8")
    assert "STRAY" not in told and "Traceback" not in told, told
    assert space.files(filled) == space.files(ROOT)
    assert sum(path.is_file() for path in filled.rglob("*")) == len(space.files(ROOT))


def test_the_page_answers_from_what_a_space_gets(app: App, filled: Path) -> None:
    """With no more than its requirements."""
    from gradio_client import Client

    from tests.page.visiting import SENTENCE

    told = app.log.read_text(encoding="utf-8").splitlines()
    assert f"PAGE {filled / 'viobert' / '__init__.py'}" in told
    client = Client(app.url, verbose=False)
    answer = client.predict(text=SENTENCE, k=3, api_name="/fill_mask")
    assert [model["name"] for model in answer["models"]] == ["base-mini", "viobert-mini"]
    assert all(len(model["masks"][0]) == 3 for model in answer["models"])
    # On a Space the project is not installed.
    assert client.predict(api_name="/health")["version"] == "source"


def test_a_visitor_sees_the_page_of_a_space(app: App, browser: Browser) -> None:
    from tests.page.visiting import visiting

    with visiting(browser, app) as visit:
        assert visit.page.locator("#general .word").count() == 5
