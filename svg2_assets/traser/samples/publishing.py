"""Samples under a tag: training reads a version of the store that no later build changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from svg2_assets.scene.errors import Svg2Error
from svg2_assets.traser.samples.counting import Counts
from svg2_assets.traser.samples.rows import TABLE, total
from svg2_assets.traser.samples.splits import Split


class Publishable(Protocol):
    """A store that can keep its present version under a name."""

    def read(self, table: str, *, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Rows of a table."""
        ...

    def tag(self, name: str) -> dict[str, int]:
        """Keep the present version of every table; table to version. Raises where the name is taken or no name."""
        ...


class NothingToPublish(Svg2Error):
    """The store holds no sample to learn from."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a tag holds: the `version` of the samples' table, samples by (dataset, split), what filters did."""

    tag: str
    version: int
    samples: dict[tuple[str, str], int]
    counts: Counts


def publish_samples(store: Publishable, tag: str) -> Published:
    """Keep all samples as they are under `tag`, and say what they are.

    Raises `NothingToPublish` where none is for training, and what the store raises for a tag that exists.
    """
    rows = store.read(TABLE, columns=("video_id", "dataset", "split", "report"))
    by_split = rows.group_by("dataset", "split").len().sort("dataset", "split")
    samples = {(dataset, split): number for dataset, split, number in by_split.iter_rows()}
    if not any(split == Split.TRAIN for _, split in samples):
        held = sum(samples.values())
        raise NothingToPublish(
            f"{tag}: the store holds no sample for training ({held} in all). Build some first: `svg2 traser samples`."
        )
    versions = store.tag(tag)
    return Published(tag, versions[TABLE], samples, total(rows.select("report").to_dicts()))
