"""A session with good manners: how every source of the network asks."""

from __future__ import annotations

import math
import os
import re
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InvalidHeader
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from train.corpus.sources.errors import SourceError

#: The name that robots.txt may use for us.
ROBOT = "viobert-corpus"
_PAGE = "https://huggingface.co/Vionex-digital/vioBERT-v3"
# "HTTPSConnectionPool(host=…, port=443): " and its like before urllib3's messages.
_INNARDS = re.compile(r"^\S*Connection\w*(?:\(.*?\)| object at \w+>): ")
_BUSY = (429, 500, 502, 503, 504)


def user_agent() -> str:
    """Who asks, in what version, and where to read what for."""
    try:
        number = version("viobert")
    except PackageNotFoundError:  # run from a folder that was never installed
        number = "0"
    return f"{ROBOT}/{number} (+{_PAGE}; corpus of health articles)"


@dataclass(frozen=True)
class Manners:
    """How a server is asked. ``VIOBERT_FETCH_INTERVAL``, ``_BACKOFF`` and ``_TIMEOUT`` set them."""

    interval: float = 0.2
    """Least seconds between two requests to one host."""
    backoff: float = 2.0
    """Seconds before a request is repeated, doubled each time; Retry-After goes before it."""
    timeout: float = 30.0
    """Seconds without a byte after which a request is given up."""
    retries: int = 5
    """Repetitions of one request."""

    @classmethod
    def of_environment(cls) -> Manners:
        return cls(
            _seconds("INTERVAL", cls.interval),
            _seconds("BACKOFF", cls.backoff),
            _seconds("TIMEOUT", cls.timeout),
        )


def _seconds(name: str, default: float) -> float:
    variable = f"VIOBERT_FETCH_{name}"
    text = os.environ.get(variable) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0) or (name == "TIMEOUT" and value == 0):
        raise SourceError(f"{variable}: not a number of seconds: {text}")
    return value


class _Patience(Retry):
    """urllib3's, but its first repetition waits as well, and an unreadable Retry-After is none."""

    def get_backoff_time(self) -> float:
        return float(
            min(self.backoff_max, self.backoff_factor * 2 ** max(0, len(self.history) - 1))
        )

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        try:
            return super().get_retry_after(response)
        except InvalidHeader:
            return None


class _Adapter(HTTPAdapter):
    """Repeats requests that a busy server refused; leaves ``interval`` between any two."""

    def __init__(self, manners: Manners) -> None:
        # Lost connections are repeated by the callers, who also know half an answer.
        patience = _Patience(
            total=None, connect=0, read=0, redirect=0, other=0, status=manners.retries,
            status_forcelist=_BUSY, backoff_factor=manners.backoff, retry_after_max=600,
        )  # fmt: skip
        super().__init__(max_retries=patience)
        self.interval = manners.interval
        self.slower: dict[str, float] = {}
        self.last: dict[str, float] = {}

    def send(self, request: requests.PreparedRequest, *args: Any, **given: Any) -> Any:
        host = urlsplit(str(request.url)).netloc
        interval = max(self.interval, self.slower.get(host, 0))
        wait = self.last.get(host, -math.inf) + interval - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        try:
            return super().send(request, *args, **given)
        finally:
            self.last[host] = time.monotonic()


class Session(requests.Session):
    """A session with manners. A body that breaks off is a ``requests.ConnectionError``."""

    def __init__(self, agent: str, manners: Manners) -> None:
        super().__init__()
        self.manners = manners
        self.headers["User-Agent"] = agent
        self.max_redirects = 5
        self.adapter = _Adapter(manners)
        for scheme in ("http://", "https://"):
            self.mount(scheme, self.adapter)

    def slow_down(self, host: str, seconds: float) -> None:
        """Leave at least so many seconds between two requests to ``host`` (with port)."""
        self.adapter.slower[host] = seconds

    def request(self, *args: Any, **given: Any) -> requests.Response:
        given.setdefault("timeout", self.manners.timeout)
        try:
            return super().request(*args, **given)
        except (
            requests.exceptions.ChunkedEncodingError,
            requests.exceptions.ContentDecodingError,
        ) as error:
            raise requests.ConnectionError("the answer breaks off") from error


def reason(error: BaseException) -> str:
    """What went wrong, in one short line."""
    inner = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
    text = " ".join(str(getattr(inner, "reason", None) or inner).split())
    return _INNARDS.sub("", text)[:200]
