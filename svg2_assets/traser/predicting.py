"""What TRASER tells of the store's videos, as rows by source, and the graphs that these rows stand for.

A prediction is of the trajectories in the store: its rows name their objects by id and hold no masks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from svg2_assets.catalog.lookup import CatalogEntry, entries, states
from svg2_assets.phases import digest
from svg2_assets.scene.errors import InvalidSceneValue, PhaseError, VideoError
from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import AttributeType, Category
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import FrameSource
from svg2_assets.scene_graphs.stored import read_tracks, read_video
from svg2_assets.traser.text import Task

if TYPE_CHECKING:
    from svg2_assets.traser.asking import Asking
    from svg2_assets.traser.generation.telling import Teller, Told

TABLE = "predictions"
CODE_VERSION = "1"
"""To be raised whenever the same model, video and settings give another prediction."""
NEEDED = "trajectories"


class PredictionStore(Protocol):
    """The store as predicting uses it."""

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


@dataclass(frozen=True, slots=True)
class Predicting:
    """Who is asked and for what: `source` names the rows, `checkpoint` and `config` decide whether they are fresh."""

    source: str
    checkpoint: str
    task: Task = Task.SCENE_GRAPH
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def config_hash(self) -> str:
        """16 hex digits over every setting."""
        return digest(self.task.value, dict(self.config))

    @property
    def row(self) -> dict[str, str]:
        """What of a row says who was asked."""
        return {
            "source": self.source, "model_id": self.checkpoint, "code_version": CODE_VERSION,
            "config_hash": self.config_hash,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Predicted:
    """The videos that were asked about now, those whose rows were fresh, and why others have none."""

    done: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    blocked: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def summary(self) -> str:
        """One line."""
        return (
            f"{len(self.done)} videos asked about, {len(self.fresh)} fresh, {len(self.blocked)} blocked, "
            f"{len(self.failed)} failed"
        )


def predict(
    store: PredictionStore,
    video_ids: Sequence[str],
    how: Predicting,
    *,
    teller: Callable[[], Teller],
    open_video: Callable[[str], FrameSource],
    batch: int = 1,
    run_id: str = "",
    heard: Callable[[str, int, int], None] = lambda *_: None,
) -> Predicted:
    """Ask about the videos whose prediction is missing or out of date; a failure costs one video.

    `batch` videos are asked about together and committed together. The model is opened (`teller`) when there is
    something to ask.
    """
    catalog = entries(store, video_ids=list(video_ids))
    todo, fresh, blocked = what_to_ask(store, catalog, how)
    failed: dict[str, str] = {}
    measures: dict[str, Mapping[str, Any]] = {}
    opened: Teller | None = None
    numbered = enumerate(todo.items())
    while group := list(islice(numbered, max(batch, 1))):
        opened = opened or teller()
        began = time.perf_counter()
        asked: list[_Asked] = []
        for number, (video_id, version) in group:
            heard(catalog[video_id].uri, number, len(todo))
            try:
                asked.append(_asked(store, video_id, version, how, teller=opened, source=open_video(video_id)))
            except (VideoError, PhaseError, InvalidSceneValue) as error:
                failed[video_id] = str(error)
        rows, unsaid = _rows(opened, asked)
        failed |= unsaid
        share = {"seconds": round((time.perf_counter() - began) / max(len(rows), 1), 3)}
        made = {**share, **how.row, "run_id": run_id, "created_at": datetime.now(UTC)}
        if rows:
            store.upsert(TABLE, [row | made for row in rows.values()])
        for video_id, row in rows.items():
            counts = {"objects": len(row["objects"]), "relations": len(row["relations"])}
            measures[video_id] = counts | {k: row[k] for k in ("tokens", "complete")} | share
    return Predicted(tuple(measures), fresh, blocked=blocked, failed=failed, measures=measures)


def what_to_ask(
    store: PredictionStore, catalog: Mapping[str, CatalogEntry], how: Predicting
) -> tuple[dict[str, str], tuple[str, ...], dict[str, str]]:
    """Videos to ask about with the version of their input, fresh ones, and why others cannot be."""
    columns = ("video_id", "input_version", "code_version", "config_hash", "model_id")
    rows = store.read(TABLE, video_ids=list(catalog), columns=columns, where={"source": how.source})
    known = {r["video_id"]: tuple(r[c] for c in columns[1:]) for r in rows.iter_rows(named=True)}
    todo: dict[str, str] = {}
    fresh: list[str] = []
    blocked: dict[str, str] = {}
    for video_id, phases in ((v, states(store, [v]).get(v, {})) for v in sorted(catalog)):
        state = phases.get(NEEDED)
        if state is None or not state.usable:
            found = "have not run" if state is None else f"are {state.status}, gate {state.gate}"
            blocked[video_id] = f"{NEEDED} {found}"
        elif known.get(video_id) == (state.output_version, CODE_VERSION, how.config_hash, how.checkpoint):
            fresh.append(video_id)
        else:
            todo[video_id] = state.output_version
    return todo, tuple(fresh), blocked


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked about a video, of which trajectories, and their version."""

    video_id: str
    version: str
    trajectories: Mapping[int, Trajectory]
    asking: Asking


