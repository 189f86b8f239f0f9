"""Reads VIPSeg. What the document says waits on disk, video by video; pictures are read one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from svg2_assets.scene.errors import printable
from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.scene_graphs.formats.annotations import Named
from svg2_assets.scene_graphs.formats.clock import Told, usual_rate
from svg2_assets.scene_graphs.formats.files import files_below
from svg2_assets.scene_graphs.formats.json_lists import BrokenJson, members_of
from svg2_assets.scene_graphs.formats.origins import with_kept
from svg2_assets.scene_graphs.formats.records import attempt, imported, once, place, require_masks
from svg2_assets.scene_graphs.formats.shelf import Shelf
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
from svg2_assets.scene_graphs.formats.vipseg.form import (
    CATEGORIES,
    DOCUMENT,
    GREY,
    NAME,
    OURS,
    RGB,
    SEGMENTS,
    SOME,
    Categories,
    Reading,
    categories_in,
)
from svg2_assets.scene_graphs.formats.vipseg.pictures import NoPicture, size_in
from svg2_assets.scene_graphs.formats.vipseg.segments import Picture, Segments, segments_of

MOST_FPS = 1000
MOST_ID = 1 << 16


@dataclass(frozen=True, slots=True)
class Record:
    """A video before its pictures are read: `ours` is what files written here say of it beside."""

    video_id: str
    pictures: tuple[Picture, ...]
    ours: Mapping[str, Any]
    folder: str
    grey: bool = False


def read(source: Path, options: Reading, *, videos: Videos = no_videos) -> Iterator[Read]:
    """The videos of one document, of those in a folder, or of a folder of grey pictures. Raises `UnusableSource`."""
    documents = _documents(source)
    grey = source if source.name == GREY else source / GREY
    if not documents and not (options.masks or grey).is_dir():
        raise UnusableSource(
            f"{printable(str(source))}: expected {DOCUMENT}, a folder with it, or a folder {GREY} with a folder of "
            "pictures a video; found none."
        )
    if documents:
        return once(item for file in documents for item in _of_document(file, options, videos))
    return once(_of_grey(options.masks or grey, options, videos))


def _documents(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    whole = source / DOCUMENT  # the others are parts of it
    return [whole] if whole.is_file() else sorted(source.glob(SOME))


def _of_document(file: Path, options: Reading, videos: Videos) -> Iterator[Read]:
    origin = Origin(NAME, version="coco", dataset=options.dataset, licence=options.licence, file=str(file))
    pictures = options.masks or file.parent / RGB
    categories = Categories()
    with Shelf() as heads, Shelf() as waiting:
        yield from _collect(origin, heads, waiting, categories)
        if not categories.by_id:
            if not (path := options.categories or file.with_name(CATEGORIES)).is_file():
                yield Rejected("", Fault.FORM, f"expected categories, in it or in {CATEGORIES} beside.", origin)
                return
            categories = categories_in(path)
        for folder, text in waiting.items():
            line, listed = json.loads(text)
            here = replace(origin, record=f"line {line}")
            head = json.loads(heads.take(folder) or "[0, {}]")[1]
            make = partial(_listed, folder, head, listed, here, options, pictures, categories, videos=videos)
            yield attempt(make, video_id=_ours(head).get("video_id") or folder, origin=here)
        for folder, _ in heads.items():  # noqa: PERF102 - no dict
            yield Rejected(folder, Fault.NO_MASKS, "it is listed without annotations.", origin)


def _collect(origin: Origin, heads: Shelf, waiting: Shelf, categories: Categories) -> Iterator[Rejected]:
    """Put what a document says of videos aside, by id; gives what cannot be read and ids that come again."""
    shelves = {"videos": heads, "annotations": waiting}
    try:
        for key, line, item in members_of(Path(origin.file)):
            if key == "categories":
                categories.add(item)
                continue
            if key not in shelves:
                continue
            here = replace(origin, record=f"line {line}")
            video_id = item.get("video_id") if isinstance(item, dict) else None
            if not isinstance(video_id, str) or not video_id.strip():
                yield Rejected("", Fault.FORM, f"expected a video_id among {key}, found none.", here)
            elif not shelves[key].put(video_id, json.dumps([line, item])):
                yield Rejected(video_id, Fault.DUPLICATE, f"{key} has this id already.", here)
    except BrokenJson as error:
        where = replace(origin, record=f"line {error.line}")
        yield Rejected("", Fault.NOT_JSON, f"no JSON from here on: {error}.", where)
    except OSError as error:
        yield Rejected("", Fault.UNREADABLE, f"cannot be read: {error.strerror}.", origin)


def _of_grey(base: Path, options: Reading, videos: Videos) -> Iterator[Read]:
    path = options.categories or base.parent / CATEGORIES
    if not path.is_file():
        raise UnusableSource(
            f"{printable(str(base))}: grey pictures say numbers of categories. Put {CATEGORIES} beside, or say "
            "where it is: --set categories=FILE."
        )
    categories = categories_in(path)
    there = (p for p in files_below(base, r".*\.png") if p.parent.parent == base)
    for folder, paths in groupby(there, lambda p: p.parent):
        origin = Origin(NAME, version="grey", dataset=options.dataset, licence=options.licence, file=str(folder))
        record = Record(folder.name, tuple(Picture(p) for p in paths), {}, str(folder), grey=True)
        make = partial(_imported, record, origin, options, categories, videos=videos)
        yield attempt(make, video_id=folder.name, origin=origin)


def _listed(
    folder: str,
    head: Mapping[str, Any],
    listed: Mapping[str, Any],
    origin: Origin,
    options: Reading,
    base: Path,
    categories: Categories,
    *,
    videos: Videos,
    repairs: Repairs,
) -> Imported:
    """A video that a document lists: `head` is its entry among the videos, `listed` that among the annotations."""
    notes = [n if isinstance(n, dict) else {} for n in _list(listed, "annotations")]
    images = [i.get("id") for i in _list(head, "images") if isinstance(i, dict)]
    by_image = {str(n.get("image_id")): n for n in notes}
    frames = [by_image.get(str(i), {}) for i in images] if images else notes
    repairs[Repair.MASKS_LONG] += bool(images) and bool(by_image.keys() - {str(i) for i in images})
    pictures = tuple(Picture.of(note, base, folder, repairs) for note in frames)
    ours = _ours(head)
    record = Record(ours.get("video_id") or folder, pictures, ours, str(base / folder))
    return _imported(record, with_kept(origin, ours), options, categories, videos=videos, repairs=repairs)


def _imported(
    record: Record, origin: Origin, options: Reading, categories: Categories, *, videos: Videos, repairs: Repairs
) -> Imported:
    size = _size(record)
    if size is None:
        detail = f"none of its {len(record.pictures)} pictures can be read below {printable(record.folder)}."
        require_masks(options, f"{detail} Say where they are: --set masks=FOLDER.", repairs)
    height, width = size or (None, None)
    rate = record.ours.get("fps")
    fps = float(rate) if isinstance(rate, int | float) and 0 < rate < MOST_FPS else None
    told = Told(record.video_id, height, width, len(record.pictures) or None, fps, usual_fps=usual_rate(NAME))
    video = place(told, options, videos=videos, repairs=repairs)
    segments = segments_of(record.pictures[: video.num_frames], video, grey=record.grey, repairs=repairs)
    ids = _ids(record, segments)
    named = {}
    for segment, object_id in ids.items():
        category = categories.by_id.get(segments.categories[segment])
        repairs[Repair.NAMELESS] += category is None
        named[object_id] = Named(object_id, category.name if category else UNKNOWN_NAME)
    known = {s: categories.by_id[c] for s, c in segments.categories.items() if c in categories.by_id}
    stuff = sorted(ids[s] for s, category in known.items() if not category.thing)
    return imported(
        video,
        named,
        {object_id: segments.track(segment) for segment, object_id in ids.items()},
        (),
        origin=origin,
        repairs=repairs,
        details={SEGMENTS: {"stuff": stuff}} if stuff else {},
    )


def _ids(record: Record, segments: Segments) -> dict[int, int]:
    """Segment to object id: those that files written here say, the others in the order in which they are seen."""
    ids: dict[int, int] = {}
    told = record.ours.get("objects")
    for entry in told if isinstance(told, list) else ():
        segment, number = (entry.get("segment"), entry.get("id")) if isinstance(entry, dict) else (None, None)
        if type(segment) is not int or type(number) is not int:
            continue
        fits = 0 <= number < MOST_ID and number not in ids.values()
        if segment in segments.categories and segment not in ids and fits:
            ids[segment] = number
    for segment in segments.categories:
        if segment not in ids:
            ids[segment] = max(ids.values(), default=-1) + 1
    return ids


def _size(record: Record) -> tuple[int, int] | None:
    """(height, width) of the first picture that can be read."""
    for picture in record.pictures:
        try:
            if picture.path is not None:
                return size_in(picture.path)
        except (NoPicture, OSError):
            continue
    return None


def _ours(head: Mapping[str, Any]) -> dict[str, Any]:
    ours = head.get(OURS)
    if not isinstance(ours, dict):
        return {}
    given = ours.get("video_id")
    return ours if isinstance(given, str) and given.strip() else {**ours, "video_id": ""}


def _list(record: Mapping[str, Any], key: str) -> list[Any]:
    found = record.get(key, [])
    if not isinstance(found, list):
        raise NotImportable(Fault.FORM, f"expected a list {key}, found {type(found).__name__}.")
    return found
