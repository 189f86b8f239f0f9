"""Every setting, in one typed place. Values come from the environment; nothing else reads it.

`SVG2_HOME` holds all state of an installation: the store, Dagster's instance, previews, caches and the drop folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from svg2_assets.scene.errors import Svg2Error

ROLES = ("tracker", "describer", "parser", "verifier", "relator")


class SettingsError(Svg2Error):
    """A setting that cannot be used: names the variable and what it takes."""


class Settings(BaseModel):
    """Settings of one installation; each field is the environment variable `SVG2_<NAME>`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(default=Path(".svg2"), description="Folder of all state")
    store: str = Field(default="", description="Folder or s3:// URI of the store; $SVG2_HOME/store when empty")
    profile: str = Field(default="embedded", description="Which backends do the work: embedded, svg2")
    drop: Path | None = Field(default=None, description="Watched folder; $SVG2_HOME/drop when unset")
    drop_s3: str = Field(default="", description="Watched s3://bucket/prefix; none when empty")
    batch_size: int = Field(default=64, ge=1, le=10_000, description="Videos a partition when a corpus is imported")
    partitions_per_run: int = Field(default=16, ge=1, description="Partitions one backfill run takes")
    flush_videos: int = Field(default=16, ge=1, description="Finished videos the store writer gathers in one commit")
    flush_seconds: float = Field(default=5.0, gt=0, description="Longest time a finished video waits for its commit")
    sensor_files: int = Field(default=50, ge=1, description="Most new files one sensor tick takes")
    tracker: dict[str, Any] = Field(default_factory=dict, description="Overrides of the tracker's settings, JSON")
    describer: dict[str, Any] = Field(default_factory=dict, description="Overrides of the describer's settings, JSON")
    parser: dict[str, Any] = Field(default_factory=dict, description="Overrides of the label parser's settings, JSON")
    verifier: dict[str, Any] = Field(default_factory=dict, description="Overrides of the verifier's settings, JSON")
    relator: dict[str, Any] = Field(default_factory=dict, description="Overrides of the relation rules, JSON")
    roles: dict[str, str] = Field(default_factory=dict, description="Backend by role where it differs, JSON")
    llm: dict[str, Any] = Field(default_factory=dict, description="Settings of the gateway to models, JSON")

    @property
    def store_uri(self) -> str:
        """Where the LanceDB store lies."""
        return self.store or str(self.home.absolute() / "store")

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance folder."""
        return self.home.absolute() / "dagster"

    @property
    def previews(self) -> Path:
        """Folder of preview pictures and clips, one folder a video."""
        return self.home.absolute() / "previews"

    @property
    def cache(self) -> Path:
        """Folder of downloaded videos."""
        return self.home.absolute() / "cache"

    @property
    def drop_folder(self) -> Path:
        """The watched folder."""
        return (self.drop or self.home / "drop").absolute()

    def overrides(self, role: str) -> dict[str, Any]:
        """The settings given for the backend of `role` (one of `ROLES`)."""
        given: dict[str, Any] = getattr(self, role)
        return given


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Read `SVG2_*` variables. Raises `SettingsError` on an unknown or unusable one."""
    environment = os.environ if environment is None else environment
    given: dict[str, Any] = {}
    for variable, text in environment.items():
        name = variable.removeprefix("SVG2_").lower()
        if variable.startswith("SVG2_") and name in Settings.model_fields and text != "":
            given[name] = _parsed(variable, text) if name in {*ROLES, "roles", "llm"} else text
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        variable = f"SVG2_{str(first['loc'][0]).upper()}"
        raise SettingsError(f"{variable}: {first['msg']}. {_help(str(first['loc'][0]))}") from error


def _parsed(variable: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        example = '{"name": value}'
        raise SettingsError(f"{variable}: expected a JSON object such as {example}: {error.msg}") from error


def _help(name: str) -> str:
    field = Settings.model_fields.get(name)
    return f"It is: {field.description}." if field else ""
