"""A mask between two segmentations: warped by flow from both sides, weighted by distance.

Flow is composed, not the mask: the key mask is sampled once, so it does not blur over many frames. Everything happens
inside the object's box.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.trajectories.flow import Field, FlowWindow
from svg2_assets.trajectories.geometry import Box
from svg2_assets.trajectories.recognisers import Floats


@dataclass(frozen=True, slots=True)
class KeyMask:
    """A segmentation: `foreground` [h, w] 0..1 stretched over `window` (x0, y0, x1, y1) of `frame`, and the `box`."""

    frame: int
    window: Box
    foreground: Floats
    box: Box


@dataclass(frozen=True, slots=True)
class Grid:
    """`columns` × `rows` sample points spread over `rect` (x0, y0, x1, y1) of the frame."""

    rect: Box
    columns: int
    rows: int

    @classmethod
    def over(cls, rect: Box, *, longest: int) -> Grid:
        """One point a pixel, coarser where the rectangle is longer than `longest`."""
        sides = np.maximum(rect[2:] - rect[:2], 1.0)
        factor = min(1.0, longest / float(sides.max()))
        columns, rows = (max(2, round(float(s) * factor)) for s in sides)
        return cls(rect, columns, rows)

    def points(self) -> tuple[Floats, Floats]:
        """Coordinates of the sample points, pixel centres being whole numbers."""
        xs = self.rect[0] + (np.arange(self.columns, dtype=np.float32) + 0.5) * (
            (self.rect[2] - self.rect[0]) / self.columns
        )
        ys = self.rect[1] + (np.arange(self.rows, dtype=np.float32) + 0.5) * ((self.rect[3] - self.rect[1]) / self.rows)
        return np.asarray(xs - 0.5, np.float32), np.asarray(ys - 0.5, np.float32)


class Displacements:
    """Where each point of a region of a later (or earlier) frame was on the key frame; composed step by step."""

    def __init__(self, region: tuple[int, int, int, int]) -> None:
        self._x0, self._y0, x1, y1 = region
        shape = (y1 - self._y0, x1 - self._x0)
        self._xs, self._ys = np.meshgrid(np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32))
        self.field: Field = np.zeros((*shape, 2), dtype=np.float32)

    def extend(self, towards_key: Field) -> None:
        """Go one frame further from the key; `towards_key` is the flow of the new frame to the last one."""
        rows, columns = self.field.shape[:2]
        step = towards_key[self._y0 : self._y0 + rows, self._x0 : self._x0 + columns]
        carried = cv2.remap(
            self.field,
            self._xs + step[..., 0],
            self._ys + step[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        self.field = carried + step

    def sample(self, grid: Grid, scale: float) -> Field:
        """Displacements in frame pixels at the points of `grid` [rows, columns, 2]."""
        step_x = (grid.rect[2] - grid.rect[0]) / grid.columns * scale
        step_y = (grid.rect[3] - grid.rect[1]) / grid.rows * scale
        origin_x = grid.rect[0] * scale + step_x / 2 - 0.5 - self._x0
        origin_y = grid.rect[1] * scale + step_y / 2 - 0.5 - self._y0
        affine = np.asarray([[step_x, 0, origin_x], [0, step_y, origin_y]], dtype=np.float64)
        sampled = cv2.warpAffine(
            self.field,
            affine,
            (grid.columns, grid.rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(sampled / np.float32(scale), dtype=np.float32)


def sample_key(key: KeyMask, xs: Floats, ys: Floats) -> Floats:
    """Foreground of `key` at frame coordinates (arrays of one shape); 0 outside its window."""
    rows, columns = key.foreground.shape
    x0, y0, x1, y1 = (float(v) for v in key.window)
    u = (xs + 0.5 - x0) * (columns / max(1e-6, x1 - x0)) - 0.5
    v = (ys + 0.5 - y0) * (rows / max(1e-6, y1 - y0)) - 0.5
    return np.asarray(
        cv2.remap(
            key.foreground,
            u.astype(np.float32),
            v.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0,
        )
    )


def region_of(boxes: npt.NDArray[np.float32], *, scale: float, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """The part of the flow image (x0, y0, x1, y1) that holds all `boxes` [N, 4] and what may flow into them."""
    low, high = boxes[:, :2].min(axis=0) * scale, boxes[:, 2:].max(axis=0) * scale
    margin = 4 + 0.15 * float((high - low).max())
    x0, y0 = (int(v) for v in np.floor(low - margin))
    x1, y1 = (int(v) for v in np.ceil(high + margin))
    x0, y0 = min(max(0, x0), shape[1] - 1), min(max(0, y0), shape[0] - 1)
    return x0, y0, max(x0 + 1, min(x1, shape[1])), max(y0 + 1, min(y1, shape[0]))


@dataclass(frozen=True, slots=True)
class Trust:
    """How much the box corrects the flow, by the frames since the key: none up to `near`, `most` from `far` on."""

    near: float
    far: float
    most: float

    def box_weight(self, frames: int) -> float:
        """0..`most`."""
        return self.most * min(1.0, max(0.0, (abs(frames) - self.near) / max(1e-6, self.far - self.near)))


def warp_side(
    key: KeyMask,
    grids: Mapping[int, Grid],
    boxes: Mapping[int, Box],
    *,
    flows: FlowWindow,
    region: tuple[int, int, int, int],
    trust: Trust,
) -> dict[int, Floats]:
    """The key mask carried to every frame of `grids`, all on one side of it. Stops where flow is not known.

    Flow drifts and boxes do not: with distance from the key the box has its say.
    """
    frames = sorted(grids, key=lambda f: abs(f - key.frame))
    carried: dict[int, Floats] = {}
    if not frames:
        return carried
    later = frames[-1] > key.frame
    way = Displacements(region)
    at = key.frame
    for frame in frames:
        while at != frame:
            field = flows.backward(at + 1) if later else flows.forward(at - 1)
            if field is None:
                return carried
            way.extend(field)
            at += 1 if later else -1
        grid = grids[frame]
        xs, ys = grid.points()
        moved = way.sample(grid, flows.scale)
        u, v = xs[None, :] + moved[..., 0], ys[:, None] + moved[..., 1]
        weight = np.float32(trust.box_weight(frame - key.frame))
        if weight:
            by_box_u, by_box_v = _by_box(key, xs, ys, boxes[frame])
            u, v = u + weight * (by_box_u[None, :] - u), v + weight * (by_box_v[:, None] - v)
        carried[frame] = sample_key(key, u, v)
    return carried


def _by_box(key: KeyMask, xs: Floats, ys: Floats, box: Box) -> tuple[Floats, Floats]:
    """Where the columns and rows of `box` lie in the key's own box."""
    own, there = np.maximum(key.box[2:] - key.box[:2], 1e-3), np.maximum(box[2:] - box[:2], 1e-3)
    u = (xs - box[0]) / there[0] * own[0] + key.box[0]
    v = (ys - box[1]) / there[1] * own[1] + key.box[1]
    return np.asarray(u, np.float32), np.asarray(v, np.float32)


