"""What the silhouettes and boxes of a trajectory say: size, position, shape, how it comes in and goes out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.descriptions.facts import Claim, Statement
from svg2_assets.scene.masks import FloatArray, Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video

Boxes = FloatArray
BORDER = 3.0  # pixels from the frame's edge at which a box counts as cut


@dataclass(frozen=True, slots=True)
class GeometryRule:
    """Thresholds of geometric claims; shares are of the frames on which the object is visible.

    `small` and `large` shares of the frame's area; `third` the outer thirds count as left, right, top, bottom;
    `stable` share of frames on which a claim must hold; `round_fill` share of the smallest enclosing circle;
    `elongated` long side over short side; `passage_seconds` watched after coming in or before going out;
    `passage_way` own widths to move inwards meanwhile.
    """

    small: float = 0.01
    large: float = 0.25
    third: float = 1 / 3
    stable: float = 0.9
    round_fill: float = 0.88
    elongated: float = 4.0
    passage_seconds: float = 1.0
    passage_way: float = 0.3


def cut_sides(boxes: Boxes, *, width: int, height: int) -> npt.NDArray[np.bool_]:
    """Which sides of the frame cut each box, [N, 4] for left, right, top, bottom."""
    x, y, w, h = boxes.T
    return np.stack([x <= BORDER, x + w >= width - BORDER, y <= BORDER, y + h >= height - BORDER], axis=1)


def size_claim(trajectory: Trajectory, video: Video, rule: GeometryRule) -> Statement | None:
    """Small or large in the frame, when it is so nearly all the time."""
    areas = trajectory.areas / (video.width * video.height)
    for value, holds in (("small", areas < rule.small), ("large", areas > rule.large)):
        if (share := float(holds.mean())) >= rule.stable:
            return Statement(Claim.SIZE, value, share)
    return None


def position_claim(trajectory: Trajectory, video: Video, rule: GeometryRule) -> Statement | None:
    """Where in the frame the centre of the box is, when it stays there nearly all the time."""
    x, y, w, h = trajectory.boxes.T
    across = _third((x + w / 2) / video.width, "left", "right", rule)
    down = _third((y + h / 2) / video.height, "top", "bottom", rule)
    if across is None and down is None:
        return None
    named = [part for part in (down, across) if part is not None]
    share = min(confidence for _, confidence in named)
    words = [word for word, _ in named if word != "center"]
    if len(named) == 1 and not words:
        return None  # in the middle of one axis only is no position
    return Statement(Claim.POSITION, " ".join(words) or "center", share)


def roundness(masks: list[Mask]) -> FloatArray:
    """Share of the smallest enclosing circle that each mask fills, [N]; a disc has 1, a square 0.64."""
    return np.asarray([_circle_fill(mask) for mask in masks], dtype=np.float64)


def shape_claim(masks: list[Mask], *, cut: npt.NDArray[np.bool_], rule: GeometryRule) -> Statement | None:
    """Round or elongated, judged on uncut silhouettes (`cut` [N] says which the border cuts)."""
    whole = [m for m, c in zip(masks, cut, strict=True) if not c]
    if len(whole) < 3:
        return None
    fills = roundness(whole)
    if (share := float((fills >= rule.round_fill).mean())) >= 0.75:
        return Statement(Claim.SHAPE, "round", share)
    slim = np.asarray([_slimness(m) for m in whole])
    if (share := float((slim >= rule.elongated).mean())) >= rule.stable:
        return Statement(Claim.SHAPE, "elongated", share)
    return None


def passage_claims(trajectory: Trajectory, video: Video, rule: GeometryRule) -> list[Statement]:
    """How it enters and leaves the frame: cut by a side at that end of its time, and moving across that side."""
    boxes, frames = trajectory.boxes, np.asarray(trajectory.frames)
    span = max(2, round(rule.passage_seconds * video.fps))
    claims: list[Statement] = []
    if frames[0] > 1 and (side := _crossed(boxes[:span], video, rule)) is not None:
        claims.append(Statement(Claim.PASSAGE, f"enters from the {side}", 0.9))
    if frames[-1] < video.num_frames - 2 and (side := _crossed(boxes[::-1][:span], video, rule)) is not None:
        claims.append(Statement(Claim.PASSAGE, f"leaves to the {side}", 0.9))
    return claims


def _third(centres: FloatArray, low: str, high: str, rule: GeometryRule) -> tuple[str, float] | None:
    below, above = centres < rule.third, centres > 1 - rule.third
    for word, holds in ((low, below), (high, above), ("center", ~below & ~above)):
        if (share := float(holds.mean())) >= rule.stable:
            return word, share
    return None


def _crossed(boxes: Boxes, video: Video, rule: GeometryRule) -> str | None:
    """The side that cuts the first of `boxes` and from which the inner edge moves away in the rest."""
    if len(boxes) < 3:
        return None
    x, y, w, h = boxes.T
    # How far the inner edge is from the side: for a thing coming in, the part that is seen grows and then travels.
    reach = np.stack([x + w, video.width - x, y + h, video.height - y], axis=1)
    size = np.asarray([np.max(w), np.max(w), np.max(h), np.max(h)])
    way = (reach.max(axis=0) - reach[0]) / np.maximum(size, 1)
    cut = cut_sides(boxes[:1], width=video.width, height=video.height)[0]
    # The side must stop cutting or the thing must travel well inside: standing at the border is no passage.
    moves = cut & (way >= rule.passage_way)
    return ("left", "right", "top", "bottom")[int(np.argmax(np.where(moves, way, -1)))] if moves.any() else None


def _circle_fill(mask: Mask) -> float:
    points = _outline(mask)
    if points is None:
        return 0.0
    _, radius = cv2.minEnclosingCircle(points)
    area = float(cv2.contourArea(cv2.convexHull(points)))
    return min(1.0, area / (np.pi * max(radius, 0.5) ** 2))


def _slimness(mask: Mask) -> float:
    points = _outline(mask)
    if points is None:
        return 0.0
    _, sides, _ = cv2.minAreaRect(points)
    return float(max(sides) / max(min(sides), 1.0))


def _outline(mask: Mask) -> npt.NDArray[np.int32] | None:
    """The outline of the largest piece, as points [N, 1, 2]."""
    x, y, w, h = (int(v) for v in mask.box)
    crop = mask.to_array()[y : y + h, x : x + w].astype(np.uint8)
    pieces, _ = cv2.findContours(crop, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return max(pieces, key=cv2.contourArea) if pieces and min(w, h) >= 8 else None
