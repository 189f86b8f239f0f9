"""Training samples of a tagged version of the store, by address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from resources.store.errors import StoreError
from resources.store.store import SceneGraphStore
from resources.store.tables import ROW_ADDRESS
from svg2_assets.traser.samples.rows import INDEX_COLUMNS, READ_COLUMNS, TABLE
from svg2_assets.traser.samples.stream import Fault, Row, Unusable


class StoredSamples:
    """A `SampleSource` over the view of a tag (`SceneGraphStore.at_tag`). Opens its tables in whichever process reads.

    Samples of videos that a newer version supersedes are left out: another split may hold the newer one.
    """

    def __init__(self, store: SceneGraphStore) -> None:
        self._store = store

    @property
    def name(self) -> str:
        """The store and its tag."""
        return f"{self._store.uri} at {self._store.at}"

    def index(self) -> tuple[pl.DataFrame, int]:
        """Narrow columns of every readable row with its `address`, and how many rows lie in damaged files."""
        found, damaged = self._store.addresses(TABLE, INDEX_COLUMNS)
        frame = pl.from_arrow(found)
        assert isinstance(frame, pl.DataFrame)  # noqa: S101 (a table becomes a frame)
        videos = self._store.read("videos", columns=("video_id", "superseded_by"))
        old = videos.filter(pl.col("superseded_by").is_not_null())
        return frame.rename({ROW_ADDRESS: "address"}).join(old, on="video_id", how="anti"), damaged

    def take(self, addresses: Sequence[int]) -> Mapping[int, Row | Unusable]:
        """Rows by address. Where files are damaged, the rows in them come as `Unusable`; other failures raise."""
        try:
            rows = self._store.take(TABLE, addresses, READ_COLUMNS).to_pylist()
        except StoreError as error:
            if error.reason != "corrupted":
                raise
            if len(addresses) == 1:
                return {addresses[0]: Unusable(Fault.UNREADABLE, str(error))}
            return {a: row for address in addresses for a, row in self.take([address]).items()}
        return {row.pop(ROW_ADDRESS): row for row in rows}
