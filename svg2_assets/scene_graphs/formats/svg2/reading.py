"""Reads SVG2's parquet files. Scene graphs wait on disk until their masks come, so that each file is read once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from svg2_assets.scene.errors import printable
from svg2_assets.scene.masks import MOST_PIXELS
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.annotations import drafts_of, half_open_seconds, inclusive_seconds, objects_of
from svg2_assets.scene_graphs.formats.clock import Told, usual_rate
from svg2_assets.scene_graphs.formats.columns import trajectory_of
from svg2_assets.scene_graphs.formats.files import files_below
from svg2_assets.scene_graphs.formats.records import attempt, imported, once, parsed, place, require_masks
from svg2_assets.scene_graphs.formats.shelf import Shelf
from svg2_assets.scene_graphs.formats.svg2.form import (
    GRAPH_COLUMNS,
    MASK_COLUMNS,
    NAME,
    TEST_GROUP,
    Convention,
    Reading,
)
from svg2_assets.scene_graphs.formats.svg2.rows import Rows
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

PARQUET = r".*\.parquet"
GRAPH_ROWS, MASK_ROWS = 64, 4  # rows of each kind that are in memory at once
MOST_FRAMES = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Part:
    """Scene graphs of one folder, and where their masks are. `whole`: all of the folder's, not one file alone."""

    graphs: tuple[Path, ...]
    masks: tuple[Path, ...]
    dataset: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Record:
    """One scene graph, JSON text not read yet."""

    video_id: str
    source: str
    objects: Any
    relationships: Any
    origin: Origin


def read(source: Path, options: Reading, *, videos: Videos = no_videos) -> Iterator[Read]:
    """The graphs below `source`: the release, a folder or a file of its `data`. Raises `UnusableSource`.

    Repaired and counted: see `values.Repair`. Columns of objects that the graphs do not name are left out.
    """
    return once(item for part in parts_of(source, options) for item in _of_part(part, options, videos))


def parts_of(source: Path, options: Reading) -> list[Part]:
    """The folders of scene graphs at `source`. Raises `UnusableSource` where there is none."""
    where = printable(str(source))
    if source.is_file():
        return [Part((source,), _masks_of(source.parent, options), _dataset(source.parent, options), whole=False)]
    if not source.is_dir():
        raise UnusableSource(f"{where}: there is no such file or folder. Give the release, a folder or a file of it.")
    base = source / "data" if (source / "data").is_dir() else source
    folders = dict.fromkeys(path.parent for path in files_below(base, PARQUET))
    if not folders:
        raise UnusableSource(f"{where}: expected parquet files of scene graphs, found none. Give the release's folder.")
    return [_whole(folder, options) for folder in folders]


def _whole(folder: Path, options: Reading) -> Part:
    graphs = tuple(path for path in files_below(folder, PARQUET) if path.parent == folder)
    return Part(graphs, _masks_of(folder, options), _dataset(folder, options), whole=True)


def _masks_of(folder: Path, options: Reading) -> tuple[Path, ...]:
    """Files of masks that belong to the scene graphs in `folder`."""
    if options.masks is not None:
        if not options.masks.exists():
            raise UnusableSource(f"{printable(str(options.masks))}: there are no masks. Give a folder or file of them.")
        return (options.masks,) if options.masks.is_file() else tuple(files_below(options.masks, PARQUET))
    parts = folder.absolute().parts
    if "data" not in parts:
        return ()
    last = len(parts) - 1 - parts[::-1].index("data")
    beside = Path(*parts[:last], "masks", *parts[last + 1 :])
    return tuple(path for path in files_below(beside, PARQUET) if path.parent == beside) if beside.is_dir() else ()


def _dataset(folder: Path, options: Reading) -> str:
    """`<group>/<source>`, as the folders are called."""
    return options.dataset or "/".join(folder.absolute().parts[-2:])


def _of_part(part: Part, options: Reading, videos: Videos) -> Iterator[Read]:
    with Shelf() as waiting:
        yield from _collect(part, options, waiting)
        for file in part.masks:
            yield from _with_masks(part, file, options, waiting=waiting, videos=videos)
        for _, text in waiting.items():  # noqa: PERF102 - no dict
            record = _unshelved(text)
            yield attempt(
                partial(_imported, record, None, options, videos=videos),
                video_id=record.video_id,
                origin=record.origin,
            )


