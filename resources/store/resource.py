"""The store as a Dagster resource: where it is, and credentials from the environment only."""

from __future__ import annotations

import os
from functools import lru_cache

import dagster as dg
from pydantic import Field

from resources.store.store import SceneGraphStore

_FROM_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "aws_access_key_id",
    "AWS_SECRET_ACCESS_KEY": "aws_secret_access_key",
    "AWS_SESSION_TOKEN": "aws_session_token",
    "AWS_REGION": "region",
    "AWS_DEFAULT_REGION": "region",
    "AWS_ENDPOINT_URL": "endpoint",
    "AWS_ENDPOINT_URL_S3": "endpoint",
}


class SceneGraphStoreResource(dg.ConfigurableResource["SceneGraphStore"]):
    """Opens the scene-graph store. Keys come from `AWS_*` and are part of no configuration, log or event."""

    uri: str = Field(description="Folder of the store, or s3://bucket/prefix.")
    endpoint: str | None = Field(default=None, description="S3 endpoint, where it is not AWS; else AWS_ENDPOINT_URL.")
    region: str | None = Field(default=None, description="S3 region; else AWS_REGION or AWS_DEFAULT_REGION.")
    allow_http: bool = Field(default=False, description="Allow an endpoint without TLS.")

    def open(self) -> SceneGraphStore:
        """The store; one per process and configuration, so its tables are opened once."""
        return _opened(self.uri, tuple(sorted(self._storage_options().items())), os.getpid())

    def _storage_options(self) -> dict[str, str]:
        if "://" not in self.uri:
            return {}
        options = {name: os.environ[variable] for variable, name in _FROM_ENVIRONMENT.items() if os.getenv(variable)}
        chosen = {"endpoint": self.endpoint, "region": self.region}
        options |= {name: value for name, value in chosen.items() if value}
        plain = self.allow_http or options.get("endpoint", "").startswith("http://")
        return options | ({"allow_http": "true"} if plain else {})


@lru_cache(maxsize=8)
def _opened(uri: str, options: tuple[tuple[str, str], ...], _pid: int) -> SceneGraphStore:
    return SceneGraphStore(uri, storage_options=dict(options))
