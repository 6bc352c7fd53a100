"""Pages of a health organisation, fetched from a server that misbehaves."""

from __future__ import annotations

import gzip
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

from tests.train.corpus.bad_server import HALF, Answer, BadServer, busy, redirect
from train.corpus.sources import who
from train.corpus.sources.errors import SourceError
from train.recipe import Corpus, Recipe, Source, Training, What

KILLED = """
import sys
from pathlib import Path
from tests.train.corpus.test_who import a_recipe, a_source
from train.corpus.sources import who
who.fetch(a_source(sys.argv[1]), Path(sys.argv[2]), a_recipe())
"""
# windows-1256 has no Arabic-Indic digits.
WESTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")
MEASLES = "الحَصْبة مرضٌ فيروسي شديد العدوى، تظهر أعراضه بعد 10 أيام إلى ١٤ يومًا من التعرّض للفيروس."
ADVICE = (
    "يُعطى فيتامين A بجرعة 200,000 IU مرتين بينهما ٢٤ ساعة، ويُنصح بشرب السوائل والراحة في البيت."
)


def page(name: str = "الحصبة", *paragraphs: str) -> str:
    """A page with what surrounds a text on the web: menus, cookies, a footer."""
    text = "".join(f"<p>{p}</p>" for p in paragraphs or (MEASLES, ADVICE, f"صفحة {name}. " * 12))
    return f"""<!DOCTYPE html><html lang="ar" dir="rtl"><head><meta charset="utf-8">
<title>{name}</title><meta property="article:published_time" content="2024-03-05T09:00:00Z">
</head><body><nav><ul><li><a href="/ar/">الرئيسية</a></li><li><a href="/ar/news/">الأخبار</a></li>
</ul></nav><div class="cookie-banner">نستخدم ملفات الارتباط</div>
<main><article><h1>{name}</h1>{text}</article></main>
<footer>جميع الحقوق محفوظة <a href="/ar/about/">من نحن</a></footer></body></html>"""


def sitemap(*addresses: str, index: bool = False) -> str:
    outer, inner = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    entries = "".join(f"<{inner}><loc>\n {a} </loc></{inner}>" for a in addresses)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<{outer} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{outer}>'
    )


def a_source(url: str, **options: Any) -> Source:
    return Source(kind="who", url=f"{url}/sitemap.xml", **options)


def a_recipe() -> Recipe:
    what = What(corpus=Corpus(sources=[Source(path="none")]), training=Training(steps=1000))
    return Recipe(name="small", what=what)


def get(server: BadServer, folder: Path, **options: Any) -> list[dict[str, Any]]:
    (path,) = who.fetch(a_source(server.url, **options), folder, a_recipe())
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def refs(documents: list[dict[str, Any]]) -> list[str]:
    return [d["ref"].rpartition("/")[2] for d in documents]


