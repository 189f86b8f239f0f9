"""Graphs whose masks are filled boxes, and what box formats keep of others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from svg2_assets.scene.graph import Relation, SceneGraph, SceneObject
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.scene.trajectory import Trajectory
from tests.scene_graphs.formats.clips import united


def around(mask: Mask) -> Mask:
    """The filled box around a mask, painted pixel by pixel."""
    rows, columns = np.nonzero(mask.to_array())
    pixels = np.zeros((mask.height, mask.width), dtype=bool)
    pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
    return Mask.from_array(pixels)


def boxed(track: Trajectory, *, step: int = 1) -> Trajectory:
    """Boxes in place of masks, on every `step`-th frame."""
    kept = [(f, around(m)) for f, m in zip(track.frames, track.masks, strict=True) if f % step == 0]
    return Trajectory(tuple(f for f, _ in kept), tuple(m for _, m in kept))


def on_frames(graph: SceneGraph) -> SceneGraph:
    """The same relations, from frame to frame: on every second one, and the first."""
    video = graph.video
    flags = [i % 2 == 0 for i in range(video.num_frames)]
    spans = Spans.where(flags, video.edges)
    return SceneGraph(video, graph.objects, tuple(replace(r, spans=spans) for r in graph.relations), graph.provenance)


def plain(graph: SceneGraph, tracks: dict[int, Trajectory]) -> tuple[SceneObject, ...]:
    """Objects with nothing but id, name and `tracks`."""
    return tuple(SceneObject(o.id, o.name, tracks[o.id]) for o in graph.objects)


def between_objects(graph: SceneGraph) -> list[Relation]:
    """Each statement about two objects once, with the times of all."""
    return [r for r in united(graph.relations) if CAMERA_ID not in (r.subject, r.object)]


def told(relations: list[Relation]) -> dict[tuple[int, str, int], list[list[float]]]:
    return {r.key: r.spans.to_json() for r in relations}
