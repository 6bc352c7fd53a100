from __future__ import annotations

import bz2
import tracemalloc
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from train.corpus.sources import dump
from train.corpus.sources.errors import SourceError
from train.corpus.sources.wikitext import plain
from train.recipe import Source

UNREAD = ["category", "تصنيف", "file", "ملف"]
ARTICLE = """{{معلومات مرض
| الاسم = السكري
| صورة = [[ملف:دم.jpg|تصغير]]
}}
'''السُّكَّري''' ({{إنج|Diabetes mellitus}}) مرض [[مرض مزمن|مزمن]]<ref name="أ">مرجع [[كتاب]]</ref> \
تزيد فيه [[سكر الدم|نسبة السكر]] على ١٢٦ mg/dL<ref name="أ" /> صياماً ({{نطق|س}}).
[[ملف:إبرة.jpg|تصغير|يمين|إبرة [[إنسولين]] في ''البطن'']]
== الأعراض ==
* العطش &nbsp;الشديد
* كثرة [https://example.org التبول]<!-- تعليق -->
{| class="wikitable"
! رأس
|-
| خلية || [[خلية أخرى]]
|}
== العلاج ==
=== الدواء ===
الميتفورمين 500&nbsp;mg مرتين؛ والجرعة القصوى H<sub>2</sub>O <math>x^2</math> بعد الأكل.<br/>ثم.
<gallery>
ملف:أ.jpg|وصف
</gallery>
== مراجع ==
{{مراجع}}
__لا_فهرس__
[[تصنيف:أمراض_الغدد|سكري]]
[[en:Diabetes]]
"""
PLAIN = """السُّكَّري (Diabetes mellitus) مرض مزمن تزيد فيه نسبة السكر على ١٢٦ mg/dL صياماً.
الأعراض
العطش الشديد
كثرة التبول
الدواء
الميتفورمين 500 mg مرتين؛ والجرعة القصوى H2O بعد الأكل.
ثم."""
HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="ar">
<siteinfo><sitename>موسوعة</sitename><dbname>{dbname}</dbname><base>https://x/</base>
<generator>MediaWiki</generator><case>first-letter</case><namespaces>
<namespace key="0" case="first-letter" /><namespace key="1" case="first-letter">نقاش</namespace>
<namespace key="6" case="first-letter">ملف</namespace>
<namespace key="14" case="first-letter">تصنيف</namespace></namespaces></siteinfo>
"""


def page(number: int, title: str, text: str, namespace: int = 0, redirect: str = "") -> str:
    to = f'<redirect title="{redirect}" />' if redirect else ""
    return (
        f"<page><title>{title}</title><ns>{namespace}</ns><id>{number}</id>{to}<revision>"
        f"<id>{number}00</id><timestamp>2024-01-01T00:00:00Z</timestamp><contributor>"
        "<username>x</username><id>1</id></contributor><model>wikitext</model>"
        f'<format>text/x-wiki</format><text bytes="1" xml:space="preserve">{escape(text)}</text>'
        "<sha1>x</sha1></revision></page>\n"
    )


def write(path: Path, *pages: str, dbname: str = "arwiki") -> Path:
    """A dump in two bz2 streams, as the multistream files are."""
    head, body = HEAD.format(dbname=dbname), "".join(pages) + "</mediawiki>\n"
    data = [part.encode() for part in (head, body)]
    path.write_bytes(b"".join(map(bz2.compress, data)) if path.suffix == ".bz2" else b"".join(data))
    return path


def titles(path: Path, depth: int, *categories: str) -> list[str]:
    source = Source(kind="wikipedia-dump", categories=list(categories), depth=depth)
    return [d.title for d in dump.read(path, source)]


def test_an_article_reads_as_its_reader_reads_it() -> None:
    assert plain(ARTICLE, UNREAD) == PLAIN


@pytest.mark.parametrize(
    ("wikitext", "text"),
    [
        ("نص {{قالب|{{آخر|س}}}} بعد", "نص بعد"),
        ("قبل {{لم يغلق\n| س = ع\nبعد", "بعد"),
        ("{| class=x\n| خلية\nنص", "نص"),
        ("'''غامق ولم يغلق", "غامق ولم يغلق"),
        ("[[رابط لم يغلق", "رابط لم يغلق"),
        ("[[:تصنيف:أ]] و[[ب|ج]]ه", "تصنيف:أ وجه"),
        ("ضغط &lt; 90 و&gt; 140", "ضغط < 90 و> 140"),
        ("أ {{lang-en|aspirin}} ب {{lang|la|Acidum}}", "أ aspirin ب Acidum"),
        ("(٥ mg) و( ) و(،)", "(٥ mg) و و"),
        ("== فارغ ==\n\n== آخر ==\n", ""),
        ("", ""),
    ],
)
def test_residues_are_taken_and_words_are_left(wikitext: str, text: str) -> None:
    assert plain(wikitext, UNREAD) == text


@pytest.mark.parametrize("name", ["a.xml", "a.xml.bz2"])
def test_articles_become_documents_and_other_pages_do_not(tmp_path: Path, name: str) -> None:
    path = write(
        tmp_path / name,
        page(1, "السكري", ARTICLE),
        page(2, "سكري", "#تحويل [[السكري]]", redirect="السكري"),
        page(3, "نقاش:السكري", "نقاش طويل", namespace=1),
        page(4, "تصنيف:أمراض", "وصف", namespace=14),
        page(5, "فارغة", ""),
        page(6, "الربو", "'''الربو''' مرض في الرئة."),
    )
    first, second = dump.read(path, Source(kind="wikipedia-dump"))
    assert (first.id, first.text, first.title) == ("wikipedia-ar-1", PLAIN, "السكري")
    assert first.ref == "https://ar.wikipedia.org/?curid=1"
    assert (first.licence, first.source) == ("CC BY-SA 4.0", "wikipedia-ar")
    assert first.metadata == {"revision": 100} and first.family == first.id
    assert (second.id, second.text) == ("wikipedia-ar-6", "الربو مرض في الرئة.")


def test_the_language_is_that_of_the_dump(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xml", page(9, "س", "نص"), dbname="arzwiki")
    (document,) = dump.read(path, Source(kind="wikipedia-dump", licence="x", setting="y"))
    assert (document.id, document.licence, document.setting) == ("wikipedia-arz-9", "x", "y")
    assert document.ref == "https://arz.wikipedia.org/?curid=9"


def test_categories_are_followed_to_a_depth_through_loops(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xml.bz2",
        # Articles before their categories: the tree must be known before the first article.
        page(1, "طب", "نص [[تصنيف:طب]]"),
        page(2, "قلب", "نص [[ تصنيف : أمراض_القلب |قلب]]"),
        page(3, "صمام", "نص [[Category:صمامات]]"),
        page(4, "كرة", "نص [[تصنيف:رياضة]]"),
        page(5, "مخفي", "نص <!-- [[تصنيف:طب]] --> <nowiki>[[تصنيف:طب]]</nowiki>"),
        page(6, "ذكر", "نص [[:تصنيف:طب]]"),
        page(11, "تصنيف:أمراض القلب", "[[تصنيف:طب]]", namespace=14),
        page(12, "تصنيف:صمامات", "[[تصنيف:أمراض القلب]]", namespace=14),
        page(13, "تصنيف:طب", "[[تصنيف:صمامات]]", namespace=14),
        page(14, "تصنيف:رياضة", "[[تصنيف:ناس]]", namespace=14),
    )
    assert titles(path, 0, "طب") == ["طب"]
    assert titles(path, 1, "طب") == ["طب", "قلب"]
    assert titles(path, 2, "تصنيف:طب") == ["طب", "قلب", "صمام"]
    assert titles(path, 50, "طب") == ["طب", "قلب", "صمام"]
    assert titles(path, 0, "أمراض القلب", "رياضة") == ["قلب", "كرة"]


@pytest.mark.parametrize("name", ["a.xml", "a.xml.bz2"])
def test_a_truncated_dump_names_its_last_page(tmp_path: Path, name: str) -> None:
    pages = [page(i, f"عنوان {i}", f"نص {i * 7919}") for i in range(1, 3001)]
    path = write(tmp_path / name, *pages)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10] if name == "a.xml" else whole[:-10])
    read = []
    with pytest.raises(SourceError) as error:
        for document in dump.read(path, Source(kind="wikipedia-dump")):
            read.append(document)
    message = str(error.value)
    assert message.startswith(f"{path}: not a whole dump, it breaks ") and "\n" not in message
    last = f"after page {len(read)} (عنوان {len(read)})" if read else "before the first page"
    assert last in message


@pytest.mark.parametrize(
    "data",
    [b"", b"<html></html>", b"\xff\xfe", bz2.compress(b"<mediawiki></mediawiki>"), b"<mediawiki>"],
)
def test_what_is_no_dump_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / ("a.xml.bz2" if data[:2] == b"BZ" else "a.xml")
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"not a whole dump, it breaks before the first page"):
        list(dump.read(path, Source(kind="wikipedia-dump")))


def test_a_long_dump_is_not_held(tmp_path: Path) -> None:
    pages = (page(i, f"عنوان {i}", f"نص {i} " * 150) for i in range(1, 2001))
    path = write(tmp_path / "a.xml.bz2", *pages)
    tracemalloc.start()
    size = sum(len(d.text.encode()) for d in dump.read(path, Source(kind="wikipedia-dump")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < size
