"""Scene graphs from files, kept in the store beside those of the phases, under the name of their source."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Protocol

import polars as pl

from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject, Verification
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Span, Spans
from svg2_assets.scene.taxonomy import AttributeType, Category, Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.records import IMPORT
from svg2_assets.scene_graphs.formats.values import Fault, Imported, Origin, Read, Rejected, Repair

TABLE = "imported_graphs"
CODE_VERSION = "1"
"""To be raised whenever the same file gives another row."""
BATCH, BATCH_BYTES = 256, 64 << 20
"""Videos, and bytes of their masks, that one commit writes."""
AT_ONCE = 16
"""Graphs that are read from the store together."""
COLUMNS = (
    *("video_id", "source", "format", "format_version", "dataset", "licence", "file", "record", "details"),
    *("uri", "sha256", "width", "height", "fps", "num_frames", "duration", "frame_times"),
    *("objects", "masks", "relations"),
)
"""What of a row a graph is made of."""
SHOWN = 20
"""Rejected videos that are kept with what is wrong with them; the others are counted."""

Row = dict[str, Any]
Heard = Callable[[int, int], None]
"""Videos imported and rejected so far."""


class ImportStore(Protocol):
    """The store as importing uses it."""

    def read(
        self,
        table: str,
        *,
        video_ids: Iterable[str] | None = None,
        columns: Sequence[str] | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> pl.DataFrame:
        """Rows of a table."""
        ...

    def upsert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> Any:
        """Insert rows, or overwrite those with the same key."""
        ...


class OrderedStore(Protocol):
    """The store as reading a whole source uses it."""

    def scan_in_order(
        self, table: str, columns: Sequence[str], *, where: Mapping[str, Any] | None = None, rows: int
    ) -> Iterator[pl.DataFrame]:
        """Rows of a table in order of key, a frame of at most `rows` at a time."""
        ...


@dataclass(slots=True)
class Brought:
    """What an import did: `videos` that are in the store now, how often what was mended, who was rejected and why."""

    videos: int = 0
    repairs: Counter[Repair] = field(default_factory=Counter)
    faults: Counter[Fault] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)


def bring_in(
    store: ImportStore,
    found: Iterable[Read],
    *,
    source: str,
    limit: int | None = None,
    run_id: str = "",
    heard: Heard = lambda *_: None,
) -> Brought:
    """Write what a reader gives as rows of `source`, at most `limit` videos, `BATCH` in a commit.

    A video that is there under this source is overwritten. Memory is that of one batch.
    """
    done = Brought()
    made = {"source": source, "code_version": CODE_VERSION, "run_id": run_id}
    rows: list[Row] = []
    for item in _at_most(found, limit):
        if isinstance(item, Rejected):
            done.faults[item.fault] += 1
            done.rejected += [item] if len(done.rejected) < SHOWN else []
        else:
            done.repairs.update(item.repairs)
            rows.append(row_of(item) | made | {"created_at": datetime.now(UTC)})
        if len(rows) >= BATCH or sum(_size(row) for row in rows) >= BATCH_BYTES:
            done.videos += _written(store, rows)
        heard(done.videos + len(rows), done.faults.total())
    done.videos += _written(store, rows)
    return done


def row_of(item: Imported) -> Row:
    """The row of an imported graph; source and provenance are the writer's to add."""
    graph, origin = item.graph, item.origin
    video = graph.video
    details = {key: value for key, value in graph.provenance.items() if key != IMPORT}
    return {
        "video_id": video.id,
        "format": origin.format,
        "format_version": origin.version,
        "dataset": origin.dataset,
        "licence": origin.licence,
        "file": origin.file,
        "record": origin.record,
        "details": json.dumps(details),
        "repairs": json.dumps({repair.value: count for repair, count in item.repairs.items()}),
        "uri": video.uri,
        "sha256": video.sha256,
        "width": video.width,
        "height": video.height,
        "fps": video.fps,
        "num_frames": video.num_frames,
        "duration": video.duration,
        "frame_times": None if video.frame_times is None else list(video.frame_times),
        "num_objects": len(graph.objects),
        "num_relations": len(graph.relations),
        "objects": [_object_row(o) for o in graph.objects],
        "masks": [mask.counts for o in graph.objects for mask in o.trajectory.masks],
        "relations": [_relation_row(r) for r in graph.relations],
    }


