"""What the silhouettes and boxes of a trajectory say: size, position, shape, how it comes in and goes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.descriptions.facts import Claim, Statement
from svg2_assets.scene.masks import BoolArray, FloatArray, IntArray, Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Pixels, Video

Points = npt.NDArray[np.int32]

BORDER = 3.0  # pixels from the frame's edge at which a box counts as cut
LEAST_SIDE = 8  # pixels below which a silhouette has no shape
OUTLINE_SIDE = 64  # longer side of a silhouette whose shape is judged
_DISC = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15))
SIDES = ("left", "right", "top", "bottom")


@dataclass(frozen=True, slots=True)
class GeometryRule:
    """Thresholds of geometric claims; shares are of the frames on which the object is visible.

    `small` and `large` shares of the frame's area; `third` the outer thirds count as left, right, top, bottom;
    `stable` share of frames on which a claim must hold; `round_fill` share of the smallest enclosing circle, on
    `round_stable` of the frames looked at; `elongated` long side over short side; `passage_seconds` watched after
    coming in or before going out, `passage_way` own widths to move inwards meanwhile.
    """

    small: float = 0.01
    large: float = 0.25
    third: float = 1 / 3
    stable: float = 0.9
    round_fill: float = 0.88
    round_stable: float = 0.5
    elongated: float = 4.0
    passage_seconds: float = 1.0
    passage_way: float = 0.3
    passage_confidence: float = 0.9


@dataclass(frozen=True, slots=True)
class Course:
    """The boxes of a trajectory, computed once: `frames` [N], `boxes` [N, 4] (x, y, w, h), `areas` [N] in pixels.

    `cut` [N, 4] says which sides of the frame (left, right, top, bottom) cut the box.
    """

    video: Video
    frames: IntArray
    boxes: FloatArray
    areas: FloatArray
    cut: BoolArray

    @classmethod
    def of(cls, trajectory: Trajectory, video: Video) -> Course:
        """Read the boxes and areas off the masks."""
        boxes = trajectory.boxes
        x, y, w, h = boxes.T
        sides = [x <= BORDER, x + w >= video.width - BORDER, y <= BORDER, y + h >= video.height - BORDER]
        return cls(video, np.asarray(trajectory.frames), boxes, trajectory.areas, np.stack(sides, axis=1))

    @property
    def centres(self) -> FloatArray:
        """(x, y) of the middle of each box, [N, 2]."""
        return np.asarray(self.boxes[:, :2] + self.boxes[:, 2:] / 2)

    @property
    def cut_anywhere(self) -> BoolArray:
        """Whether any side cuts the box, [N]."""
        return np.asarray(self.cut.any(axis=1))


@dataclass(frozen=True, slots=True)
class Outline:
    """The shape of one silhouette: `roundness`, the share of the smallest enclosing circle that its hull fills once
    spurs are gone (a disc 1, a square 0.64), and `slimness`, long side over short side of the smallest rectangle around
    it; zeros where it is too small to tell.
    """

    roundness: float = 0.0
    slimness: float = 0.0

    @classmethod
    def of(cls, silhouette: BoolArray) -> Outline:
        """Of the largest piece of `silhouette` [h, w], cropped to its box."""
        if min(silhouette.shape) < LEAST_SIDE:
            return cls()
        scale = OUTLINE_SIDE / max(silhouette.shape)
        size = max(1, round(silhouette.shape[1] * scale)), max(1, round(silhouette.shape[0] * scale))
        small = cv2.resize(silhouette.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        # Half masks and fingers leave spurs on a ball; what is left without them is still a disc. Of a slim thing
        # opening leaves a crumb, which says nothing.
        opened = cv2.morphologyEx(cv2.copyMakeBorder(small, 8, 8, 8, 8, cv2.BORDER_CONSTANT), cv2.MORPH_OPEN, _DISC)
        spurs_only = int(opened.sum()) >= 0.8 * int(small.sum())
        return cls(_circle_fill(_hull(opened if spurs_only else small)), _slimness(_hull(small)))


def cropped(mask: Mask) -> tuple[BoolArray, tuple[int, int]]:
    """The pixels of `mask` inside its box [h, w], and where the box starts (x, y)."""
    x, y, w, h = (int(v) for v in mask.box)
    return np.ascontiguousarray(mask.to_array()[y : y + h, x : x + w]), (x, y)


def size_claim(course: Course, rule: GeometryRule) -> Statement | None:
    """Small or large in the frame, when it is so nearly all the time."""
    areas = course.areas / (course.video.width * course.video.height)
    for value, holds in (("small", areas < rule.small), ("large", areas > rule.large)):
        if (share := float(holds.mean())) >= rule.stable:
            return Statement(Claim.SIZE, value, share)
    return None


def position_claim(course: Course, rule: GeometryRule) -> Statement | None:
    """Where in the frame the centre of the box is, when it stays there nearly all the time.

    The middle of one axis alone is no position: it is said only where both axes are stable.
    """
    x, y = (course.centres / (course.video.width, course.video.height)).T
    across, down = _third(x, "left", "right", rule), _third(y, "top", "bottom", rule)
    named = [part for part in (down, across) if part is not None]
    words = [word for word, _ in named if word != "center"]
    if not words and len(named) < 2:
        return None
    return Statement(Claim.POSITION, " ".join(words) or "center", min(share for _, share in named))


def shape_claim(outlines: Sequence[Outline], rule: GeometryRule) -> Statement | None:
    """Round or elongated, judged on the `outlines` of uncut silhouettes, at least three."""
    if len(outlines) < 3:
        return None
    round_share = float(np.mean([o.roundness >= rule.round_fill for o in outlines]))
    if round_share >= rule.round_stable:
        return Statement(Claim.SHAPE, "round", round_share)
    slim_share = float(np.mean([o.slimness >= rule.elongated for o in outlines]))
    return Statement(Claim.SHAPE, "elongated", slim_share) if slim_share >= rule.stable else None


def typical_roundness(outlines: Sequence[Outline]) -> float:
    """The upper quartile of the roundness of `outlines`, 0 without any."""
    return float(np.quantile([o.roundness for o in outlines], 0.75)) if outlines else 0.0


def passage_claims(course: Course, rule: GeometryRule) -> list[Statement]:
    """How it enters and leaves the frame: cut by a side at that end of its time, and moving across that side."""
    video, frames = course.video, course.frames
    span = max(3, round(rule.passage_seconds * video.fps))
    claims: list[Statement] = []
    if frames[0] > 1 and (side := _crossed(course.boxes[:span], course.cut[0], video, rule)):
        claims.append(Statement(Claim.PASSAGE, f"enters from the {side}", rule.passage_confidence))
    if frames[-1] < video.num_frames - 2 and (side := _crossed(course.boxes[::-1][:span], course.cut[-1], video, rule)):
        claims.append(Statement(Claim.PASSAGE, f"leaves to the {side}", rule.passage_confidence))
    return claims


def _hull(silhouette: Pixels) -> Points | None:
    pieces, _ = cv2.findContours(silhouette, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return cv2.convexHull(max(pieces, key=cv2.contourArea)) if pieces else None


def _circle_fill(hull: Points | None) -> float:
    if hull is None:
        return 0.0
    _, radius = cv2.minEnclosingCircle(hull)
    return min(1.0, float(cv2.contourArea(hull)) / (np.pi * max(radius, 0.5) ** 2))


def _slimness(hull: Points | None) -> float:
    if hull is None:
        return 0.0
    _, sides, _ = cv2.minAreaRect(hull)
    return float((max(sides) + 1) / (min(sides) + 1))


def _third(centres: FloatArray, low: str, high: str, rule: GeometryRule) -> tuple[str, float] | None:
    below, above = centres < rule.third, centres > 1 - rule.third
    for word, holds in ((low, below), (high, above), ("center", ~below & ~above)):
        if (share := float(holds.mean())) >= rule.stable:
            return word, share
    return None


def _crossed(boxes: FloatArray, cut: BoolArray, video: Video, rule: GeometryRule) -> str | None:
    """The side that cuts the first of `boxes` and from which the inner edge moves away in the rest."""
    if len(boxes) < 3:
        return None
    x, y, w, h = boxes.T
    # How far the inner edge is from the side: what is seen of a thing coming in grows, then travels.
    reach = np.stack([x + w, video.width - x, y + h, video.height - y], axis=1)
    size = np.asarray([w.max(), w.max(), h.max(), h.max()])
    way = (reach.max(axis=0) - reach[0]) / np.maximum(size, 1)
    moves = cut & (way >= rule.passage_way)
    return SIDES[int(np.argmax(np.where(moves, way, -1)))] if moves.any() else None
