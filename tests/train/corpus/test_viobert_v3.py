"""The real recipe, its four sources replaced by servers on loopback and a workbook on disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.train.conftest import RECIPES, ROOT
from tests.train.corpus.bad_server import HALF, Answer, BadServer, busy
from tests.train.corpus.bad_wiki import Article
from tests.train.corpus.making import text
from tests.train.corpus.test_local import csv_bytes, write_xlsx
from tests.train.corpus.test_shifaa import CARD, COMMIT, DataHub
from tests.train.corpus.test_who import page, sitemap

AHD = [
    (text(i, 12), f"{text(i + 300, 20)}، مع تحيات الدكتور سامر العطار", "القلب") for i in range(30)
]
SHIFAA = [
    {
        "Question Title": "سؤال",
        "Question": f"{text(i + 600, 15)} رقمي ٠٥٥١٢٣٤٥٦٧",
        "Answer": text(i + 900, 15),
        "Main Specialization": "القلب",
        "Hierarchical Diagnosis": "أمراض القلب > خفقان",
        "Date of Answer": "2020-01-01",
    }
    for i in range(20)
]


def fill(server: BadServer) -> None:
    """A wiki with a loop of categories and a sitemap of Arabic pages, both with bad moments."""
    names = ("أمراض واضطرابات", "أعراض وعلامات طبية", "أدوية", "صحة", "تشريح بشري")
    articles = [Article(i, f"مقالة {i}", text(i + 1200, 40)) for i in range(10, 22)]
    server.wiki.members = {name: [articles[i]] for i, name in enumerate(names)}
    server.wiki.members["طب"] = [*articles[5:], "أدوية", "طب"]
    listed = [f"{server.url}/ar/{i}" for i in range(8)]
    for i in range(8):
        paragraphs = [text(1500 + 10 * i + part, 30) for part in range(3)]
        server.pages[f"/ar/{i}"] = Answer(page(f"صفحة {i}", *paragraphs))
    server.pages["/sitemap.xml"] = Answer(sitemap(*listed), kind="application/xml")
    server.spoil("/ar/3", busy(503), HALF)
    server.spoil("extracts", busy(429, **{"Retry-After": "0"}), HALF)


def adapted(folder: Path, url: str) -> Path:
    """viobert-v3.yaml with the servers' addresses and nothing else changed."""
    recipe = (RECIPES / "viobert-v3.yaml").read_text(encoding="utf-8")
    for real, here in (
        ("https://ar.wikipedia.org", url),
        ("https://www.who.int/sitemap.xml", f"{url}/sitemap.xml"),
        ("Ahmed-Selem/Shifaa_Arabic_Medical_Consultations", f"org/shifaa@{COMMIT}"),
    ):
        assert recipe.count(real) == 1
        recipe = recipe.replace(real, here)
    recipe = recipe.replace("../../assets", str(ROOT / "assets"))
    path = folder / "viobert-v3.yaml"
    path.write_text(recipe, encoding="utf-8")
    return path


def run(recipe: Path, folder: Path, hub: str) -> subprocess.CompletedProcess[str]:
    """A process of its own: the Hub's address is read when its client is imported."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(("HF_", "HTTP"))}
    env = kept | {
        "HF_ENDPOINT": hub, "HF_HOME": str(folder / "home"), "VIOBERT_AHD": str(folder),
        "VIOBERT_DATA": str(folder),
        "VIOBERT_FETCH_INTERVAL": "0", "VIOBERT_FETCH_BACKOFF": "0.01",
    }  # fmt: skip
    command = [sys.executable, "-m", "train", "corpus", str(recipe), "--runs", str(folder / "runs")]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_four_sources_become_one_corpus(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "AHD.xlsx", [["Question", "Answer", "Category"], *map(list, AHD)])
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    question = {"question": text(2000, 12), "options": [text(2100, 3), text(2200, 3)]}
    pq.write_table(pa.Table.from_pylist([question]), tasks / "medarabench.parquet")
    tweet = {"text": text(2300, 12)}
    pq.write_table(pa.Table.from_pylist([tweet]), tasks / "arsarcasm_dialect.parquet")
    made = DataHub({"README.md": CARD.encode(), "all.csv": csv_bytes(SHIFAA)})
    hub = ThreadingHTTPServer(("127.0.0.1", 0), made.handler())
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    with BadServer() as server:
        fill(server)
        recipe = adapted(tmp_path, server.url)
        address = f"http://127.0.0.1:{hub.server_address[1]}"
        done = run(recipe, tmp_path, address)
        assert done.returncode == 0, done.stderr
        asked, served = len(server.seen), len(made.asked)
        again = run(recipe, tmp_path, address)
        assert again.returncode == 0 and "up to date" in again.stdout
        assert (len(server.seen), len(made.asked)) == (asked, served)  # fetched once
    hub.shutdown()
    hub.server_close()
    corpus = tmp_path / "runs" / "viobert-v3" / "corpus"
    rows: list[dict[str, Any]] = pq.read_table(corpus / "documents.parquet").to_pylist()
    found = {(r["source"], r["licence"], r["setting"]) for r in rows}
    assert found == {
        ("AHD", "CC BY 4.0", "consultations"),
        ("Shifaa", "CC BY 4.0", "consultations"),
        ("wikipedia-ar", "CC BY-SA 4.0", "encyclopaedia"),
        ("who", "CC BY-NC-SA 3.0 IGO", "public-health"),
    }
    counts = {name: sum(r["source"] == name for r in rows) for name, *_ in found}
    assert counts == {"AHD": 30, "Shifaa": 20, "wikipedia-ar": 12, "who": 8}
    everything = " ".join(r["text"] for r in rows)
    assert "العطار" not in everything and "٠٥٥١٢٣٤٥٦٧" not in everything
    labelled = next(r for r in rows if r["source"] == "Shifaa")
    assert json.loads(labelled["metadata"])["diagnosis"] == ["أمراض القلب", "خفقان"]
    assert "CC BY-NC-SA 3.0 IGO" in (corpus / "README.md").read_text("utf-8")
