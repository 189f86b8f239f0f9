from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.devserver import DevServer, dev_server


@pytest.fixture(scope="module")
def started() -> Iterator[DevServer]:
    with dev_server() as server:
        yield server


@pytest.fixture
def server(started: DevServer) -> Iterator[DevServer]:
    """A server that the tests of a module share; each leaves it without scripts."""
    yield started
    started.reset()
