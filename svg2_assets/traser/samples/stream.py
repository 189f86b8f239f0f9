"""Samples read in the order of training: in blocks, by any number of readers, from any position, none lost silently.

A reader takes every `workers`-th batch of its rank, and a rank every `ranks`-th sample of the order; so what all of
them read together, batch by batch, is the same for any number of workers and ranks. Nothing here needs torch.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import polars as pl

from svg2_assets.scene.errors import printable
from svg2_assets.traser.samples.order import NATURAL, Item, Order, State, StreamError, StreamSettings, order_of
from svg2_assets.traser.samples.rows import DamagedRow, from_row
from svg2_assets.traser.samples.values import Sample
from svg2_assets.traser.text import Task

_LOG = logging.getLogger(__name__)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

ATTEMPTS = 8  # other samples tried in the place of an unusable one
_RENUMBER = 4  # what a random number is for, beside those of the order
FEW = 200  # samples over which `most_skipped` is judged at least


class Fault(StrEnum):
    """Why a sample cannot be used."""

    UNREADABLE = "row in a damaged file"
    MISSING = "row is gone"
    DAMAGED = "row differs from what was written"
    PICTURE = "picture does not decode"
    MASK = "mask does not fit"
    NO_OBJECT = "no object on the sampled frames"
    VIDEO = "video cannot be read"
    TOO_LONG = "longer than the sequence may be"


class Unusable(Exception):
    """A sample that cannot become an example: the reason, and the details for people."""

    def __init__(self, fault: Fault, detail: str) -> None:
        self.fault, self.detail = fault, detail
        super().__init__(f"{fault.value}: {detail}")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A sample that was not used: its position in the order, why, and which."""

    position: int
    fault: Fault
    detail: str


Row = Mapping[str, Any]


class SampleSource(Protocol):
    """Rows of `traser_samples` in one version that does not change. Travels to other processes."""

    @property
    def name(self) -> str:
        """What this is, for messages."""
        ...

    def index(self) -> tuple[pl.DataFrame, int]:
        """`rows.INDEX_COLUMNS` and `address` of every readable row, and how many rows are not."""
        ...

    def take(self, addresses: Sequence[int]) -> Mapping[int, Row | Unusable]:
        """The row at each address, or why it cannot be read. An address of no row is left out."""
        ...


class Maker(Protocol[T_co]):
    """Makes of a sample what training takes. Travels to other processes. Raises `Unusable`."""

    def __call__(self, sample: Sample, task: Task) -> T_co:
        """The example of `sample` when it is asked for `task`."""
        ...


