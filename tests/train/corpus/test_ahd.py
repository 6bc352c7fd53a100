from __future__ import annotations

import io
import os
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.train.corpus.test_local import csv_bytes, write_xlsx
from train.corpus.sources import ahd
from train.corpus.sources.errors import SourceError
from train.recipe import Recipe, Source

QUESTION = "عندي صداع من ثلاثة أيام وأخذت ٥٠٠ mg بنادول، هل أزيد الجرعة؟"
ROWS = [
    {"": "0", "Question": QUESTION, "Answer": "لا تزد الجرعة وراجع الطبيب.", "Category": "أعصاب"},
    {"": "1", "Question": "ما علاج الحموضة؟", "Answer": "قلل القهوة.", "Category": "هضم"},
    {"": "2", "Question": QUESTION, "Answer": "اشرب الماء ونم جيداً.", "Category": "أعصاب"},
    {"": "3", "Question": "", "Answer": "الراحة تكفي.", "Category": ""},
]
KAGGLE = Source(kind="ahd", dataset="owner/qa-ar")


@pytest.fixture()
def recipe(tmp_path: Path) -> Recipe:
    made: Any = object.__new__(Recipe)  # fetching asks a recipe for its path only
    made.path = tmp_path / "r.yaml"
    return made  # type: ignore[no-any-return]


@dataclass
class Kaggle:
    """What kagglehub needs of Kaggle, reached as the proxy of ``http://localhost``."""

    archive: bytes
    break_at: int = 0
    refuse: int = 0
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        kaggle = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path, wanted = urlsplit(self.path).path, self.headers.get("Range", "")
                kaggle.asked.append((path, wanted, self.headers.get("Authorization", "")))
                if kaggle.refuse:
                    self.send(kaggle.refuse, b'{"code": 403, "message": "no"}', "application/json")
                elif path.endswith("/GetDataset"):
                    self.send(200, b'{"currentVersionNumber": 3}', "application/json")
                else:
                    start = int(wanted.removeprefix("bytes=").rstrip("-") or 0)
                    self.send(206 if start else 200, kaggle.archive[start:], "application/zip")

            do_GET = do_POST = answer

            def send(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Accept-Ranges", "bytes")
                self.end_headers()
                if kind == "application/zip" and kaggle.break_at:
                    body, kaggle.break_at = body[: kaggle.break_at], 0
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        return Handler


@pytest.fixture()
def kaggle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kaggle]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("data/AHD.csv", csv_bytes(ROWS))
        archive.writestr("about.bin", os.urandom(3 << 20))
    made = Kaggle(packed.getvalue())
    server = ThreadingHTTPServer(("127.0.0.1", 0), made.handler())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    without_credentials(tmp_path, monkeypatch)
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_address[1]}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KAGGLE_USERNAME", "someone")
    monkeypatch.setenv("KAGGLE_KEY", "secret")
    yield made
    server.shutdown()
    server.server_close()


def without_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_KERNEL_RUN_TYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path / "home"))


def failure(recipe: Recipe, folder: Path, source: Source) -> str:
    with pytest.raises(SourceError) as error:
        ahd.fetch(source, folder, recipe)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", ["AHD.csv", "AHD.xlsx"])
def test_a_pair_is_a_document_and_one_question_a_family(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("csv"):
        path.write_bytes(csv_bytes(ROWS))
    else:
        write_xlsx(path, [list(ROWS[0]), *(list(row.values()) for row in ROWS)])
    found = list(ahd.read(path, Source(kind="ahd")))
    first, other, second, alone = found
    assert first.text == f"{QUESTION}\n{ROWS[0]['Answer']}"
    assert first.family == second.family and len({d.family for d in found}) == 3
    assert alone.text == "الراحة تكفي." and alone.family == alone.id and alone.metadata == {}
    assert (first.metadata, first.source, first.setting) == ({"category": "أعصاب"}, "AHD", "AHD")
    assert first.licence == "CC BY 4.0"
    assert other.ref.startswith("https://doi.org/10.17632/mgj29ndgrk.5, AHD.")
    assert len({d.id for d in found}) == 4
    assert "٥٠٠ mg" in first.text


def test_ids_do_not_hang_on_the_order_and_repeated_pairs_have_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_bytes(ROWS))
    before = {(d.text, d.id, d.family) for d in ahd.read(path, Source(kind="ahd"))}
    path.write_bytes(csv_bytes([*reversed(ROWS), ROWS[1]]))
    after = [(d.text, d.id, d.family) for d in ahd.read(path, Source(kind="ahd"))]
    assert len(set(after)) == 5 and before < set(after)


