"""`svg2 dev`: Dagster's webserver and daemon on one installation."""

from __future__ import annotations

import os
import subprocess
import sys

from rich.console import Console

from svg2_assets.commands.installation import Installation
from svg2_assets.instance import prepare


def dev(installation: Installation, console: Console, *, port: int) -> int:
    """Run until interrupted; the exit code is Dagster's."""
    settings = installation.settings
    prepare(settings)
    settings.drop_folder.mkdir(parents=True, exist_ok=True)
    console.print(f"UI: http://127.0.0.1:{port}   drop videos into {settings.drop_folder}", highlight=False)
    command = [sys.executable, "-m", "dagster", "dev", "-m", "svg2_assets.definitions"]
    command += ["-h", "127.0.0.1", "-p", str(port)]
    environment = {**os.environ, "SVG2_HOME": str(settings.home.absolute())}
    environment.setdefault("DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS", "300")  # hashing a large drop takes its time
    return subprocess.run(command, env=environment, check=False).returncode
