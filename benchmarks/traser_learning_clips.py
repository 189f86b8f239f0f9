"""The clips of `benchmarks.traser_learning`: rendered once, kept as samples in Parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from resources.store.schemas import TABLES
from svg2_assets.traser.samples.rows import from_row, to_row
from svg2_assets.traser.samples.values import Sample
from svg2_assets.traser.samples.world import HELD_OUT, WorldSampleSettings, build_clip

WORLD = WorldSampleSettings(
    width=336,
    height=224,
    seconds=8.0,
    world={"cut_chance": 0.0, "things": 3, "small_share": 0.0},
    most_objects=8,
    attributes=frozenset({"color", "pattern"}),
)


def write_clips(folder: Path, *, train: int, held_out: int, judged_from: int, processes: int) -> None:
    """The clips to train on and to judge on, rendered where they are not there yet. A clip is a seed.

    Raises `ValueError` where they would be judged on seeds that are for training.
    """
    if judged_from < HELD_OUT:
        raise ValueError(f"clips to judge on begin at seed {HELD_OUT}: those before are for training")
    for first, count in ((0, train), (judged_from, held_out)):
        path = clips_path(folder, first, count)
        if path.exists():
            continue
        groups = [range(first + i, first + min(i + 25, count)) for i in range(0, count, 25)]
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            rows = [row for part in pool.map(_rows, groups) for row in part]
        unfinished = path.with_suffix(".unfinished")
        pq.write_table(pa.Table.from_pylist(rows, schema=_schema()), unfinished, row_group_size=100)
        unfinished.replace(path)


def clips_path(folder: Path, first: int, count: int) -> Path:
    """Of the file of `count` clips from seed `first` on."""
    return folder / f"clips-from{first}-{count}.parquet"


def _schema() -> pa.Schema:
    known = TABLES["traser_samples"]
    return pa.schema([known.field(name).with_nullable(True) for name in known.names])


def _rows(seeds: Sequence[int]) -> list[dict[str, Any]]:
    import cv2

    cv2.setNumThreads(1)
    built = (build_clip(WORLD, seed) for seed in seeds)
    return [to_row(one.sample) for one in built if one.sample is not None]


def read_clips(path: Path) -> list[Sample]:
    """The samples of a file."""
    return [from_row(row) for row in pq.read_table(path).to_pylist()]


def patches_of(sample: Sample) -> np.ndarray:
    """uint8 patches of a sample's pictures."""
    from svg2_assets.traser.samples.pictures import decode
    from svg2_assets.traser.sampling import bytes_of_patches

    return bytes_of_patches(decode(sample.pictures, height=WORLD.height, width=WORLD.width))
