"""Scene-graph documents to answer from: a file or a folder of them, found by the video that a question is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from svg2_assets.evaluation.questions.values import InvalidQuestions
from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene_graphs.document_files import UnreadableDocument, documents_at, read_document
from svg2_assets.scene_graphs.formats.values import UnusableSource

_UNSEEN = Trajectory((), ())


@dataclass(frozen=True, slots=True)
class GraphSet:
    """Graphs of one system, called `name`, without masks. `named`: what a video may be called by -> its id.

    A question's video is found by the id that the document has, by its file's name (of the document or, in `uri`, of
    the video) without suffix.
    """

    name: str
    graphs: Mapping[str, SceneGraph]
    named: Mapping[str, str] = field(default_factory=dict)

    def of(self, video: str) -> SceneGraph | None:
        """The graph of a question's video; None where there is none."""
        return self.graphs.get(video) or self.graphs.get(self.named.get(video, ""))


def read_graph_set(name: str, path: Path) -> GraphSet:
    """All documents at `path`. Raises `InvalidQuestions` naming the file that cannot be used, and for two graphs of one
    video."""
    graphs: dict[str, SceneGraph] = {}
    named: dict[str, str] = {}
    try:
        for file in documents_at(path):
            _add(file, graphs, named)
    except (UnusableSource, UnreadableDocument) as error:
        raise InvalidQuestions(str(error)) from error
    return GraphSet(name, graphs, named)


def of_graphs(name: str, graphs: Iterator[SceneGraph] | list[SceneGraph]) -> GraphSet:
    """A set of graphs that are at hand."""
    return GraphSet(name, {g.video.id: without_masks(g) for g in graphs})


def without_masks(graph: SceneGraph) -> SceneGraph:
    """`graph` with its objects' trajectories left out: no question is about pixels."""
    return replace(graph, objects=tuple(replace(o, trajectory=_UNSEEN) for o in graph.objects))


def _add(file: Path, graphs: dict[str, SceneGraph], named: dict[str, str]) -> None:
    """The graph in `file`, and what else than its id its video may be called by."""
    graph = read_document(file, masks=False)
    video = graph.video
    if video.id in graphs:
        raise InvalidQuestions(
            f"{printable(str(file))}: a second graph of {printable(video.id)}. Keep one document of each video."
        )
    graphs[video.id] = graph
    for stem in {file.stem, PurePosixPath(video.uri).stem} - {video.id, ""}:
        # What is said of two videos says nothing.
        named[stem] = "" if stem in named else video.id
