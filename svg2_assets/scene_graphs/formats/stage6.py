"""The upstream pipeline's last artifact: `stage6_scene_graph.json`, one folder a video.

**Layout.** `<folder>/<video stem>/stage6_scene_graph.json` is `{video, height, width, total_frames, objects,
relationships}`. An object is `{object_id, name, attributes, relationships, actions, description, trajectory}`; its
trajectory has `first_frame`, `frames` (visible ones), `boxes` by frame and `masks`, an RLE or null for every frame.
Beside it a file of masks as TRASER takes them, `<video stem>_rle.json`, in which an object's column is its place in
`objects`; it is read where objects have no masks of their own (specification §4).

**Times.** `relationships` is `{sampled_frame_indices, temporal: [5-tuples], spatial: [4-tuples]}`; spans are places in
`sampled_frame_indices`, both ends included. A place stands for the time from its frame to the next sampled one; the
last for as long as the one before, at most to the video's end. **Boxes**: `[x1, y1, x2, y2]` in whole pixels, both ends
included; they are written, and not read: masks say the same. No frame rate: it is the option `fps`, else that of
`stage1_masks.json` beside it, else that of the video's file. Files written here have `fps` and `video_id`, too; the
ids of others are the stem of `video`, else the name of their folder.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from pydantic import Field

from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.taxonomy import Category
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.annotations import drafts_of, listed_relation, objects_of
from svg2_assets.scene_graphs.formats.clock import Told
from svg2_assets.scene_graphs.formats.columns import counts_of, frames_of_rles, trajectory_of
from svg2_assets.scene_graphs.formats.files import file_name, files_below, require_new, unfinished
from svg2_assets.scene_graphs.formats.losses import lost_of
from svg2_assets.scene_graphs.formats.mask_files import SUFFIX, read_masks, write_masks
from svg2_assets.scene_graphs.formats.moments import Moments
from svg2_assets.scene_graphs.formats.records import attempt, imported, once, parsed, place, require_masks
from svg2_assets.scene_graphs.formats.telling import counted, united
from svg2_assets.scene_graphs.formats.values import (
    Fault,
    Format,
    Imported,
    Loss,
    NotImportable,
    Origin,
    Read,
    ReadOptions,
    Repair,
    Repairs,
    UnusableSource,
    Videos,
    WriteOptions,
    Written,
    no_videos,
)
from svg2_assets.traser.samples.values import DraftRelation

NAME = "stage6"
DOCUMENT = "stage6_scene_graph.json"
FIRST_STAGE = "stage1_masks.json"
MOST_FPS = 1000
HEAD = 4096  # bytes of the first stage's file before its masks begin
WITHOUT = frozenset(Loss) - {Loss.ATTRIBUTES, Loss.CATEGORIES, Loss.CLOCK}
_FPS = re.compile(rb'"fps"\s*:\s*([0-9.eE+-]+)')


class Writing(WriteOptions):
    """Options. `sample_fps`: frames a second among which spans count, `most_frames` of them (0: all; upstream 24).
    `mask_files`: also write the masks as TRASER takes them."""

    sample_fps: float = Field(default=1.0, gt=0)
    most_frames: int = Field(default=0, ge=0)
    mask_files: bool = True


def read(source: Path, options: ReadOptions, *, videos: Videos = no_videos) -> Iterator[Read]:
    """The graphs below a folder, or that of one file. Raises `UnusableSource`."""
    return once(_read(source, options, videos))


def _read(source: Path, options: ReadOptions, videos: Videos) -> Iterator[Read]:
    files = [source] if source.is_file() else files_below(source, re.escape(DOCUMENT)) if source.is_dir() else []
    none = True
    for file in files:
        none = False
        origin = Origin(NAME, dataset=options.dataset, licence=options.licence, file=str(file))
        yield attempt(
            partial(_imported, origin, options, videos=videos),
            video_id=file.parent.name,
            origin=origin,
        )
    if none:
        where = printable(str(source))
        raise UnusableSource(f"{where}: expected {DOCUMENT}, in it or in folders below; found none.")


def _imported(origin: Origin, options: ReadOptions, *, videos: Videos, repairs: Repairs) -> Imported:
    path = Path(origin.file)
    document = _document(path)
    listed = [o if isinstance(o, dict) else {} for o in document["objects"]]
    objects = objects_of([_entry(o) for o in listed], repairs)
    told = _told(document, path)
    video = place(told, options, videos=videos, repairs=repairs)
    tracks = _tracks(listed, path, video, repairs)
    if not tracks and objects:
        require_masks(options, f"its objects have no masks, and there is no file of masks beside {DOCUMENT}.", repairs)
    drafts = _drafts(document.get("relationships"), video, repairs)
    return imported(video, objects, tracks or None, drafts, origin=origin, repairs=repairs)


def _document(path: Path) -> dict[str, Any]:
    try:
        document = parsed(path.read_bytes(), path.name)
    except OSError as error:
        raise NotImportable(Fault.UNREADABLE, f"cannot be read: {error.strerror}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("objects"), list):
        raise NotImportable(Fault.FORM, "expected a JSON object with a list `objects`, found none.")
    return document


def _entry(listed: Mapping[str, Any]) -> dict[str, Any]:
    """An object as the data set lists it."""
    number = listed.get("object_id")
    key = f"object_{number}" if type(number) is int else "object"
    return {key: listed.get("name"), "attributes": listed.get("attributes")}


def _told(document: Mapping[str, Any], path: Path) -> Told:
    sizes = (document.get(key) for key in ("height", "width", "total_frames"))
    height, width, frames = (n if type(n) is int and n > 0 else None for n in sizes)
    given, video, rate = (document.get(key) for key in ("video_id", "video", "fps"))
    called = PurePosixPath(video).stem if isinstance(video, str) else ""
    video_id = given if isinstance(given, str) and given.strip() else called or path.parent.name
    fps = float(rate) if isinstance(rate, int | float) and 0 < rate < MOST_FPS else _rate_beside(path)
    return Told(video_id, height=height, width=width, num_frames=frames, fps=fps)


def _rate_beside(path: Path) -> float | None:
    """Frames a second that the first stage's file says, before its masks."""
    try:
        with path.with_name(FIRST_STAGE).open("rb") as file:
            found = _FPS.search(file.read(HEAD))
        rate = float(found[1]) if found else 0.0
    except (OSError, ValueError):
        return None
    return rate if 0 < rate < MOST_FPS else None


