"""One served page for all that only look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gradio_client import Client
from playwright.sync_api import Browser, expect

from tests.page.visiting import App, Visit, served, visiting

# The first page of a cold machine takes its time.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with served(tmp_path_factory.mktemp("app")) as running:
        yield running


@pytest.fixture()
def visit(browser: Browser, app: App) -> Iterator[Visit]:
    with visiting(browser, app) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(app: App) -> Client:
    return Client(app.url, verbose=False)
