"""Arabic health pages of the World Health Organization: main text by trafilatura."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm
from trafilatura import bare_extraction
from trafilatura.settings import Document as Extracted

from train.corpus.sources import journal, sitemap, web
from train.corpus.sources.errors import SourceError
from train.recipe import Recipe, Source
from viobert.text import has_arabic

LICENCE = "CC BY-NC-SA 3.0 IGO"
_MOST = 10_000_000  # bytes a page
_FAILING = 0.2  # share of the addresses that may fail
_IN_A_ROW = 10  # failures after which the network, or the whole host, is taken to be down
_LEAST_ARABIC = 0.3  # share of the letters


def fetch(source: Source, folder: Path, recipe: Recipe) -> list[Path]:
    """The pages of a list (``source.path``) or sitemap (``source.url``) as documents.jsonl.

    Pages that fail are told and tried again by the next call, all others cost no request then.
    Raises ``SourceError``, for one, when more than a fifth of the addresses fail.
    """
    documents = folder / "documents.jsonl"
    options = {"url": source.url, "licence": source.licence, "limit": source.limit}
    with journal.Journal(folder / "journal.jsonl", options) as fetched:
        pages = _Pages(source, fetched)
        addresses = pages.addresses(recipe)
        digest = hashlib.sha256("\n".join(addresses).encode()).hexdigest()[:16]
        done = fetched["done"] if fetched.last == "done" and documents.exists() else {}
        if done.get("addresses") != digest or done["again"]:
            tried = pages.read(addresses, recipe.name)
            pages.judge(tried, len(addresses))
            journal.write(documents, pages.documents(tried))
            again = [a for a in tried if fetched[f"page {a}"].get("again")]
            fetched.add("done", {"addresses": digest, "again": again})
    return [documents]


class _Pages:
    """Reads pages one by one, each verdict journalled: a text, or ``skipped`` or ``failed`` with
    the reason, the latter with ``again`` where another try may help."""

    def __init__(self, source: Source, fetched: journal.Journal) -> None:
        self.source, self.fetched = source, fetched
        self.web = web.Web()

    def addresses(self, recipe: Recipe) -> list[str]:
        if self.source.path:
            where = recipe.resolve(self.source.path)
            found = sitemap.listed(where)
        elif self.source.url:
            where = Path(self.source.url)
            found = sitemap.linked(self.source.url, self.web, self.fetched)
        else:
            raise SourceError("who: give the url of a sitemap, or the path of a list of addresses")
        if not found:
            raise SourceError(f"{self.source.url or where}: no Arabic address")
        return found

    def read(self, addresses: list[str], name: str) -> list[str]:
        """Read what is not read yet, up to the limit; returns the addresses that were needed."""
        texts, failed, in_a_row = 0, 0, 0
        tried = []
        with tqdm(addresses, desc=f"{name}: WHO", unit=" pages", disable=None) as bar:
            for address in bar:
                key = f"page {address}"
                known = self.fetched.get(key, {"again": True})
                verdict = self.fetched.add(key, self._page(address)) if "again" in known else known
                tried.append(address)
                texts, failed = texts + ("text" in verdict), failed + ("failed" in verdict)
                bar.set_postfix(documents=texts, failed=failed, refresh=False)
                in_a_row = in_a_row + 1 if "again" in verdict else 0
                if in_a_row == _IN_A_ROW or failed > _FAILING * len(addresses):
                    break
                if 0 < self.source.limit == texts:
                    break
        self.in_a_row = in_a_row
        return tried

    def judge(self, tried: list[str], addresses: int) -> None:
        """Tell the pages that failed; too many are a ``SourceError``."""
        failed = {a: r["failed"] for a in tried if "failed" in (r := self.fetched[f"page {a}"])}
        told = "; ".join(f"{a}: {why}" for a, why in list(failed.items())[:3])
        if self.in_a_row == _IN_A_ROW or len(failed) > _FAILING * addresses:
            raise SourceError(
                f"who: {len(failed)} pages failed of {len(tried)} tried, {addresses} in all "
                f"({told}); the same command tries these again and goes on"
            )
        if not any("text" in self.fetched[f"page {address}"] for address in tried):
            raise SourceError(f"who: none of {len(tried)} pages has a text in Arabic ({told})")
        if failed:
            print(f"who: {len(failed)} of {len(tried)} pages failed: {told}", file=sys.stderr)

    def _page(self, address: str) -> dict[str, Any]:
        try:
            page = self.web.get(address, web.PAGES, _MOST)
        except web.Refused as error:
            return {"skipped": str(error)}
        except web.PageError as error:
            return {"failed": str(error), **({} if error.final else {"again": True})}
        return {"ref": page.url, **_main_text(page)}

    def documents(self, tried: list[str]) -> Iterator[dict[str, Any]]:
        """In the order of the addresses; of those that lead to one page, the first."""
        seen = set()
        for address in tried:
            page = self.fetched[f"page {address}"]
            if "text" not in page or page["ref"] in seen:
                continue
            seen.add(page["ref"])
            yield {
                "id": f"who-{hashlib.sha256(address.encode()).hexdigest()[:16]}",
                "source": "who",
                "licence": self.source.licence or LICENCE,
                "ref": page["ref"],
                "title": page["title"],
                "text": page["text"],
                "metadata": {"date": page["date"]} if page["date"] else {},
            }


def _main_text(page: web.Page) -> dict[str, Any]:
    """Text, title and date (ISO, or empty) of a page, or why it is skipped."""
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # its verdicts are journalled
    found = bare_extraction(
        web.decode(page), url=page.url, with_metadata=True, include_comments=False,
        date_extraction_params={"extensive_search": False, "original_date": True},
    )  # fmt: skip
    if not isinstance(found, Extracted):
        return {"skipped": "no main text"}
    text = (found.text or "").strip()
    letters = [character for character in text if character.isalpha()]
    arabic = sum(map(has_arabic, letters))
    if not letters:
        return {"skipped": "no main text"}
    if arabic < _LEAST_ARABIC * len(letters):
        return {"skipped": f"{arabic / len(letters):.0%} of the letters are Arabic"}
    return {"title": found.title or "", "date": found.date or "", "text": text}
