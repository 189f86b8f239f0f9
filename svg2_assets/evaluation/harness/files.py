"""Graphs of files as a source: read once, in whatever order they come, and kept on disk until they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import TracebackType

from svg2_assets.evaluation.harness.sources import NO_TRAJECTORY, Card, UnreadableGraph
from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.formats.shelf import Shelf
from svg2_assets.scene_graphs.formats.values import Imported, Origin, Read
from svg2_assets.scene_graphs.imports import graph_of, row_of


class FileGraphs:
    """A context manager over a temporary file; memory is that of one graph and of the names of the videos.

    Reading happens when it is made and raises what the reader raises. Without `masks` none are kept.
    """

    def __init__(self, name: str, found: Iterable[Read], *, masks: bool) -> None:
        self.name, self.has_masks = name, masks
        self.rejected: dict[str, str] = {}
        self._cards: dict[str, Card] = {}
        self._shelf = Shelf()
        for item in found:
            if isinstance(item, Imported):
                self._keep(item.graph)
            else:
                where = item.origin.place if not item.video_id else f"{printable(item.video_id)} ({item.origin.place})"
                self.rejected[where] = " ".join(item.detail.split())

    def __enter__(self) -> FileGraphs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shelf.__exit__(kind, error, trace)

    def cards(self) -> Mapping[str, Card]:
        """Of all videos that could be read, by id."""
        return dict(sorted(self._cards.items()))

    def graph(self, video_id: str) -> SceneGraph:
        """The graph that was read."""
        text = self._shelf.get(video_id)
        if text is None:
            raise UnreadableGraph(f"{printable(video_id)}: {self.name} has no graph of it.")
        return _unpacked(text)

    def _keep(self, graph: SceneGraph) -> None:
        video = graph.video
        if not self.has_masks:
            graph = replace(graph, objects=tuple(replace(o, trajectory=NO_TRAJECTORY) for o in graph.objects))
        if self._shelf.put(video.id, _packed(graph)):
            self._cards[video.id] = Card.of(video.id, sha256=video.sha256, uris=(video.uri,))


def _packed(graph: SceneGraph) -> str:
    """As a row of `imported_graphs`, in JSON."""
    row = row_of(Imported(graph, Origin("")))
    return json.dumps(row | {"masks": [counts.decode("ascii") for counts in row["masks"]]})


def _unpacked(text: str) -> SceneGraph:
    row = json.loads(text)
    return graph_of(row | {"masks": [counts.encode("ascii") for counts in row["masks"]]})
