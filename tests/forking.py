"""Calls in processes of their own that need not import torch anew: each is a fork of one that has imported it."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).parents[1]


class Forks:
    """A process that has imported `module` and forks for each call. For what starts no threads on import."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def call(self, function: str, *arguments: Any, **named: Any) -> subprocess.CompletedProcess[str]:
        """Call `function` (`package.module:name`) with values of JSON; how its process ended, and what it printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([function, arguments, named]) + "\n")
        self._process.stdin.flush()
        code, out, err = json.loads(self._process.stdout.readline())
        return subprocess.CompletedProcess(function, code, out, err)


@contextmanager
def forks(module: str, environment: Mapping[str, str] | None = None) -> Iterator[Forks]:
    """A process that has imported `module` under `environment` over this one's; it ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.forking", module],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Forks(process)
    finally:
        process.kill()  # it has nothing to tidy up, which takes torch a second
        process.communicate()


def _answer(line: str) -> tuple[int, str, str]:
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if child == 0:
            os._exit(_called(line, out, err))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


def _called(line: str, out: TextIO, err: TextIO) -> int:
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    function, arguments, named = json.loads(line)
    module, _, name = function.partition(":")
    code = 0
    try:
        getattr(importlib.import_module(module), name)(*arguments, **named)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
    except BaseException:  # noqa: BLE001 - as the interpreter does with what nobody catches
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def main() -> None:
    """Answer lines of standard input until it closes."""
    importlib.import_module(sys.argv[1])
    for line in sys.stdin:
        answer = json.dumps(_answer(line))
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
