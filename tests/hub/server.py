"""The Hub behind uvicorn, in a thread, on the loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.hub import accounts, downloads, uploads
from tests.hub.faults import Faults
from tests.hub.refusals import RefusalError
from tests.hub.state import Hub, until


class _Protocol(H11Protocol):
    """Hands its connection on, so that a Fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def _refuse(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusalError)
    headers = {"X-Error-Message": error.message}
    if error.code:
        headers["X-Error-Code"] = error.code
    return JSONResponse({"error": error.message}, error.status, headers)


def application(hub: Hub) -> FastAPI:
    """Its routes."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.add_exception_handler(RefusalError, _refuse)
    for routes in (accounts.routes, uploads.routes, downloads.routes):
        app.include_router(routes(hub))
    return app


@contextmanager
def running(port: int = 0) -> Iterator[Hub]:
    """A Hub that answers at ``url`` until the block ends."""
    # asyncio sends at once (TCP_NODELAY) only where the protocol is named.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    hub = Hub(f"http://127.0.0.1:{listener.getsockname()[1]}")
    config = uvicorn.Config(
        Faults(application(hub), hub), http=_Protocol, ws="none", lifespan="off", loop="asyncio",
        log_config=None, log_level="critical", access_log=False, proxy_headers=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=120,  # a client that was busy finds its connection as it left it
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="hub", daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        yield hub
    finally:
        hub.closing = True
        server.should_exit = True
        thread.join(5)
        listener.close()
