"""Wikipedia through the real client, against a server that misbehaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.train.corpus.bad_server import HALF, Answer, BadServer, busy, lag
from tests.train.corpus.bad_wiki import Article
from train.corpus.sources import wikipedia
from train.corpus.sources.errors import SourceError
from train.corpus.sources.extracts import trim
from train.recipe import Corpus, Recipe, Source, Training, What

DIABETES = (
    "السُّكَّرِيّ مرضٌ مزمن\u200f، يُقاس فيه الغلوكوز صائمًا: ١٢٦ ملغ/دل أو 7.0 mmol/L فأكثر.\n"
    "يُبدأ العلاج عادةً بدواء metformin بجرعة 500 mg مرتين يوميًا.\n\n\n"
    "== الأعراض ==\nالعطش وكثرة التبول.\n\n\n== الوقاية ==\n\n\n=== التغذية ===\nأليافٌ أكثر.\n\n\n"
    "== انظر أيضًا ==\nضغط الدم\n\n\n== المراجع ==\n\n\n== وصلات خارجية ==\nموقع الجمعية"
)
KILLED = """
import sys
from pathlib import Path
from tests.train.corpus.test_wikipedia import a_recipe, a_source
from train.corpus.sources import wikipedia
wikipedia.fetch(a_source(sys.argv[1]), Path(sys.argv[2]), a_recipe())
"""


def a_source(url: str, **options: Any) -> Source:
    return Source(kind="wikipedia", url=url, **{"categories": ["أمراض"], **options})


def a_recipe() -> Recipe:
    what = What(corpus=Corpus(sources=[Source(path="none")]), training=Training(steps=1000))
    return Recipe(name="small", what=what)


def get(source: Source, folder: Path) -> list[dict[str, Any]]:
    (path,) = wikipedia.fetch(source, folder, a_recipe())
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def ids(documents: list[dict[str, Any]]) -> list[int]:
    return [int(d["id"].rpartition("-")[2]) for d in documents]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIOBERT_FETCH_INTERVAL", "0")
    monkeypatch.setenv("VIOBERT_FETCH_BACKOFF", "0.01")
    monkeypatch.setenv("VIOBERT_FETCH_TIMEOUT", "5")


@pytest.fixture()
def server() -> Iterator[BadServer]:
    with BadServer() as server:
        server.wiki.members = {
            "أمراض": [
                Article(12, "السكر", "", flags=("redirect",)),
                Article(11, "السكري", DIABETES),
                Article(13, "ضغط", "قد تعني الضغط الجوي.", flags=("disambiguation",)),
                Article(14, "نقاش:السكري", "نقاش", namespace=1),
                "أمراض القلب",
            ],
            "أمراض القلب": [
                Article(21, "ذبحة صدرية", "ألمٌ في الصدر يزيد بالجهد."),
                Article(11, "السكري", DIABETES),
                "أمراض",  # leads back
                "جراحة القلب",
            ],
            "جراحة القلب": [Article(31, "قسطرة", "أنبوبٌ رفيع يُدخل في الشريان."), "أعمق"],
            "أعمق": [Article(41, "صمام", "بابٌ بين حجرتين.")],
        }
        yield server


def test_articles_come_once_in_the_order_of_the_walk(server: BadServer, tmp_path: Path) -> None:
    documents = get(a_source(server.url), tmp_path)
    assert ids(documents) == [11, 21, 31]
    first = documents[0]
    assert first["id"] == "wikipedia-ar-11" and first["source"] == "wikipedia-ar"
    assert first["ref"] == f"{server.url}/?curid=11" and first["title"] == "السكري"
    assert first["licence"] == "CC BY-SA 4.0"
    categories = ["تصنيف:أمراض", "تصنيف:أمراض القلب"]
    assert first["metadata"] == {"revision": 7011, "categories": categories}


def test_the_text_stays_but_for_sections_of_links(server: BadServer, tmp_path: Path) -> None:
    text = get(a_source(server.url, licence="CC0"), tmp_path)[0]["text"]
    assert text == (
        "السُّكَّرِيّ مرضٌ مزمن\u200f، يُقاس فيه الغلوكوز صائمًا: ١٢٦ ملغ/دل أو 7.0 mmol/L فأكثر.\n"
        "يُبدأ العلاج عادةً بدواء metformin بجرعة 500 mg مرتين يوميًا.\n"
        "الأعراض\nالعطش وكثرة التبول.\nالوقاية\nالتغذية\nأليافٌ أكثر."
    )


def test_sources_of_a_vitamin_are_no_references() -> None:
    text = "فيتامين د.\n== المصادر ==\nالسمك والشمس.\n== النقص ==\nكساح.\n== مصادر ==\nكتاب"
    assert trim(text) == "فيتامين د.\nالمصادر\nالسمك والشمس.\nالنقص\nكساح."
    assert trim("س == ص == ع\npH = 7.4") == "س == ص == ع\npH = 7.4"


@pytest.mark.parametrize(("depth", "wanted"), [(0, [11]), (1, [11, 21]), (9, [11, 21, 31, 41])])
def test_the_depth_is_kept(
    server: BadServer, tmp_path: Path, depth: int, wanted: list[int]
) -> None:
    assert ids(get(a_source(server.url, depth=depth), tmp_path)) == wanted
    listed = [seen.query["cmtitle"] for seen in server.asked("categorymembers")]
    assert len(listed) == len(set(listed)) == min(depth + 1, 4)


def test_categories_that_lead_to_each_other_are_visited_once(
    server: BadServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["أمراض", "أعراض", "أدوية"]
    server.wiki.members = {
        name: [Article(50 + i, f"مقالة {i}", "نصّ."), *names] for i, name in enumerate(names)
    }
    visited = []
    members = wikipedia._Articles._members

    def watched(self: wikipedia._Articles, category: str) -> Iterator[dict[str, Any]]:
        visited.append(category)
        yield from members(self, category)

    monkeypatch.setattr(wikipedia._Articles, "_members", watched)
    assert ids(get(a_source(server.url, depth=6), tmp_path)) == [50, 51, 52]
    assert visited == [f"تصنيف:{name}" for name in names]


def test_an_endless_chain_of_categories_ends_at_the_depth(
    server: BadServer, tmp_path: Path
) -> None:
    server.wiki.members = {}

    def beyond(category: str) -> list[Article | str]:
        number = int(category.rpartition(" ")[2])
        return [Article(100 + number, f"مقالة {number}"), f"سلسلة {number + 1}"]

    server.wiki.beyond = beyond
    documents = get(a_source(server.url, categories=["سلسلة 0"], depth=5), tmp_path)
    assert ids(documents) == [100, 101, 102, 103, 104, 105]


@pytest.mark.parametrize("name", ["تصنيف:أمراض_القلب", "صنف: أمراض القلب", "Category:أمراض القلب"])
def test_categories_are_named_with_or_without_their_namespace(
    server: BadServer, tmp_path: Path, name: str
) -> None:
    assert ids(get(a_source(server.url, categories=[name], depth=0), tmp_path)) == [21, 11]


def test_long_categories_are_continued(server: BadServer, tmp_path: Path) -> None:
    server.wiki.chunk = 2
    assert ids(get(a_source(server.url), tmp_path)) == [11, 21, 31]
    tokens = [s.query.get("cmcontinue") for s in server.asked("cmtitle=تصنيف:أمراض&")]
    assert tokens == [None, "page|2"]


def test_the_limit_stops_the_walk(server: BadServer, tmp_path: Path) -> None:
    assert ids(get(a_source(server.url, limit=2), tmp_path)) == [11, 21]
    assert not server.asked("جراحة القلب") and not server.asked("pageids=31")


def test_a_complete_folder_costs_no_request(server: BadServer, tmp_path: Path) -> None:
    first = get(a_source(server.url), tmp_path)
    server.seen.clear()
    assert get(a_source(server.url), tmp_path) == first
    (tmp_path / "documents.jsonl").unlink()
    assert get(a_source(server.url), tmp_path) == first
    assert server.seen == []


def test_other_options_do_not_reuse_the_journal(
    server: BadServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    get(a_source(server.url), tmp_path)
    other = get(a_source(server.url, categories=["جراحة القلب"], depth=0), tmp_path)
    assert ids(other) == [31] and "put aside" in capsys.readouterr().err


def test_requests_say_who_asks_and_bear_lag(server: BadServer, tmp_path: Path) -> None:
    get(a_source(server.url), tmp_path)
    for seen in server.seen:
        agent = seen.headers["User-Agent"]
        assert agent.startswith("viobert-corpus/") and "mwclient/" in agent
        assert "https://huggingface.co/Vionex-digital/vioBERT-v3" in agent and "@" not in agent
        assert seen.query["maxlag"] == "5"


def test_the_interval_is_kept(
    server: BadServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIOBERT_FETCH_INTERVAL", "0.1")
    server.spoil("siteinfo", busy())
    get(a_source(server.url, depth=0), tmp_path)
    times = [seen.at for seen in server.seen]
    pauses = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    # A repetition of a refused request waits for the back-off instead.
    assert len(pauses) == 5 and min(pauses[1:]) > 0.095 and pauses[0] >= 0.01


FAULTS: dict[str, Answer | str] = {
    "503": busy(),
    "429": busy(429),
    "unreadable Retry-After": busy(429, Retry_After="soon"),
    "half a body": HALF,
    "half a body of unknown length": Answer('{"query": {"pa', kind="application/json"),
    "a proxy's page": Answer("<html>مشغول</html>"),
    "lag without headers": lag(None),
    "an error of the data base": Answer(
        json.dumps({"error": {"code": "internal_api_error_DBQueryError", "info": "gone"}})
    ),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("part", ["siteinfo", "categorymembers", "pageids=21"])
def test_a_passing_fault_changes_nothing(
    server: BadServer, tmp_path: Path, name: str, part: str
) -> None:
    server.spoil(part, FAULTS[name], FAULTS[name])
    assert ids(get(a_source(server.url), tmp_path)) == [11, 21, 31]
    times = [seen.at for seen in server.asked("extracts|info|pageprops")]
    assert len(times) == (7 if part == "pageids=21" else 5)  # the two others are no articles


@pytest.mark.parametrize("fault", [busy(429, Retry_After="1"), lag("1")], ids=["429", "maxlag"])
def test_retry_after_is_waited_for(server: BadServer, tmp_path: Path, fault: Answer) -> None:
    server.spoil("pageids=11", fault)
    get(a_source(server.url, depth=0), tmp_path)
    first, second = (seen.at for seen in server.asked("pageids=11"))
    assert 1 <= second - first < 2


def test_a_silent_server_is_asked_again(
    server: BadServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIOBERT_FETCH_TIMEOUT", "0.2")
    server.spoil("pageids=11", Answer(silence=1))
    assert ids(get(a_source(server.url, depth=0), tmp_path)) == [11]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (busy(503), "too many 503"),
        (busy(403), "403"),
        (lag(None), "maxlag"),
        (HALF, "breaks off"),
        (Answer("<html>"), "no JSON"),
        (Answer("", 302, headers={"Location": "/w/api.php?pageids=31"}), "redirects"),
        (Answer('{"error": {"code": "readapidenied", "info": "log in"}}'), "log in"),
    ],
    ids=["503", "403", "maxlag", "half", "no JSON", "redirects", "denied"],
)
def test_a_lasting_fault_is_one_line_and_the_same_call_goes_on(
    server: BadServer, tmp_path: Path, fault: Answer | str, told: str
) -> None:
    server.spoil("pageids=31", *[fault] * 20)
    with pytest.raises(SourceError) as error:
        get(a_source(server.url), tmp_path)
    said = str(error.value)
    assert told in said and "\n" not in said and server.url in said
    assert "2 of 5 articles found so far were fetched, the same command goes on" in said
    assert len(server.asked("pageids=31")) <= 6 and not (tmp_path / "documents.jsonl").exists()
    server._faults.clear()
    server.seen.clear()
    assert ids(get(a_source(server.url), tmp_path)) == [11, 21, 31]
    assert [seen.query.get("pageids") for seen in server.seen] == ["31"]


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with BadServer() as server:
        pass
    with pytest.raises(SourceError, match="[Rr]efused.*0 of 0 articles"):
        get(a_source(server.url), tmp_path)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"categories": []}, "name the categories"),
        ({"categories": ["أمراظ"]}, "أمراظ is empty or not there"),
        ({"url": "ar.wikipedia.org"}, "not the address of a wiki"),
    ],
)
def test_what_the_user_can_mend_is_told(
    server: BadServer, tmp_path: Path, options: dict[str, Any], told: str
) -> None:
    with pytest.raises(SourceError, match=told):
        get(a_source(**{"url": server.url, **options}), tmp_path)


def test_a_wiki_without_extracts_is_told(server: BadServer, tmp_path: Path) -> None:
    server.wiki.extensions = ["Cite"]
    with pytest.raises(SourceError, match="no TextExtracts"):
        get(a_source(server.url), tmp_path)


def test_an_unreadable_setting_is_told(
    server: BadServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIOBERT_FETCH_INTERVAL", "-1")
    with pytest.raises(SourceError, match="VIOBERT_FETCH_INTERVAL: not a number of seconds: -1"):
        get(a_source(server.url), tmp_path)


def test_a_killed_fetch_goes_on_to_the_same_bytes(server: BadServer, tmp_path: Path) -> None:
    members: list[Article | str] = [
        Article(n, f"دواء {n}", f"جُرعة الدواء {n} mg.") for n in range(50, 62)
    ]
    server.wiki.members["أمراض القلب"] = [*members, "أمراض"]
    server.wiki.chunk = 5
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    get(a_source(server.url), whole)
    server.seen.clear()
    server.spoil("pageids=58", Answer(silence=60))
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, server.url, str(cut)], cwd=Path(__file__).parents[3]
    )
    for _ in range(200):  # at most 20 s
        if server.asked("pageids=58"):
            break
        time.sleep(0.1)
        assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (cut / "documents.jsonl").exists()
    before = {json.dumps(seen.query) for seen in server.seen if "58" not in seen.query.values()}
    server.seen.clear()
    get(a_source(server.url), cut)
    assert (cut / "documents.jsonl").read_bytes() == (whole / "documents.jsonl").read_bytes()
    assert before and server.seen and not before & {json.dumps(s.query) for s in server.seen}


def test_a_torn_last_line_of_the_journal_is_fetched_again(
    server: BadServer, tmp_path: Path
) -> None:
    first = get(a_source(server.url), tmp_path)
    journal, documents = tmp_path / "journal.jsonl", tmp_path / "documents.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    assert json.loads(lines[-2])["key"] == "page 31"
    documents.unlink()
    journal.write_bytes(b"".join(lines[:-2]) + lines[-2][:40])
    server.seen.clear()
    assert get(a_source(server.url), tmp_path) == first
    assert [seen.query.get("pageids") for seen in server.seen] == ["31"]
    documents.unlink()
    assert get(a_source(server.url), tmp_path) == first  # what follows the torn line is whole
    assert len(server.seen) == 1


def test_a_damaged_journal_is_named_with_its_row(server: BadServer, tmp_path: Path) -> None:
    get(a_source(server.url), tmp_path)
    journal = tmp_path / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:2], b"\0\0\0\n", *lines[2:]]))
    with pytest.raises(SourceError, match=r"journal\.jsonl, row 3: damaged"):
        get(a_source(server.url), tmp_path)