@dataclass(frozen=True, slots=True)
class Reader:
    """Which part of the order one process reads: batches of `batch` samples for rank `rank` of `ranks`, of which it is
    worker `worker` of `workers`.
    """

    batch: int = 1
    rank: int = 0
    ranks: int = 1
    worker: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        if self.batch < 1 or not 0 <= self.rank < self.ranks or not 0 <= self.worker < self.workers:
            raise ValueError(f"no such reader: {self}")

    def positions(self, number: int, *, start: int, stop: float) -> list[int]:
        """Of batch `number` counted from the position `start`, before `stop`."""
        first = start + number * self.batch * self.ranks + self.rank
        return [p for p in range(first, first + self.batch * self.ranks, self.ranks) if p < stop]


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """Examples that go together, and what was skipped to get them."""

    examples: list[T]
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, eq=False)
class Stream(Generic[T]):
    """Examples of the samples of `source` in the order of `order`. Travels to other processes. See `stream_of`."""

    source: SampleSource
    make: Maker[T]
    order: Order
    lost: int = 0

    @property
    def settings(self) -> StreamSettings:
        """What is streamed and how."""
        return self.order.settings

    def __len__(self) -> int:
        """Samples of an epoch."""
        return len(self.order)

    def examples(self, *, start: State | None = None, epochs: int | None = 1) -> Iterator[T]:
        """One example after the other from `start` on, to the end of `epochs` epochs (None: for ever).

        Raises `StreamError` when too many samples cannot be used.
        """
        tally = self.tally()
        for batch in self.batches(Reader(), start=start, epochs=epochs):
            tally.note(len(batch.examples), batch.skipped)
            yield from batch.examples

    def batches(
        self, reader: Reader, *, start: State | None = None, epochs: int | None = None, first: int = 0
    ) -> Iterator[Batch[T]]:
        """The batches of one reader, from its batch number `first` on; empty ones included, where all were skipped.

        They are counted from `start`; the last one may be short. Whoever takes them keeps a `tally`.
        """
        begin = self.order.position(start or State())
        numbers = count(first + (reader.worker - first) % reader.workers, reader.workers)
        for block in self._blocks(numbers, reader, begin, self.stop(begin, epochs)):
            rows = self.source.take(sorted({item.address for batch in block for _, item in batch}))
            for batch in block:
                yield self._batch(batch, rows)

    def stop(self, begin: int, epochs: int | None) -> float:
        """The position after the last of `epochs` epochs, the one of `begin` included."""
        return math.inf if epochs is None else (begin // len(self) + epochs) * len(self)

    def tally(self) -> Tally:
        """Counts what is skipped, for the process that uses the examples."""
        tally = Tally(self.source.name, self.settings.most_skipped)
        if self.lost:
            tally.note_lost(self.lost, there=len(self.order.addresses))
        return tally

    def _blocks(
        self, numbers: Iterator[int], reader: Reader, begin: int, stop: float
    ) -> Iterator[list[list[tuple[int, Item]]]]:
        """Batches, as (position, item) pairs, that are read together."""
        block: list[list[tuple[int, Item]]] = []
        rows = size = 0
        for number in numbers:
            batch = [(p, self.order.at(p)) for p in reader.positions(number, start=begin, stop=stop)]
            if not batch:
                break
            bytes_ = sum(item.size for _, item in batch)
            full = rows + len(batch) > self.settings.block or size + bytes_ > self.settings.block_bytes
            if block and full:
                yield block
                block, rows, size = [], 0, 0
            block.append(batch)
            rows, size = rows + len(batch), size + bytes_
        if block:
            yield block

    def _batch(self, batch: Sequence[tuple[int, Item]], rows: Mapping[int, Row | Unusable]) -> Batch[T]:
        examples: list[T] = []
        skipped: list[Skipped] = []
        for position, item in batch:
            found = self._first_usable(position, item, rows, skipped)
            examples += found
        return Batch(examples, tuple(skipped))

    def _first_usable(
        self, position: int, item: Item, rows: Mapping[int, Row | Unusable], skipped: list[Skipped]
    ) -> list[T]:
        """The example of `item`, or of the first usable one that stands in for it; none where none may or is."""
        for attempt in range(ATTEMPTS if self.settings.instead else 1):
            if attempt:
                item = self.order.instead(position, attempt)
                rows = self.source.take([item.address])
            try:
                return [self._example(item, rows, position)]
            except Unusable as unusable:
                skipped.append(Skipped(position, unusable.fault, unusable.detail))
        return []

    def _example(self, item: Item, rows: Mapping[int, Row | Unusable], position: int) -> T:
        row = rows.get(item.address)
        if row is None:
            raise Unusable(Fault.MISSING, f"{self.source.name}: no row at {item.address}")
        if isinstance(row, Unusable):
            raise row
        try:
            sample = from_row(row)
        except DamagedRow as error:
            raise Unusable(Fault.DAMAGED, str(error)) from error
        if self.settings.renumber:
            draw = np.random.default_rng([self.settings.seed, _RENUMBER, position])
            sample = sample.showing(draw.permutation(len(sample.objects)).tolist())
        return self.make(sample, Task(sample.tasks[0] if item.task == NATURAL else item.task))


@dataclass
class Tally:
    """How many samples were used and skipped. Raises `StreamError` once more than the share `most` of them is skipped.

    `lost` rows of those counted could not even be listed.
    """

    name: str
    most: float
    used: int = 0
    lost: int = 0
    by_fault: Counter[Fault] = field(default_factory=Counter)
    _told: Counter[Fault] = field(default_factory=Counter, repr=False)

    def note(self, used: int, skipped: Sequence[Skipped]) -> None:
        """Count; judged over the samples so far, `FEW` at least."""
        self.used += used
        for one in skipped:
            self.by_fault[one.fault] += 1
            self._tell(one)
        met = self.by_fault.total() - self.lost
        seen = max(self.used + met, FEW)
        if skipped and met > self.most * seen:
            raise StreamError(self._too_many(met, seen, skipped[-1].detail))

    def note_lost(self, lost: int, *, there: int) -> None:
        """Count rows that cannot even be listed; judged over all that there are."""
        self.lost += lost
        self.by_fault[Fault.UNREADABLE] += lost
        detail = f"{lost} rows lie in damaged files"
        if lost > self.most * (lost + there):
            raise StreamError(self._too_many(lost, lost + there, detail))
        _LOG.warning("samples skipped (%s): %s: %s", Fault.UNREADABLE, self.name, detail)

    def rows(self) -> list[tuple[str, int]]:
        """(reason, how many), most frequent first."""
        return [(fault.value, n) for fault, n in self.by_fault.most_common()]

    def _tell(self, one: Skipped) -> None:
        """Every one in the log until a reason has come ten times, then every hundredth."""
        self._told[one.fault] += 1
        if self._told[one.fault] <= 10 or self._told[one.fault] % 100 == 0:
            _LOG.warning("sample skipped (%s, no. %d): %s", one.fault, self._told[one.fault], printable(one.detail))

    def _too_many(self, bad: int, seen: int, last: str) -> str:
        counts = ", ".join(f"{n} x {reason}" for reason, n in self.rows())
        return (
            f"{self.name}: {bad} samples of {seen} cannot be used, at most {self.most:.1%} may: {counts}; "
            f"the last one: {printable(last)}. Build them again, or raise most_skipped."
        )


def stream_of(source: SampleSource, make: Maker[T], settings: StreamSettings | None = None) -> Stream[T]:
    """The stream over what `source` holds. Raises `StreamError` where there is nothing to read, or too much is lost."""
    index, lost = source.index()
    stream = Stream(source, make, order_of(index, settings or StreamSettings()), lost)
    stream.tally()
    return stream
