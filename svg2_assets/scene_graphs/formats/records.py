"""From what a record says to a graph, and from a record that cannot be one to a reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from svg2_assets.scene.errors import InvalidSceneValue, printable
from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.annotations import Named, levels_of
from svg2_assets.scene_graphs.formats.clock import Told, found_video, video_of
from svg2_assets.scene_graphs.formats.relating import last_end, relations_of
from svg2_assets.scene_graphs.formats.shelf import Shelf
from svg2_assets.scene_graphs.formats.values import (
    Fault,
    Imported,
    NotImportable,
    Origin,
    Read,
    ReadOptions,
    Rejected,
    Repair,
    Repairs,
    Videos,
)
from svg2_assets.traser.samples.values import DraftRelation

IMPORT = "import"
"""Key of a graph's provenance under which its origin is."""
LEVELS = "levels"
"""Key beside it: id to level of parts, where a record says a level and not of what."""
NO_TRAJECTORY = Trajectory((), ())
NO_DETAILS: Mapping[str, Any] = MappingProxyType({})
MOST_DOCUMENT = 256 << 20
"""Bytes of a file that is read whole."""


def attempt(make: Callable[..., Imported], *, video_id: str, origin: Origin) -> Read:
    """What `make(repairs=)` makes of one record, or why it cannot; in `repairs` it counts what it mends."""
    try:
        return make(repairs=Counter())
    except NotImportable as error:
        return Rejected(video_id, error.fault, error.detail, origin)
    except InvalidSceneValue as error:
        return Rejected(video_id, Fault.CONTRADICTION, printable(str(error)), origin)


def once(found: Iterable[Read]) -> Iterator[Read]:
    """`found`, each video once; a second graph of a video is rejected, and said where the first one was."""
    with Shelf() as seen:
        for item in found:
            if isinstance(item, Rejected) or seen.put(item.graph.video.id, item.origin.place):
                yield item
                continue
            first = seen.get(item.graph.video.id)
            yield Rejected(item.graph.video.id, Fault.DUPLICATE, f"it was in {first} already.", item.origin)


def parsed(text: Any, what: str) -> Any:
    """JSON text of a record. Raises `NotImportable`, which names `what`."""
    if not isinstance(text, str | bytes):
        raise NotImportable(Fault.FORM, f"{what}: expected JSON text, found {type(text).__name__}.")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        detail = f"{what}: no JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        raise NotImportable(Fault.NOT_JSON, detail) from error
    except (ValueError, RecursionError) as error:  # no text, integers of thousands of digits, nested too deeply
        raise NotImportable(Fault.NOT_JSON, f"{what}: no JSON: {printable(str(error))}.") from error


def document_in(path: Path) -> dict[str, Any]:
    """The JSON object in the file of one video. Raises `NotImportable`."""
    try:
        size = path.stat().st_size
        if size > MOST_DOCUMENT:
            detail = f"{printable(path.name)}: expected at most {MOST_DOCUMENT} bytes for one video, found {size}."
            raise NotImportable(Fault.TOO_LARGE, detail)
        document = parsed(path.read_bytes(), printable(path.name))
    except OSError as error:
        raise NotImportable(Fault.UNREADABLE, f"{printable(path.name)}: cannot be read: {error.strerror}.") from error
    if not isinstance(document, dict):
        detail = f"{printable(path.name)}: expected a JSON object, found {type(document).__name__}."
        raise NotImportable(Fault.FORM, detail)
    return document


def place(
    told: Told, options: ReadOptions, *, videos: Videos, drafts: Sequence[DraftRelation] = (), repairs: Repairs
) -> Video:
    """The video of a record (`clock.video_of`), which goes on as long as `drafts` do. Raises `NotImportable`."""
    found = found_video(told.id, videos, repairs)
    return video_of(told, options, found=found, last=last_end(drafts), repairs=repairs)


def require_masks(options: ReadOptions, detail: str, repairs: Repairs) -> None:
    """Count that a record is without masks. Raises `NotImportable` with `detail` where such do not come in."""
    if not options.without_masks:
        raise NotImportable(Fault.NO_MASKS, f"{detail} To import it without: --set without_masks=true.")
    repairs[Repair.NO_MASKS] += 1


def imported(
    video: Video,
    objects: Mapping[int, Named],
    trajectories: Mapping[int, Trajectory] | None,
    drafts: Iterable[DraftRelation],
    *,
    origin: Origin,
    repairs: Repairs,
    details: Mapping[str, Any] = NO_DETAILS,
) -> Imported:
    """The graph of a record. `trajectories` by id, None where the record has no masks at all. `details`: what else its
    provenance is to say, as JSON.

    Raises `InvalidSceneValue` where what is left contradicts itself.
    """
    if trajectories is not None:
        repairs[Repair.NO_COLUMN] += len(objects.keys() - trajectories.keys())
        repairs[Repair.UNNAMED] += sum(len(t) > 0 for k, t in trajectories.items() if k not in objects)
    levels = levels_of(objects)
    repairs[Repair.PART_LEVEL] += sum(level != "L1" for level in levels.values())
    tracks = trajectories or {}
    names = {o.id: o.name for o in objects.values()}
    provenance = {**details, IMPORT: origin.to_json()} | ({LEVELS: levels} if levels else {})
    graph = SceneGraph(
        video=video,
        objects=tuple(
            SceneObject(o.id, o.name, tracks.get(o.id, NO_TRAJECTORY), o.attributes) for o in objects.values()
        ),
        relations=relations_of(drafts, names=names, duration=video.duration, repairs=repairs),
        provenance=MappingProxyType(provenance),
    )
    _require_text(graph)
    return Imported(graph, origin, +repairs)


def _require_text(graph: SceneGraph) -> None:
    """JSON can hold halves of characters, which no file and no table can. Raises `NotImportable`."""
    texts = [graph.video.id, *(r.predicate for r in graph.relations)]
    texts += [text for o in graph.objects for text in (o.name, *(a.value for a in o.attributes))]
    try:
        "".join(texts).encode()
    except UnicodeEncodeError as error:
        raise NotImportable(Fault.FORM, "a name or predicate is no Unicode text (a lone surrogate).") from error
