from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.train.conftest import ROOT
from tests.train.corpus.test_local import csv_bytes
from train.corpus.sources import shifaa
from train.corpus.sources.errors import SourceError
from train.recipe import Source

COMMIT = "89abcdef0123456789abcdef0123456789abcdef"
QUESTION = "ما سبب خفقان القلب\nبعد شرب القهوة؟ عمري ٣٤ سنة وأتناول concor 5 mg."
ROWS = [
    {
        "Question Title": "خفقان القلب",
        "Question": QUESTION,
        "Answer": "القهوة تسرّع النبض، فقلّل منها.",
        "Main Specialization": "القلب",
        "Hierarchical Diagnosis": "أمراض القلب > اضطراب النبض > خفقان",
        "Date of Answer": "2019-05-01",
    },
    {
        "Question Title": "ألم في الركبة",
        "Question": "ألم في  الركبة عند صعود الدرج منذ شهر.",
        "Answer": "راجع طبيب العظام.",
        "Main Specialization": "العظام",
        "Hierarchical Diagnosis": "العظام",
        "Date of Answer": "2020-01-01",
    },
]
ROWS.append({**ROWS[0], "Answer": "خذ الدواء في موعده.", "Question": f" {QUESTION} "})
CARD = "---\nlicense: cc-by-4.0\n---\nنص\n"
FETCH = """
import json, sys
from pathlib import Path
from train.corpus.sources import shifaa
from train.recipe import Source
class Recipe: path = Path("r.yaml")
said = []
try:
    found = shifaa.fetch(Source(kind="shifaa", dataset=sys.argv[2]), Path(sys.argv[1]), Recipe)
    said.append([str(path) for path in found])
except Exception as error:
    said.append(f"{type(error).__name__}: {error}")
print(json.dumps(said))
"""


