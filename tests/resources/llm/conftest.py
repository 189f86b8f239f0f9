"""A server of its own for each module of tests, and gateways on it with a journal for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from resources.llm.gateway import LlmGateway
from resources.llm.settings import GatewaySettings
from svg2_assets.llm.calls import Call
from tests.devserver import DevServer, dev_server

KEY = "sk-test-0123456789abcdef-secret"
SCHEMA = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
    "required": ["items"],
    "additionalProperties": False,
    "$defs": {
        "item": {
            "type": "object",
            "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
            "required": ["id", "name"],
            "additionalProperties": False,
        }
    },
}


@pytest.fixture(scope="module")
def _running() -> Iterator[DevServer]:
    with dev_server("--rpm", "1000000", "--tpm", "1000000000") as server:
        yield server


@pytest.fixture
def server(_running: DevServer, monkeypatch: pytest.MonkeyPatch) -> DevServer:
    """The server without scripts or faults, and a key in the environment."""
    monkeypatch.setenv("TEST_KEY", KEY)
    _running.script()
    _running.faults(0)
    return _running


@pytest.fixture
def settings(server: DevServer, tmp_path: Path) -> Callable[..., GatewaySettings]:
    """Settings of a gateway on the server; fast back-off, no limits."""

    def made(**more: Any) -> GatewaySettings:
        fast = {"backoff": 0.01, "timeout": 20.0, "batch_poll": 0.05}
        free = {"requests_per_minute": None, "tokens_per_minute": None, "key_variable": "TEST_KEY"}
        return GatewaySettings(**{"journal": tmp_path / "llm", "base_url": server.base_url, **fast, **free, **more})

    return made


@pytest.fixture
def gateway(settings: Callable[..., GatewaySettings]) -> Iterator[Callable[..., LlmGateway]]:
    """Makes gateways, and closes them after the test."""
    made: list[LlmGateway] = []

    def make(**more: Any) -> LlmGateway:
        made.append(LlmGateway(settings(**more)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def call(request: pytest.FixtureRequest) -> Callable[..., Call]:
    """Makes calls whose text holds the test's name, so that no two tests ask the same."""

    def made(text: str = "one", **more: Any) -> Call:
        given = {"purpose": "parse", "video_id": "v1", "phase": "parsed_labels", "model": "gpt-4.1-nano"}
        messages = [{"role": "user", "content": f"{request.node.name}: {text}"}]
        return Call(**{**given, "messages": messages, "schema": SCHEMA, "schema_name": "labels", **more})

    return made