@pytest.mark.parametrize(
    "names",
    [("السؤال", "الإجابة", "التخصص"), (" question ", "ANSWER", "label"), ("س", "ج", "Category")],
)
def test_columns_are_found_by_alias_or_by_the_recipe(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    path = tmp_path / "a.csv"
    rows = [dict(zip(names, list(row.values())[1:], strict=True)) for row in ROWS]
    path.write_bytes(csv_bytes(rows))
    columns = {"question": "س", "answer": "ج"} if "س" in names else {}
    found = list(ahd.read(path, Source(kind="ahd", columns=columns, licence="MIT")))
    assert found[1].text == "ما علاج الحموضة؟\nقلل القهوة."
    assert found[1].metadata == {"category": "هضم"} and found[1].licence == "MIT"


def test_other_tables_are_refused_with_their_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_bytes([{"Category": "قلب", "Count": 5}]))
    with pytest.raises(SourceError, match=r"a\.csv: no columns of .* among Category, Count;"):
        list(ahd.read(path, Source(kind="ahd")))


def test_rows_can_be_picked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(csv_bytes(ROWS))
    source = Source(kind="ahd", where={"Category": "هضم"})
    assert [d.metadata["category"] for d in ahd.read(tmp_path / "a.csv", source)] == ["هضم"]


def test_a_local_copy_is_used_as_it_is(tmp_path: Path, recipe: Recipe) -> None:
    (tmp_path / "AHD.csv").write_bytes(csv_bytes(ROWS))
    source = Source(kind="ahd", path="AHD.*", dataset="owner/qa-ar")
    assert ahd.fetch(source, tmp_path / "f", recipe) == [tmp_path / "AHD.csv"]


def test_without_credentials_the_way_is_told(
    tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_credentials(tmp_path, monkeypatch)
    message = failure(recipe, tmp_path / "f", KAGGLE)
    assert "no Kaggle credentials" in message and "under path: in the recipe" in message
    assert "https://doi.org/10.17632/mgj29ndgrk.5" in message
    assert "names no Kaggle data set" in failure(recipe, tmp_path / "f", Source(kind="ahd"))


def test_fetching_goes_on_where_it_broke_off(
    tmp_path: Path, recipe: Recipe, kaggle: Kaggle
) -> None:
    folder = tmp_path / "f"
    kaggle.break_at = len(kaggle.archive) // 2
    assert "run again to go on" in failure(recipe, folder, KAGGLE)
    assert not list(folder.glob("*"))
    (path,) = ahd.fetch(KAGGLE, folder, recipe)
    assert path.name == "data-AHD.csv" and path.read_bytes() == csv_bytes(ROWS)
    assert [r for _, r, _ in kaggle.asked if r] == ["bytes=1048576-"]  # a whole piece of its
    assert kaggle.asked[0][2].startswith("Basic ")
    asked = len(kaggle.asked)
    assert ahd.fetch(KAGGLE, folder, recipe) == [path] and len(kaggle.asked) == asked
    assert sorted(p.name for p in folder.iterdir()) == ["data-AHD.csv", "fetched.json"]


def test_a_refusal_of_kaggle_is_one_line(tmp_path: Path, recipe: Recipe, kaggle: Kaggle) -> None:
    kaggle.refuse = 403
    assert "Kaggle did not give owner/qa-ar (403" in failure(recipe, tmp_path / "f", KAGGLE)


def test_an_archive_without_a_table_is_told(tmp_path: Path, recipe: Recipe, kaggle: Kaggle) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("about.md", "نص")
    kaggle.archive = packed.getvalue()
    assert "no table in owner/qa-ar" in failure(recipe, tmp_path / "f", KAGGLE)