@dataclass
class DataHub:
    """The routes of the Hub that ``datasets`` asks for one data set at one commit."""

    files: dict[str, bytes]
    breaks: int = 0
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str, body: bytes) -> Any:
        """What the API says about ``path``, the contents of a file, or None."""
        entries = [
            {"type": "file", "path": name, "oid": hashlib.sha1(data).hexdigest(), "size": len(data)}
            for name, data in self.files.items()
        ]
        if path.startswith("/api/datasets/org/shifaa/paths-info/"):
            wanted = json.loads(body)["paths"]
            return [entry for entry in entries if entry["path"] in wanted]
        if path.startswith("/api/datasets/org/shifaa/tree/"):
            return entries if path.count("/") == 6 else None
        if path in ("/api/datasets/org/shifaa", f"/api/datasets/org/shifaa/revision/{COMMIT}"):
            card = {"license": "cc-by-4.0"} if "README.md" in self.files else None
            siblings = [{"rfilename": name} for name in self.files]
            return {"id": "org/shifaa", "sha": COMMIT, "siblings": siblings, "cardData": card}
        return self.files.get(path.removeprefix(f"/datasets/org/shifaa/resolve/{COMMIT}/"))

    def handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def reply(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path, span = urlsplit(self.path).path, self.headers.get("Range", "")
                hub.asked.append(f"{self.command} {path} {span}".strip())
                answer = hub.answer(path, sent)
                body = answer if isinstance(answer, bytes) else json.dumps(answer or {}).encode()
                start = int(span.removeprefix("bytes=").split("-")[0] or 0)
                self.send_response(404 if answer is None else 206 if span else 200)
                self.send_header("Content-Length", str(len(body) - start))
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                self.send_header("ETag", f'"{hashlib.sha1(body).hexdigest()}"')
                self.send_header("X-Repo-Commit", COMMIT)
                if answer is None:
                    self.send_header("X-Error-Code", "EntryNotFound")
                self.end_headers()
                if self.command == "HEAD":
                    return
                if path.endswith(".csv") and hub.breaks:
                    hub.breaks, body = hub.breaks - 1, body[: start + (len(body) - start) // 2]
                    self.close_connection = True
                self.wfile.write(body[start:])

            do_GET = do_POST = do_HEAD = reply

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        return Handler


@pytest.fixture()
def hub() -> Iterator[DataHub]:
    made = DataHub({"README.md": CARD.encode(), "heart.csv": csv_bytes(ROWS * 400)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), made.handler())
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def fetch(url: str, folder: Path, name: str, **more: str) -> list[Any]:
    """What ``fetch`` gives in a process of its own, which alone knows the Hub's address."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(("HF_", "HTTP"))}
    env = {**kept, "HF_ENDPOINT": url, "HF_HOME": str(folder.parent / "home"), **more}
    done = subprocess.run(
        [sys.executable, "-c", FETCH, str(folder), name],
        env={**env, "PYTHONPATH": os.pathsep.join([str(ROOT), env.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    said: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def test_a_consultation_is_a_document_with_its_labels(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    first, other, second = shifaa.read(path, Source(kind="shifaa", licence="MIT"))
    assert first.text == f"خفقان القلب\n{QUESTION}\n{ROWS[0]['Answer']}"
    assert first.title == "خفقان القلب"
    assert first.metadata == {
        "specialisation": "القلب",
        "diagnosis": ["أمراض القلب", "اضطراب النبض", "خفقان"],
    }
    # The question begins with its title, but for a space: the title is not said twice.
    assert other.text == f"{ROWS[1]['Question']}\n{ROWS[1]['Answer']}"
    assert other.metadata == {"specialisation": "العظام", "diagnosis": ["العظام"]}
    assert first.family == second.family != other.family and first.id != second.id
    assert (first.source, first.setting, first.licence) == ("Shifaa", "Shifaa", "MIT")


def test_ids_do_not_hang_on_the_order(tmp_path: Path) -> None:
    path, source = tmp_path / "a.csv", Source(kind="shifaa", licence="MIT")
    path.write_bytes(csv_bytes(ROWS))
    before = {(d.id, d.text) for d in shifaa.read(path, source)}
    path.write_bytes(csv_bytes([*reversed(ROWS), ROWS[1]]))
    after = [(d.id, d.text) for d in shifaa.read(path, source)]
    assert len(set(after)) == 4 and before < set(after)


def test_missing_columns_and_a_missing_licence_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_bytes([{k: v for k, v in ROWS[0].items() if k != "Answer"}]))
    with pytest.raises(SourceError, match=r"a\.csv: no column Answer; it has Question Title, "):
        list(shifaa.read(path, Source(kind="shifaa", licence="MIT")))
    path.write_bytes(csv_bytes(ROWS))
    with pytest.raises(SourceError, match=r"a\.csv, row 1: column licence .* in the recipe"):
        list(shifaa.read(path, Source(kind="shifaa")))


def test_the_hub_is_fetched_once_and_its_card_gives_the_licence(
    tmp_path: Path, hub: DataHub
) -> None:
    folder, name = tmp_path / "f", f"org/shifaa@{COMMIT}"
    hub.breaks = 1  # in the middle of the file; the library asks again
    assert fetch(hub.url, folder, name) == [[str(folder / "train.parquet")]]
    assert sum(a.startswith("GET /datasets/") and ".csv" in a for a in hub.asked) == 2
    asked = len(hub.asked)
    assert fetch(hub.url, folder, name) == [[str(folder / "train.parquet")]]
    assert len(hub.asked) == asked
    source = Source(kind="shifaa", dataset=name)
    found = list(shifaa.read(folder / "train.parquet", source))
    assert len(found) == 1200 and {d.licence for d in found} == {"CC BY 4.0"}
    assert found[0].text == f"خفقان القلب\n{QUESTION}\n{ROWS[0]['Answer']}"
    assert found[0].ref == f"{name}, train.parquet, row 1"
    assert sorted(p.name for p in folder.iterdir()) == ["fetched.json", "train.parquet"]


def test_without_a_network_one_line_says_so(tmp_path: Path) -> None:
    closed = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    url = f"http://127.0.0.1:{closed.server_address[1]}"
    closed.server_close()
    (said,) = fetch(url, tmp_path / "f", "org/shifaa", HF_HUB_OFFLINE="1")
    assert said.startswith("SourceError: r.yaml: the Hub did not give org/shifaa (")
    assert "under path: in the recipe" in said and "\n" not in said
    assert not list((tmp_path / "f").glob("*.parquet"))


SET = """
import sys
from pathlib import Path
from train.corpus.evaluation_items import items
from train.recipe import RecipeError, load
try:
    print([d.text for d in items(load(Path(sys.argv[1])))][0])
except RecipeError as error:
    print(error)
"""


def test_an_evaluation_set_comes_from_the_hub_or_says_why_not(hub: DataHub, tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(("HF_", "HTTP"))}
    env = {**kept, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), kept.get("PYTHONPATH", "")])
    smoke = (ROOT / "train" / "recipes" / "smoke-base.yaml").read_text(encoding="utf-8")

    def said(name: str) -> str:
        one = f"{{name: q, dataset: {name}, columns: [Question]}}"
        text = f"  corpus:\n    evaluation_sets: [{one}]"
        path = tmp_path / "smoke.yaml"
        path.write_text(smoke.replace("  corpus:", text, 1), encoding="utf-8")
        command = [sys.executable, "-c", SET, str(path)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert said(f"org/shifaa@{COMMIT}") == QUESTION
    asked = len(hub.asked)
    env["HF_HUB_OFFLINE"] = "1"
    assert said(f"org/shifaa@{COMMIT}") == QUESTION and len(hub.asked) == asked
    assert "evaluation set q: the Hub did not give org/other" in said("org/other")
