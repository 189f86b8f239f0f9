"""Scene graphs as panoptic maps: masks painted frame by frame, names found among categories (`public.from_graphs`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from svg2_assets.evaluation.harness.sources import Card, GraphSource, UnreadableGraph, UnusableGraphs
from svg2_assets.evaluation.panoptic.sources import Frames, UnreadableFrame
from svg2_assets.evaluation.public.from_graphs import PanopticVideo, panoptic_video
from svg2_assets.evaluation.public.panoptic import Frame
from svg2_assets.evaluation.public.records import Record
from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.formats.vipseg.form import stuff_of


@dataclass(frozen=True, slots=True)
class PaintedFrames:
    """Every frame of the video; frames have no names."""

    video: PanopticVideo

    @property
    def keys(self) -> Mapping[str, Sequence[str]]:
        """None."""
        return {}

    @property
    def unknown(self) -> Sequence[str]:
        """Names that are no category."""
        return self.video.unknown

    def __len__(self) -> int:
        return self.video.graph.video.num_frames

    def frame(self, place: int) -> Frame:
        """Painted anew each time it is asked for."""
        return self.video.frame(place)


@dataclass(frozen=True, slots=True)
class PaintedGraphs:
    """The graphs of `source`, one of which is in memory at a time."""

    source: GraphSource
    images: bool = False
    categories: Sequence[Record] = ()

    @property
    def name(self) -> str:
        """As it was asked for."""
        return self.source.name

    @property
    def rejected(self) -> Mapping[str, str]:
        """Files and records that are no graph."""
        return self.source.rejected

    def cards(self) -> Mapping[str, Card]:
        """In order of the ids."""
        return self.source.cards()

    def open(self, video_id: str, categories: Sequence[Record]) -> Frames:
        """The frames of its graph. Raises `UnreadableFrame`."""
        try:
            graph = self.source.graph(video_id)
        except UnreadableGraph as error:
            raise UnreadableFrame(str(error)) from error
        return PaintedFrames(panoptic_video(graph, categories))


def named_categories(source: GraphSource) -> list[Record]:
    """A category for each name in true graphs, numbered from 0 in alphabetical order. Reads every graph once.

    A name is one of stuff where all of its objects were, in the files that the graphs came from. Raises
    `UnusableGraphs`.
    """
    things: dict[str, bool] = {}
    for video_id in source.cards():
        try:
            graph = source.graph(video_id)
        except UnreadableGraph as error:
            raise UnusableGraphs(f"{printable(source.name)}: a true graph cannot be read: {error}") from error
        for name, thing in _named(graph):
            things[name] = things.get(name, False) or thing
    if not things:
        raise UnusableGraphs(f"{printable(source.name)}: no true object has a name. Give --categories FILE.")
    return [{"id": i, "name": name, "isthing": int(things[name])} for i, name in enumerate(sorted(things))]


def _named(graph: SceneGraph) -> list[tuple[str, bool]]:
    stuff = stuff_of(graph)
    return [(o.name, o.id not in stuff) for o in graph.objects]
