"""TRASER's training files: a JSON list of entries, and a JSON file of masks for each video.

**Layout.** `<name>.json` is a list of `{"video", "mask_json", "obj_list", "has_relationships", "conversations"}`: what
is asked (`human`) and answered (`gpt`) of a video. The answer is JSON text, `{"objects": [{"object_<id>": label,
"attributes": [...]}, ...], "relationships": [[subject, predicate, object, [[start, end], ...]], ...]}`; ids are those
of `obj_list`, which are columns of the masks. `object <k>` with a space is read as the k-th of `obj_list`, from 1.
Masks: `masks/<source>/<id>_rle.json` (specification §4, §6.7, §8.2). Files written here have `video_id`, too; the
ids of others are the names of their mask files.

**Times**: whole seconds, both ends included; `[a, b]` holds in `[a, b + 1)`. **Boxes**: none; masks are compressed COCO
RLE. No frame rate: it is the option `fps`, else that of the source whose folder of masks it is (SA-V 24, VIPSeg 6,
LV-VIS and OVIS 5 frames a second), else that of the video's file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.formats.annotations import (
    Named,
    drafts_of,
    inclusive_seconds,
    listed_objects,
    listed_relation,
    objects_of,
)
from svg2_assets.scene_graphs.formats.clock import Told, usual_rate
from svg2_assets.scene_graphs.formats.columns import frames_of_rles, size_of
from svg2_assets.scene_graphs.formats.files import file_name, require_new, unfinished
from svg2_assets.scene_graphs.formats.json_lists import BrokenJson, items_of
from svg2_assets.scene_graphs.formats.losses import lost_of
from svg2_assets.scene_graphs.formats.mask_files import SUFFIX, read_masks, write_masks
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
    Rejected,
    Repairs,
    UnusableSource,
    Videos,
    WriteOptions,
    Written,
    no_videos,
)
from svg2_assets.traser.samples.values import DraftRelation
from svg2_assets.traser.text import Clock, Task, instruction

NAME = "traser"
MASKS = "masks"
VIDEO = "<video>"
"""What stands for the video in what is asked."""
WITHOUT = frozenset(Loss) - {Loss.ATTRIBUTES}


class Writing(WriteOptions):
    """Options. `name` of the list's file; `source` of the masks' folder."""

    name: str = "train"
    source: str = "svg2-assets"


def read(source: Path, options: ReadOptions, *, videos: Videos = no_videos) -> Iterator[Read]:
    """The videos of a list, or of every list in a folder, entry by entry. Raises `UnusableSource`."""
    lists = [source] if source.is_file() else sorted(source.glob("*.json"))
    if not lists:
        where = printable(str(source))
        raise UnusableSource(f"{where}: expected a JSON file of entries, or a folder of such; found none.")
    return once(item for file in lists for item in _of_list(file, options, videos))


def _of_list(file: Path, options: ReadOptions, videos: Videos) -> Iterator[Read]:
    origin = Origin(NAME, dataset=options.dataset or file.stem, licence=options.licence, file=str(file))
    try:
        for line, entry in items_of(file):
            here = replace(origin, record=f"line {line}")
            video_id = _video_id(entry)
            if not video_id:
                yield Rejected("", Fault.FORM, "expected an entry with video and mask_json, found none.", here)
                continue
            make = partial(_imported, entry, video_id, options, videos=videos, origin=here)
            yield attempt(make, video_id=video_id, origin=here)
    except BrokenJson as error:
        where = replace(origin, record=f"line {error.line}")
        yield Rejected("", Fault.NOT_JSON, f"no JSON from here on: {error}.", where)
    except OSError as error:
        yield Rejected("", Fault.UNREADABLE, f"cannot be read: {error.strerror}.", origin)


def _video_id(entry: Any) -> str:
    """What an entry calls its video; "" where it is no entry."""
    if not isinstance(entry, dict):
        return ""
    given, masks, video = (entry.get(key) for key in ("video_id", "mask_json", "video"))
    if isinstance(given, str) and given.strip():
        return given
    if isinstance(masks, str) and masks.endswith(SUFFIX):
        return PurePosixPath(masks).name.removesuffix(SUFFIX)
    return PurePosixPath(video).stem if isinstance(video, str) else ""


def _imported(
    entry: Mapping[str, Any], video_id: str, options: ReadOptions, *, videos: Videos, origin: Origin, repairs: Repairs
) -> Imported:
    answer = _answer(entry)
    objects = objects_of(answer.get("objects"), repairs)
    drafts = drafts_of(answer.get("relationships"), inclusive_seconds, repairs)
    objects, drafts = _by_id(objects, drafts, entry.get("obj_list"))
    given = str(entry.get("mask_json") or "")
    path = _mask_path(Path(origin.file).parent, given)
    told = Told(video_id, usual_fps=usual_rate(PurePosixPath(given).parent.name))
    frames: list[Any] | None = None
    if path is None:
        require_masks(options, f"its masks {printable(given)!r} are not beside the list.", repairs)
    else:
        frames = read_masks(path)
        height, width = size_of(m for f in frames if isinstance(f, list) for m in f) or (None, None)
        told = replace(told, height=height, width=width, num_frames=len(frames) or None)
    video = place(told, options, videos=videos, drafts=drafts, repairs=repairs)
    tracks = None if frames is None else frames_of_rles(frames, video, repairs)
    return imported(video, objects, tracks, drafts, origin=origin, repairs=repairs)


def _answer(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The first answer. Raises `NotImportable`."""
    turns = entry.get("conversations")
    for turn in turns if isinstance(turns, list) else ():
        if isinstance(turn, dict) and turn.get("from") == "gpt":
            answer = parsed(turn.get("value"), "the answer")
            if isinstance(answer, dict):
                return answer
            break
    raise NotImportable(Fault.FORM, "expected conversations with an answer of gpt, a JSON object; found none.")


