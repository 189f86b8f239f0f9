"""Samples as rows of the store's table `traser_samples`, and back."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from svg2_assets.scene.graph import Attribute, Verification
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Span, Spans
from svg2_assets.scene.taxonomy import AttributeType, Category, Verdict
from svg2_assets.scene.video import Video
from svg2_assets.traser.samples.counting import Counts
from svg2_assets.traser.samples.values import Sample, SampleObject, SampleRelation

TABLE = "traser_samples"

INDEX_COLUMNS = (
    "video_id", "sample_id", "dataset", "split", "tasks", "categories", "category_counts", "num_relations",
    "size_bytes",
)  # fmt: skip
"""What the order of training needs of each row; all narrow."""

READ_COLUMNS = (
    "video_id", "sample_id", "dataset", "split", "tasks", "uri", "width", "height", "num_frames", "duration", "frames",
    "times", "objects", "relations", "mask_height", "mask_width", "masks", "picture_height", "picture_width",
    "pictures", "checksum",
)  # fmt: skip
"""What `from_row` needs."""


class DamagedRow(ValueError):
    """A row whose bytes are not those that were written, or whose parts contradict each other."""


def to_row(sample: Sample, counts: Counts | None = None) -> dict[str, Any]:
    """The row of a sample; provenance is the writer's to add."""
    video, (tall, wide) = sample.video, _mask_size(sample)
    masks = [b"" if mask is None else mask.counts for row in sample.masks for mask in row]
    categories = Counter(r.category.value for r in sample.relations if r.category is not None)
    return {
        "video_id": video.id,
        "sample_id": sample.sample_id,
        "dataset": sample.dataset,
        "split": sample.split,
        "tasks": list(sample.tasks),
        "uri": video.uri,
        "width": video.width,
        "height": video.height,
        "num_frames": video.num_frames,
        "duration": video.duration,
        "frames": sample.frames.tolist(),
        "times": sample.times.tolist(),
        "objects": [_object_row(o) for o in sample.objects],
        "relations": [_relation_row(r) for r in sample.relations],
        "mask_height": tall,
        "mask_width": wide,
        "masks": masks,
        "picture_height": sample.picture_size[0],
        "picture_width": sample.picture_size[1],
        "pictures": list(sample.pictures),
        "categories": sorted(categories),
        "category_counts": [categories[name] for name in sorted(categories)],
        "num_objects": len(sample.objects),
        "num_relations": len(sample.relations),
        "num_attributes": sum(len(o.attributes) for o in sample.objects),
        "size_bytes": sum(map(len, masks)) + sum(map(len, sample.pictures)),
        "checksum": checksum(masks, sample.pictures),
        "report": (counts or Counts()).to_json(),
    }


def from_row(row: Mapping[str, Any]) -> Sample:
    """The sample of a row. Raises `DamagedRow` where the row cannot be what `to_row` wrote."""
    frames, objects, masks = row["frames"] or (), row["objects"] or (), row["masks"] or ()
    if len(masks) != len(objects) * len(frames) or len(row["times"] or ()) != len(frames):
        counts = f"{len(masks)} masks of {len(objects)} objects on {len(frames)} frames"
        raise DamagedRow(f"{row['video_id']}: {counts} with {len(row['times'] or ())} times")
    pictures = tuple(row["pictures"] or ())
    if pictures and len(pictures) != len(frames):
        raise DamagedRow(f"{row['video_id']}: {len(pictures)} pictures of {len(frames)} frames")
    if checksum(masks, pictures) != row["checksum"]:
        raise DamagedRow(f"{row['video_id']}: masks and pictures differ from what was written (CRC-32)")
    try:
        return _sample(row, masks=masks, pictures=pictures)
    except (ValueError, TypeError, KeyError) as error:  # a value outside its vocabulary, a span that is none
        raise DamagedRow(f"{row['video_id']}: {error}") from error


def checksum(masks: Sequence[bytes], pictures: Sequence[bytes]) -> int:
    """CRC-32 over the bytes of masks and pictures and where each ends."""
    found = 0
    for data in (*masks, b"|", *pictures):
        found = zlib.crc32(data, zlib.crc32(len(data).to_bytes(8, "big"), found))
    return found


def total(rows: Iterable[Mapping[str, Any]]) -> Counts:
    """The counts of all rows' reports together."""
    return sum((Counts.of_json(row["report"]) for row in rows), start=Counts())


def _sample(row: Mapping[str, Any], *, masks: Sequence[bytes], pictures: tuple[bytes, ...]) -> Sample:
    frames, height, width = row["frames"], row["mask_height"], row["mask_width"]
    made = [Mask(height, width, data) if data else None for data in masks]
    return Sample(
        video=_video(row),
        objects=tuple(_object(o) for o in row["objects"]),
        relations=tuple(_relation(r) for r in row["relations"] or ()),
        frames=np.asarray(frames, dtype=np.int64),
        times=np.asarray(row["times"], dtype=np.float64),
        masks=tuple(tuple(made[i : i + len(frames)]) for i in range(0, len(made), max(1, len(frames)))),
        picture_size=(row["picture_height"], row["picture_width"]),
        tasks=tuple(row["tasks"]),
        dataset=row["dataset"],
        split=row["split"],
        pictures=pictures,
        sample_id=row["sample_id"],
    )


def _mask_size(sample: Sample) -> tuple[int, int]:
    first = next((m for row in sample.masks for m in row if m is not None), None)
    return (sample.video.height, sample.video.width) if first is None else (first.height, first.width)


def _video(row: Mapping[str, Any]) -> Video:
    """As much of the video as the row holds; its rate is the mean one."""
    return Video(
        id=row["video_id"],
        uri=row["uri"] or "",
        sha256="",
        width=row["width"],
        height=row["height"],
        fps=row["num_frames"] / row["duration"],
        num_frames=row["num_frames"],
        duration=row["duration"],
    )


def _object_row(o: SampleObject) -> dict[str, Any]:
    return {
        "id": o.id,
        "name": o.name,
        "attributes": [{"value": a.value, "type": a.type.value, "confidence": a.confidence} for a in o.attributes],
        "part_of": o.part_of,
        "verdict": o.verification.verdict.value,
        "score": o.verification.score,
        "salience": o.salience,
    }


def _object(row: Mapping[str, Any]) -> SampleObject:
    attributes = tuple(
        Attribute(a["value"], AttributeType(a["type"]), a["confidence"]) for a in row["attributes"] or ()
    )  # fmt: skip
    verification = Verification(Verdict(row["verdict"]), row["score"])
    return SampleObject(row["id"], row["name"], attributes, row["part_of"], verification, row["salience"])


def _relation_row(r: SampleRelation) -> dict[str, Any]:
    return {
        "subject": r.subject,
        "predicate": r.predicate,
        "object": r.object,
        "category": None if r.category is None else r.category.value,
        "spans": [{"start": s.start, "end": s.end} for s in r.spans],
        "confidence": r.confidence,
    }


def _relation(row: Mapping[str, Any]) -> SampleRelation:
    spans = Spans(tuple(Span(s["start"], s["end"]) for s in row["spans"]))
    category = None if row["category"] is None else Category(row["category"])
    return SampleRelation(row["subject"], row["predicate"], row["object"], spans, category, row["confidence"])