def journal(folder: Path) -> dict[str, dict[str, Any]]:
    """The last record on each page, by the end of its address."""
    lines = map(json.loads, (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines())
    return {r["key"].rpartition("/")[2]: r for r in lines if r["key"].startswith("page ")}


def put(server: BadServer, *names: str) -> None:
    """Pages by that name, and a sitemap that lists them."""
    for name in names:
        server.pages.setdefault(f"/ar/{name}", Answer(page(name)))
    listed = sitemap(*(f"{server.url}/ar/{name}" for name in names))
    server.pages["/sitemap.xml"] = Answer(listed, kind="application/xml")


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIOBERT_FETCH_INTERVAL", "0")
    monkeypatch.setenv("VIOBERT_FETCH_BACKOFF", "0.01")
    monkeypatch.setenv("VIOBERT_FETCH_TIMEOUT", "5")


@pytest.fixture()
def server() -> Iterator[BadServer]:
    with BadServer() as server:
        put(server, *"abcdef")
        yield server


def test_a_page_becomes_its_main_text(server: BadServer, tmp_path: Path) -> None:
    server.pages["/ar/a"] = Answer(page("الحصبة", MEASLES, ADVICE, "\u200fالوقاية: اللقاح. " * 9))
    first = get(server, tmp_path)[0]
    assert MEASLES in first["text"] and ADVICE in first["text"] and "اللقاح" in first["text"]
    for around in ("الرئيسية", "ملفات الارتباط", "جميع الحقوق", "من نحن"):
        assert around not in first["text"]
    assert first["title"] == "الحصبة" and first["metadata"] == {"date": "2024-03-05"}
    assert first["source"] == "who" and first["licence"] == "CC BY-NC-SA 3.0 IGO"
    assert first["ref"] == f"{server.url}/ar/a" and len(first["id"]) == len("who-") + 16
    assert get(server, tmp_path / "b", licence="CC0")[0]["licence"] == "CC0"


def test_a_sitemap_leads_to_sitemaps_packed_or_not(server: BadServer, tmp_path: Path) -> None:
    url = server.url
    index = sitemap(f"{url}/one.xml", f"{url}/two.xml.gz", f"{url}/sitemap.xml", index=True)
    one = sitemap(f"{url}/ar/a", f"{url}/en/a", f"{url}/ar/a#top", "https://example.org/ar/x")
    two = sitemap(f"{url}/ar/b", f"{url}/article/c", "mailto:x", f"{url}/ar/أطفال")
    server.pages |= {
        "/sitemap.xml": Answer(index, kind="text/xml"),
        "/one.xml": Answer(one, kind="text/xml"),
        "/two.xml.gz": Answer(gzip.compress(two.encode()), kind="application/gzip"),
        "/ar/أطفال": Answer(page("أطفال")),
    }
    documents = get(server, tmp_path)
    assert [d["title"] for d in documents] == ["a", "b", "أطفال"]
    assert not server.asked("/en/") and not server.asked("article")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(gzip.compress(sitemap("http://127.0.0.1/ar/a").encode())[:-20]),
        Answer("<urlset><url>"),
        Answer(status=404),
    ],
    ids=["cut gzip", "broken XML", "404"],
)
def test_an_unreadable_sitemap_is_named(server: BadServer, tmp_path: Path, answer: Answer) -> None:
    server.pages["/sitemap.xml"] = answer
    with pytest.raises(SourceError, match=r"/sitemap\.xml: the sitemap cannot be read"):
        get(server, tmp_path)


def test_a_list_without_one_arabic_page_is_told(server: BadServer, tmp_path: Path) -> None:
    server.pages |= {f"/ar/{name}": Answer("<html></html>") for name in "abcdef"}
    with pytest.raises(SourceError, match="none of 6 pages has a text in Arabic"):
        get(server, tmp_path)


def test_a_list_of_addresses_is_read(server: BadServer, tmp_path: Path) -> None:
    listed = tmp_path / "addresses.txt"
    listed.write_text(f"# health\n\n{server.url}/ar/b\n {server.url}/ar/a \n{server.url}/ar/b\n")
    source = Source(kind="who", path=str(listed))
    folder = tmp_path / "out"
    (path,) = who.fetch(source, folder, a_recipe())
    assert [json.loads(line)["title"] for line in path.open(encoding="utf-8")] == ["b", "a"]
    with listed.open("a") as more:
        more.write(f"{server.url}/ar/c\n")
    server.seen.clear()
    who.fetch(source, folder, a_recipe())  # only what is new is asked for
    assert [s.path for s in server.seen] == ["/robots.txt", "/ar/c"]
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3
    listed.write_text(f"{server.url}/ar/b\nwww.example.org/ar/\n")
    with pytest.raises(SourceError, match=r"addresses\.txt, row 2: not an address"):
        who.fetch(source, folder, a_recipe())


def test_a_source_without_addresses_is_told(server: BadServer, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="url of a sitemap, or the path"):
        who.fetch(Source(kind="who"), tmp_path, a_recipe())
    server.pages["/sitemap.xml"] = Answer(sitemap(f"{server.url}/en/a"))
    with pytest.raises(SourceError, match="no Arabic address"):
        get(server, tmp_path)


def test_robots_are_obeyed_redirects_included(server: BadServer, tmp_path: Path) -> None:
    rules = "User-agent: *\nAllow: /\n\nUser-agent: viobert-corpus\nDisallow: /ar/b\n"
    server.pages["/robots.txt"] = Answer(rules + "Disallow: /hidden\n", kind="text/plain")
    server.pages["/ar/c"] = redirect("/hidden/c")
    assert refs(get(server, tmp_path)) == ["a", "d", "e", "f"]
    assert not server.asked("/ar/b") and not server.asked("/hidden")
    assert "robots.txt forbids" in journal(tmp_path)["b"]["skipped"]
    assert "/hidden/c" in journal(tmp_path)["c"]["skipped"]


def test_the_delay_of_robots_is_kept(server: BadServer, tmp_path: Path) -> None:
    server.pages["/robots.txt"] = Answer("User-agent: *\nCrawl-delay: 0.15\n", kind="text/plain")
    get(server, tmp_path, limit=3)
    times = [seen.at for seen in server.asked("/ar/")]
    assert len(times) == 3
    assert min(b - a for a, b in zip(times, times[1:], strict=False)) > 0.145


