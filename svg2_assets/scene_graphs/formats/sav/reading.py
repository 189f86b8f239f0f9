"""Reads SA-V's files, those of one video together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from svg2_assets.scene.errors import printable
from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.annotations import Named
from svg2_assets.scene_graphs.formats.clock import Told
from svg2_assets.scene_graphs.formats.columns import frames_of_rles, size_of
from svg2_assets.scene_graphs.formats.files import files_below
from svg2_assets.scene_graphs.formats.origins import with_kept
from svg2_assets.scene_graphs.formats.records import attempt, document_in, imported, once, place, require_masks
from svg2_assets.scene_graphs.formats.sav.form import (
    MASKLETS,
    MOST_FRAMES,
    MOST_STEP,
    NAME,
    RATE,
    STEP,
    Kind,
    Masklets,
    Reading,
    seconds,
    whole,
)
from svg2_assets.scene_graphs.formats.values import (
    Fault,
    Imported,
    NotImportable,
    Origin,
    Read,
    Repair,
    Repairs,
    UnusableSource,
    Videos,
    no_videos,
)

MOST_SIDE = 1 << 20
MOST_ID = 1 << 16  # ids above it are given anew: other formats have a column for every number up to the largest id
_NAME = re.compile(r"(.+)_(manual|auto)\.json")


@dataclass(frozen=True, slots=True)
class Head:
    """What the files of a video say of it; None where they say nothing."""

    video_id: str
    height: int | None
    width: int | None
    frame_count: int | None
    duration: float | None
    step: int

    @classmethod
    def of(cls, document: Mapping[str, Any], path: Path, options: Reading) -> Head:
        """The head of one file."""
        given = document.get("video_id")
        match = _NAME.fullmatch(path.name)
        return cls(
            given if isinstance(given, str) and given.strip() else match[1] if match else path.stem,
            whole(document.get("video_height"), MOST_SIDE),
            whole(document.get("video_width"), MOST_SIDE),
            whole(document.get("video_frame_count"), MOST_FRAMES),
            seconds(document.get("video_duration")),
            whole(document.get("masklet_frame_step"), MOST_STEP) or options.step,
        )


def read(source: Path, options: Reading, *, videos: Videos = no_videos) -> Iterator[Read]:
    """The videos of one file, or of all files below a folder. Raises `UnusableSource`."""
    return once(_read(source, options, videos))


def _read(source: Path, options: Reading, videos: Videos) -> Iterator[Read]:
    none = True
    for paths in _videos(source, options.kinds):
        none = False
        first = next(iter(paths.values()))
        names = [p.name for p in paths.values()]
        origin = Origin(
            NAME,
            version="+".join(kind.value for kind in paths),
            dataset=options.dataset,
            licence=options.licence,
            file=str(first),
            record=f"with {names[1]}" if len(names) > 1 else "",
        )
        match = _NAME.fullmatch(first.name)
        make = partial(_imported, paths, origin, options, videos=videos)
        yield attempt(make, video_id=match[1] if match else first.stem, origin=origin)
    if none:
        wanted = " or ".join(f"<video>_{kind.value}.json" for kind in options.kinds)
        raise UnusableSource(f"{printable(str(source))}: expected {wanted}, or a folder of such files; found none.")


def _videos(source: Path, kinds: Sequence[Kind]) -> Iterator[dict[Kind, Path]]:
    """The files of each video by kind, manual ones first."""
    if source.is_file():
        match = _NAME.fullmatch(source.name)
        yield {Kind(match[2]) if match else Kind.MANUAL: source}
        return
    wanted = [kind for kind in Kind if kind in kinds]
    for path in files_below(source, _NAME.pattern) if source.is_dir() else ():
        match = _NAME.fullmatch(path.name)
        beside = {kind: path.with_name(f"{match[1]}_{kind.value}.json") for kind in wanted} if match else {}
        there = {kind: p for kind, p in beside.items() if p.is_file()}
        if path == next(iter(there.values()), None):
            yield there


def _imported(
    paths: Mapping[Kind, Path], origin: Origin, options: Reading, *, videos: Videos, repairs: Repairs
) -> Imported:
    documents = {kind: document_in(path) for kind, path in paths.items()}
    head = _head({paths[kind]: document for kind, document in documents.items()}, options)
    rows = {kind: _list(document, "masklet", paths[kind]) for kind, document in documents.items()}
    if not any(rows.values()):
        require_masks(options, "no frame of it is annotated.", repairs)
    video = place(_told(head, rows), options, videos=videos, repairs=repairs)
    found: dict[int, tuple[Named, Trajectory | None]] = {}
    ids: dict[int, tuple[Kind, int]] = {}
    for kind, document in documents.items():
        # A file that begins after the other one has its ids after the other one's.
        base = max(found, default=-1) + 1 if kind is Kind.AUTO else 0
        for number, name, track in _masklets(document, rows[kind], paths[kind], video=video, repairs=repairs):
            object_id = base + number if base + number < MOST_ID else max(found, default=-1) + 1
            if object_id in found:
                object_id = max(found) + 1
            found[object_id], ids[object_id] = (Named(object_id, name), track), (kind, number)
    first = next(iter(documents.values()))
    masklets = Masklets(
        head.step,
        head.frame_count or video.num_frames * head.step,
        head.duration or video.duration,
        _text(first, "video_environment"),
        _text(first, "video_split"),
        ids,
    )
    return imported(
        video,
        {i: named for i, (named, _) in found.items()},
        {i: track for i, (_, track) in found.items() if track is not None},
        (),
        origin=with_kept(origin, first),
        repairs=repairs,
        details={MASKLETS: masklets.to_json()},
    )


def _head(documents: Mapping[Path, Mapping[str, Any]], options: Reading) -> Head:
    """What all files say. Raises `NotImportable` where they are of different videos."""
    heads = {path.name: Head.of(document, path, options) for path, document in documents.items()}
    if len(set(heads.values())) > 1:
        names = printable(" and ".join(heads))
        detail = f"{names} say different things of their video. Import one kind: --set kinds=[manual]."
        raise NotImportable(Fault.CONTRADICTION, detail)
    return next(iter(heads.values()))


def _told(head: Head, rows: Mapping[Kind, Sequence[Any]]) -> Told:
    # The size is that of the masks; heads are no part of what a mask needs to decode.
    masks = (m for frames in rows.values() for row in frames if isinstance(row, list) for m in row)
    height, width = size_of(masks) or (head.height, head.width)
    annotated = max(map(len, rows.values()))
    frames = -(-head.frame_count // head.step) if head.frame_count else annotated or None
    fps = head.frame_count / head.duration / head.step if head.frame_count and head.duration else None
    return Told(head.video_id, height, width, frames, fps, usual_fps=RATE * STEP / head.step)


def _masklets(
    document: Mapping[str, Any], rows: Sequence[Any], path: Path, *, video: Video, repairs: Repairs
) -> Iterator[tuple[int, str, Trajectory | None]]:
    """Id, name and trajectory of each masklet of a file; no trajectory where no frame has its column."""
    repairs[Repair.MASKS_SHORT] += len(rows) < video.num_frames
    repairs[Repair.MASKS_LONG] += len(rows) > video.num_frames
    columns = frames_of_rles(rows, video, repairs)
    numbers = _list(document, "masklet_id", path)
    names = document.get("masklet_name")
    told = names if isinstance(names, list) else []
    repairs[Repair.UNNAMED] += sum(len(t) > 0 for k, t in columns.items() if k >= len(numbers))
    seen = set()
    for k, (number, name) in enumerate(zip(numbers, chain(told, [None] * len(numbers)), strict=False)):
        if type(number) is not int or number < 0:
            repairs[Repair.OBJECT_FORM] += 1
        elif number in seen:
            repairs[Repair.REPEATED_ID] += 1
        else:
            seen.add(number)
            yield number, name if isinstance(name, str) and name.strip() else UNKNOWN_NAME, columns.get(k)


def _text(document: Mapping[str, Any], key: str) -> str:
    found = document.get(key)
    return found if isinstance(found, str) else ""


def _list(document: Mapping[str, Any], key: str, path: Path) -> list[Any]:
    found = document.get(key)
    if not isinstance(found, list):
        detail = f"{printable(path.name)}: expected a list {key}, found {type(found).__name__}."
        raise NotImportable(Fault.FORM, detail)
    return found
