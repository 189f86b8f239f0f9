"""Where long work says how far it is. Silent unless somebody listens; the command line listens and shows a bar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Listener(Protocol):
    """Hears which phase works on which video, and how many frames of it are done."""

    def started(self, phase: str, video: str, number: int, total: int) -> None:
        """Work on `video`, the `number`-th (from 0) of `total`, begins."""
        ...

    def frames(self, done: int, total: int) -> None:
        """`done` of `total` frames of the present video."""
        ...


class Silence:
    """Hears nothing."""

    def started(self, phase: str, video: str, number: int, total: int) -> None:
        """Ignore."""

    def frames(self, done: int, total: int) -> None:
        """Ignore."""


_listeners: list[Listener] = [Silence()]


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Report to `listener` within the block, in this process."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def started(phase: str, video: str, number: int, total: int) -> None:
    """Tell that work on `video` begins."""
    _listeners[-1].started(phase, video, number, total)


def frames(done: int, total: int) -> None:
    """Tell how many frames of the present video are done."""
    _listeners[-1].frames(done, total)
