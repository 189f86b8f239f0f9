"""Reading PVSG's files: record by record, a video's masks one picture at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.errors import printable
from svg2_assets.scene.id_maps import trajectories_of
from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.annotations import Named, drafts_of
from svg2_assets.scene_graphs.formats.clock import Told
from svg2_assets.scene_graphs.formats.files import file_name
from svg2_assets.scene_graphs.formats.json_lists import BrokenJson, members_of
from svg2_assets.scene_graphs.formats.moments import Moments
from svg2_assets.scene_graphs.formats.origins import with_kept
from svg2_assets.scene_graphs.formats.pngs import BrokenPng, read_ids, size_of_png
from svg2_assets.scene_graphs.formats.pvsg.form import DOCUMENT, GRAPH_ID, MASKS, NAME, RECORDS, STUFF, Reading
from svg2_assets.scene_graphs.formats.records import attempt, imported, once, place, require_masks
from svg2_assets.scene_graphs.formats.values import (
    Fault,
    Imported,
    NotImportable,
    Origin,
    Read,
    Rejected,
    Repair,
    Repairs,
    UnusableSource,
    Videos,
    no_videos,
)
from svg2_assets.traser.samples.values import DraftRelation

MOST_FPS = 1000
MOST_FRAMES = 10**7
"""What records say beyond is no number of frames or pixels."""
_FRAME = re.compile(r"(\d{1,7})\.png")
_OF_A_RECORD = frozenset({"video_id", "meta", "objects", "relations"})


def read(source: Path, options: Reading, *, videos: Videos = no_videos) -> Iterator[Read]:
    """The videos of a file, or of `pvsg.json` in a folder, else of its JSON files; record by record.

    Raises `UnusableSource`.
    """
    whole = source / DOCUMENT
    files = [source] if source.is_file() else [whole] if whole.is_file() else sorted(source.glob("*.json"))
    if not files:
        where = printable(str(source))
        raise UnusableSource(f"{where}: expected {DOCUMENT}, or a folder that holds it; found none.")
    return once(item for file in files for item in _of_file(file, options, videos))


def _of_file(file: Path, options: Reading, videos: Videos) -> Iterator[Read]:
    origin = Origin(NAME, dataset=options.dataset or file.stem, licence=options.licence, file=str(file))
    alone: dict[str, Any] = {}
    """What the file says if it is one record: lists come item by item."""
    records = False
    try:
        for key, line, item in members_of(file):
            here = replace(origin, record=f"line {line}")
            if key == RECORDS:
                records = True
                yield _read_record(item, here, options, videos)
            elif key in _OF_A_RECORD and not records:
                alone[key] = [*alone.get(key, []), item] if key in {"objects", "relations"} else item
        if not records and "video_id" in alone:
            yield _read_record(alone, origin, options, videos)
        elif not records:
            yield Rejected("", Fault.FORM, f"expected `{RECORDS}`, a list of videos, or one video; found none.", origin)
    except BrokenJson as error:
        where = replace(origin, record=f"line {error.line}")
        yield Rejected("", Fault.NOT_JSON, f"no JSON from here on: {error}.", where)
    except OSError as error:
        yield Rejected("", Fault.UNREADABLE, f"cannot be read: {error.strerror}.", origin)


def _read_record(record: Any, origin: Origin, options: Reading, videos: Videos) -> Read:
    video_id = record.get("video_id") if isinstance(record, dict) else None
    if not isinstance(video_id, str) or not video_id.strip():
        return Rejected("", Fault.FORM, "expected a video with video_id, objects and relations; found none.", origin)
    make = partial(_imported, record, video_id, options, videos=videos, origin=with_kept(origin, record))
    return attempt(make, video_id=video_id, origin=origin)


def _imported(
    record: Mapping[str, Any], video_id: str, options: Reading, *, videos: Videos, origin: Origin, repairs: Repairs
) -> Imported:
    listed = _objects(record.get("objects", []), repairs)
    folder = mask_folder(Path(origin.file).parent, video_id, options.masks)
    pictures = {} if folder is None else _pictures(folder)
    told = _told(record, video_id, pictures)
    video = place(told, options, videos=videos, repairs=repairs)
    tracks: dict[int, Trajectory] | None = None
    if pictures:
        tracks = _tracks(pictures, video, listed, repairs)
    elif listed:
        require_masks(options, f"there is no folder {MASKS}/{printable(video_id)} of PNG files beside it.", repairs)
    drafts = drafts_of(_in_order(record.get("relations")), Moments(video.edges).seconds, repairs)
    ids = _graph_ids(record.get("objects", []), listed)
    named = {ids[number]: replace(o, id=ids[number]) for number, o in listed.items()}
    stuff = sorted(ids[o["object_id"]] for o in record.get("objects", []) if _is_stuff(o, listed))
    return imported(
        video,
        named,
        None if tracks is None else {ids[number]: track for number, track in tracks.items()},
        [_renumbered(d, ids) for d in drafts],
        origin=origin,
        repairs=repairs,
        details={STUFF: stuff} if stuff else {},
    )


def _objects(listed: Any, repairs: Repairs) -> dict[int, Named]:
    """Objects by `object_id`, in order."""
    if not isinstance(listed, list):
        raise NotImportable(Fault.FORM, f"expected a list of objects, found {type(listed).__name__}.")
    found: dict[int, Named] = {}
    for entry in listed:
        number, name = (entry.get("object_id"), entry.get("category")) if isinstance(entry, dict) else (None, None)
        if type(number) is not int or number < 0 or not isinstance(name, str | None):
            repairs[Repair.OBJECT_FORM] += 1
        elif number in found:
            repairs[Repair.REPEATED_ID] += 1
        else:
            named = name is not None and bool(name.strip())
            repairs[Repair.NAMELESS] += not named
            found[number] = Named(number, name if named and name is not None else UNKNOWN_NAME)
    return found


def _graph_ids(listed: Sequence[Any], objects: Mapping[int, Named]) -> dict[int, int]:
    """`object_id` to the id in the graph: that which a file written here says of all, else the same."""
    said = {o["object_id"]: o.get(GRAPH_ID) for o in reversed(listed) if isinstance(o, dict) and "object_id" in o}
    ids = {number: given for number in objects if type(given := said[number]) is int and given >= 0}
    return ids if len(set(ids.values())) == len(objects) else {number: number for number in objects}


def _is_stuff(entry: Any, objects: Mapping[int, Named]) -> bool:
    return isinstance(entry, dict) and entry.get("is_thing") is False and entry.get("object_id") in objects


def _renumbered(draft: DraftRelation, ids: Mapping[int, int]) -> DraftRelation:
    nobody = 1 + max(ids.values(), default=0)
    return replace(draft, subject=ids.get(draft.subject, nobody), object=ids.get(draft.object, nobody + 1))


def _in_order(relations: Any) -> Any:
    """Relations with the predicate between their ends, as other formats list them."""
    if not isinstance(relations, list):
        return relations
    return [[r[0], r[2], r[1], r[3]] if isinstance(r, list) and len(r) == 4 else None for r in relations]


def _told(record: Mapping[str, Any], video_id: str, pictures: Mapping[int, Path]) -> Told:
    meta = record.get("meta")
    given = meta if isinstance(meta, dict) else {}
    sizes = (given.get(key) for key in ("height", "width", "num_frames"))
    height, width, frames = (n if type(n) is int and 0 < n < MOST_FRAMES else None for n in sizes)
    if (height is None or width is None) and pictures:
        height, width = _first_size(pictures) or (None, None)
    rate = given.get("fps")
    fps = float(rate) if isinstance(rate, int | float) and 0 < rate < MOST_FPS else None
    if frames is None:
        frames = 1 + max(_last_frame(record.get("relations")), max(pictures, default=0))
    return Told(video_id, height=height, width=width, num_frames=frames, fps=fps)


def _first_size(pictures: Mapping[int, Path]) -> tuple[int, int] | None:
    for path in pictures.values():
        try:
            return size_of_png(path)
        except (BrokenPng, OSError):
            continue
    return None


def _last_frame(relations: Any) -> int:
    """The last frame of which a well-formed relation speaks."""
    lists = [r[3] for r in relations if isinstance(r, list) and len(r) == 4] if isinstance(relations, list) else []
    pairs = [pair for spans in lists if isinstance(spans, list) for pair in spans if isinstance(pair, list)]
    return max((n for pair in pairs for n in pair if type(n) is int and n < MOST_FRAMES), default=0)


def mask_folder(base: Path, video_id: str, given: Path | None) -> Path | None:
    """The folder of a video's PNG files: below `given`, else in `masks` or `<source>/masks` of `base`."""
    name = file_name(video_id)
    if given is not None:
        return given / name if (given / name).is_dir() else None
    candidates = (base / MASKS / name, *sorted(base.glob(f"*/{MASKS}/{name}")))
    return next((path for path in candidates if path.is_dir()), None)