def stretch(key: KeyMask, grid: Grid, box: Box) -> Floats:
    """The key mask stretched from its own box to `box`: all that is left where flow has drifted too far."""
    u, v = _by_box(key, *grid.points(), box)
    shape = (grid.rows, grid.columns)
    return sample_key(key, np.broadcast_to(u[None, :], shape), np.broadcast_to(v[:, None], shape))


def between(
    before: KeyMask | None,
    after: KeyMask | None,
    boxes: Mapping[int, Box],
    grids: Mapping[int, Grid],
    *,
    flows: FlowWindow,
    trust: Trust,
) -> dict[int, Floats]:
    """Foreground at the points of every frame's grid, from the key before, the key after, or both.

    A frame that flow does not reach takes the nearest key stretched to its box.
    """
    keys = [k for k in (before, after) if k is not None]
    shape = _flow_shape(flows, boxes)
    sides: dict[int, list[tuple[float, Floats]]] = {f: [] for f in boxes}
    for key in keys:
        region = region_of(np.stack([*boxes.values(), key.box]), scale=flows.scale, shape=shape)
        wanted = {f: g for f, g in grids.items() if f == key.frame or (f > key.frame) == (key is before)}
        for frame, found in warp_side(key, wanted, boxes, flows=flows, region=region, trust=trust).items():
            sides[frame].append((1.0 / (0.5 + abs(frame - key.frame)), found))
    return {f: _mixed(sides[f], keys, f, grids[f], boxes[f]) for f in boxes} if keys else {}


def _mixed(sides: list[tuple[float, Floats]], keys: list[KeyMask], frame: int, grid: Grid, box: Box) -> Floats:
    if not sides:
        return stretch(min(keys, key=lambda k: abs(k.frame - frame)), grid, box)
    total = sum(weight for weight, _ in sides)
    return np.asarray(sum((weight / total) * found for weight, found in sides), dtype=np.float32)


def _flow_shape(flows: FlowWindow, boxes: Mapping[int, Box]) -> tuple[int, int]:
    for frame in boxes:
        for field in (flows.backward(frame), flows.forward(frame)):
            if field is not None:
                return field.shape[0], field.shape[1]
    return 1, 1
