"""Freed memory really leaves the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOARD = """
import gc
from pathlib import Path
from svg2_assets import memory
rss = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * 4
memory.few_arenas()
kept, pins = [], []
for i in range(200_000):  # small pieces, each followed by one that stays: nothing can be cut off at the end
    kept.append(bytes(1000))
    if i % 100 == 0:
        pins.append(bytes(200))
full = rss()
del kept
gc.collect()
before = rss()
memory.give_back()
print(full, before, rss())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_what_is_freed_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", HOARD], capture_output=True, text=True, check=True, cwd=ROOT)
    full, before, after = (int(n) for n in done.stdout.split())
    assert full > 200_000  # KiB
    assert after < before - 100_000


CHILD = "from svg2_assets.memory import peak_megabytes; print(peak_megabytes())"
PARENT = f"""
import subprocess, sys
held = b"x" * 400_000_000
print(subprocess.run([sys.executable, "-c", {CHILD!r}], capture_output=True, text=True, check=True).stdout)
from svg2_assets.memory import peak_megabytes
print(peak_megabytes())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="as Linux tells it")
def test_a_peak_is_that_of_the_process_and_not_of_the_one_that_started_it() -> None:
    done = subprocess.run([sys.executable, "-c", PARENT], capture_output=True, text=True, check=True, cwd=ROOT)
    child, parent = (float(n) for n in done.stdout.split())
    assert 5 < child < 200
    assert 380 < parent < 700
