"""The `svg2` command for tests: what it prints and how it ends, without the seconds a new process needs for imports."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from resources import profiles
from resources.llm.shared import close_shared_gateways
from svg2_assets.cli import main


def svg2(
    *arguments: object, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `svg2` with `arguments` in this process, as its entry point does, under `environment` and in `folder`.

    Exit codes, streams, environment and working folder are those that a process of its own has: what the command sets
    is undone, what it raises becomes a traceback and code 1, and backends and gateways live as long as the command. For
    what only a process shows (signals, what is imported, that the program is installed) start one.
    """
    command = ["svg2", *map(str, arguments)]
    out, err = io.StringIO(), io.StringIO()
    with (
        _environment(environment),
        chdir(folder or Path.cwd()),
        patch.object(sys, "argv", command),
        redirect_stdout(out),
        redirect_stderr(err),
        _backends_of_its_own(),
    ):
        code = _ended()
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())


def _ended() -> int:
    try:
        main()
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        sys.stderr.write(f"{ended.code}\n")
        return 1
    except Exception:  # noqa: BLE001 - as the interpreter does with what nobody catches
        traceback.print_exc()
        return 1
    return 0


@contextmanager
def _environment(given: Mapping[str, str] | None) -> Iterator[None]:
    with patch.dict(os.environ):
        if given is not None:
            os.environ.clear()
            os.environ.update(given)
        yield


@contextmanager
def _backends_of_its_own() -> Iterator[None]:
    with patch.dict(profiles._LOADED, clear=True):
        close_shared_gateways()
        try:
            yield
        finally:
            close_shared_gateways()
