"""What holds for every test: threads that do not wait for each other, and temporary folders in memory."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

# As many tests run at once as there are cores: threads of their own would only wait for each other. Read on import by
# torch and numpy, and by the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

MEMORY = Path("/dev/shm")
ROOM = 6 * 2**30
"""Bytes that must be free for temporary folders in memory; the suite takes one GB."""


def pytest_configure() -> None:
    """Put temporary folders into memory where there is room: stores and journals wait for a disk at each commit."""
    if "PYTEST_DEBUG_TEMPROOT" not in os.environ and MEMORY.is_dir() and _room() > ROOM:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


def _room() -> int:
    facts = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(facts["MemAvailable"].split()[0]) * 1024
    return min(available, shutil.disk_usage(MEMORY).free)
