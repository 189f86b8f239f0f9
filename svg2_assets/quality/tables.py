"""The rows under check: every table of the store, cut to the videos of one run, read when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import polars as pl

from svg2_assets.quality.corpus import Corpus
from svg2_assets.scene.errors import Svg2Error
from svg2_assets.scene.taxonomy import CAMERA_ID

Read = Callable[[str, Sequence[str]], pl.DataFrame]
"""(table, video ids) -> all rows of these videos, with every column of the table's schema even when there is no row."""

T = TypeVar("T")


class TablesUnreadable(Svg2Error):
    """The store did not answer. That says nothing about the videos, so no verdict may be drawn from it."""


@dataclass(frozen=True, slots=True)
class PhaseTables:
    """All rows of `video_ids`, table by table. Frames are read once and kept, but for masks, which come video by video.

    `corpus` holds what the rest of the store looks like, for checks that compare with it.
    """

    read: Read
    video_ids: tuple[str, ...]
    corpus: Corpus = field(default_factory=Corpus)
    _kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def only(self, video_id: str) -> PhaseTables:
        """The same tables for one video, read afresh."""
        return PhaseTables(self.read, (video_id,), self.corpus)

    def once(self, key: str, compute: Callable[[PhaseTables], T]) -> T:
        """`compute(self)`, done once however many checks ask for `key`."""
        if key not in self._kept:
            self._kept[key] = compute(self)
        value: T = self._kept[key]
        return value

    @property
    def videos(self) -> pl.DataFrame:
        """One row a video."""
        return self._table("videos")

    @property
    def trajectories(self) -> pl.DataFrame:
        """One row an object; the camera's row is left out."""
        if "objects" not in self._kept:
            self._kept["objects"] = self._table("trajectories").filter(pl.col("object_id") != CAMERA_ID)
        objects: pl.DataFrame = self._kept["objects"]
        return objects

    @property
    def descriptions(self) -> pl.DataFrame:
        """One row an object."""
        return self._table("descriptions")

    @property
    def relations(self) -> pl.DataFrame:
        """One row a relation."""
        return self._table("relations")

    @property
    def scene_graphs(self) -> pl.DataFrame:
        """One row a video."""
        return self._table("scene_graphs")

    def labels(self, stage: str) -> pl.DataFrame:
        """One row an object, as the `parsed` or the `verified` stage left it."""
        return self._table("labels").filter(pl.col("stage") == stage)

    def names(self) -> dict[tuple[str, int], str]:
        """(video id, object id) -> the verified name, or the parsed one where none was verified."""
        found: dict[tuple[str, int], str] = {}
        for stage in ("parsed", "verified"):
            for video_id, object_id, name in self.labels(stage).select("video_id", "object_id", "name").iter_rows():
                found[video_id, object_id] = name or ""
        return found

    def masks(self, video_id: str) -> pl.DataFrame:
        """The mask rows of one video: one an object. Not kept: all masks of a run may not fit in memory."""
        return self._load("masks", (video_id,))

    def _table(self, name: str) -> pl.DataFrame:
        if name not in self._kept:
            self._kept[name] = self._load(name, self.video_ids)
        table: pl.DataFrame = self._kept[name]
        return table

    def _load(self, name: str, video_ids: Sequence[str]) -> pl.DataFrame:
        try:
            return self.read(name, video_ids)
        except Exception as error:
            raise TablesUnreadable(
                f"table {name} of {len(video_ids)} videos cannot be read for checking: {error}. "
                "The gates stay as they are; run the checks again when the store answers."
            ) from error
