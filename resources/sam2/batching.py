"""Work in batches that become smaller when the device's memory does not hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from resources.device_memory import free_device_memory, ran_out_of_memory
from resources.sam2.errors import DeviceMemoryExhausted

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batches:
    """How many go at once. A size that was too large once is not tried again.

    `retries` counts the times that memory ran out.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.retries = 0

    def run(self, items: Sequence[Item], work: Callable[[Sequence[Item]], Result]) -> Iterator[Result]:
        """`work` on consecutive parts of `items`, in order. Raises `DeviceMemoryExhausted` when one alone is too much.

        `work` must leave nothing behind when it raises: it is called again with less.
        """
        start = 0
        while start < len(items):
            part = items[start : start + self.size]
            result = self._tried(part, work)
            if result is not None:
                yield result[0]
                start += len(part)

    def _tried(self, part: Sequence[Item], work: Callable[[Sequence[Item]], Result]) -> tuple[Result] | None:
        try:
            return (work(part),)
        except RuntimeError as error:
            if not ran_out_of_memory(error):
                raise
            if len(part) == 1:
                raise DeviceMemoryExhausted(f"SAM 2: no memory left for a batch of one: {error}") from error
        # Outside the handler: the error's traceback holds the tensors that are to be freed.
        self.retries += 1
        self.size = max(1, min(self.size, len(part)) // 2)
        free_device_memory()
        return None
