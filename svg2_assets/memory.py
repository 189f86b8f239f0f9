"""Free memory goes back to the system: long runs stay as small as short ones.

The C library keeps freed memory in an arena for each thread that ever allocated, where the other threads don't find it.
Elsewhere than on glibc nothing here has an effect.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from pathlib import Path
from typing import Any

ARENAS = 2  # one for each thread that works at a time on the smallest machine we plan for
_M_ARENA_MAX = -8  # malloc.h


def give_back() -> None:
    """Return what is free to the system; milliseconds, so once a video and phase."""
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.default_memory_pool().release_unused()  # it keeps its memory apart from the C library
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


@cache
def few_arenas() -> None:
    """Share arenas among threads, from the first call on, for the life of the process."""
    library = _glibc()
    if library is not None:
        library.mallopt(_M_ARENA_MAX, ARENAS)


def peak_megabytes() -> float:
    """The most memory that this process has held so far; 0 where the system does not tell.

    On Linux that of this program alone: `getrusage` also knows what the process held before it became this program,
    which is what its parent held.
    """
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    if sys.platform == "linux" and (held := _most_held()) is not None:
        return held
    unit = 1024 if sys.platform == "linux" else 1024**2
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)


def _most_held() -> float | None:
    """`VmHWM` of the process in megabytes; None where the kernel does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return round(int(found[0]) / 1024, 1) if found else None


@cache
def _glibc() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
