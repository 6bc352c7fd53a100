"""One page of the web at a time: robots.txt, redirects, time-outs, half bodies, encodings."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests
from protego import Protego
from requests.exceptions import ChunkedEncodingError, ContentDecodingError

from train.corpus.sources.fetching import ROBOT, Manners, Session, reason, user_agent
from viobert.text import has_arabic

PAGES = ("text/html", "application/xhtml+xml", "")
_REDIRECTS = 5
_ROBOTS_BYTES = 1 << 20
_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]+(?:charset|encoding)\s*=\s*["']?([\w-]+)""", re.I)
_ARABIC_IN_UTF8 = re.compile(rb"[\xd8-\xdb][\x80-\xbf]")


class PageError(Exception):
    """Why there is no page: one line. ``final``: asking again is no use; ``status``: of HTTP."""

    def __init__(self, why: str, final: bool = False, status: int = 0) -> None:
        super().__init__(why)
        self.final, self.status = final, status


class Refused(PageError):
    """The page may not or need not be read; nothing failed."""


@dataclass
class Page:
    """A body with the address that it was found at in the end."""

    url: str
    body: bytes
    charset: str


class Web:
    """Asks politely, one request after another."""

    def __init__(self) -> None:
        self.manners = Manners.of_environment()
        self.session = Session(user_agent(), self.manners)
        self._rules: dict[str, Protego | PageError] = {}

    def get(self, url: str, kinds: tuple[str, ...], most: int, robots: bool = True) -> Page:
        """The page at ``url`` or where it leads to within its host.

        ``kinds``: media types to be read, () for any. ``most``: bytes, unpacked. Raises
        ``PageError``.
        """
        host = urlsplit(url).hostname
        for _ in range(_REDIRECTS + 1):
            if robots and not self._allowed(url):
                raise Refused(f"robots.txt forbids {url}")
            found = self._patiently(url, kinds, most)
            if isinstance(found, Page):
                return found
            url = urljoin(url, found).partition("#")[0]
            if urlsplit(url).hostname != host or urlsplit(url).scheme not in ("http", "https"):
                raise Refused(f"leads to another host: {url}")
        raise PageError(f"more than {_REDIRECTS} redirects")

    def _patiently(self, url: str, kinds: tuple[str, ...], most: int) -> Page | str:
        for attempt in range(self.manners.retries + 1):
            try:
                return self._once(url, kinds, most)
            except (ChunkedEncodingError, ContentDecodingError):
                trouble = "the answer breaks off"
            except (requests.ConnectionError, requests.Timeout) as error:
                trouble = reason(error)
            except (requests.RequestException, UnicodeError) as error:
                raise PageError(reason(error)) from error
            if attempt < self.manners.retries:
                time.sleep(self.manners.backoff * 2**attempt)
        raise PageError(trouble)

    def _once(self, url: str, kinds: tuple[str, ...], most: int) -> Page | str:
        """The page, or the address that it redirects to."""
        with self.session.get(url, stream=True, allow_redirects=False) as answer:
            target = self.session.get_redirect_target(answer)
            if target is not None:
                return target
            status = answer.status_code
            if status != 200:
                raise PageError(f"HTTP {status}", final=status in (404, 410), status=status)
            kind, _, rest = answer.headers.get("Content-Type", "").partition(";")
            if kinds and kind.strip().lower() not in kinds:
                raise Refused(f"not a page but {kind}")
            body = bytearray()
            for chunk in answer.iter_content(1 << 16):
                body += chunk
                if len(body) > most:
                    raise Refused(f"larger than {most / 1e6:g} MB")
            charset = rest.partition("charset=")[2].partition(";")[0].strip(" \"'")
            return Page(url, bytes(body), charset)

    def _allowed(self, url: str) -> bool:
        parts = urlsplit(url)
        root = f"{parts.scheme}://{parts.netloc}"
        if root not in self._rules:
            self._rules[root] = self._ask_for_rules(root)
        rules = self._rules[root]
        if isinstance(rules, PageError):
            raise rules
        return bool(rules.can_fetch(url, ROBOT))

    def _ask_for_rules(self, root: str) -> Protego | PageError:
        try:
            page = self.get(f"{root}/robots.txt", (), _ROBOTS_BYTES, robots=False)
            text = page.body.decode("utf-8", "ignore")
        except Refused:
            text = ""
        except PageError as error:
            # RFC 9309: a host without the file forbids nothing, one that is down everything.
            if not 400 <= error.status < 500:
                return PageError(f"{root}/robots.txt cannot be had: {error}")
            text = ""
        rules = Protego.parse(text)
        rate = rules.request_rate(ROBOT)
        pauses = (rules.crawl_delay(ROBOT) or 0, rate.seconds / rate.requests if rate else 0)
        self.session.slow_down(urlsplit(root).netloc, max(pauses))
        return rules


def decode(page: Page) -> str:
    """The text of a page. What servers and pages say of their encoding is often wrong: UTF-8 is
    known by its bytes, and no encoding without Arabic letters is believed of the rest."""
    if page.body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return page.body.decode("utf-16", "replace")
    try:
        return page.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = page.body.decode("utf-8", "replace")
        if text.count("\ufffd") * 50 <= len(_ARABIC_IN_UTF8.findall(page.body)):
            return text  # a few broken characters
        said = _CHARSET.search(page.body[:4096])
        for name in (page.charset, said[1].decode() if said else "", "windows-1256"):
            try:
                text = page.body.decode(name, "replace")
            except LookupError:
                continue
            if name.lower().replace("_", "-") not in ("utf-8", "utf8") and has_arabic(text):
                return text
        return page.body.decode("utf-8", "replace")
