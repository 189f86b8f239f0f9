"""Reading VidVRD's and VidOR's files, one in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeGuard

from svg2_assets.scene.errors import printable
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.annotations import Named
from svg2_assets.scene_graphs.formats.boxes import SAID, Edges, edges_of, mask_of, require_size, trajectory_of_boxes
from svg2_assets.scene_graphs.formats.clock import Told
from svg2_assets.scene_graphs.formats.files import files_below
from svg2_assets.scene_graphs.formats.moments import Moments
from svg2_assets.scene_graphs.formats.origins import with_kept
from svg2_assets.scene_graphs.formats.records import attempt, document_in, imported, once, place, require_masks
from svg2_assets.scene_graphs.formats.values import (
    Fault,
    Imported,
    NotImportable,
    Origin,
    Read,
    ReadOptions,
    Repair,
    Repairs,
    UnusableSource,
    Videos,
    no_videos,
)
from svg2_assets.scene_graphs.formats.vidvrd.form import CORNERS, OBJECTS, RELATIONS, TRAJECTORIES
from svg2_assets.traser.samples.values import DraftRelation

MOST_FPS = 1000
MOST_FRAMES = 10**7
"""What records say beyond is no number of frames, pixels or objects."""


def read(source: Path, options: ReadOptions, *, videos: Videos = no_videos, name: str) -> Iterator[Read]:
    """The video of a file, or those of the JSON files below a folder; one file in memory. Raises `UnusableSource`."""
    return once(_read(source, options, videos, name))


def _read(source: Path, options: ReadOptions, videos: Videos, name: str) -> Iterator[Read]:
    files = [source] if source.is_file() else files_below(source, r".*\.json") if source.is_dir() else []
    none = True
    for file in files:
        none = False
        origin = Origin(name, dataset=options.dataset, licence=options.licence, file=str(file))
        yield attempt(partial(_imported, origin, options, videos=videos), video_id=file.stem, origin=origin)
    if none:
        where = printable(str(source))
        raise UnusableSource(f"{where}: expected a JSON file for each video, in it or in folders below; found none.")


def _imported(origin: Origin, options: ReadOptions, *, videos: Videos, repairs: Repairs) -> Imported:
    path = Path(origin.file)
    record = _record(path)
    objects = _objects(record[OBJECTS], repairs)
    video = place(_told(record, path), options, videos=videos, repairs=repairs)
    require_size(video)
    frames = record[TRAJECTORIES]
    if objects and not frames:
        require_masks(options, f"{TRAJECTORIES} is empty.", repairs)
    tracks = _tracks(frames, video, repairs) if frames else None
    drafts = _drafts(record.get(RELATIONS) or [], video, repairs)
    return imported(video, objects, tracks, drafts, origin=with_kept(origin, record), repairs=repairs, details=SAID)


def _record(path: Path) -> dict[str, Any]:
    record = document_in(path)
    wanted = (OBJECTS, TRAJECTORIES)
    if any(not isinstance(record.get(key), list) for key in wanted):
        raise NotImportable(Fault.FORM, f"expected the lists {' and '.join(wanted)}; one of them is none.")
    if not isinstance(record.get(RELATIONS), list | None):  # the test split of VidOR has none
        raise NotImportable(Fault.FORM, f"expected {RELATIONS} to be a list.")
    return record


def _told(record: Mapping[str, Any], path: Path) -> Told:
    height, width, frames = (
        n if type(n := record.get(key)) is int and 0 < n < MOST_FRAMES else None
        for key in ("height", "width", "frame_count")
    )
    rate, given = record.get("fps"), record.get("video_id")
    return Told(
        given if isinstance(given, str) and given.strip() else path.stem,
        height=height,
        width=width,
        num_frames=frames or len(record[TRAJECTORIES]) or None,
        fps=float(rate) if isinstance(rate, int | float) and 0 < rate < MOST_FPS else None,
    )


def _objects(listed: list[Any], repairs: Repairs) -> dict[int, Named]:
    found: dict[int, Named] = {}
    for entry in listed:
        number, name = (entry.get("tid"), entry.get("category")) if isinstance(entry, dict) else (None, None)
        if not _is_id(number) or not isinstance(name, str | None):
            repairs[Repair.OBJECT_FORM] += 1
        elif number in found:
            repairs[Repair.REPEATED_ID] += 1
        else:
            named = bool(name and name.strip())
            repairs[Repair.NAMELESS] += not named
            found[number] = Named(number, name if named and name else UNKNOWN_NAME)
    return found


def _tracks(frames: list[Any], video: Video, repairs: Repairs) -> dict[int, Trajectory]:
    """Trajectories of filled boxes, of every object that has one."""
    repairs[Repair.MASKS_SHORT] += len(frames) < video.num_frames
    repairs[Repair.MASKS_LONG] += len(frames) > video.num_frames
    found: dict[int, dict[int, Mask]] = {}
    for frame, listed in enumerate(frames[: video.num_frames]):
        if not isinstance(listed, list):
            repairs[Repair.BOX_FORM] += 1
            continue
        for entry in listed:
            number = entry.get("tid") if isinstance(entry, dict) else None
            if type(number) is not int or not _is_id(number):
                repairs[Repair.BOX_FORM] += 1
                continue
            mask = mask_of(_edges(entry.get("bbox")), height=video.height, width=video.width, repairs=repairs)
            if mask is not None:
                masks = found.setdefault(number, {})
                repairs[Repair.BOX_REPEATED] += frame in masks
                masks.setdefault(frame, mask)
    return {number: trajectory_of_boxes(masks) for number, masks in found.items()}


def _edges(box: Any) -> Edges | None:
    corners = edges_of(box.get(key) for key in CORNERS) if isinstance(box, dict) else None
    if corners is None:
        return None
    left, top, right, bottom = corners
    return left, top, right + 1, bottom + 1


def _drafts(listed: list[Any], video: Video, repairs: Repairs) -> list[DraftRelation]:
    """One relation a statement: its instances are its times."""
    moments = Moments(video.edges)
    found: dict[tuple[int, str, int], list[tuple[float, float]]] = {}
    for entry in listed:
        said = [entry.get(k) for k in ("subject_tid", "predicate", "object_tid")] if isinstance(entry, dict) else []
        subject, predicate, other = said or (None, None, None)
        if not (_is_id(subject) and isinstance(predicate, str) and _is_id(other)):
            repairs[Repair.RELATION_FORM] += 1
            continue
        spans = found.setdefault((subject, predicate, other), [])
        begin, end = entry.get("begin_fid"), entry.get("end_fid")
        if all(type(n) is int and abs(n) < MOST_FRAMES for n in (begin, end)):
            spans.append(_seconds(moments, begin, end))
        else:
            repairs[Repair.SPAN_FORM] += 1
    return [DraftRelation(subject, predicate, other, spans) for (subject, predicate, other), spans in found.items()]


def _seconds(moments: Moments, begin: int, end: int) -> tuple[float, float]:
    """`[begin, end)` in frames; without length, or reversed, it stays so."""
    start, after = moments.seconds(begin, end - 1)
    return (start, after) if end > begin else (start, start if end == begin else moments.seconds(end, end)[0])


def _is_id(value: Any) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < MOST_FRAMES
