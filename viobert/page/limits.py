"""How often one client may ask."""

from __future__ import annotations

import hashlib
import os
import secrets

import gradio as gr
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

PER_MINUTE = 240


class Limits:
    """A moving window a client, in memory; addresses are kept as salted hashes only."""

    def __init__(self, per_minute: int | None = None) -> None:
        """``per_minute``: VIOBERT_RATE, else 240; 0 sets no limit. ``ValueError`` for no number."""
        if per_minute is None:
            told = os.environ.get("VIOBERT_RATE", "").strip() or str(PER_MINUTE)
            if not told.isdecimal():
                raise ValueError(f"VIOBERT_RATE={told} is not a whole number of calls a minute")
            per_minute = int(told)
        self._item = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._salt = secrets.token_bytes(16)

    def allow(self, request: gr.Request | None) -> bool:
        """Whether this call is within its client's limit; it is counted. Calls from inside are."""
        if self._item is None or request is None:
            return True
        return bool(self._limiter.hit(self._item, self._key(request)))

    def _key(self, request: gr.Request) -> str:
        forwarded = request.headers.get("x-forwarded-for", "").partition(",")[0].strip()
        host = forwarded or (request.client.host if request.client else "")
        return hashlib.blake2b(host.encode(), key=self._salt, digest_size=16).hexdigest()
