"""COCO for videos, as YouTube-VIS has it: one JSON file of videos, categories and tracks. Written, not read.

**Layout.** `<name>.json` is `{"info", "licenses", "annotations", "videos", "categories"}`. A video is `{"id", "width",
"height", "length", "file_names"}`; an annotation is one object, `{"id", "video_id", "category_id", "segmentations",
"areas", "bboxes", "iscrowd"}`, whose lists have an entry a frame, null where it is not visible; masks are compressed
COCO RLE. Ids count from 1. Categories are the names of objects. Beside that a video has `name` (its id here), `fps`,
`license` where it is known, and `svg2_origin`; an annotation has `svg2_object`, its object's id.

**Times**: entry i of a list is frame i of the video, on screen from `i / fps` to `(i + 1) / fps` seconds. **Boxes**:
`[x, y, width, height]` in pixels from the upper left corner. `file_names` are `<video>/<frame>.jpg`, frames counted
from 0 with five digits: pictures are not written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.files import file_name, require_new, unfinished
from svg2_assets.scene_graphs.formats.json_writing import lists_of
from svg2_assets.scene_graphs.formats.losses import lost_of
from svg2_assets.scene_graphs.formats.origins import KEY, licence_of, origin_of
from svg2_assets.scene_graphs.formats.values import Format, Loss, WriteOptions, Written

NAME = "coco-video"
WITHOUT = frozenset(Loss) - {Loss.CLOCK, Loss.CATEGORIES, Loss.REPEATED}


class Writing(WriteOptions):
    """Options. `name` of the file; `suffix` of the pictures that it speaks of; `description` of the data."""

    name: str = "instances"
    suffix: str = ".jpg"
    description: str = "Scene graphs exported by svg2-assets"


def write(graphs: Iterable[SceneGraph], target: Path, options: Writing) -> Written:
    """Write `<target>/<name>.json`, video by video. Raises `UnusableTarget` where it is there already: an export of
    this format is not resumed.
    """
    path = target / f"{file_name(options.name)}.json"
    require_new(path)
    lost: Counter[Loss] = Counter()
    names: dict[str, int] = {}
    licences: dict[str, int] = {}
    videos = tracks = 0
    with unfinished(path) as temporary:
        first = {"info": {"description": options.description}}
        with lists_of(temporary, ["annotations", "videos", "categories", "licenses"], first=first) as lists:
            for videos, graph in enumerate(graphs, 1):
                lost += lost_of(graph, WITHOUT)
                lost[Loss.RELATIONS] += len(graph.relations)
                lost[Loss.UNSEEN] += sum(not o.trajectory.frames for o in graph.objects)
                licence = licence_of(graph)
                number = licences.setdefault(licence, len(licences) + 1) if licence else None
                lists.add("videos", _video(graph, videos, number, options))
                for o in _seen(graph):
                    tracks += 1
                    category = names.setdefault(o.name, len(names) + 1)
                    lists.add("annotations", _annotation(o, graph.video, tracks, place=videos, category=category))
            for name, number in names.items():
                lists.add("categories", {"id": number, "name": name, "supercategory": "object"})
            for licence, number in licences.items():
                lists.add("licenses", {"id": number, "name": licence, "url": ""})
    return Written(videos=videos, files=1, lost=+lost)


def _seen(graph: SceneGraph) -> Iterator[SceneObject]:
    return (o for o in graph.objects if o.trajectory.frames)


def _video(graph: SceneGraph, number: int, licence: int | None, options: Writing) -> dict[str, Any]:
    video, folder = graph.video, file_name(graph.video.id)
    told = {
        "id": number,
        "width": video.width,
        "height": video.height,
        "length": video.num_frames,
        "file_names": [f"{folder}/{i:05d}{options.suffix}" for i in range(video.num_frames)],
        "name": video.id,
        "fps": video.fps,
    }
    origin = origin_of(graph)
    return told | ({"license": licence} if licence else {}) | ({KEY: origin} if origin else {})


def _annotation(o: SceneObject, video: Video, number: int, *, place: int, category: int) -> dict[str, Any]:
    track, frames = o.trajectory, range(video.num_frames)
    masks = {f: m.to_json() for f, m in zip(track.frames, track.masks, strict=True)}
    areas = dict(zip(track.frames, track.areas.astype(int).tolist(), strict=True))
    boxes = dict(zip(track.frames, track.boxes.tolist(), strict=True))
    return {
        "id": number,
        "video_id": place,
        "category_id": category,
        "iscrowd": 0,
        "width": video.width,
        "height": video.height,
        "length": video.num_frames,
        "segmentations": [masks.get(f) for f in frames],
        "areas": [areas.get(f) for f in frames],
        "bboxes": [boxes.get(f) for f in frames],
        "svg2_object": o.id,
    }


FORMAT = Format(
    name=NAME,
    title="COCO for videos (YouTube-VIS): one JSON file of videos, categories and tracks",
    write=write,
    writing=Writing,
    lost_out=(
        "Relations, attributes, confidences, verdicts on names, parts, what made the graph except its origin.",
        "Objects that are never visible; true times of frames; the video's address and hash.",
        "Pictures of frames, which the file only names.",
    ),
)
