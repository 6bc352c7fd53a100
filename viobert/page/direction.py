"""The page's language and direction, said in the HTML itself."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PLAIN = b'lang="en"'
ARABIC = b'lang="ar" dir="rtl"'
ENGLISH = b'lang="en" dir="ltr"'


class Direction:
    """ASGI middleware that writes ``lang`` and ``dir`` into the page's ``<html>``.

    A script could only do so after the first paint, and the page would turn round before the
    reader's eyes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and touch only a whole HTML page."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        language = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[0]
        opening = ENGLISH if language == "en" else ARABIC
        held: list[Message] = []

        async def turn(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_html(message):
                held.append(message)
                return
            if held:
                start = held.pop()
                if not message.get("more_body"):
                    message["body"] = message["body"].replace(PLAIN, opening, 1)
                    start["headers"] = _with_length(start["headers"], len(message["body"]))
                await send(start)
            await send(message)

        await self.app(scope, receive, turn)


def _is_html(message: Message) -> bool:
    kind: bytes = dict(message["headers"]).get(b"content-type", b"")
    return kind.startswith(b"text/html")


def _with_length(headers: list[tuple[bytes, bytes]], length: int) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name != b"content-length"]
    return [*kept, (b"content-length", str(length).encode())]
