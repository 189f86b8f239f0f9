"""Frames as the model gets them: scaled and marked."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

import cv2

from svg2_assets.llm.images import effective_size, fitted_size
from svg2_assets.relations.vlm.frames import Sample
from svg2_assets.relations.vlm.marks import mark
from svg2_assets.relations.vlm.objects import Listed
from svg2_assets.relations.vlm.settings import View
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import FrameSource, Pixels, Video


def picture_size(video: Video, view: View, *, model: str) -> tuple[int, int]:
    """(width, height) of the pictures of `video`."""
    if view.image_tokens:
        return fitted_size(model, video.width, video.height, most_tokens=view.image_tokens)
    return effective_size(model, video.width, video.height)


def pictures(
    source: FrameSource, samples: Sequence[Sample], *, size: tuple[int, int] | None
) -> Generator[tuple[int, Pixels], None, None]:
    """Each sample's frame index and its pixels at `size` (width, height), at full size for None."""
    height = None if size is None or size[1] >= source.video.height else size[1]
    for frame in source.pick([s.index for s in samples], height=height):
        pixels = frame.pixels
        if size is not None and pixels.shape[1::-1] != size:
            pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        yield frame.index, pixels


def masks_at(listed: Sequence[Listed], index: int) -> dict[int, Mask]:
    """Object id -> its mask on frame `index`, of those that are visible there."""
    found = ((o.id, o.trajectory.at(index)) for o in listed)
    return {i: m for i, m in found if m is not None}


def marked(pixels: Pixels, masks: Mapping[int, Mask]) -> Pixels:
    """`pixels` with numbered marks."""
    return mark(pixels, masks)[0]
