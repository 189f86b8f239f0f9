"""Stand-ins for what a video has not been put through yet, so that the calls it will need can be planned all the same.

Its frames are blank, its objects as many, as large and as long visible as those of other videos, their descriptions and
names are those of other objects. Only sizes count: what the planners make of it has the tokens of the real calls, not
their content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
import polars as pl

from svg2_assets.catalog.lookup import Tables
from svg2_assets.descriptions.protocols import Description
from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.labels.rows import VERIFIED, verified_of
from svg2_assets.scene.graph import Verification
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Frame, FrameSource, Video
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult

NEWEST = 1_000  # tracked videos that are learned from
TOLD = 25  # of them, whose descriptions and names are taken
RATE = 5.0  # frames a second of a stand-in; models see about one
_GOLDEN, _PLASTIC = 0.618034, 0.754878  # steps of sequences that fill a line, and a plane, evenly


@dataclass(frozen=True, slots=True)
class Expected:
    """What a video is expected to hold. `low`, `middle`, `high`: objects of a video, quartiles; `videos`: how many
    they were learned from, 0 where they are assumed. `presence`: share of a video's frames that show an object; `area`:
    share of a frame that it takes. `texts`, `labels`: of objects, taken in turn.
    """

    low: int
    middle: int
    high: int
    videos: int = 0
    presence: float = 0.5
    area: float = 0.01
    texts: tuple[str, ...] = ()
    labels: tuple[VerifiedLabel, ...] = ()

    @property
    def objects(self) -> tuple[int, int, int]:
        """The quartiles."""
        return self.low, self.middle, self.high


_EMBEDDED = Expected(1, 4, 6, presence=0.7, area=0.015)
ASSUMED: Mapping[str, Expected] = MappingProxyType(
    {"svg2": Expected(20, 36, 45), "embedded": _EMBEDDED, "vision": _EMBEDDED}
)
"""Profile whose tracker is used -> what its videos hold while none has been tracked.