def test_robots_that_cannot_be_had_forbid_everything(server: BadServer, tmp_path: Path) -> None:
    server.pages["/robots.txt"] = busy()
    with pytest.raises(SourceError, match=r"robots\.txt cannot be had"):
        get(server, tmp_path)
    assert {seen.path for seen in server.seen} == {"/robots.txt"}


def test_redirects_stay_on_their_host(server: BadServer, tmp_path: Path) -> None:
    server.pages["/ar/a"] = redirect("/ar/new", 301)
    server.pages["/ar/new"] = Answer(page("new"))
    server.pages["/ar/b"] = redirect(server.url.replace("127.0.0.1", "localhost") + "/ar/c")
    server.pages["/ar/d"] = redirect("/ar/e")
    server.pages["/ar/f"] = redirect("file:///etc/hostname")
    documents = get(server, tmp_path)
    assert refs(documents) == ["new", "c", "e"]  # d and e are one page
    assert "another host" in journal(tmp_path)["b"]["skipped"]
    assert "another host" in journal(tmp_path)["f"]["skipped"]
    server.seen.clear()
    assert get(server, tmp_path) == documents and server.seen == []


def test_a_redirect_loop_ends(server: BadServer, tmp_path: Path) -> None:
    server.pages["/ar/a"] = redirect("/ar/a2")
    server.pages["/ar/a2"] = redirect("/ar/a")
    assert refs(get(server, tmp_path)) == ["b", "c", "d", "e", "f"]
    assert journal(tmp_path)["a"]["failed"] == "more than 5 redirects"
    assert len(server.asked("/ar/a")) == 6


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(page("English", *["Measles is a contagious disease. " * 9] * 3)), "0% of the"),
        (Answer("<html><body></body></html>"), "no main text"),
        (Answer(""), "no main text"),
        (Answer(b"%PDF-1.7", kind="application/pdf"), "not a page but application/pdf"),
        (Answer(page("طويل", "ا" * 5_100_000)), "larger than 10 MB"),
    ],
    ids=["English", "empty page", "empty body", "PDF", "huge"],
)
def test_what_is_no_arabic_page_is_skipped_with_its_reason(
    server: BadServer, tmp_path: Path, answer: Answer, why: str
) -> None:
    server.pages["/ar/b"] = answer
    assert refs(get(server, tmp_path)) == ["a", "c", "d", "e", "f"]
    assert why in journal(tmp_path)["b"]["skipped"]


@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "text/html;charset=x"])
@pytest.mark.parametrize("said", ["utf-8", "windows-1256", "iso-8859-1"])
def test_a_page_in_windows_1256_is_read_whatever_it_says(
    server: BadServer, tmp_path: Path, kind: str, said: str
) -> None:
    text = page("الحصبة").replace('charset="utf-8"', f'charset="{said}"')
    server.pages["/ar/a"] = Answer(text.translate(WESTERN).encode("windows-1256"), kind=kind)
    first = get(server, tmp_path, limit=1)[0]
    assert first["title"] == "الحصبة" and MEASLES.translate(WESTERN) in first["text"]


@pytest.mark.parametrize("broken", [b"\xd9", b"\xff"])
def test_one_broken_byte_does_not_change_the_encoding(
    server: BadServer, tmp_path: Path, broken: bytes
) -> None:
    body = page().encode().replace("صفحة".encode(), broken + "صفحة".encode(), 1)
    server.pages["/ar/a"] = Answer(body, kind="text/html; charset=windows-1256")
    assert MEASLES in get(server, tmp_path, limit=1)[0]["text"]


