"""The `svg2` command in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from benchmarks.data import ROOT


def svg2(environment: Mapping[str, str], *arguments: str) -> str:
    """What the command prints. Raises `RuntimeError` where it fails."""
    command = [sys.executable, "-m", "svg2_assets.cli", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=dict(environment), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"svg2 {' '.join(arguments)} failed: {done.stdout[-2000:]} {done.stderr[-2000:]}")
    return done.stdout