`svg2`: 36 is the median of the objects tracked in SVG2's 593,929 videos of PVD, 50 their 90th percentile (its released
`raw` split); the quartiles around it, presence and area are assumed. `embedded`: found in the nine clips of
`benchmarks/paid_chain.py`.
"""

_TEXT = (
    "A person in a dark blue jacket and light grey trousers, with short brown hair and a black bag over the left "
    "shoulder. The person walks from the left side of the frame towards the right at a steady pace, turns the head to "
    "look at a shop window, stops for a moment and then goes on. The jacket is partly open and shows a white shirt."
)
_LABEL = Label(0, "person", 0.9, actions=("walks to the right",), relationships=("next to a shop window",))


def expected_of(tables: Tables, *, tracker: str, model_id: str) -> Expected:
    """What videos hold that `model_id` tracked; where there are none, what is assumed of the profile `tracker`."""
    assumed = ASSUMED.get(tracker, ASSUMED["svg2"])
    done = tables.read(
        "phase_state",
        columns=("video_id", "updated_at"),
        where={"phase": "trajectories", "status": "done", "model_id": model_id},
    )
    ids = done.sort("updated_at", descending=True)["video_id"].to_list()[:NEWEST]
    if not ids:
        return assumed
    counts, presence, area = _tracked(tables, ids)
    low, middle, high = (round(float(q)) for q in np.quantile(counts, (0.25, 0.5, 0.75)))
    found = replace(assumed, low=low, middle=middle, high=high, videos=len(ids))
    if presence is not None and area is not None:
        found = replace(found, presence=presence, area=area)
    return replace(found, texts=_texts(tables, ids[:TOLD]), labels=_labels(tables, ids[:TOLD]))


def _tracked(tables: Tables, ids: Sequence[str]) -> tuple[list[int], float | None, float | None]:
    """Objects of each of the videos `ids`; of all objects the mean presence and area, None without any."""
    columns = ("video_id", "object_id", "num_frames", "mean_area")
    objects = tables.read("trajectories", video_ids=ids, columns=columns).filter(pl.col("object_id") != CAMERA_ID)
    videos = tables.read("videos", video_ids=ids, columns=("video_id", "num_frames", "width", "height"))
    joined = objects.join(videos, on="video_id", suffix="_video")
    counted = dict(objects.group_by("video_id").len().iter_rows())
    counts = [counted.get(video_id, 0) for video_id in ids]  # a video may hold nothing
    if not joined.height:
        return counts, None, None
    shares = joined.select(
        (pl.col("num_frames") / pl.col("num_frames_video")).mean().alias("presence"),
        (pl.col("mean_area") / (pl.col("width") * pl.col("height"))).mean().alias("area"),
    ).row(0)
    return counts, float(shares[0]), float(shares[1])


def _texts(tables: Tables, ids: Sequence[str]) -> tuple[str, ...]:
    rows = tables.read("descriptions", video_ids=ids, columns=("video_id", "object_id", "text"))
    return tuple(text for text in rows["text"].to_list() if text)


def _labels(tables: Tables, ids: Sequence[str]) -> tuple[VerifiedLabel, ...]:
    return verified_of(tables.read("labels", video_ids=ids, where={"stage": VERIFIED}).to_dicts())


@dataclass(frozen=True, slots=True)
class BlankFrames:
    """Black frames in place of those of `video`."""

    video: Video

    def frames(self, *, height: int | None = None) -> Iterator[Frame]:
        """All of them."""
        return self.pick(range(self.video.num_frames), height=height)

    def pick(self, indices: Sequence[int], *, height: int | None = None) -> Iterator[Frame]:
        """Those of `indices`."""
        rows = height or self.video.height
        blank = np.zeros((rows, max(1, round(self.video.width * rows / self.video.height)), 3), dtype=np.uint8)
        return (Frame(i, self.video.time_of(i), blank) for i in indices)


@dataclass(frozen=True)
class StandIn:
    """Inputs of the planners: `source` and `tracks`, real or not, and texts and names of other videos' objects."""

    source: FrameSource
    tracks: TrackingResult
    expected: Expected

    @classmethod
    def untracked(cls, video: Video, expected: Expected, *, objects: int) -> StandIn:
        """For a video of which nothing is known but its size and length, with so many `objects`."""
        slow = _slowed(video)
        tracked = (_object(i, slow, expected) for i in range(objects))
        return cls(BlankFrames(slow), TrackingResult(tuple(tracked)), expected)

    @cached_property
    def descriptions(self) -> Sequence[Description]:
        """Those of other objects."""
        texts = self.expected.texts or (_TEXT,)
        return [Description(o.id, texts[i % len(texts)], o.trajectory.frames[:1]) for i, o in self._objects()]

    @cached_property
    def labels(self) -> Sequence[VerifiedLabel]:
        """Those of other objects."""
        given = self.expected.labels or (VerifiedLabel(_LABEL, Verification()),)
        cycle = [given[i % len(given)] for i, _ in self._objects()]
        return [
            replace(v, label=replace(v.label, object_id=o.id)) for v, (_, o) in zip(cycle, self._objects(), strict=True)
        ]

    def _objects(self) -> list[tuple[int, TrackedObject]]:
        return list(enumerate(self.tracks.objects))


def _slowed(video: Video) -> Video:
    """`video` with `RATE` frames a second at most: planners look at about one a second, trajectories have all."""
    rate = min(RATE, video.fps)
    frames = max(1, round(video.duration * rate))
    return replace(video, fps=rate, num_frames=frames, duration=frames / rate, frame_times=None)


def _object(number: int, video: Video, expected: Expected) -> TrackedObject:
    """A box that stands still, visible for one stretch; places and times of different numbers are spread evenly."""
    height = np.sqrt(min(1.0, expected.area) * video.width * video.height)
    left = (number * _PLASTIC) % 1 * max(0.0, video.width - height)
    top = (number * _PLASTIC**2) % 1 * max(0.0, video.height - height)
    box = (left, top, max(2.0, min(height, video.width)), max(2.0, min(height, video.height)))
    shown = min(video.num_frames, max(1, round(expected.presence * video.num_frames)))
    first = round((number * _GOLDEN) % 1 * (video.num_frames - shown))
    mask = Mask.from_box(box, height=video.height, width=video.width)
    track = Trajectory(tuple(range(first, first + shown)), (mask,) * shown)
    return TrackedObject(number, track, Origin.SEED, 1.0, registered=first)
