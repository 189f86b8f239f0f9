"""Dagster's instance of one installation: made from the shipped configuration where there is none yet."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import dagster as dg

from svg2_assets.scene.errors import Svg2Error
from svg2_assets.settings import Settings

_SHIPPED = (
    Path(__file__).parent / "_infra" / "dagster.yaml",  # in an installed wheel
    Path(__file__).parent.parent / "infra" / "local" / "dagster.yaml",  # in a checkout
)


class InstanceError(Svg2Error):
    """Dagster's instance folder cannot be made or used."""


def prepare(settings: Settings) -> Path:
    """Make `$SVG2_HOME/dagster` with its `dagster.yaml` unless it is there, and point Dagster at it."""
    home = settings.dagster_home
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "dagster.yaml").exists():
            shutil.copyfile(next(p for p in _SHIPPED if p.exists()), home / "dagster.yaml")
    except OSError as error:
        raise InstanceError(
            f"{home}: cannot be written ({error.strerror}). Set SVG2_HOME to a folder of yours."
        ) from error
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    return home


def instance_of(settings: Settings) -> dg.DagsterInstance:
    """The persistent instance under `$SVG2_HOME`."""
    return dg.DagsterInstance.from_config(str(prepare(settings)))
