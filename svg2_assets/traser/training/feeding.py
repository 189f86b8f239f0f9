"""Samples of a tagged version of the store as the batches of one process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from svg2_assets.traser.samples.examples import ExampleMaker
from svg2_assets.traser.samples.loading import Loader
from svg2_assets.traser.samples.order import State
from svg2_assets.traser.samples.stream import Maker, Reader, SampleSource, Stream, stream_of
from svg2_assets.traser.training.engine import Engine
from svg2_assets.traser.training.looking import Looking
from svg2_assets.traser.training.settings import Setup
from svg2_assets.traser.values import Example


class StoredFeed:
    """A `loop.Feed` over `source`, whose clips `looking` sees where it is given.

    Raises `StreamError` where there is nothing to read, or too much is unusable.
    """

    def __init__(
        self,
        source: SampleSource,
        make: ExampleMaker,
        *,
        setup: Setup,
        engine: Engine,
        start: Mapping[str, Any] | None,
        looking: Looking | None = None,
    ) -> None:
        self._setup, self._engine, self.make = setup, engine, make
        maker: Maker[Example] = looking or make
        self.stream: Stream[Example] = stream_of(source, maker, setup.data.streaming(seed=setup.seed))
        self._measured = _measured(source, maker, setup)
        self.loader: Loader[Example, list[Example]] = Loader(
            self.stream,
            list,
            batch=setup.batch,
            rank=engine.rank,
            ranks=engine.processes,
            workers=setup.data.workers,
            start=State.of_json(dict(start)) if start is not None else State(),
        )

    def batches(self) -> Iterator[Sequence[Example]]:
        """See `loop.Feed`."""
        return iter(self.loader)

    def held_out(self) -> Iterator[Sequence[Example]]:
        """See `loop.Feed`."""
        if self._measured is None:
            return
        reader = Reader(self._setup.batch, self._engine.rank, self._engine.processes)
        samples = min(self._setup.evaluating.most, len(self._measured))
        rounds = -(-samples // (reader.batch * reader.ranks))
        # Each process makes as many steps, or those in shards would wait for each other: the last round goes on anew.
        epochs = 1 if reader.ranks == 1 else None
        for batch in islice(self._measured.batches(reader, epochs=epochs), rounds):
            if batch.examples:
                yield batch.examples

    def state(self) -> Mapping[str, Any]:
        """See `loop.Feed`."""
        return self.loader.state.to_json()

    @property
    def held_out_samples(self) -> int:
        """How many samples are held out; 0 where none is or none is measured."""
        return 0 if self._measured is None else len(self._measured)

    def skipped(self) -> list[tuple[str, int]]:
        """Samples that could not be used, by reason."""
        return self.loader.tally.rows()


def _measured(source: SampleSource, make: Maker[Example], setup: Setup) -> Stream[Example] | None:
    """The held-out samples; a small store may have none, and can be learned from all the same."""
    split = setup.data.held_out.value
    if not setup.evaluating.most or split not in source.index()[0]["split"].to_list():
        return None
    return stream_of(source, make, setup.data.measuring(instead=True))