def _pictures(folder: Path) -> dict[int, Path]:
    """PNG files by frame."""
    numbered = ((_FRAME.fullmatch(path.name), path) for path in folder.iterdir())
    found = {int(match[1]): path for match, path in numbered if match is not None}
    return dict(sorted(found.items()))


def _tracks(
    pictures: Mapping[int, Path], video: Video, objects: Mapping[int, Named], repairs: Repairs
) -> dict[int, Trajectory]:
    """Trajectories of the objects that are visible, one picture in memory."""
    shown = {frame: path for frame, path in pictures.items() if frame < video.num_frames}
    repairs[Repair.MASKS_SHORT] += max(shown, default=-1) < video.num_frames - 1
    repairs[Repair.MASKS_LONG] += len(shown) < len(pictures)
    repairs[Repair.FRAME_UNREADABLE] += max(shown, default=-1) + 1 - min(shown, default=0) - len(shown)
    unnamed: set[int] = set()
    known = objects.keys() - {0}

    def maps() -> Iterator[tuple[int, npt.NDArray[Any]]]:
        for frame, path in shown.items():
            ids = _map(path, video, repairs)
            if ids is not None:
                unnamed.update(set(np.flatnonzero(np.bincount(ids.ravel())).tolist()) - known - {0})
                yield frame, ids

    tracks = trajectories_of(maps(), known)
    repairs[Repair.UNNAMED] += len(unnamed)
    return {number: track for number, track in tracks.items() if len(track)}


def _map(path: Path, video: Video, repairs: Repairs) -> npt.NDArray[Any] | None:
    """The ids of one frame; None, counted, where they cannot be read or are of another size."""
    try:
        ids = read_ids(path)
    except (BrokenPng, OSError):
        repairs[Repair.FRAME_UNREADABLE] += 1
        return None
    if ids.shape != (video.height, video.width):
        repairs[Repair.FRAME_SIZE] += 1
        return None
    return ids
