"""Stores with samples, and makers that spawned processes import by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from resources.store.samples import StoredSamples
from resources.store.store import SceneGraphStore
from svg2_assets.scene.taxonomy import Category
from svg2_assets.traser.samples.build import build
from svg2_assets.traser.samples.rows import TABLE, to_row
from svg2_assets.traser.samples.settings import BuildSettings, PictureSettings, SamplingSettings
from svg2_assets.traser.samples.splits import Split, SplitSettings
from svg2_assets.traser.samples.stream import Stream, StreamSettings, stream_of
from svg2_assets.traser.samples.values import Sample
from svg2_assets.traser.text import Task
from tests.traser.samples.drafts import clip, draft, look, said, thing

ALL_FOR_TRAINING = SplitSettings(val=0, test=0)


def row(
    name: str,
    *,
    dataset: str = "a",
    categories: Sequence[Category] = (Category.SPATIAL,),
    seconds: float = 4.0,
    splits: SplitSettings = ALL_FOR_TRAINING,
) -> dict[str, Any]:
    """The row of a clip of two coloured things with a relation of each of `categories`."""
    settings = BuildSettings(
        dataset=dataset, splits=splits, sampling=SamplingSettings(least_pixels=0), pictures=PictureSettings(quality=50)
    )
    video = clip(name=name, seconds=seconds)
    frames = range(video.num_frames)
    relations = [said(1, f"near {i}", 2, (0, 2), category=c) for i, c in enumerate(categories)]
    given = draft([thing(1, attributes=["red"], frames=frames), thing(2, frames=frames)], *relations, video=video)
    built = build(given, settings, look=look)
    assert built.sample is not None
    return to_row(built.sample, built.counts)


def filled(folder: Path, rows: Sequence[dict[str, Any]], *, at_once: int = 4) -> SceneGraphStore:
    """A store with `rows`, `at_once` in each fragment."""
    store = SceneGraphStore(str(folder / "store"))
    for i in range(0, len(rows), at_once):
        part = rows[i : i + at_once]
        store.replace(TABLE, part, video_ids=[r["video_id"] for r in part])
    return store


def names_of(sample: Sample, task: Task) -> str:
    """A maker: which sample, and what is asked of it."""
    return f"{sample.video.id}/{task.value}"


def ids_of(sample: Sample, task: Task) -> str:
    """A maker: which sample."""
    return sample.video.id


def order_of_objects(sample: Sample, task: Task) -> str:
    """A maker: which sample, its objects in their order, and whether all of it still fits together."""
    ids = [o.id for o in sample.objects]
    assert {end for r in sample.relations for end in (r.subject, r.object)} <= {*ids, -1}
    assert [len(row) for row in sample.masks] == [len(sample.frames)] * len(ids)
    return f"{sample.video.id}:{','.join(map(str, ids))}"


def listed(examples: Sequence[str]) -> list[str]:
    """A collating function."""
    return list(examples)


def stream(store: SceneGraphStore, tag: str, make: Any = ids_of, **settings: Any) -> Stream[str]:
    return stream_of(StoredSamples(store.at_tag(tag)), make, StreamSettings(**settings))


__all__ = ["ALL_FOR_TRAINING", "Split", "filled", "ids_of", "listed", "names_of", "order_of_objects", "row", "stream"]
