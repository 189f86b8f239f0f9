"""A partition is an immutable batch of videos; a dropped video is a batch of one whose key is the video's id.

Which videos a key stands for is written in the catalog (column `partition` of `videos`), so that 636,000 videos become
10,000 partitions and small installations still see one video a partition.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

import dagster as dg

from svg2_assets.catalog.batches import chunked_keys

# Backfill policies and partitioned checks are marked as not final in Dagster 1.13; the version is pinned below 1.14.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)

VIDEO_BATCHES = dg.DynamicPartitionsDefinition(name="video_batches")


def backfill_policy(partitions_per_run: int) -> dg.BackfillPolicy:
    """Backfills go in runs of `partitions_per_run` partitions."""
    return dg.BackfillPolicy.multi_run(max_partitions_per_run=partitions_per_run)


def add_partitions(instance: dg.DagsterInstance, keys: Iterable[str]) -> tuple[str, ...]:
    """Add the keys that are new to `instance`, in order, and return them."""
    assert VIDEO_BATCHES.name is not None  # noqa: S101 - given above; narrows the type
    known = set(instance.get_dynamic_partitions(VIDEO_BATCHES.name))
    new = [k for k in dict.fromkeys(keys) if k not in known]
    for chunk in chunked_keys(new):
        instance.add_dynamic_partitions(VIDEO_BATCHES.name, list(chunk))
    return tuple(new)


def contiguous(all_keys: Sequence[str], wanted: Iterable[str]) -> list[tuple[str, str]]:
    """`wanted` keys as (first, last) ranges in the order of `all_keys`: what runs over a range can take."""
    chosen = set(wanted)
    ranges: list[tuple[str, str]] = []
    open_range = False
    for key in all_keys:
        if key not in chosen:
            open_range = False
        elif open_range:
            ranges[-1] = (ranges[-1][0], key)
        else:
            ranges.append((key, key))
            open_range = True
    return ranges
