"""Streams that are computed beside their reader."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

WAITING = 4  # items ahead of a reader that asks for no other number: enough for decoding to go on beside it

T = TypeVar("T")


def ahead(items: Iterator[T], *, most: int = WAITING) -> Generator[T]:
    """`items`, computed on another thread, at most `most` of them waiting. Its errors are raised here."""
    waiting: queue.Queue[T | BaseException | None] = queue.Queue(maxsize=most)
    stop = threading.Event()

    def put(item: T | BaseException | None) -> None:
        while not stop.is_set():
            try:
                waiting.put(item, timeout=0.1)
            except queue.Full:
                continue
            return

    def work() -> None:
        try:
            for item in items:
                put(item)
                if stop.is_set():
                    return
            put(None)
        except BaseException as error:  # noqa: BLE001 - handed over to the thread that reads
            put(error)

    thread = threading.Thread(target=work, name="prepare-frames", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()
