"""What Phase 1 needs of a backend, and what it hands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import FrameSource

Progress = Callable[[int, int], None]
"""Called now and then with (frames done, frames in all)."""


class Origin(StrEnum):
    """How a trajectory came to be."""

    SEED = "seed"
    DISCOVERED = "discovered"
    RELINKED = "relinked"
    SALIENT = "salient"


@dataclass(frozen=True, slots=True)
class Witness:
    """What one independent recogniser thinks of a trajectory: mean score by class over its `looks`.

    `looks` counts how often it looked at the object, also when it saw nothing there (which scores 0).
    """

    source: str
    looks: int
    scores: Mapping[str, float]

    def best(self) -> tuple[str, float]:
        """The class with the highest mean score; ("", 0) when nothing was seen."""
        return max(self.scores.items(), key=lambda item: item[1], default=("", 0.0))


@dataclass(frozen=True, slots=True)
class TrackedObject:
    """A trajectory with the evidence gathered on the way. `score` is the mean detection score (0..1).

    `part_of`: the object that this one is a part of. `registered`: the frame on which it was first segmented; its
    trajectory may begin earlier. `members`: of a region that shows several objects at once, those; they are no parts.
    """

    id: int
    trajectory: Trajectory
    origin: Origin
    score: float
    witnesses: tuple[Witness, ...] = ()
    relinked_from: int | None = None
    part_of: int | None = None
    registered: int | None = None
    members: tuple[int, ...] = ()

    def witness(self, source: str) -> Witness | None:
        """The witness called `source`, None when it never looked."""
        return next((w for w in self.witnesses if w.source == source), None)


@dataclass(frozen=True, slots=True)
class CameraMotion:
    """Motion of the background between consecutive `frames`: [dx, dy, zoom, roll] a step.

    A step turns and zooms about the middle of the frame, then shifts: dx, dy in pixels of the video; zoom a factor
    (1 = none); roll in radians. One step fewer than frames.
    """

    frames: tuple[int, ...] = ()
    steps: tuple[tuple[float, float, float, float], ...] = ()
    fixed: bool = True


@dataclass(frozen=True, slots=True)
class TrackingResult:
    """All trajectories of one video, the camera's motion, the cuts (first frames of shots), run statistics."""

    objects: tuple[TrackedObject, ...]
    camera: CameraMotion = CameraMotion()
    cuts: tuple[int, ...] = ()
    statistics: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


class VideoTracker(Protocol):
    """Turns the frames of one video into trajectories."""

    @property
    def model_id(self) -> str:
        """Names of the models and their revisions, part of every row's provenance."""
        ...

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output; its hash decides freshness."""
        ...

    def track(self, source: FrameSource, *, progress: Progress | None = None) -> TrackingResult:
        """Track everything that can be found. Streams: memory does not grow with the number of frames."""
        ...


def to_json(result: TrackingResult) -> dict[str, Any]:
    """A JSON form of a tracking result (for caches and for looking at it); `from_json` is its inverse."""
    return {
        "objects": [
            {
                "id": o.id,
                "origin": o.origin.value,
                "score": o.score,
                "relinked_from": o.relinked_from,
                "part_of": o.part_of,
                "registered": o.registered,
                "members": list(o.members),
                "witnesses": [{"source": w.source, "looks": w.looks, "scores": dict(w.scores)} for w in o.witnesses],
                "frames": list(o.trajectory.frames),
                "masks": [m.to_json() for m in o.trajectory.masks],
            }
            for o in result.objects
        ],
        "camera": {
            "frames": list(result.camera.frames),
            "steps": [list(s) for s in result.camera.steps],
            "fixed": result.camera.fixed,
        },
        "cuts": list(result.cuts),
        "statistics": dict(result.statistics),
    }


def from_json(value: Mapping[str, Any]) -> TrackingResult:
    """The result that `to_json` wrote."""
    camera = value["camera"]
    return TrackingResult(
        objects=tuple(
            TrackedObject(
                id=o["id"],
                trajectory=Trajectory(tuple(o["frames"]), tuple(Mask.from_json(m) for m in o["masks"])),
                origin=Origin(o["origin"]),
                score=o["score"],
                witnesses=tuple(Witness(w["source"], w["looks"], w["scores"]) for w in o["witnesses"]),
                relinked_from=o["relinked_from"],
                part_of=o.get("part_of"),
                registered=o.get("registered"),
                members=tuple(o.get("members", ())),
            )
            for o in value["objects"]
        ),
        camera=CameraMotion(
            tuple(camera["frames"]), tuple((s[0], s[1], s[2], s[3]) for s in camera["steps"]), camera["fixed"]
        ),
        cuts=tuple(value["cuts"]),
        statistics=MappingProxyType(dict(value["statistics"])),
    )
