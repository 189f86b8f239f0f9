"""What the pictures of a video show: a mask a frame and segment, and what category each segment is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from svg2_assets.evaluation.public import vipseg
from svg2_assets.evaluation.public.panoptic import VOID, Frame
from svg2_assets.scene.id_maps import masks_of
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.files import inside
from svg2_assets.scene_graphs.formats.values import Repair, Repairs
from svg2_assets.scene_graphs.formats.vipseg.pictures import NoPicture, read_picture


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of a frame, None where it is not there, and the category of each segment that is listed for it."""

    path: Path | None
    listed: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, note: Mapping[str, Any], base: Path, folder: str, repairs: Repairs) -> Picture:
        """The picture that an entry of a document speaks of, below `base` whatever it says."""
        records = note.get("segments_info", [])
        listed: dict[int, int] = {}
        for record in records if isinstance(records, list) else [None]:
            told = record if isinstance(record, Mapping) else {}
            segment, category = told.get("id"), told.get("category_id")
            if type(segment) is not int or type(category) is not int or segment == VOID:
                repairs[Repair.OBJECT_FORM] += 1
            else:
                listed.setdefault(segment, category)
        name = note.get("file_name")
        return cls(inside(base, folder, name) if isinstance(name, str) else None, listed)


@dataclass(slots=True)
class Segments:
    """The segments of a video: `categories` by id, in the order in which they are seen."""

    categories: dict[int, int] = field(default_factory=dict)
    masks: dict[int, list[tuple[int, Mask]]] = field(default_factory=dict)

    def track(self, segment: int) -> Trajectory:
        """The trajectory of one."""
        found = self.masks[segment]
        return Trajectory(tuple(f for f, _ in found), tuple(m for _, m in found))


def segments_of(pictures: Sequence[Picture], video: Video, *, grey: bool, repairs: Repairs) -> Segments:
    """The segments in `pictures`, one a frame; what is wrong with a frame or segment is left out and counted."""
    found = Segments()
    unnamed: set[int] = set()
    for number, picture in enumerate(pictures):
        frame = _frame(picture, video, grey=grey, repairs=repairs)
        listed = {s.id: s.category for s in frame.segments} if grey and frame else picture.listed
        shown = dict(masks_of(frame.ids)) if frame else {}
        repairs[Repair.NO_PIXEL] += len(listed.keys() - shown.keys()) if frame else 0
        unnamed |= shown.keys() - listed.keys()
        for segment in (s for s in listed if s in shown):
            known = found.categories.setdefault(segment, listed[segment])
            repairs[Repair.OTHER_NAME] += known != listed[segment]
            found.masks.setdefault(segment, []).append((number, shown[segment]))
    repairs[Repair.UNNAMED] += len(unnamed)
    return found


def _frame(picture: Picture, video: Video, *, grey: bool, repairs: Repairs) -> Frame | None:
    try:
        pixels = read_picture(picture.path, grey=grey) if picture.path is not None else None
    except (NoPicture, OSError):
        pixels = None
    if pixels is None:
        repairs[Repair.FRAME_UNREADABLE] += 1
        return None
    if pixels.shape[:2] != (video.height, video.width):
        repairs[Repair.FRAME_SIZE] += 1
        return None
    return vipseg.frame_of_panomask(pixels) if grey else Frame.of(pixels, ())
