"""Wikipedia from its dumps (``…-pages-articles.xml.bz2``), for bulk: no request, one stream."""

from __future__ import annotations

import bz2
import hashlib
import re
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple
from xml.etree.ElementTree import ParseError

import mwxml
import numpy as np
from mwxml.element_iterator import ElementIterator
from mwxml.errors import MalformedXML

from train.corpus.document import Document
from train.corpus.sources.errors import SourceError
from train.corpus.sources.wikitext import plain
from train.recipe import Source

LICENCE = "CC BY-SA 4.0"
_ARTICLE, _FILE, _CATEGORY = 0, 6, 14
_COMMENT = re.compile(r"<!--.*?-->|<nowiki>.*?</nowiki>", re.DOTALL)


class _Site(NamedTuple):
    language: str
    category: re.Pattern[str]
    unread: list[str]


def read(path: Path, source: Source) -> Iterator[Document]:
    """The articles, in the dump's order, without redirects.

    With ``source.categories`` only articles of these and of ``source.depth`` levels below them;
    for the levels the dump is read once more before. A category counts where the page's own text
    names it: those that a template adds are not in a dump of pages.
    """
    wanted = _wanted(path, source) if source.categories else None
    for site, page, revision, text in _pages(path, _ARTICLE):
        if wanted is not None and not any(c in wanted for c in _categories(text, site)):
            continue
        name = f"wikipedia-{site.language}-{page.id}"
        yield Document(
            id=name,
            text=plain(text, site.unread),
            source=f"wikipedia-{site.language}",
            licence=source.licence or LICENCE,
            ref=f"https://{site.language}.wikipedia.org/?curid={page.id}",
            title=page.title,
            setting=source.setting or f"wikipedia-{site.language}",
            family=name,
            metadata={"revision": revision},
        )


def _wanted(path: Path, source: Source) -> set[int]:
    """Keys of the categories within ``source.depth`` levels; loops among them do no harm."""
    found = {_key(name.rpartition(":")[2]) for name in source.categories}
    if not source.depth:
        return found
    parents, children = array("q"), array("q")  # 16 bytes a link: a wiki has millions
    for site, page, _, text in _pages(path, _CATEGORY):
        child = _key(page.title.partition(":")[2])
        for parent in _categories(text, site):
            parents.append(parent)
            children.append(child)
    above, below = np.array(parents, np.int64), np.array(children, np.int64)
    level = found
    for _ in range(source.depth):
        reached = below[np.isin(above, np.fromiter(level, np.int64, len(level)))]
        level = set(reached.tolist()) - found
        found |= level
    return found


def _categories(text: str, site: _Site) -> Iterator[int]:
    """Keys of the categories that a page's text puts it into."""
    if "<" in text:
        text = _COMMENT.sub("", text)
    return map(_key, site.category.findall(text))


def _key(category: str) -> int:
    """A category by 8 bytes: spaces and underscores, and the case of the first letter, are one."""
    name = " ".join(category.replace("_", " ").split())
    digest = hashlib.blake2b((name[:1].upper() + name[1:]).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _pages(path: Path, namespace: int) -> Iterator[tuple[_Site, mwxml.Page, int, str]]:
    """Pages of one namespace with revision and wikitext; ``SourceError`` names the last one."""
    last = "before the first page"
    try:
        with _open(path) as file:
            root = ElementIterator.from_file(file)
            if root.tag != "mediawiki":
                raise MalformedXML(f"<{root.tag}> instead of <mediawiki>")
            dump = mwxml.Dump.from_element(root)
            site = _site(dump.site_info)
            for page in dump.pages:
                if page.namespace == namespace and page.redirect is None:
                    for revision in page:  # a dump of articles holds the newest one only
                        text = revision.slots.contents["main"].text
                        if text:
                            yield site, page, revision.id, text
                        break
                last = f"after page {page.id} ({page.title})"
                root.element.clear()  # else the tree keeps an empty element for each page
    except (EOFError, OSError, ParseError, MalformedXML, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise SourceError(f"{path}: not a whole dump, it breaks {last}: {said}") from error


def _open(path: Path) -> IO[bytes]:
    return bz2.open(path) if path.suffix == ".bz2" else path.open("rb")


def _site(info: mwxml.SiteInfo) -> _Site:
    names = {n.id: n.name for n in info.namespaces or ()}
    category = _prefixes(("category", names.get(_CATEGORY, "")))
    files = _prefixes(("file", "image", "media", "صورة", names.get(_FILE, "")))
    link = rf"\[\[\s*(?i:{'|'.join(map(re.escape, category))})\s*:([^\[\]|#]+)"
    language = (info.dbname or "").removesuffix("wiki").replace("_", "-") or "unknown"
    return _Site(language, re.compile(link), category + files)


def _prefixes(names: Iterable[str]) -> list[str]:
    return [name.casefold() for name in dict.fromkeys(names) if name]