FAULTS: dict[str, Answer | str] = {
    "503": busy(),
    "429": busy(429),
    "half a body": HALF,
    "garbled gzip": Answer("not gzip", headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("path", ["/ar/b", "/robots.txt", "/sitemap.xml"])
def test_a_passing_fault_changes_nothing(
    server: BadServer, tmp_path: Path, name: str, path: str
) -> None:
    server.pages["/robots.txt"] = Answer("User-agent: *\nDisallow: /ar/c\n", kind="text/plain")
    server.spoil(path, FAULTS[name], FAULTS[name])
    assert refs(get(server, tmp_path)) == ["a", "b", "d", "e", "f"]
    assert len(server.asked(path)) == 3


def test_retry_after_is_waited_for(server: BadServer, tmp_path: Path) -> None:
    server.spoil("/ar/b", busy(429, Retry_After="1"))
    assert len(get(server, tmp_path)) == 6
    first, second = (seen.at for seen in server.asked("/ar/b"))
    assert 1 <= second - first < 2


def test_failed_pages_are_told_and_only_they_are_tried_again(
    server: BadServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("VIOBERT_FETCH_TIMEOUT", "0.1")
    put(server, *"abcdefghijklmno")
    server.pages["/ar/gone"] = Answer(status=404)
    put(server, *"abcdefghijklmno", "gone")
    server.spoil("/ar/c", *[Answer(silence=0.5)] * 6)
    server.spoil("/ar/e", *[HALF] * 6)
    assert len(get(server, tmp_path)) == 13
    told = capsys.readouterr().err
    assert "3 of 16 pages failed" in told and "/ar/c: Read timed out. (read timeout=0.1)" in told
    assert "/ar/e: the answer breaks off" in told and "/ar/gone: HTTP 404" in told
    server.seen.clear()
    assert refs(get(server, tmp_path)) == [*"abcdefghijklmno"]
    assert [seen.path for seen in server.asked("/ar/")] == ["/ar/c", "/ar/e"]
    server.seen.clear()
    get(server, tmp_path)
    assert server.seen == []  # a page that is gone for good is not asked for again


def test_too_many_failed_pages_are_an_error_and_the_same_call_goes_on(
    server: BadServer, tmp_path: Path
) -> None:
    server.pages["/ar/b"] = server.pages["/ar/c"] = busy(500)
    with pytest.raises(SourceError, match=r"2 pages failed of 3 tried, 6 in all \(.*/ar/b: .*500"):
        get(server, tmp_path)
    assert not (tmp_path / "documents.jsonl").exists()
    put(server, *"abcdef")
    server.pages |= {"/ar/b": Answer(page("b")), "/ar/c": Answer(page("c"))}
    server.seen.clear()
    assert refs(get(server, tmp_path)) == [*"abcdef"]
    assert not server.asked("/ar/a") and not server.asked("sitemap")


def test_a_server_that_goes_down_is_not_asked_for_all_pages(
    server: BadServer, tmp_path: Path
) -> None:
    put(server, *(f"p{number}" for number in range(100)))
    server.spoil("/ar/p", *[Answer(page("p"))] * 3, *[busy(403)] * 100)
    with pytest.raises(SourceError, match="10 pages failed of 13 tried, 100 in all"):
        get(server, tmp_path)
    assert len(server.asked("/ar/")) == 13


def test_the_limit_counts_documents(server: BadServer, tmp_path: Path) -> None:
    server.pages["/ar/a"] = Answer("<html><body></body></html>")
    assert refs(get(server, tmp_path, limit=2)) == ["b", "c"]
    assert not server.asked("/ar/d")


def test_requests_say_who_asks(server: BadServer, tmp_path: Path) -> None:
    get(server, tmp_path)
    for seen in server.seen:
        assert seen.headers["User-Agent"].startswith("viobert-corpus/")
        assert "@" not in seen.headers["User-Agent"]


def test_the_interval_is_kept(
    server: BadServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIOBERT_FETCH_INTERVAL", "0.1")
    get(server, tmp_path, limit=3)
    times = [seen.at for seen in server.seen]
    assert len(times) == 5  # sitemap, robots.txt, three pages
    assert min(b - a for a, b in zip(times, times[1:], strict=False)) > 0.095


def test_a_killed_fetch_goes_on_to_the_same_bytes(server: BadServer, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    get(server, whole)
    server.seen.clear()
    server.spoil("/ar/d", Answer(silence=60))
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, server.url, str(cut)], cwd=Path(__file__).parents[3]
    )
    for _ in range(200):  # at most 20 s
        if server.asked("/ar/d"):
            break
        time.sleep(0.1)
        assert process.poll() is None
    with pytest.raises(SourceError, match="another process fetches"):
        get(server, cut)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with (cut / "journal.jsonl").open("ab") as torn:  # as a kill in the middle of a write
        torn.write(b'{"key": "page http')
    assert not (cut / "documents.jsonl").exists()
    server.seen.clear()
    get(server, cut)
    assert (cut / "documents.jsonl").read_bytes() == (whole / "documents.jsonl").read_bytes()
    assert [seen.path for seen in server.seen] == ["/robots.txt", "/ar/d", "/ar/e", "/ar/f"]
    server.seen.clear()
    get(server, cut)
    assert server.seen == []
