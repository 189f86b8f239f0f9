"""From keys, boxes and flow to the finished masks of a track, frame by frame."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.scene.masks import Mask, difference
from svg2_assets.trajectories import geometry
from svg2_assets.trajectories.encoding import encode_inside
from svg2_assets.trajectories.flow import FlowWindow
from svg2_assets.trajectories.geometry import Box
from svg2_assets.trajectories.recognisers import Floats
from svg2_assets.trajectories.settings import MaskSettings
from svg2_assets.trajectories.tracks import Track
from svg2_assets.trajectories.warping import Grid, KeyMask, Trust, between

BoolArray = npt.NDArray[np.bool_]
HIDDEN_SHARE = 0.5  # of a pixel that must be hidden for it to be taken out of a mask


@dataclass(frozen=True, slots=True)
class Canvas:
    """Sizes: frames as they are processed, and masks as they are handed on (both in pixels)."""

    width: int
    height: int
    full_width: int
    full_height: int

    def snap(self, box: Box) -> tuple[Box, tuple[int, int, int, int]] | None:
        """`box` on whole pixels of the full frame, in both sizes; None when nothing of it is inside."""
        sx, sy = self.full_width / self.width, self.full_height / self.height
        x0, y0 = max(0, int(np.floor(box[0] * sx))), max(0, int(np.floor(box[1] * sy)))
        x1, y1 = min(self.full_width, int(np.ceil(box[2] * sx))), min(self.full_height, int(np.ceil(box[3] * sy)))
        if x1 <= x0 or y1 <= y0:
            return None
        return np.asarray([x0 / sx, y0 / sy, x1 / sx, y1 / sy], dtype=np.float32), (x0, y0, x1, y1)


class Painter:
    """Writes the masks of tracks as soon as the keys on both sides are known."""

    def __init__(self, canvas: Canvas, settings: MaskSettings, *, fps: float) -> None:
        self._canvas, self._settings = canvas, settings
        self._places: BoolArray | None = None
        self._hidden: Mask | None = None
        self._fill = fill_frames(settings, fps)
        self._trust = Trust(settings.trust_flow_seconds * fps, settings.trust_box_seconds * fps, settings.box_weight)

    def hide(self, places: BoolArray | None) -> None:
        """Take `places` [h, w] of the frame out of all masks from now on: something lies before everything there."""
        if places is self._places:
            return
        self._places = places
        if places is None:
            self._hidden = None
            return
        size = self._canvas.full_width, self._canvas.full_height
        shown = cv2.resize(places.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        self._hidden = Mask.from_array(shown > HIDDEN_SHARE)

    def accept(self, track: Track, key: KeyMask, flows: FlowWindow, *, least_fill: float) -> bool:
        """Take a new segmentation of `track`: finish the frames before it. False when it fills less of its box."""
        if key.frame <= track.emitted_to or self._fill_of(key) < least_fill:
            return False
        self._paint(track, stop=key.frame, after=key, flows=flows)
        track.key = key
        track.key_frames.append(key.frame)
        return True

    def flush(self, track: Track, stop: int, flows: FlowWindow) -> None:
        """Finish the frames before `stop` from the key before them alone."""
        self._paint(track, stop=stop, after=None, flows=flows)

    def renew(self, track: Track, frame: int, flows: FlowWindow) -> None:
        """Flow before `frame` is about to be forgotten: finish what needs it and carry the key to `frame`."""
        if track.key is None or frame <= track.key.frame:
            return
        self.flush(track, frame, flows)
        carried = self._foreground(track, [frame], None, flows).get(frame)
        if carried is not None:
            grid, foreground = carried
            track.key = KeyMask(frame, grid.rect, foreground, track.box_at(frame))

    def _fill_of(self, key: KeyMask) -> float:
        """Share of the key's box that its foreground fills."""
        window = key.window
        per_pixel = key.foreground.size / max(1.0, float((window[2] - window[0]) * (window[3] - window[1])))
        points = max(1.0, float(geometry.areas(key.box[None])[0]) * per_pixel)
        return float((inside_box(key, 0.0) > self._settings.threshold).sum()) / points

    def _paint(self, track: Track, *, stop: int, after: KeyMask | None, flows: FlowWindow) -> None:
        start = max(track.emitted_to + 1, track.born)
        shown = [f for f in range(start, stop) if visible(track, f, self._fill)]
        for frame, (grid, foreground) in self._foreground(track, shown, after, flows).items():
            mask = self._encode(grid, foreground)
            if mask is not None:
                track.masks[frame] = mask
        if track.key is not None or after is not None:
            track.emitted_to = max(track.emitted_to, stop - 1)
            track.forget_boxes(stop - 1)

    def _foreground(
        self, track: Track, frames: Sequence[int], after: KeyMask | None, flows: FlowWindow
    ) -> dict[int, tuple[Grid, Floats]]:
        boxes: dict[int, Box] = {}
        grids: dict[int, Grid] = {}
        for frame in frames:
            box = track.box_at(frame)
            snapped = self._canvas.snap(geometry.grow(box, self._settings.box_slack))
            if snapped is not None:
                boxes[frame] = box
                grids[frame] = Grid.over(snapped[0], longest=self._settings.grid)
        if not boxes:
            return {}
        found = between(track.key, after, boxes, grids, flows=flows, trust=self._trust)
        return {f: (grids[f], foreground) for f, foreground in found.items()}

    def _encode(self, grid: Grid, foreground: Floats) -> Mask | None:
        snapped = self._canvas.snap(grid.rect + np.asarray([0.01, 0.01, -0.01, -0.01], np.float32))
        if snapped is None:
            return None
        x0, y0, x1, y1 = snapped[1]
        kept = keep_large_parts(foreground, self._settings)
        full = cv2.resize(kept, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
        mask = encode_inside(
            full > self._settings.threshold,
            corner=(x0, y0),
            height=self._canvas.full_height,
            width=self._canvas.full_width,
        )
        return self._without_hidden(mask)

    def _without_hidden(self, mask: Mask | None) -> Mask | None:
        if mask is None or self._hidden is None:
            return mask
        left = difference(mask, self._hidden)
        return left if left.area else None


def inside_box(key: KeyMask, slack: float) -> Floats:
    """The foreground of `key` with everything outside its box (enlarged by `slack`) removed."""
    rows, columns = key.foreground.shape
    box, window = geometry.grow(key.box, slack), key.window
    scale = np.asarray([columns, rows], np.float32) / np.maximum(window[2:] - window[:2], 1e-3)
    low, high = (box[:2] - window[:2]) * scale, (box[2:] - window[:2]) * scale
    x0, y0 = (max(0, int(np.floor(v))) for v in low)
    x1, y1 = (max(0, int(np.ceil(v))) for v in high)
    kept = np.zeros_like(key.foreground)
    kept[y0:y1, x0:x1] = key.foreground[y0:y1, x0:x1]
    return kept


def keep_large_parts(foreground: Floats, settings: MaskSettings) -> Floats:
    """`foreground` without the specks that are no part of the object."""
    solid = (foreground > settings.threshold).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    if count <= 2:
        return foreground
    area = stats[:, cv2.CC_STAT_AREA]
    small = area < settings.least_part * area[1:].max()
    small[0] = False
    return np.where(small[labels], np.float32(0), foreground) if small.any() else foreground


def fill_frames(settings: MaskSettings, fps: float) -> int:
    """Frames between two hits over which an object still counts as visible."""
    return max(2, round(settings.fill_seconds * fps))


def visible(track: Track, frame: int, fill: int) -> bool:
    """Whether the object shows on `frame`: between two hits that are at most `fill` frames apart."""
    hits = track.hits
    right = bisect_left(hits, frame, key=lambda hit: hit.frame)
    if right < len(hits) and hits[right].frame == frame:
        return True
    return 0 < right < len(hits) and hits[right].frame - hits[right - 1].frame <= fill
