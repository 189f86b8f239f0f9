"""Samples under a tag: training reads a version of the store that no later build changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

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
    """What a tag holds: the `version` of the samples' table, samples by (dataset, split), what filters did, and samples
    by (dataset, source, licence), the last two empty where a row does not say."""

    tag: str
    version: int
    samples: dict[tuple[str, str], int]
    counts: Counts
    origins: dict[tuple[str, str, str], int] = field(default_factory=dict)


def publish_samples(store: Publishable, tag: str) -> Published:
    """Keep all samples as they are under `tag`, and say what they are.

    Raises `NothingToPublish` where none is for training, and what the store raises for a tag that exists.
    """
    rows = store.read(TABLE, columns=("video_id", "dataset", "split", "report", "source", "licence"))
    samples = _by(rows, "dataset", "split")
    if not any(split == Split.TRAIN for _, split in samples):
        held = sum(samples.values())
        raise NothingToPublish(
            f"{tag}: the store holds no sample for training ({held} in all). `svg2 traser samples` makes some, and "
            "says why videos have none."
        )
    versions = store.tag(tag)
    counts = total(rows.select("report").to_dicts())
    return Published(tag, versions[TABLE], samples, counts, origins=_by(rows, "dataset", "source", "licence"))


def _by(rows: pl.DataFrame, *columns: str) -> dict[Any, int]:
    """How many rows have each combination of texts, in order."""
    counted = rows.select(pl.col(columns).fill_null("")).group_by(columns).len().sort(columns)
    return {tuple(texts): number for *texts, number in counted.iter_rows()}
