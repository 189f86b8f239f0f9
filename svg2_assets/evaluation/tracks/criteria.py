"""The thresholds of the track metrics, in one value that goes with every score."""

from __future__ import annotations

from dataclasses import dataclass, fields

from svg2_assets.scene.errors import InvalidSceneValue

COCO_PICTURE = 640 * 480
"""Pixels of the picture for which COCO's size limits (32² and 96²) are meant."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """All are shares in 0..1, except `late_seconds`.

    matched: spatio-temporal IoU from which a truth trajectory counts as recalled (the SVG2 paper: 0.5).
    followed: spatio-temporal IoU from which a prediction counts as meant for a truth object, however incomplete.
    seen: IoU on one frame from which the object is seen there (CLEAR MOT, IDF1: 0.5).
    touching: a predicted mask of which a smaller share lies on truth objects shows nothing.
    small, large: mean area by the frame's below and from which an object is small and large (COCO's limits).
    late_share: an object that is first visible at this share of the clip or after is late.
    late_seconds: the same as a time; where given it decides instead of `late_share`.
    """

    matched: float = 0.5
    followed: float = 0.1
    seen: float = 0.5
    touching: float = 0.1
    small: float = 32 * 32 / COCO_PICTURE
    large: float = 96 * 96 / COCO_PICTURE
    late_share: float = 0.2
    late_seconds: float | None = None

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self) if f.name != "late_seconds"):
            if not 0 < getattr(self, name) <= 1:
                raise InvalidSceneValue(f"criteria: {name} is a share in (0, 1], not {getattr(self, name)}")
        if self.late_seconds is not None and not self.late_seconds > 0:
            raise InvalidSceneValue(f"criteria: late_seconds is a time after the start, not {self.late_seconds}")

    def late_from(self, *, num_frames: int, fps: float) -> float:
        """The frame (a fraction perhaps) from which an object that appears is late."""
        return self.late_share * num_frames if self.late_seconds is None else self.late_seconds * fps