def _collect(part: Part, options: Reading, waiting: Shelf) -> Iterator[Rejected]:
    """Put the scene graphs of a part aside; gives what cannot be read and ids that come again."""
    for file in part.graphs:
        origin = Origin(NAME, dataset=part.dataset, licence=options.licence, file=str(file))
        rows = Rows(file, GRAPH_COLUMNS, origin)
        for number, row in rows.read(GRAPH_ROWS):
            video_id = row["video_id"]
            here = replace(origin, record=f"row {number}")
            if not isinstance(video_id, str) or not video_id.strip():
                yield Rejected("", Fault.FORM, "expected a video_id, found none.", here)
            elif not waiting.put(video_id, _shelved(row, here)):
                yield Rejected(video_id, Fault.DUPLICATE, f"another row of {part.dataset} has this id.", here)
        yield from rows.broken


def _with_masks(part: Part, file: Path, options: Reading, *, waiting: Shelf, videos: Videos) -> Iterator[Read]:
    origin = Origin(NAME, dataset=part.dataset, licence=options.licence, file=str(file))
    rows = Rows(file, MASK_COLUMNS, origin)
    for number, row in rows.read(MASK_ROWS, wanted=None if part.whole else lambda v: waiting.get(v) is not None):
        text = waiting.take(str(row["video_id"]))
        if text is None:
            here = replace(origin, record=f"row {number}")
            yield Rejected(str(row["video_id"] or ""), Fault.NO_RECORD, "no scene graph is left for its masks.", here)
            continue
        record = _unshelved(text)
        yield attempt(
            partial(_imported, record, row, options, videos=videos),
            video_id=record.video_id,
            origin=record.origin,
        )
    yield from rows.broken


def _imported(
    record: Record, masks: Mapping[str, Any] | None, options: Reading, *, videos: Videos, repairs: Repairs
) -> Imported:
    listed = parsed(record.objects, "objects")
    convention = options.convention or _convention(listed, record.origin)
    times = half_open_seconds if convention is Convention.TEST else inclusive_seconds
    objects = objects_of(listed, repairs)
    related = parsed(record.relationships, "relationships") if record.relationships else []
    drafts = drafts_of(related, times, repairs)
    usual = usual_rate(record.source, record.origin.dataset.rsplit("/", 1)[-1])
    told = Told(record.video_id, usual_fps=usual)
    if masks is None:
        require_masks(options, "no row of masks has its id.", repairs)
    else:
        height, width, frames = _shape(masks)
        told = replace(told, height=height, width=width, num_frames=frames)
    video = place(told, options, videos=videos, drafts=drafts, repairs=repairs)
    tracks = None if masks is None else _tracks(masks, video, repairs)
    origin = replace(record.origin, version=convention.value)
    return imported(video, objects, tracks, drafts, origin=origin, repairs=repairs)


def _convention(listed: Any, origin: Origin) -> Convention:
    """That of the test set, where the folder is called so or objects have what only its objects have."""
    entries = [e for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
    typed = any("attributes_typed" in e or "level" in e for e in entries)
    return Convention.TEST if typed or TEST_GROUP in Path(origin.file).parts else Convention.TRAINING


def _shape(masks: Mapping[str, Any]) -> tuple[int, int, int]:
    """Height, width and number of frames. Raises `NotImportable` where they are none."""
    shape = masks["mask_height"], masks["mask_width"], masks["num_frames"]
    whole = all(type(n) is int and n > 0 for n in shape) and type(masks["num_objects"]) is int
    if not whole or shape[0] * shape[1] > MOST_PIXELS or shape[2] > MOST_FRAMES or masks["num_objects"] < 0:
        found = ", ".join(f"{name} {printable(str(masks[name]), limit=20)}" for name in MASK_COLUMNS[1:-1])
        raise NotImportable(Fault.FORM, f"expected a mask's height and width, a number of frames and objects: {found}.")
    return shape


def _tracks(masks: Mapping[str, Any], video: Video, repairs: Repairs) -> dict[int, Trajectory]:
    """A trajectory for each column."""
    counts, columns = masks["counts"] or [], int(masks["num_objects"])
    there = len(counts) // columns if columns else 0
    repairs[Repair.MASKS_SHORT] += bool(columns) and there < masks["num_frames"]
    repairs[Repair.MASKS_LONG] += there > masks["num_frames"]
    frames = range(min(there, masks["num_frames"], video.num_frames))
    return {
        k: trajectory_of(
            frames,
            counts[k : len(frames) * columns : columns],
            height=video.height,
            width=video.width,
            repairs=repairs,
        )
        for k in range(min(columns, len(counts)))
    }


def _shelved(row: Mapping[str, Any], origin: Origin) -> str:
    where = [origin.dataset, origin.licence, origin.file, origin.record]
    return json.dumps([[row[name] for name in GRAPH_COLUMNS], where])


def _unshelved(text: str) -> Record:
    (video_id, source, objects, relationships), (dataset, licence, file, record) = json.loads(text)
    origin = Origin(NAME, dataset=dataset, licence=licence, file=file, record=record)
    return Record(video_id, source if isinstance(source, str) else "", objects, relationships, origin)
