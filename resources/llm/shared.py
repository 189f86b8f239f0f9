"""The gateways of this process: one a server, made when first asked for."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from resources.llm.gateway import LlmGateway
from resources.llm.settings import gateway_settings
from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from svg2_assets.scene.errors import Svg2Error
from svg2_assets.settings import Settings, from_environment

_LOG = logging.getLogger(__name__)
_GATEWAYS: dict[tuple[int, str, str], LlmGateway] = {}
_LOCK = threading.Lock()


def shared_gateway(**overrides: Any) -> LlmGateway:
    """The gateway that the environment describes, the same one for the life of the process.

    `overrides` over SVG2_LLM give another server its own, such as `base_url="http://127.0.0.1:8000", key_variable=""`.
    All of them share the journal and so the cache, the ledger and the budget. Raises `UnusableBackend` for a setting
    that cannot be used; a missing key is found by `check` or the first `ask`.
    """
    installation = from_environment()
    settings = gateway_settings(installation, **overrides)
    key = (os.getpid(), installation.store_uri, settings.model_dump_json())
    with _LOCK:
        if key not in _GATEWAYS:
            _GATEWAYS[key] = LlmGateway(settings, store=_store_of(installation))
        return _GATEWAYS[key]


def close_shared_gateways() -> None:
    """Close them all; the next `shared_gateway` makes new ones."""
    for gateway in _of_this_process():
        gateway.close()
    with _LOCK:
        _GATEWAYS.clear()


def _of_this_process() -> list[LlmGateway]:
    with _LOCK:
        return [gateway for (pid, *_), gateway in _GATEWAYS.items() if pid == os.getpid()]


def _store_of(installation: Settings) -> Callable[[], SceneGraphStore]:
    return lambda: SceneGraphStoreResource(uri=installation.store_uri).open()


@atexit.register
def _close_at_exit() -> None:
    with suppress(Svg2Error):  # what could not be copied is in the journal
        close_shared_gateways()
