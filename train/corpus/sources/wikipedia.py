"""Articles of Wikipedia's categories, through the MediaWiki API (mwclient)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from mwclient.errors import (
    MaximumRetriesExceeded,
    MwClientError,
)
from tqdm import tqdm

from train.corpus.sources import journal, mediawiki
from train.corpus.sources.errors import SourceError
from train.corpus.sources.extracts import trim
from train.corpus.sources.fetching import reason
from train.recipe import Recipe, Source

WIKI = "https://ar.wikipedia.org"
LICENCE = "CC BY-SA 4.0"


def fetch(source: Source, folder: Path, recipe: Recipe) -> list[Path]:
    """The articles of ``source.categories`` as ``folder/documents.jsonl``.

    Raises ``SourceError``; the same call then goes on. A complete folder costs no request.
    """
    documents = folder / "documents.jsonl"
    options = {"url": source.url, "categories": source.categories, "depth": source.depth}
    options |= {"licence": source.licence, "limit": source.limit}
    with journal.Journal(folder / "journal.jsonl", options) as fetched:
        if fetched.last != "done" or not documents.exists():
            records = _Articles(source, fetched).records(recipe.name)
            journal.write(documents, records)
            fetched.add("done", {})
    return [documents]


class _Articles:
    """Walks the categories breadth first and fetches their articles, each answer journalled."""

    def __init__(self, source: Source, fetched: journal.Journal) -> None:
        self.source, self.fetched = source, fetched
        self.url = source.url.rstrip("/") or WIKI
        self.wiki = mediawiki.connect(self.url)
        self.categories: dict[int, list[str]] = {}
        self.kept: list[int] = []

    def records(self, name: str) -> Iterator[dict[str, Any]]:
        """The documents, in the order in which the walk meets their articles."""
        with self._told():
            # All pages are counted first, for the bar; a limit may be reached long before that.
            pages = self._walk() if self.source.limit else list(self._walk())
            with tqdm(pages, desc=f"{name}: Wikipedia", unit=" pages", disable=None) as bar:
                for page in bar:
                    if "text" in self._article(page):
                        self.kept.append(page)
                    bar.set_postfix(articles=len(self.kept), refresh=False)
                    if 0 < self.source.limit == len(self.kept):
                        break
        if not self.kept:
            raise SourceError(f"{self.url}: no article below {', '.join(self.source.categories)}")
        return map(self._document, self.kept)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (requests.RequestException, MwClientError) as error:
            why = self.wiki.trouble if isinstance(error, MaximumRetriesExceeded) else ""
            raise SourceError(
                f"{self.url}: {why or reason(error)}; {len(self.kept)} of {len(self.categories)} "
                "articles found so far were fetched, the same command goes on"
            ) from error

    def _query(self, **given: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.wiki.get("query", **given)
        return answer

    def _about(self) -> dict[str, Any]:
        """Language of the wiki, and what it calls the namespace of categories."""
        if "wiki" in self.fetched:
            return self.fetched["wiki"]
        asked = "general|namespaces|namespacealiases|extensions"
        site = self._query(meta="siteinfo", siprop=asked)["query"]
        if "TextExtracts" not in {extension.get("name") for extension in site["extensions"]}:
            raise SourceError(f"{self.url}: has no TextExtracts; take its dump (wikipedia-dump)")
        space = site["namespaces"]["14"]
        aliases = [alias["*"] for alias in site["namespacealiases"] if alias["id"] == 14]
        names = [space["*"], space.get("canonical", "Category"), *aliases]
        return self.fetched.add("wiki", {"language": site["general"]["lang"], "names": names})

    def _roots(self) -> Iterator[str]:
        names = self._about()["names"]
        if not self.source.categories:
            raise SourceError(f"{self.url}: name the categories to take")
        for given in self.source.categories:
            space, colon, title = given.replace("_", " ").partition(":")
            known = colon and space.strip().casefold() in map(str.casefold, names)
            yield f"{names[0]}:{(title if known else given.replace('_', ' ')).strip()}"

    def _walk(self) -> Iterator[int]:
        """Ids of the pages, each once; every category is visited once, so cycles end."""
        roots = list(dict.fromkeys(self._roots()))
        queue, seen = deque((root, 0) for root in roots), set(roots)
        while queue:
            category, level = queue.popleft()
            empty = True
            for members in self._members(category):
                empty = empty and not members["pages"] and not members["subcategories"]
                for page in members["pages"]:
                    new = page not in self.categories
                    above = self.categories.setdefault(page, [])
                    if category not in above:  # an article may move while the list is read
                        above.append(category)
                    if new:
                        yield page
                if level < self.source.depth:
                    below = [c for c in members["subcategories"] if c not in seen]
                    queue.extend((c, level + 1) for c in below)
                    seen.update(below)
            if empty and level == 0:
                raise SourceError(f"{self.url}: {category} is empty or not there; mend categories")

    def _members(self, category: str) -> Iterator[dict[str, Any]]:
        """The answers, one after another, to what a category holds."""
        token: dict[str, Any] = {}
        while token is not None:
            name = f"members {category} {token.get('cmcontinue', '')}"
            if name not in self.fetched:
                answer = self._query(
                    list="categorymembers", cmtitle=category, cmnamespace="0|14",
                    cmprop="ids|title", cmlimit="max", **token,
                )  # fmt: skip
                found = answer.get("query", {}).get("categorymembers", [])
                self.fetched.add(name, {
                    "pages": [m["pageid"] for m in found if m["ns"] == 0],
                    "subcategories": [m["title"] for m in found if m["ns"] == 14],
                    "continue": answer.get("continue"),
                })  # fmt: skip
            members = self.fetched[name]
            yield members
            if members["continue"] == token:
                raise SourceError(f"{self.url}: {category} is continued without an end")
            token = members["continue"]

    def _article(self, page: int) -> dict[str, Any]:
        """Title, revision and text of a page, or why it is skipped."""
        name = f"page {page}"
        if name in self.fetched:
            return self.fetched[name]
        # Whole extracts come one a request.
        answer = self._query(
            prop="extracts|info|pageprops", ppprop="disambiguation", pageids=page,
            explaintext=1, exsectionformat="wiki", exlimit=1,
        )  # fmt: skip
        found = answer.get("query", {}).get("pages", {}).get(str(page), {"missing": ""})
        skipped = [why for why in ("missing", "invalid", "redirect") if why in found]
        if "disambiguation" in found.get("pageprops", {}):
            skipped.append("disambiguation")
        text = trim(found.get("extract", ""))
        if skipped or not text:
            return self.fetched.add(name, {"skipped": (skipped or ["no text"])[0]})
        article = {"title": found["title"], "revision": found["lastrevid"], "text": text}
        return self.fetched.add(name, article)

    def _document(self, page: int) -> dict[str, Any]:
        article, language = self.fetched[f"page {page}"], self._about()["language"]
        return {
            "id": f"wikipedia-{language}-{page}",
            "source": f"wikipedia-{language}",
            "licence": self.source.licence or LICENCE,
            "ref": f"{self.url}/?curid={page}",
            "title": article["title"],
            "text": article["text"],
            "metadata": {"revision": article["revision"], "categories": self.categories[page]},
        }
