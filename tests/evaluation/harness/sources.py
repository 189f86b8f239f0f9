"""Graphs in memory as a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from svg2_assets.evaluation.harness.sources import Card, UnreadableGraph
from svg2_assets.scene.graph import Relation, SceneGraph, SceneObject
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from tests.evaluation.graphs.scenes import thing


@dataclass
class Given:
    """`broken` are ids whose graph cannot be had; `reads` counts how often which one was asked for."""

    graphs: Iterable[SceneGraph]
    name: str = "given"
    has_masks: bool = True
    broken: tuple[str, ...] = ()
    rejected: Mapping[str, str] = field(default_factory=dict)

    def cards(self) -> dict[str, Card]:
        ids = [*(g.video.id for g in self.graphs), *self.broken]
        return {v: Card.of(v) for v in sorted(ids)}

    def graph(self, video_id: str) -> SceneGraph:
        for graph in self.graphs:
            if graph.video.id == video_id:
                return graph
        raise UnreadableGraph(f"{video_id}: is broken")


FRAMES = 20


def clip(video_id: str = "v", *, frames: int = FRAMES, width: int = 64) -> Video:
    return Video(video_id, "", "", width, 48, 10.0, frames, frames / 10)


def box(left: int, *, frames: int = FRAMES, width: int = 64) -> Trajectory:
    """A square of 10 pixels that stands still."""
    mask = Mask.from_box((left, 4, 10, 10), height=48, width=width)
    return Trajectory(tuple(range(frames)), (mask,) * frames)


def seen(
    places: Mapping[int, tuple[str, int]], relations: Iterable[Relation] = (), *, video: Video | None = None
) -> SceneGraph:
    """Things by id: (name, left edge of its square)."""
    shown = video or clip()
    objects = tuple(
        SceneObject(i, name, box(left, frames=shown.num_frames, width=shown.width))
        for i, (name, left) in places.items()
    )
    return SceneGraph(shown, objects, tuple(relations))


__all__ = ["Given", "box", "clip", "seen", "thing"]