def _by_id(
    objects: Mapping[int, Named], drafts: list[DraftRelation], listed: Any
) -> tuple[dict[int, Named], list[DraftRelation]]:
    """Objects and relations by id, where the answer tells of the k-th object of the list."""
    if not isinstance(listed, list) or not any(o.numbered for o in objects.values()):
        return dict(objects), drafts
    ids = {k: i for k, i in enumerate(listed, 1) if type(i) is int}
    named = {ids[k]: replace(o, id=ids[k]) for k, o in objects.items() if k in ids}
    unknown = max((0, *ids.values())) + 1  # the id of no object
    return named, [
        replace(
            d,
            subject=ids.get(d.subject, d.subject if d.subject < 0 else unknown),
            object=ids.get(d.object, d.object if d.object < 0 else unknown),
        )
        for d in drafts
    ]


def _mask_path(base: Path, given: str) -> Path | None:
    """The file of masks that an entry names: below `base`, whatever the entry says; None where there is none."""
    parts = [p for p in PurePosixPath(given).parts if p != "/"]
    if not parts or ".." in parts:
        return None
    # Absolute paths are those of who made the list: its last parts are where masks lie beside it.
    for tail in (parts, parts[-3:], [MASKS, *parts[-2:]]):
        path = base.joinpath(*tail)
        if path.is_file() and path.resolve().is_relative_to(base.resolve()):
            return path
    return None


def write(graphs: Iterable[SceneGraph], target: Path, options: Writing) -> Written:
    """Write the list and a file of masks for each video. Raises `UnusableTarget`.

    With `resume`, masks that are there are kept and the list is written anew.
    """
    path = target / f"{file_name(options.name)}.json"
    if not options.resume:
        require_new(path)
    lost: Counter[Loss] = Counter()
    videos = kept = 0
    with unfinished(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for graph in graphs:
            lost += lost_of(graph, WITHOUT)
            masks = PurePosixPath(MASKS, file_name(options.source), file_name(graph.video.id) + SUFFIX)
            if require_new(target / masks, resume=options.resume):
                tracks = {o.id: o.trajectory for o in graph.objects}
                write_masks(target / masks, tracks, graph.video, num_columns=1 + max(tracks, default=-1))
                videos += 1
            else:
                kept += 1
            _append(file, _entry(graph, str(masks), lost), first=videos + kept == 1)
        file.write("\n]\n" if videos + kept else "[]\n")
    return Written(videos=videos, kept=kept, files=1 + videos, lost=+lost)


def _append(file: IO[str], entry: Mapping[str, Any], *, first: bool) -> None:
    file.write("[\n" if first else ",\n")
    file.write(json.dumps(entry, ensure_ascii=False))


def _entry(graph: SceneGraph, masks: str, lost: Counter[Loss]) -> dict[str, Any]:
    edges = Clock(graph.video.duration).edges()
    relations = [listed_relation(r, t, category=False) for r, t in counted(united(graph.relations), edges, lost)]
    task = Task.of(attributes=any(o.attributes for o in graph.objects), relations=bool(relations))
    answer: dict[str, Any] = {"objects": listed_objects(graph.objects, attributes=task.tells_attributes)}
    if relations:
        answer["relationships"] = relations
    before, after = instruction(task)
    return {
        "video": graph.video.uri or f"{file_name(graph.video.id)}.mp4",
        "video_id": graph.video.id,
        "mask_json": masks,
        "obj_list": [o.id for o in graph.objects],
        "has_relationships": bool(relations),
        "conversations": [
            {"from": "human", "value": before + VIDEO + after},
            {"from": "gpt", "value": json.dumps(answer, ensure_ascii=False)},
        ],
    }


FORMAT = Format(
    name=NAME,
    title="TRASER's training files: a JSON list of questions and answers, and a JSON file of masks a video",
    read=read,
    write=write,
    writing=Writing,
    lost_in=(
        "Nothing that the files say; categories of relations, which they lack, are guessed from predicates.",
        "Mask columns that no object has the id of.",
    ),
    lost_out=(
        "The video's clock: frame rate, duration, true times of frames; its address and hash, unless found again.",
        "Types of attributes, categories of relations, confidences, verdicts on names, parts, what made the graph.",
        "Times between whole seconds; a span becomes the seconds that it covers for half, at least one.",
        "Relations that repeat (subject, predicate, object): they become one, with the times of all.",
        "The size of a video without objects.",
    ),
)
