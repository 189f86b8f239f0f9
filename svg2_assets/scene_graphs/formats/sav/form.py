"""Files and options of SA-V, and what a graph keeps of one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import Field

from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.formats.values import Loss, ReadOptions, WriteOptions

NAME = "sav"
MASKLETS = "masklets"
"""Key of a graph's provenance under which `Masklets` are."""
STEP, RATE = 4, 6.0
"""Frames of the video for one annotated, and annotated ones a second."""
MOST_STEP, MOST_FRAMES = 1000, 10_000_000
WITHOUT = frozenset(Loss) - {Loss.CLOCK, Loss.CATEGORIES, Loss.REPEATED}


class Kind(StrEnum):
    """Who made masklets."""

    MANUAL = "manual"
    AUTO = "auto"


class Reading(ReadOptions):
    """Options. `kinds` of files that are read; `step`: frames of the video for one annotated, where files do not say.

    `fps` is the rate of the annotated frames.
    """

    kinds: tuple[Kind, ...] = Field(default=tuple(Kind), min_length=1)
    step: int = Field(default=STEP, ge=1, le=MOST_STEP)


class Writing(WriteOptions):
    """Options. `sample_fps`: annotated frames a second; `kind` of objects that did not come as masklets; `split`."""

    sample_fps: float = Field(default=RATE, gt=0)
    kind: Kind = Kind.MANUAL
    split: str = "train"


@dataclass(frozen=True, slots=True)
class Masklets:
    """What a graph is of: `frame_count` frames of a video of `duration` seconds, every `step`-th of them annotated.

    `ids`: object id to kind and id of its masklet.
    """

    step: int
    frame_count: int
    duration: float
    environment: str
    split: str
    ids: Mapping[int, tuple[Kind, int]]

    @property
    def annotated(self) -> int:
        """Annotated frames."""
        return math.ceil(self.frame_count / self.step)

    @property
    def fps(self) -> float:
        """Annotated frames a second."""
        return self.frame_count / self.duration / self.step

    def to_json(self) -> dict[str, Any]:
        """As provenance has it."""
        return {
            "step": self.step,
            "frame_count": self.frame_count,
            "duration": self.duration,
            "environment": self.environment,
            "split": self.split,
            "ids": {str(i): [kind.value, number] for i, (kind, number) in self.ids.items()},
        }

    @classmethod
    def of(cls, graph: SceneGraph, options: Writing) -> Masklets:
        """What its provenance says where that still fits; else every so many frames that `sample_fps` are a second."""
        kept = _kept(graph.provenance.get(MASKLETS))
        video = graph.video
        if kept is None or kept.annotated != video.num_frames or not math.isclose(kept.fps, video.fps, rel_tol=1e-6):
            step = min(max(1, round(video.fps / options.sample_fps)), MOST_STEP)
            kept = cls(step, video.num_frames, video.duration, "", options.split, {})
        ids = {o.id: kept.ids.get(o.id, (options.kind, o.id)) for o in graph.objects}
        if len(set(ids.values())) < len(ids):
            ids = {o.id: (options.kind, o.id) for o in graph.objects}
        return cls(kept.step, kept.frame_count, kept.duration, kept.environment, kept.split, ids)


def whole(value: Any, most: int) -> int | None:
    """A whole number from 1 to `most`, which SA-V's files write as 483.0; None where it is none."""
    if type(value) not in {int, float} or not 1 <= value <= most or value != int(value):
        return None
    return int(value)


def seconds(value: Any) -> float | None:
    """A positive number; None where it is none."""
    return float(value) if type(value) in {int, float} and 0 < value < math.inf else None


def _kept(told: Any) -> Masklets | None:
    """What a graph's provenance says, which may be anybody's."""
    if not isinstance(told, Mapping) or not isinstance(told.get("ids"), Mapping):
        return None
    step, frames = whole(told.get("step"), MOST_STEP), whole(told.get("frame_count"), MOST_FRAMES)
    duration = seconds(told.get("duration"))
    try:
        ids = {int(i): (Kind(kind), int(number)) for i, (kind, number) in told["ids"].items()}
    except (TypeError, ValueError):
        return None
    if step is None or frames is None or duration is None:
        return None
    return Masklets(step, frames, duration, str(told.get("environment", "")), str(told.get("split", "")), ids)