def graph_of(row: Mapping[str, Any]) -> SceneGraph:
    """The graph that a row of `imported_graphs` holds."""
    video = Video(
        id=row["video_id"],
        uri=row["uri"],
        sha256=row["sha256"],
        width=row["width"],
        height=row["height"],
        fps=row["fps"],
        num_frames=row["num_frames"],
        duration=row["duration"],
        frame_times=None if row["frame_times"] is None else tuple(row["frame_times"]),
    )
    masks = iter(row["masks"])
    objects = tuple(_object(o, masks, video) for o in row["objects"])
    return SceneGraph(video, objects, tuple(map(_relation, row["relations"])), _provenance(row))


def read_imported(store: ImportStore, video_id: str, source: str) -> SceneGraph:
    """The graph of one video that `source` brought. Raises `PhaseError` where there is none."""
    for graph in imported_graphs(store, source, [video_id]):
        return graph
    raise PhaseError(
        video=video_id, phase=TABLE, expected=f"a graph of {source}", found="none", remedy="Import it: `svg2 import`."
    )


def imported_ids(store: ImportStore, source: str) -> list[str]:
    """Ids of the videos that `source` brought, in order."""
    return store.read(TABLE, columns=["video_id"], where={"source": source})["video_id"].sort().to_list()


def imported_graphs(store: ImportStore, source: str, video_ids: Sequence[str]) -> Iterator[SceneGraph]:
    """The graphs of these videos that `source` brought, `AT_ONCE` in memory; those that are not there are left out.

    Without an index, each `AT_ONCE` look at all of the table: `all_imported` reads a whole source.
    """
    for begin in range(0, len(video_ids), AT_ONCE):
        ids = video_ids[begin : begin + AT_ONCE]
        rows = {row["video_id"]: row for row in store.read(TABLE, video_ids=ids, where={"source": source}).to_dicts()}
        yield from (graph_of(rows[video_id]) for video_id in ids if video_id in rows)


def all_imported(store: OrderedStore, source: str) -> Iterator[SceneGraph]:
    """All graphs that `source` brought, as they are when the first is asked for, in order of the ids of their videos.

    `AT_ONCE` are in memory, and the ids.
    """
    for frame in store.scan_in_order(TABLE, COLUMNS, where={"source": source}, rows=AT_ONCE):
        yield from map(graph_of, frame.iter_rows(named=True))


def _at_most(found: Iterable[Read], limit: int | None) -> Iterator[Read]:
    """`found` up to the `limit`-th imported video."""
    left = limit
    for item in found:
        yield item
        if left is not None and isinstance(item, Imported):
            left -= 1
            if left <= 0:
                return


def _written(store: ImportStore, rows: list[Row]) -> int:
    written = len(rows)
    if rows:
        store.upsert(TABLE, rows)
        rows.clear()
    return written


def _size(row: Row) -> int:
    return sum(map(len, row["masks"]))


def _object_row(o: SceneObject) -> Row:
    return {
        "id": o.id,
        "name": o.name,
        "attributes": [
            {"value": a.value, "type": a.type.value, "confidence": float(a.confidence)} for a in o.attributes
        ],
        "part_of": o.part_of,
        "verdict": o.verification.verdict.value,
        "score": float(o.verification.score),
        "frames": list(o.trajectory.frames),
    }


def _object(row: Mapping[str, Any], masks: Iterator[bytes], video: Video) -> SceneObject:
    frames = tuple(row["frames"])
    attributes = (Attribute(a["value"], AttributeType(a["type"]), a["confidence"]) for a in row["attributes"])
    return SceneObject(
        id=row["id"],
        name=row["name"],
        trajectory=Trajectory(frames, tuple(Mask(video.height, video.width, next(masks)) for _ in frames)),
        attributes=tuple(attributes),
        verification=Verification(Verdict(row["verdict"]), row["score"]),
        part_of=row["part_of"],
    )


def _relation_row(r: Relation) -> Row:
    return {
        "subject": r.subject,
        "predicate": r.predicate,
        "object": r.object,
        "category": r.category.value,
        "spans": [{"start": s.start, "end": s.end} for s in r.spans],
        "confidence": float(r.confidence),
    }


def _relation(row: Mapping[str, Any]) -> Relation:
    spans = Spans(tuple(Span(s["start"], s["end"]) for s in row["spans"]))
    return Relation(
        row["subject"], row["predicate"], row["object"], Category(row["category"]), spans, row["confidence"]
    )


def _provenance(row: Mapping[str, Any]) -> Mapping[str, Any]:
    origin = Origin(
        row["format"], row["format_version"], row["dataset"], row["licence"], file=row["file"], record=row["record"]
    )
    return MappingProxyType({IMPORT: origin.to_json(), **json.loads(row["details"])})
