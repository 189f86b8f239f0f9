"""Writes VIPSeg in COCO's form: all pictures and the document, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.id_maps import painted
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.scene_graphs.formats.files import file_name, whole_folder
from svg2_assets.scene_graphs.formats.json_writing import lists_of
from svg2_assets.scene_graphs.formats.losses import lost_of
from svg2_assets.scene_graphs.formats.origins import KEY, origin_of
from svg2_assets.scene_graphs.formats.values import Loss, Written
from svg2_assets.scene_graphs.formats.vipseg.form import (
    DOCUMENT,
    OURS,
    RGB,
    WITHOUT,
    Categories,
    Category,
    Writing,
    categories_in,
    stuff_of,
)
from svg2_assets.scene_graphs.formats.vipseg.pictures import colour_of, picture_of


@dataclass(slots=True)
class Names:
    """Ids of categories by name, given as names come; the next one is `following`."""

    categories: Categories
    ids: dict[str, int]
    following: int

    def id_of(self, name: str, *, thing: bool) -> int:
        """The id of the category `name`, a new one where it has none."""
        if name not in self.ids:
            self.ids[name] = self.following
            self.categories.by_id[self.following] = Category(name, thing)
            self.following += 1
        return self.ids[name]

    @classmethod
    def of(cls, path: Path | None) -> Names:
        """Those of a file of categories."""
        given = Categories() if path is None else categories_in(path)
        ids = {category.name: i for i, category in given.by_id.items()}
        return cls(given, ids, following=max(given.by_id, default=-1) + 1)


def write(graphs: Iterable[SceneGraph], target: Path, options: Writing) -> Written:
    """Write `<target>/panoptic_gt_VIPSeg.json` and `<target>/panomasksRGB`. Raises `UnusableTarget` where one is there
    already: an export of this format is not resumed.
    """
    lost: Counter[Loss] = Counter()
    names = Names.of(options.categories)
    videos = files = 0
    with whole_folder(target, [RGB, DOCUMENT]) as folder:
        (folder / RGB).mkdir()
        with lists_of(folder / DOCUMENT, ["annotations", "videos", "categories"], first={}) as lists:
            for graph in graphs:
                lost += lost_of(graph, WITHOUT)
                lost[Loss.RELATIONS] += len(graph.relations)
                name = file_name(graph.video.id)
                (folder / RGB / name).mkdir()
                frames = list(_frames(graph, folder / RGB / name, names, options=options, lost=lost))
                lists.add("annotations", {"video_id": name, "annotations": frames})
                lists.add("videos", _head(graph, name))
                videos, files = videos + 1, files + len(frames)
            if not names.categories.by_id:  # readers take an empty list for a file that was cut
                names.id_of(UNKNOWN_NAME, thing=True)
            for number, category in sorted(names.categories.by_id.items()):
                lists.add("categories", category.to_json(number))
    return Written(videos=videos, files=files + 1, lost=+lost)


def _frames(
    graph: SceneGraph, folder: Path, names: Names, *, options: Writing, lost: Counter[Loss]
) -> Iterator[dict[str, Any]]:
    """The entry of each frame, whose picture is written."""
    video = graph.video
    segments = _segments(graph)
    stuff = stuff_of(graph)
    categories = {segments[o.id]: names.id_of(o.name, thing=o.id not in stuff) for o in graph.objects}
    shown: set[int] = set()
    for number, masks in _by_frame(graph, segments):
        ids = painted(masks, height=video.height, width=video.width)
        seen, pixels = np.unique(ids[ids > 0], return_counts=True)
        areas = dict(zip(seen.tolist(), pixels.tolist(), strict=True))
        shown |= areas.keys()
        lost[Loss.OVERLAPS] += sum(areas.get(segment, 0) < mask.area for segment, mask in masks)
        name = f"{number:08d}"
        (folder / f"{name}.png").write_bytes(picture_of(ids, compression=options.picture_compression))
        yield {
            "image_id": name,
            "file_name": f"{name}.png",
            "segments_info": [
                {"id": segment, "category_id": categories[segment], "iscrowd": 0, "area": area}
                for segment, area in areas.items()
            ],
        }
    lost[Loss.UNSEEN] += len(segments) - len(shown)


def _by_frame(graph: SceneGraph, segments: Mapping[int, int]) -> Iterator[tuple[int, list[tuple[int, Mask]]]]:
    tracks = {segments[o.id]: dict(zip(o.trajectory.frames, o.trajectory.masks, strict=True)) for o in graph.objects}
    for number in range(graph.video.num_frames):
        yield number, [(segment, masks[number]) for segment, masks in tracks.items() if number in masks]


def _segments(graph: SceneGraph) -> dict[int, int]:
    return {o.id: colour_of(place) for place, o in enumerate(graph.objects)}


def _head(graph: SceneGraph, name: str) -> dict[str, Any]:
    video, segments = graph.video, _segments(graph)
    origin = origin_of(graph)
    return {
        "video_id": name,
        "images": [
            {"id": f"{i:08d}", "width": video.width, "height": video.height, "file_name": f"{i:08d}.png"}
            for i in range(video.num_frames)
        ],
        OURS: {
            "video_id": video.id,
            "fps": video.fps,
            "objects": [{"id": o.id, "segment": segments[o.id]} for o in graph.objects],
        }
        | ({KEY: origin} if origin else {}),
    }