def _asked(
    store: PredictionStore, video_id: str, version: str, how: Predicting, *, teller: Teller, source: FrameSource
) -> _Asked:
    trajectories = trajectories_of(store, video_id)
    return _Asked(video_id, version, trajectories, teller.ask(teller.show(source, trajectories), how.task))


def _rows(teller: Teller, asked: Sequence[_Asked]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Rows by video, and why others have none. An answer that has no room ends its batch: then each is asked alone."""
    try:
        told = list(teller.tell([one.asking for one in asked], batch=max(len(asked), 1)))
        return {one.video_id: _row(one, answer) for one, answer in zip(asked, told, strict=True)}, {}
    except (PhaseError, InvalidSceneValue) as error:
        if len(asked) == 1:
            return {}, {asked[0].video_id: str(error)}
    rows: dict[str, dict[str, Any]] = {}
    failed: dict[str, str] = {}
    for one in asked:
        row, unsaid = _rows(teller, [one])
        rows |= row
        failed |= unsaid
    return rows, failed


def _row(asked: _Asked, told: Told) -> dict[str, Any]:
    return row_of(told, told.graph(asked.trajectories, {})) | {"input_version": asked.version}


def row_of(told: Told, graph: SceneGraph) -> dict[str, Any]:
    """What was told as a row, its source and provenance left out."""
    return graph_row(graph) | {
        "task": told.asking.task.value,
        "texts": list(told.texts),
        "tokens": told.tokens,
        "complete": told.ended,
        "remarks": [str(r) for r in told.answer.remarks],
        "notes": list(told.asking.notes),
    }


def graph_row(graph: SceneGraph) -> dict[str, Any]:
    """What of a row the graph says."""
    relations = [
        {
            "subject": r.subject,
            "predicate": r.predicate,
            "object": r.object,
            "category": r.category.value,
            "spans": [{"start": s.start, "end": s.end} for s in r.spans],
            "confidence": r.confidence,
        }
        for r in graph.relations
    ]
    return {
        "video_id": graph.video.id,
        "objects": [{"id": o.id, "name": o.name, "attributes": [a.value for a in o.attributes]} for o in graph.objects],
        "relations": relations,
    }


def trajectories_of(store: PredictionStore, video_id: str) -> dict[int, Trajectory]:
    """The store's trajectories of a video that show something, by id."""
    return {o.id: o.trajectory for o in read_tracks(store, video_id).objects if o.trajectory.frames}


def read_prediction(store: PredictionStore, video_id: str, source: str) -> SceneGraph:
    """The graph that `source` told of a video. Raises `PhaseError` where there is none."""
    rows = store.read(TABLE, video_ids=[video_id], where={"source": source}).to_dicts()
    if not rows:
        raise PhaseError(
            video=video_id,
            phase=TABLE,
            expected=f"a prediction of {source}",
            found="none",
            remedy="Materialize traser_predictions for the video.",
        )
    row, tracks = rows[0], trajectories_of(store, video_id)
    gone = [o["id"] for o in row["objects"] if o["id"] not in tracks]
    if gone:
        raise PhaseError(
            video=video_id,
            phase=TABLE,
            expected="the trajectories that were told of",
            found=f"none with the ids {gone[:5]}",
            remedy="The video was tracked anew. Materialize traser_predictions again.",
        )
    objects = tuple(
        SceneObject(
            o["id"], o["name"], tracks[o["id"]], tuple(Attribute(a, AttributeType.OTHER) for a in o["attributes"])
        )
        for o in row["objects"]
    )
    relations = tuple(
        Relation(
            r["subject"],
            r["predicate"],
            r["object"],
            Category(r["category"]),
            Spans.of((s["start"], s["end"]) for s in r["spans"]),
            r["confidence"],
        )
        for r in row["relations"]
    )
    provenance = {k: str(row[k]) for k in ("source", "model_id", "config_hash", "code_version", "run_id", "created_at")}
    return SceneGraph(read_video(store, video_id), objects, relations, {"predictions": provenance})
