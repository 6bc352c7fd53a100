"""Addresses of the web: from a sitemap with all that it leads to, or from a list."""

from __future__ import annotations

import gzip
import io
import zlib
from collections import deque
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import etree  # type: ignore[import-untyped]
from requests.exceptions import RequestException
from requests.models import PreparedRequest

from train.corpus.sources.errors import SourceError
from train.corpus.sources.journal import Journal
from train.corpus.sources.web import PageError, Web

_MOST = 50 << 20  # bytes of one sitemap, unpacked, by the protocol
_SITEMAPS = 5000


def listed(path: Path) -> list[str]:
    """The addresses of a text file, one a line; empty lines and those after # are left out."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: the list of addresses cannot be read ({error})") from error
    found = {}
    for row, line in enumerate(lines, 1):
        if line.strip() and not line.strip().startswith("#"):
            address = normal(line)
            if not address:
                raise SourceError(f"{path}, row {row}: not an address of http or https: {line}")
            found[address] = True
    return list(found)


def linked(url: str, web: Web, fetched: Journal) -> list[str]:
    """The Arabic addresses (``/ar/`` in the path) on the host of the sitemap or index at ``url``.

    Every sitemap is journalled; one that cannot be had or read is a ``SourceError``.
    """
    first = normal(url)
    if not first:
        raise SourceError(f"url: not the address of a sitemap: {url}")
    queue, seen, found = deque([first]), {first}, {}
    while queue:
        address = queue.popleft()
        name = f"sitemap {address}"
        if name not in fetched:
            fetched.add(name, _sitemap(address, web))
        entries = fetched[name]
        found.update(dict.fromkeys(entries["pages"]))
        new = [entry for entry in dict.fromkeys(entries["sitemaps"]) if entry not in seen]
        queue.extend(new)
        seen.update(new)
        if len(seen) > _SITEMAPS:
            raise SourceError(f"{url}: leads to more than {_SITEMAPS} sitemaps")
    return list(found)


def normal(address: str) -> str:
    """An address as it is asked for, without fragment; empty for anything else."""
    try:
        request = PreparedRequest()
        request.prepare_url(address.strip().partition("#")[0], None)
        parts = urlsplit(str(request.url))
    except (RequestException, ValueError):
        return ""
    return str(request.url) if parts.scheme in ("http", "https") and parts.hostname else ""


def _sitemap(address: str, web: Web) -> dict[str, Any]:
    """``{"sitemaps": addresses, "pages": Arabic addresses}``, both of the same host."""
    try:
        body = web.get(address, (), _MOST).body
        if body.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
                body = file.read(_MOST + 1)
        if len(body) > _MOST:
            raise PageError(f"larger than {_MOST / 1e6:g} MB, unpacked")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=False)
        root = etree.fromstring(body, parser)
    except (PageError, EOFError, OSError, zlib.error, etree.XMLSyntaxError) as error:
        raise SourceError(f"{address}: the sitemap cannot be read: {error}") from error
    host = urlsplit(address).hostname
    found: dict[str, list[str]] = {}
    for kind in ("sitemap", "url"):
        texts = [loc.text or "" for loc in root.iterfind(f"{{*}}{kind}/{{*}}loc")]
        found[kind] = [a for a in map(normal, texts) if urlsplit(a).hostname == host]
    return {"sitemaps": found["sitemap"], "pages": [a for a in found["url"] if _arabic(a)]}


def _arabic(address: str) -> bool:
    return "/ar/" in urlsplit(address).path + "/"
