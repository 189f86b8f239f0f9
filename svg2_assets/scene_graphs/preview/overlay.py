"""Masks, outlines and name tags painted on a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.masks import Mask, run_lengths
from svg2_assets.scene.video import Pixels
from svg2_assets.scene_graphs.groups import groups_of
from svg2_assets.scene_graphs.preview import lettering
from svg2_assets.scene_graphs.preview.moments import visible_counts
from svg2_assets.scene_graphs.preview.palette import BLACK, WHITE, Color, color_of
from svg2_assets.scene_graphs.preview.tags import Box, TagPlacer, Wanted, is_apart

FILL = 0.42  # share of the colour inside a mask
_STAIR = 1.0  # pixels that an outline may be off
_UNDER = 30  # columns on either side over which a tag reaches
TAG_SIZE, CROWDED_TAG_SIZE, CROWD = 13, 11, 6  # sizes of the type, and objects at once that make a crowd
LONGEST_NAME = 160  # columns of the name in a tag

Shown = tuple[SceneObject, Mask]
"""An object that is visible on a frame, and its mask there."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """A mask at the size of the picture: its outlines (holes among them), its box, where its tag stands best."""

    outlines: Sequence[Any]
    box: Box
    summit: tuple[int, int]


def shown_by_frame(graph: SceneGraph, frames: set[int]) -> dict[int, list[Shown]]:
    """What is visible on each of `frames`, in order of id; of groups their members alone. Nothing is decoded."""
    found: dict[int, list[Shown]] = {frame: [] for frame in frames}
    groups = groups_of(graph)
    for one in sorted((o for o in graph.objects if o.id not in groups), key=lambda o: o.id):
        for frame, mask in zip(one.trajectory.frames, one.trajectory.masks, strict=True):
            if frame in found:
                found[frame].append((one, mask))
    return found


def tag_size(graph: SceneGraph) -> int:
    """The size of the type in tags: one for the whole video, smaller where many objects are visible at once."""
    return CROWDED_TAG_SIZE if visible_counts(graph).max() > CROWD else TAG_SIZE


def paint(pixels: Pixels, shown: Sequence[Shown], *, placer: TagPlacer, text_size: int) -> Pixels:
    """A copy of `pixels` [H, W, 3] with coloured masks, outlines and tags; masks may have any other resolution."""
    picture = np.ascontiguousarray(pixels)
    shapes = {o.id: _shape(mask, width=picture.shape[1], height=picture.shape[0]) for o, mask in shown}
    picture = _fill(picture, shapes)
    _tag(picture, {o.id: o for o, _ in shown}, shapes=shapes, placer=placer, text_size=text_size)
    return picture


def _shape(mask: Mask, *, width: int, height: int) -> _Shape:
    """Works on the transposed box of the mask: COCO's runs go down the columns, so that needs no full decoding."""
    across, down = width / mask.width, height / mask.height
    x, y, w, h = (int(v) for v in mask.box)
    left, top = min(width - 1, int(x * across)), min(height - 1, int(y * down))
    box = left, top, max(1, min(width - left, round(w * across))), max(1, min(height - top, round(h * down)))
    if w == 0:
        return _Shape((), box, (left, top))
    pixels = cv2.resize(_columns(mask, x, w)[:, y : y + h], (box[3], box[2]), interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(pixels, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE, offset=(top, left))
    x, y = _summit(pixels)
    return _Shape([np.ascontiguousarray(o[..., ::-1]) for o in outlines], box, (left + x, top + y))


def _summit(columns: Pixels) -> tuple[int, int]:
    """The column of the centre of a mask, given as its columns [w, h], and its highest row near there."""
    some = columns[:, :: max(1, columns.shape[1] // 64)]  # a sample of the rows places a tag well enough
    weights = some.sum(axis=1, dtype=np.int64)
    x = int(weights @ np.arange(weights.size) / max(1, weights.sum()))
    near = columns[max(0, x - _UNDER) : x + _UNDER + 1].any(axis=0)
    return x, int(np.argmax(near))


def _columns(mask: Mask, x: int, w: int) -> Pixels:
    """The `w` columns of the mask from its first one `x` on, as rows of a picture [w, mask.height] of 0 and 1."""
    runs = run_lengths(mask.counts)
    runs = np.append(runs[: runs.size // 2 * 2], 0)  # foreground comes last, then background up to the last column
    runs[0] -= x * mask.height
    runs[-1] = w * mask.height - runs.sum()
    return np.repeat((np.arange(runs.size) & 1).astype(np.uint8), runs).reshape(w, mask.height)


def _fill(picture: Pixels, shapes: Mapping[int, _Shape]) -> Pixels:
    """Small things are painted last, so that what lies inside something else stays visible."""
    if not shapes:
        return picture.copy()
    order = sorted(shapes.items(), key=lambda item: -item[1].box[2] * item[1].box[3])
    layer = picture.copy()
    for key, shape in order:
        cv2.drawContours(layer, shape.outlines, -1, color_of(key), cv2.FILLED)
    painted: Pixels = cv2.addWeighted(layer, FILL, picture, 1 - FILL, 0)
    thickness = 2 if min(picture.shape[:2]) >= 120 else 1
    for key, shape in order:
        # Without their stairs the outlines look better and are drawn in a third of the time.
        smooth = [cv2.approxPolyDP(outline, _STAIR, True) for outline in shape.outlines]
        cv2.drawContours(painted, smooth, -1, color_of(key), thickness, cv2.LINE_AA)
    return painted


def _tag(
    picture: Pixels,
    objects: Mapping[int, SceneObject],
    *,
    shapes: Mapping[int, _Shape],
    placer: TagPlacer,
    text_size: int,
) -> None:
    texts = {key: tag_text(one, size=text_size) for key, one in objects.items()}
    wanted = [
        Wanted(
            key,
            (lettering.badge_width(text, text_size), lettering.line_height(text_size)),
            shapes[key].box,
            shapes[key].summit,
        )
        for key, text in texts.items()
    ]
    places = placer.place(wanted)
    for tag in wanted:
        if tag.key in places and is_apart(places[tag.key], tag.around):
            _join(picture, places[tag.key], around=tag.around, color=color_of(tag.key))
    for key, (x, y, _, _) in places.items():
        lettering.badge(picture, texts[key], at=(x, y), size=text_size, color=color_of(key))


def tag_text(one: SceneObject, *, size: int) -> str:
    """What a tag says: the id and the name, the name cut where it is long."""
    return f"{one.id} {lettering.fit(one.name, LONGEST_NAME, size=size, weight=lettering.BOLD)}".rstrip()


def _join(picture: Pixels, tag: Box, *, around: Box, color: Color) -> None:
    start = (tag[0] + tag[2] // 2, tag[1] + tag[3] // 2)
    end = (around[0] + around[2] // 2, around[1] + around[3] // 2)
    cv2.line(picture, start, end, BLACK if color == WHITE else color, 1, cv2.LINE_AA)
