"""`svg2 dev`: Dagster's webserver and daemon on one installation."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from rich.console import Console

from svg2_assets.commands.installation import Installation
from svg2_assets.instance import fail_abandoned_runs, instance_of, prepare
from svg2_assets.scene.errors import Svg2Error

HOST = "127.0.0.1"
LOCATION = {"python_module": {"module_name": "svg2_assets.definitions", "location_name": "svg2_assets"}}
"""The one code location, under the name that the repository's workspace.yaml gives it."""

_ORDERLY_SECONDS = 30.0  # Dagster stops its services one after the other
_LOG_LINES = 15


class DevError(Svg2Error):
    """Dagster cannot be started."""


def dev(installation: Installation, console: Console, *, port: int) -> int:
    """Run until interrupted; the exit code is 0 then, and 1 when Dagster ended by itself."""
    settings = installation.settings
    _require_free(port)
    home = prepare(settings)
    settings.drop_folder.mkdir(parents=True, exist_ok=True)
    abandoned = fail_abandoned_runs(instance_of(settings))
    if abandoned:
        console.print(f"{len(abandoned)} runs whose process died are marked as failed.", highlight=False)
    workspace = home / "workspace.yaml"
    workspace.write_text(json.dumps({"load_from": [LOCATION]}))
    log = home / "dev.log"
    for name, what in {"UI": f"http://{HOST}:{port}", "drop": settings.drop_folder, "log": log}.items():
        console.print(f"{name:5}{what}", highlight=False, markup=False, soft_wrap=True)
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(workspace), "-h", HOST, "-p", str(port)]
    with log.open("w") as output, _interruptible():
        return _run(command, console, output=output.fileno(), log=log, environment=_environment(installation))


def _environment(installation: Installation) -> Mapping[str, str]:
    given = {**os.environ, "SVG2_HOME": str(installation.settings.home.absolute()), "PYTHONWARNINGS": "ignore"}
    given.setdefault("DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS", "300")  # hashing a large drop takes its time
    return given


def _require_free(port: int) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((HOST, port))
        except OSError as error:
            raise DevError(
                f"port {port}: cannot be used ({error.strerror}). Choose another: svg2 dev --port {port + 1}"
            ) from error


def _run(command: list[str], console: Console, *, output: int, log: Path, environment: Mapping[str, str]) -> int:
    """Dagster in a process group of its own: an interrupt reaches it once, from here, and nothing of it is left."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=output,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        if _ready(process, port=int(command[-1]), console=console):
            console.print("Ready. Ctrl-C stops it.", highlight=False)
        process.wait()
        ending = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
        console.print(f"Dagster ended by itself. The end of its log:\n{ending}", highlight=False, markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopping ...", highlight=False)
        return 0
    finally:
        _end(process)


def _ready(process: subprocess.Popen[bytes], *, port: int, console: Console) -> bool:
    """Wait until the webserver answers; False when Dagster ends before."""
    with console.status("Starting ..."):
        while process.poll() is None:
            with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
                return True
            time.sleep(0.3)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """First Dagster's own way, which lets runs note that they end; then, or at a second Ctrl-C, the whole group."""
    with suppress(ProcessLookupError, subprocess.TimeoutExpired, KeyboardInterrupt):
        process.send_signal(signal.SIGINT)
        process.wait(_ORDERLY_SECONDS)
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + 5
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
            while time.monotonic() < deadline:
                process.poll()
                os.killpg(process.pid, 0)
                time.sleep(0.1)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Within the block, Ctrl-C and a request to end are interrupts, here and in what is started.

    A shell that starts a job in the background tells it to ignore Ctrl-C, and what it starts would inherit that.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