def _tracks(listed: Sequence[Mapping[str, Any]], path: Path, video: Video, repairs: Repairs) -> dict[int, Trajectory]:
    """Trajectories by object id, of the objects that have masks of their own or in the file beside."""
    given = [(o.get("object_id"), o.get("trajectory")) for o in listed]
    own = {
        k: t["masks"] for k, t in given if type(k) is int and isinstance(t, dict) and isinstance(t.get("masks"), list)
    }
    longest = max(map(len, own.values()), default=video.num_frames)
    repairs[Repair.MASKS_SHORT] += longest < video.num_frames
    repairs[Repair.MASKS_LONG] += longest > video.num_frames
    tracks = {k: _track(masks, video, repairs) for k, masks in own.items()}
    beside = next((p for p in sorted(path.parent.glob(f"*{SUFFIX}"))), None)
    if beside is not None and len(own) < len(given):
        columns = frames_of_rles(read_masks(beside), video, repairs)
        tracks |= {k: columns[i] for i, (k, _) in enumerate(given) if k not in own and type(k) is int and i in columns}
    return tracks


def _track(masks: Sequence[Any], video: Video, repairs: Repairs) -> Trajectory:
    size = {"height": video.height, "width": video.width}
    shown = masks[: video.num_frames]
    return trajectory_of(
        range(len(shown)), [counts_of(m, **size, repairs=repairs) for m in shown], **size, repairs=repairs
    )


def _drafts(told: Any, video: Video, repairs: Repairs) -> list[DraftRelation]:
    related = {} if told is None else told
    if not isinstance(related, dict):
        raise NotImportable(Fault.FORM, f"expected relationships by pass, found {type(related).__name__}.")
    temporal, spatial = related.get("temporal"), related.get("spatial")
    if not spatial and not temporal:
        return []
    moments = Moments.of(_sampled(related.get("sampled_frame_indices"), video), video)
    return [
        *drafts_of(temporal, moments.seconds, repairs),
        *drafts_of(spatial, moments.seconds, repairs, category=Category.SPATIAL),
    ]


