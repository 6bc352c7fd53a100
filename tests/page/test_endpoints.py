"""The public endpoints of a served page: JSON over HTTP, and the same for MCP clients."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from tests.page.visiting import SENTENCE, App, served
from viobert.checkpoints import ROOT
from viobert.text import words

WHOLE = "المريض يعاني من ألم في الصدر ويتناول metformin 500 ملغ"


def test_endpoint_answers(client: Client) -> None:
    told = client.predict(text="المريض يعاني من ___ في الصدر", k=7, api_name="/fill_mask")
    assert told["text"] == SENTENCE
    assert [m["role"] for m in told["models"]] == ["general", "medical"]
    for model in told["models"]:
        (mask,) = model["masks"]
        chances = [row["probability"] for row in mask]
        assert len(mask) == 7 and chances == sorted(chances, reverse=True)
        assert 0 < sum(chances) <= 1
    assert len(client.predict(text=SENTENCE, api_name="/fill_mask")["models"][0]["masks"][0]) == 5


@pytest.mark.parametrize(
    ("text", "k", "message"),
    [
        ("", 5, "Write a sentence"), ("بلا قناع", 5, "Put [MASK]"), (None, 5, "text must be"),
        ([SENTENCE], 5, "text must be"), (SENTENCE, 0, "k must be"), (SENTENCE, "x", "k must be"),
        (SENTENCE, 10**9, "k must be"), ("قلب [MASK] " * 100_000, 5, "longer than 5000"),
    ],
)  # fmt: skip
def test_endpoint_refuses(client: Client, text: Any, k: Any, message: str) -> None:
    with pytest.raises(AppError, match="must be|longer|Write|Put") as caught:
        client.predict(text=text, k=k, api_name="/fill_mask")
    assert message in str(caught.value) and "Traceback" not in str(caught.value)


def test_many_callers_at_once_are_all_answered(client: Client) -> None:
    def call(_: int) -> int:
        return len(client.predict(text=SENTENCE, api_name="/fill_mask")["models"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(16))) == [2] * 16


@pytest.mark.parametrize("port", ["taken", "many"])
def test_a_port_that_cannot_be_had_is_one_line(app: App, port: str) -> None:
    asked = app.url.rpartition(":")[2] if port == "taken" else port
    env = {**os.environ, "PORT": asked, "VIOBERT_OFFLINE": "1"}
    command = [sys.executable, str(ROOT / "app.py")]
    result = subprocess.run(command, env=env, text=True, capture_output=True, timeout=60)
    assert result.returncode == 1 and asked in result.stderr
    assert "PORT" in result.stderr and "Traceback" not in result.stderr


def test_nothing_of_a_visit_is_kept(app: App) -> None:
    assert httpx.get(f"{app.url}/gradio_api/runs").status_code == 404
    assert httpx.get(f"{app.url}/monitoring/summary").status_code == 403
    assert httpx.get(f"{app.url}/gradio_api/file={ROOT / 'app.py'}").status_code == 403
    log = app.log.read_text(encoding="utf-8")
    assert "Traceback" not in log and "المريض" not in log
    assert app.process.poll() is None
    assert app.seconds < 20


def test_own_word_comes_with_rank_and_pieces(client: Client) -> None:
    told = client.predict(text=SENTENCE, word="ألم", api_name="/fill_mask")
    general, medical = (model["word"][0] for model in told["models"])
    assert medical["rank"] < general["rank"] and medical["pieces"] == ["ألم"]
    assert 0 < general["probability"] < medical["probability"] < 1
    with pytest.raises(AppError, match="one word"):
        client.predict(text=SENTENCE, word="كلمتان معا", api_name="/fill_mask")


def test_surprise_is_told_word_by_word(client: Client) -> None:
    told = client.predict(text=WHOLE, api_name="/surprise")
    spans = [(w["start"], w["end"]) for w in told["models"][0]["words"]]
    assert spans == words(WHOLE)
    for model in told["models"]:
        bits = [w["bits"] for w in model["words"] if w["bits"] is not None]
        assert min(bits) > 0 and model["total_bits"] == pytest.approx(sum(bits))
    with pytest.raises(AppError, match="limit here is 64"):
        client.predict(text="قلب " * 100, api_name="/surprise")


def test_entities_are_whole_words(client: Client) -> None:
    told = client.predict(text=WHOLE, api_name="/entities")
    starts = {start for start, _ in words(WHOLE)}
    for model in told["models"]:
        assert model["entities"]
        for entity in model["entities"]:
            assert entity["text"] == WHOLE[entity["start"] : entity["end"]]
            assert entity["start"] in starts and 0 < entity["score"] <= 1
    with pytest.raises(AppError, match="longer than 2000"):
        client.predict(text="قلب " * 600, api_name="/entities")


def test_health_says_who_answers(client: Client) -> None:
    told = client.predict(api_name="/health")
    assert told["status"] == "ready"
    assert [m["role"] for m in told["models"]] == ["general", "medical"]
    assert [m["name"] for m in told["entities"]] == ["base-mini-ner", "viobert-mini-ner"]


def test_only_these_endpoints_are_public(client: Client) -> None:
    told = client.view_api(return_format="dict", print_info=False)
    assert set(told["named_endpoints"]) == {"/fill_mask", "/surprise", "/entities", "/health"}
    assert not told["unnamed_endpoints"]


def _mcp(app: App, method: str, params: dict[str, Any]) -> str:
    headers = {"Accept": "application/json, text/event-stream"}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = httpx.post(f"{app.url}/gradio_api/mcp/", json=body, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_same_abilities_by_mcp(app: App) -> None:
    listed = _mcp(app, "tools/list", {})
    for name in ("fill_mask", "surprise", "entities", "health"):
        assert name in listed
    assert "an Arabic sentence with one to five [MASK]s" in listed
    told = _mcp(app, "tools/call", {"name": "fill_mask", "arguments": {"text": SENTENCE, "k": 3}})
    assert "probability" in told


def test_a_client_that_asks_too_often_is_told_so(tmp_path: Path) -> None:
    with served(tmp_path, VIOBERT_RATE="3") as app:
        told = Client(app.url, verbose=False)
        other = Client(app.url, verbose=False, headers={"x-forwarded-for": "10.0.0.9"})
        for _ in range(3):
            told.predict(text=SENTENCE, api_name="/fill_mask")
        with pytest.raises(AppError, match="Many questions"):
            told.predict(text=SENTENCE, api_name="/fill_mask")
        assert other.predict(text=SENTENCE, api_name="/fill_mask")["models"]
        assert app.log.read_text(encoding="utf-8").count("Traceback") == 0
