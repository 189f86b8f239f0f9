"""Graphs of short clips for round trips, and what is left of them where a format has no place for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from hypothesis import strategies as st

from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject, Verification
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, AttributeType, Category, Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.values import Imported, Read, Rejected
from tests.scene.strategies import names, trajectories, units

RATES = (1.0, 6.0, 24.0, 29.97)


@st.composite
def videos(draw: st.DrawFn) -> Video:
    """Videos of a constant rate, of a part of a second to some seconds."""
    fps, frames = draw(st.sampled_from(RATES)), draw(st.integers(1, 80))
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    return Video(draw(names), "/clips/a.mp4", "ab" * 32, width, height, fps, frames, frames / fps)


@st.composite
def graphs(draw: st.DrawFn, *, step: float | None = None) -> SceneGraph:
    """Graphs with everything a graph can have; with `step`, relations begin and end at its multiples, or at the end."""
    video = draw(videos())
    ids = draw(st.lists(st.integers(0, 9), max_size=4, unique=True))
    edges = _edges(video, step)
    return SceneGraph(
        video=video,
        objects=tuple(draw(_objects(video, object_id, ids[:i])) for i, object_id in enumerate(ids)),
        relations=tuple(draw(st.lists(_relations(ids, edges), max_size=4))) if ids else (),
        provenance=MappingProxyType({"made": "here"}),
    )


def _edges(video: Video, step: float | None) -> list[float]:
    fine = step or video.duration / 37
    return [i * fine for i in range(int(np.ceil(video.duration / fine - 1e-9)))] + [video.duration]


@st.composite
def _objects(draw: st.DrawFn, video: Video, object_id: int, wholes: list[int]) -> SceneObject:
    attribute = st.builds(Attribute, names, st.sampled_from(AttributeType), units)
    return SceneObject(
        object_id,
        draw(names),
        draw(trajectories(video)),
        tuple(draw(st.lists(attribute, max_size=3))),
        Verification(draw(st.sampled_from(Verdict)), draw(units)),
        draw(st.sampled_from([None, *wholes])),
    )


@st.composite
def _relations(draw: st.DrawFn, ids: list[int], edges: list[float]) -> Relation:
    subject, object_ = draw(st.permutations([CAMERA_ID, *ids]))[:2]
    flags = draw(st.lists(st.booleans(), min_size=len(edges) - 1, max_size=len(edges) - 1).filter(any))
    return Relation(
        subject,
        draw(st.one_of(names, st.sampled_from(["holding", "next to"]))),
        object_,
        draw(st.sampled_from(Category)),
        Spans.where(flags, edges),
        draw(units),
    )


def kept_of(graph: SceneGraph, *, types: bool) -> SceneGraph:
    """What an SVG2 file says of `graph`: no clock but the rate, nothing but names, attributes and timed relations."""
    return SceneGraph(
        replace(graph.video, uri="", sha256=""),
        tuple(
            SceneObject(
                o.id,
                o.name,
                o.trajectory,
                tuple(Attribute(a.value, a.type if types else AttributeType.OTHER) for a in o.attributes),
            )
            for o in graph.objects
        ),
        tuple(united(graph.relations)),
    )


def united(relations: Sequence[Relation]) -> list[Relation]:
    """Each (subject, predicate, object) once, with the first one's category and the times of all."""
    return [
        replace(first, confidence=1.0, spans=Spans.of(s for r in relations if r.key == first.key for s in r.spans))
        for i, first in enumerate(relations)
        if first.key not in {r.key for r in relations[:i]}
    ]


def same(found: SceneGraph, wanted: SceneGraph) -> bool:
    """Whether both say the same, provenance aside, times to the microsecond."""

    def told(graph: SceneGraph) -> tuple[object, ...]:
        video = replace(graph.video, duration=round(graph.video.duration, 6), fps=round(graph.video.fps, 6))
        return video, graph.objects, [(r.key, r.category, r.spans.to_json(), r.confidence) for r in graph.relations]

    return told(found) == told(wanted)


def only(found: Sequence[Read]) -> Imported:
    (item,) = found
    assert isinstance(item, Imported), item
    return item


def rejected(found: Sequence[Read]) -> list[Rejected]:
    return [item for item in found if isinstance(item, Rejected)]


def ids(found: Sequence[Read]) -> list[str]:
    return [item.graph.video.id for item in found if isinstance(item, Imported)]


def clip(
    video_id: str = "clip", *, frames: int = 48, fps: float = 24.0, relations: Sequence[Relation] = ()
) -> SceneGraph:
    """Two things that are visible throughout, 8 x 6 pixels, for `frames` frames."""
    video = Video(video_id, "", "", 8, 6, fps, frames, frames / fps)
    masks = [Mask.from_box((x, 1, 3, 3), height=6, width=8) for x in (0, 4)]
    tracks = [Trajectory(tuple(range(frames)), (mask,) * frames) for mask in masks]
    objects = (SceneObject(0, "man_(adult)", tracks[0]), SceneObject(1, "chair or seat", tracks[1]))
    return SceneGraph(video, objects, tuple(relations))


def related(*spans: tuple[float, float], predicate: str = "near", subject: int = 0, other: int = 1) -> Relation:
    return Relation(subject, predicate, other, Category.SPATIAL, Spans.of(spans))