def _sampled(given: Any, video: Video) -> list[int]:
    frames = given if isinstance(given, list) else []
    whole = all(type(f) is int and 0 <= f < video.num_frames for f in frames)
    if not frames or not whole or any(b <= a for a, b in pairwise(frames)):
        detail = f"expected sampled_frame_indices that increase within {video.num_frames} frames; relations count them."
        raise NotImportable(Fault.FORM, detail)
    return frames


def write(graphs: Iterable[SceneGraph], target: Path, options: Writing) -> Written:
    """Write `<target>/<video>/stage6_scene_graph.json`, and masks beside it. Raises `UnusableTarget`.

    A document is the last file of its folder: with `resume`, videos that have one are kept.
    """
    lost: Counter[Loss] = Counter()
    videos = kept = files = 0
    for graph in graphs:
        name = file_name(graph.video.id)
        path = target / name / DOCUMENT
        lost += lost_of(graph, WITHOUT)
        document = _document_of(graph, options, lost)
        if not require_new(path, resume=options.resume):
            kept += 1
            continue
        if options.mask_files:
            columns = {i: o.trajectory for i, o in enumerate(graph.objects)}
            write_masks(path.with_name(name + SUFFIX), columns, graph.video, num_columns=len(columns))
            files += 1
        with unfinished(path) as temporary:
            temporary.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        videos, files = videos + 1, files + 1
    return Written(videos=videos, kept=kept, files=files, lost=+lost)


def _document_of(graph: SceneGraph, options: Writing, lost: Counter[Loss]) -> dict[str, Any]:
    video = graph.video
    frames = sampled_frames(video, options)
    told = list(counted(united(graph.relations), Moments.of(frames, video).edges, lost))
    spatial = [(r, t) for r, t in told if r.category is Category.SPATIAL]
    return {
        "video": video.uri or video.id,
        "video_id": video.id,
        "height": video.height,
        "width": video.width,
        "fps": video.fps,
        "total_frames": video.num_frames,
        "objects": [_object(o, video) for o in graph.objects],
        "relationships": {
            "sampled_frame_indices": frames,
            "temporal": [listed_relation(r, t, category=True) for r, t in told if r.category is not Category.SPATIAL],
            "spatial": [listed_relation(r, t, category=False) for r, t in spatial],
        },
    }


def sampled_frames(video: Video, options: Writing) -> list[int]:
    """Every `round(fps / sample_fps)`-th frame, as the pipeline's relation stage samples (specification §3.7)."""
    frames = list(range(0, video.num_frames, max(1, round(video.fps / options.sample_fps))))
    if not options.most_frames or len(frames) <= options.most_frames:
        return frames
    picks = np.linspace(0, len(frames) - 1, options.most_frames).astype(int)
    return [frames[i] for i in picks]


def _object(o: SceneObject, video: Video) -> dict[str, Any]:
    track = o.trajectory
    masks = dict(zip(track.frames, track.masks, strict=True))
    boxes = np.rint(track.boxes).astype(int).tolist()
    return {
        "object_id": o.id,
        "name": o.name,
        "attributes": [a.value for a in o.attributes],
        "relationships": [],
        "actions": [],
        "description": "",
        "trajectory": {
            "first_frame": track.frames[0] if track.frames else 0,
            "frames": list(track.frames),
            "boxes": {
                str(f): [x, y, x + w - 1, y + h - 1] for f, (x, y, w, h) in zip(track.frames, boxes, strict=True)
            },
            "masks": [masks[f].to_json() if f in masks else None for f in range(video.num_frames)],
        },
    }


FORMAT = Format(
    name=NAME,
    title="The upstream pipeline's stage6_scene_graph.json, a folder a video, and a file of masks beside it",
    read=read,
    write=write,
    writing=Writing,
    lost_in=(
        "Descriptions, actions and relationships that an object's description told of.",
        "The frame on which an object was registered; boxes, since masks say the same.",
    ),
    lost_out=(
        "True times of frames; the video's hash, and its address unless it is found again.",
        "Types of attributes, confidences, verdicts on names, parts, what made the graph.",
        "Times between sampled frames (one a second): a span becomes the places that it covers for half, at least one.",
        "The order of spatial relations among the others.",
        "Relations that repeat (subject, predicate, object): they become one, with the times of all.",
    ),
)
