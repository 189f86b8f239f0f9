"""Contact sheets of what a describer is shown, to be looked at: a row of views an object, a PNG a clip."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from svg2_assets.descriptions.gallery import Gallery, View
from svg2_assets.descriptions.masking import at_size
from svg2_assets.descriptions.pictures import fitted, outlined, surroundings
from svg2_assets.scene.masks import BoolArray
from svg2_assets.scene.video import Pixels
from svg2_assets.trajectories.protocols import TrackingResult

CELL = 150  # pixels a side of a picture; the frame above, DAM's focal crop below
FOCUS, LEAST = 3.0, 48  # DAM's own crop: three times the box, at least so many pixels
GONE, ADDED = (255, 40, 40), (60, 255, 90)


def write_sheet(path: Path, gallery: Gallery, tracks: TrackingResult) -> Path:
    """Outside the mask is dark; green is what preparing added to the mask, red what it took away."""
    objects = {o.id: o for o in tracks.objects}
    rows, most = [], max((len(f) for f in gallery.frames.values()), default=0)
    for object_id in sorted(gallery.frames):
        cells = []
        for view in gallery.views(object_id):
            tracked = objects[object_id].trajectory.at(view.frame)
            raw = at_size(tracked.to_array(), *view.mask.shape) if tracked is not None else view.mask
            cells.append(_cell(view, raw))
        cells += [np.zeros((2 * CELL, CELL, 3), np.uint8)] * (most - len(cells))
        kind = "stuff" if gallery.stuff[object_id] else "thing"
        rows.append(np.hstack([_label(f"{object_id} {kind}"), *cells]))
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
    return path


def _cell(view: View, raw: BoolArray) -> Pixels:
    shown = view.pixels.copy()
    shown[~view.mask] //= 3
    shown[view.mask & ~raw] = shown[view.mask & ~raw] // 2 + np.asarray(ADDED, np.uint8) // 2
    shown[raw & ~view.mask] = GONE
    crop = surroundings(view.mask, context=FOCUS, least=LEAST)
    return np.vstack([_square(outlined(view.pixels, view.mask)), _square(shown[crop])])


def _square(pixels: Pixels) -> Pixels:
    large = (
        cv2.resize(pixels, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST) if max(pixels.shape) < CELL else pixels
    )
    small = fitted(np.asarray(large, dtype=np.uint8), CELL)
    made = np.full((CELL, CELL, 3), 60, np.uint8)
    made[: small.shape[0], : small.shape[1]] = small
    return made


def _label(text: str) -> Pixels:
    made = np.zeros((2 * CELL, CELL // 2, 3), np.uint8)
    for i, word in enumerate(text.split()):
        cv2.putText(made, word, (4, 30 + 24 * i), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
    return made
