"""Masks, outlines and name tags painted on a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco

from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import Pixels
from svg2_assets.scene_graphs.preview import lettering
from svg2_assets.scene_graphs.preview.palette import BLACK, WHITE, Color, color_of
from svg2_assets.scene_graphs.preview.tags import Box, TagPlacer, Wanted, is_apart

FILL = 0.42  # share of the colour inside a mask
LONGEST_NAME = 160  # columns of the name in a tag

Shown = tuple[SceneObject, Mask]
"""An object that is visible on a frame, and its mask there."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """A mask at the size of the picture: its outlines (holes among them), its box, its pixels."""

    outlines: Sequence[Any]
    box: Box
    area: float


def shown_by_frame(graph: SceneGraph, frames: set[int]) -> dict[int, list[Shown]]:
    """What is visible on each of `frames`, in order of id. Only references: nothing is decoded."""
    found: dict[int, list[Shown]] = {frame: [] for frame in frames}
    for one in sorted(graph.objects, key=lambda o: o.id):
        for frame, mask in zip(one.trajectory.frames, one.trajectory.masks, strict=True):
            if frame in found:
                found[frame].append((one, mask))
    return found


def paint(pixels: Pixels, shown: Sequence[Shown], *, placer: TagPlacer, text_size: int) -> Pixels:
    """A copy of `pixels` [H, W, 3] with coloured masks, outlines and tags; masks may have any other resolution."""
    picture = np.ascontiguousarray(pixels)
    shapes = {o.id: _shape(mask, width=picture.shape[1], height=picture.shape[0]) for o, mask in shown}
    picture = _fill(picture, shapes)
    _tag(picture, {o.id: o for o, _ in shown}, shapes=shapes, placer=placer, text_size=text_size)
    return picture


def _shape(mask: Mask, *, width: int, height: int) -> _Shape:
    decoded = coco.decode(mask.rle)
    if decoded.shape != (height, width):
        # COCO's masks are column-major: the transpose is contiguous and scales without a copy.
        decoded = cv2.resize(decoded.T, (height, width), interpolation=cv2.INTER_NEAREST).T
    pixels = np.ascontiguousarray(decoded)
    box = cv2.boundingRect(pixels)
    if box[2] == 0:
        return _Shape((), _scaled_box(mask, width=width, height=height), 0.0)
    x, y, w, h = box
    outlines, _ = cv2.findContours(pixels[y : y + h, x : x + w], cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE, offset=(x, y))
    return _Shape(outlines, (x, y, w, h), float(w * h))


def _scaled_box(mask: Mask, *, width: int, height: int) -> Box:
    """The box of a mask too small to leave a pixel at the size of the picture."""
    x, y, w, h = mask.box
    across, down = width / mask.width, height / mask.height
    return int(x * across), int(y * down), max(1, round(w * across)), max(1, round(h * down))


def _fill(picture: Pixels, shapes: Mapping[int, _Shape]) -> Pixels:
    """Small things are painted last, so that what lies inside something else stays visible."""
    if not shapes:
        return picture.copy()
    order = sorted(shapes.items(), key=lambda item: -item[1].area)
    layer = picture.copy()
    for key, shape in order:
        cv2.drawContours(layer, shape.outlines, -1, color_of(key), cv2.FILLED)
    painted: Pixels = cv2.addWeighted(layer, FILL, picture, 1 - FILL, 0)
    thickness = 2 if min(picture.shape[:2]) >= 120 else 1
    for key, shape in order:
        cv2.drawContours(painted, shape.outlines, -1, color_of(key), thickness, cv2.LINE_AA)
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
        Wanted(key, (lettering.badge_width(text, text_size), lettering.line_height(text_size)), shapes[key].box)
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
