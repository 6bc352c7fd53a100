"""A wiki asked through mwclient, with good manners and patience."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import mwclient
import requests
from mwclient.errors import InvalidResponse

from train.corpus.sources.errors import SourceError
from train.corpus.sources.fetching import Manners, Session, user_agent

MAXLAG = 5  # seconds; what Wikimedia asks of jobs that nobody waits for
_PASSING = re.compile("maxlag|ratelimited|readonly|internal_api_error_.*")


class Wiki(mwclient.Site):
    """mwclient repeats 5xx, lost connections and maxlag; this adds what passes besides."""

    trouble = ""

    def handle_api_result(self, info: Any, kwargs: Any = None, sleeper: Any = None) -> bool:
        code = str(info.get("error", {}).get("code", ""))
        if _PASSING.fullmatch(code):
            self.trouble = f"the wiki keeps answering {code}"
            (sleeper or self.sleepers.make()).sleep(self.sleepers.retry_timeout)
            return False
        return bool(super().handle_api_result(info, kwargs, sleeper))

    def raw_api(self, *args: Any, **given: Any) -> Any:
        sleeper = self.sleepers.make()
        while True:
            try:
                return super().raw_api(*args, **given)
            except InvalidResponse:  # a proxy's page, or half an answer of unknown length
                self.trouble = "the answers are no JSON"
                sleeper.sleep(self.sleepers.retry_timeout)


def connect(url: str) -> Wiki:
    """A client that has asked nothing yet."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise SourceError(
            f"url: not the address of a wiki: {url}; such as https://ar.wikipedia.org"
        )
    manners = Manners.of_environment()
    session = Session(f"{user_agent()} {mwclient.client.USER_AGENT}", manners)
    session.params = {"maxlag": MAXLAG}
    session.hooks["response"].append(_tell_lag)
    return Wiki(
        parts.netloc, path=f"/{parts.path.strip('/') or 'w'}/", scheme=parts.scheme, pool=session,
        retry_timeout=manners.backoff, max_retries=manners.retries, do_init=False,
        connection_options={"timeout": manners.timeout},
    )  # fmt: skip


def _tell_lag(answer: requests.Response, **_: Any) -> None:
    """mwclient waits ``Retry-After`` seconds on a lag, and fails without that header."""
    if "X-Database-Lag" in answer.headers and not answer.headers.get("Retry-After", "").isdigit():
        answer.headers["Retry-After"] = str(MAXLAG)
