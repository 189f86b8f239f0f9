"""The stream of examples as batches for training: in this process, on a thread beside it, or in spawned workers."""

from __future__ import annotations

import multiprocessing.util
import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Generic, TypeVar

from svg2_assets.scene.streams import ahead
from svg2_assets.traser.samples.handing import Packed, pack
from svg2_assets.traser.samples.order import State
from svg2_assets.traser.samples.stream import Batch, Reader, Skipped, Stream, Tally

T = TypeVar("T")
B = TypeVar("B")

Collate = Callable[[Sequence[T]], B]

_LAST = -1000  # of what a process does when it ends


@dataclass(eq=False)
class Loader(Generic[T, B]):
    """Batches of `batch` examples for rank `rank` of `ranks`, collated, in the same order for any number of `workers`.

    Without workers, `waiting` batches are made on a thread beside the reader (0: none is). Workers are spawned, since
    the store does not survive a fork; `collate` runs in them and travels there, as the stream does. `state` says what
    comes next, after as many batches as were taken; a loader made with it as `start` goes on there. `epochs`: how many
    to read, None for ever. A batch of which every sample is unusable is left out.
    """

    stream: Stream[T]
    collate: Collate[T, B]
    batch: int = 1
    rank: int = 0
    ranks: int = 1
    workers: int = 0
    waiting: int = 2
    start: State = field(default_factory=State)
    epochs: int | None = None
    tally: Tally = field(init=False)
    _taken: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.tally = self.stream.tally()
        self._begin = self.stream.order.position(self.start)

    @property
    def state(self) -> State:
        """What comes after the batches taken so far; the same on every rank."""
        return self.stream.order.state(self._begin + self._taken * self.batch * self.ranks)

    def __iter__(self) -> Generator[B]:
        """Goes on after the batches taken so far. Raises `StreamError` when too many samples cannot be used."""
        made = self._by_workers() if self.workers else self._here()
        for collated, size, skipped in made:
            self._taken += 1
            self.tally.note(size, skipped)
            if size:
                yield collated

    def _here(self) -> Iterator[tuple[B, int, tuple[Skipped, ...]]]:
        made = map(self._collated, self._reading().from_batch(self._taken))
        return ahead(made, most=self.waiting) if self.waiting else made

    def _by_workers(self) -> Iterator[tuple[B, int, tuple[Skipped, ...]]]:
        from torch.utils.data import DataLoader

        loader = DataLoader(
            _Fetched(self._reading(workers=self.workers), self.collate),
            batch_size=None,
            sampler=self._numbers(),
            num_workers=self.workers,
            collate_fn=_as_it_is,
            multiprocessing_context="spawn",
            prefetch_factor=max(1, self.waiting),
        )
        return (packed.unpacked() for packed in loader)

    def _numbers(self) -> Iterator[int]:
        """Of the batches that are still to come."""
        stop = self.stream.stop(self._begin, self.epochs)
        reader = Reader(self.batch, self.rank, self.ranks)
        for number in count(self._taken):
            if not reader.positions(number, start=self._begin, stop=stop):
                return
            yield number

    def _reading(self, workers: int = 1) -> _Reading[T]:
        reader = Reader(self.batch, self.rank, self.ranks, workers=workers)
        return _Reading(self.stream, reader, self.start, self.epochs)

    def _collated(self, batch: Batch[T]) -> tuple[Any, int, tuple[Skipped, ...]]:
        return _collated(batch, self.collate)


@dataclass(frozen=True, eq=False)
class _Reading(Generic[T]):
    """What a process needs to read its share of the batches."""

    stream: Stream[T]
    reader: Reader
    start: State
    epochs: int | None

    def from_batch(self, number: int) -> Iterator[Batch[T]]:
        """Every `reader.workers`-th batch from `number` on."""
        reader = replace(self.reader, worker=number % self.reader.workers)
        return self.stream.batches(reader, start=self.start, epochs=self.epochs, first=number)


class _Fetched(Generic[T]):
    """Batches by number, as a map-style data set: torch hands the numbers to its workers in turn, so each worker asks
    for every n-th one, which is how the reader reads them.
    """

    def __init__(self, reading: _Reading[T], collate: Collate[T, Any]) -> None:
        self._reading, self._collate = reading, collate
        self._coming: Iterator[Batch[T]] = iter(())
        self._next = -1

    def __getitem__(self, number: int) -> Packed:
        if number != self._next:
            if self._next < 0:
                _settle_in_worker()
            self._coming = self._reading.from_batch(number)
        self._next = number + self._reading.reader.workers
        return pack(_collated(next(self._coming), self._collate))


def _collated(batch: Batch[T], collate: Collate[T, Any]) -> tuple[Any, int, tuple[Skipped, ...]]:
    made = collate(batch.examples) if batch.examples else None
    return made, len(batch.examples), batch.skipped


def _settle_in_worker() -> None:
    """Keep to one core: workers stand beside each other. And end without taking the interpreter down: the thread that
    hands batches over may be inside torch then, C++ aborts the process, and torch raises that in the trainer.
    """
    import cv2

    cv2.setNumThreads(1)
    multiprocessing.util.Finalize(None, _end_at_once, exitpriority=_LAST)


def _end_at_once() -> None:
    if sys.exc_info()[0] is None:  # an error is told first
        os._exit(0)


def _as_it_is(batch: Any) -> Any:
    return batch
