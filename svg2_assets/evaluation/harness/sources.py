"""Where graphs come from: a value that names its videos and gives their graphs one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Protocol

from svg2_assets.scene.errors import Svg2Error
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.trajectory import Trajectory

NO_TRAJECTORY = Trajectory((), ())


class UnusableGraphs(Svg2Error, ValueError):
    """A source of graphs that cannot be used at all; the text says what to give instead."""


class UnreadableGraph(Svg2Error, ValueError):
    """The graph of one video that cannot be had; the text says why."""


@dataclass(frozen=True, slots=True)
class Card:
    """What tells a video from others: its id in the source, the hash of its file ("" unknown), names of its file."""

    video_id: str
    sha256: str = ""
    names: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, video_id: str, *, sha256: str = "", uris: Iterable[str] = ()) -> Card:
        """Names are those of the files in `uris`, without folders and endings, and the id itself."""
        stems = {PurePosixPath(uri).stem for uri in uris if uri}
        return cls(video_id, sha256, frozenset({video_id, *stems}))


class GraphSource(Protocol):
    """Graphs by video. `cards` are of all videos that it has; `rejected` maps a file or record to why it is no graph.

    `has_masks`: whether trajectories come with the graphs.
    """

    @property
    def name(self) -> str:
        """As it was asked for."""
        ...

    @property
    def has_masks(self) -> bool:
        """Whether objects have their masks."""
        ...

    @property
    def rejected(self) -> Mapping[str, str]:
        """What was given and is no graph: place -> reason."""
        ...

    def cards(self) -> Mapping[str, Card]:
        """Video id -> card, in order of the ids."""
        ...

    def graph(self, video_id: str) -> SceneGraph:
        """The graph of one of them. Raises `UnreadableGraph`."""
        ...
