"""Files of the videos of imported graphs: found by name, compared with the graph, read on the graph's clock."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from svg2_assets.scene.errors import Svg2Error
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.video import Frame, FrameSource, Video
from svg2_assets.scene_graphs.formats.boxes import SAID
from svg2_assets.scene_graphs.formats.clock import FEW, SAME_RATE
from svg2_assets.scene_graphs.formats.video_files import VideoFiles
from svg2_assets.traser.samples.counting import Reason

SAME_SHAPE = 0.01
"""Share by which width to height may differ: masks of a smaller copy of the video have rounded sides."""


class Unfit(Svg2Error):
    """A graph that no sample is made of, for a `reason` that is counted; the text says what was found."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason.value}: {detail}")


@dataclass(frozen=True, slots=True)
class EveryNth:
    """Every `step`-th frame of `source`, as the frames of `video`."""

    source: FrameSource
    video: Video
    step: int = 1

    def frames(self, *, height: int | None = None) -> Iterator[Frame]:
        """As `FrameSource` has it."""
        return self.pick(range(self.video.num_frames), height=height)

    def pick(self, indices: Sequence[int], *, height: int | None = None) -> Iterator[Frame]:
        """As `FrameSource` has it."""
        for frame in self.source.pick([i * self.step for i in indices], height=height):
            index = frame.index // self.step
            yield Frame(index, self.video.time_of(index), frame.pixels)


@dataclass(frozen=True, slots=True)
class Footage:
    """Gives the frames of graphs' videos.

    `find` takes an id and the address that the graph has, `glance` the path of a file, `open` a video whose `uri` is
    one. With `whole`, a file of a multiple of the graph's frame rate does not do: who opens it later takes its frames.
    """

    find: Callable[[str, str], str | None]
    glance: Callable[[str], Video]
    open: Callable[[Video], FrameSource]
    whole: bool = False

    def path(self, video_id: str, uri: str) -> str:
        """Where the file is. Raises `Unfit`."""
        found = self.find(video_id, uri)
        if found is None:
            raise Unfit(Reason.NO_FILE, "no file has its id or name")
        return found

    def of(self, graph: SceneGraph, path: str) -> EveryNth:
        """The frames that `graph` tells of, in the file at `path`: of the file's size, no more than it has.

        Raises `Unfit` where the graph has no masks or the file cannot be its, `VideoError` where it is no video.
        """
        video, masked = graph.video, _masked(graph)
        there = self.glance(path)
        step = self._step(video, there)
        frames = math.ceil(there.num_frames / step)
        if masked > frames + FEW:
            raise Unfit(Reason.SHORTER, f"{frames} frames, masks of {masked}")
        shown = replace(video, uri=path, width=there.width, height=there.height)
        return EveryNth(self.open(replace(there, id=video.id)), _until(shown, frames), step)

    def _step(self, video: Video, there: Video) -> int:
        """How many frames of the file go on one of the graph."""
        if not math.isclose(there.width / there.height, video.width / video.height, rel_tol=SAME_SHAPE):
            sizes = f"{there.width} x {there.height} pixels, the graph {video.width} x {video.height}"
            raise Unfit(Reason.OTHER_SHAPE, sizes)
        step = max(1, round(there.fps / video.fps))
        if not math.isclose(there.fps, step * video.fps, rel_tol=SAME_RATE) or (self.whole and step > 1):
            only = ", and samples without pictures need the same" if self.whole and step > 1 else ""
            raise Unfit(Reason.OTHER_RATE, f"{there.fps:.4g} frames a second, the graph {video.fps:.4g}{only}")
        return step


@contextmanager
def footage_in(
    folder: Path | None,
    *,
    glance: Callable[[str], Video],
    opening: Callable[[Video], FrameSource],
    whole: bool = False,
) -> Iterator[Footage]:
    """Files below `folder`, by the video's id or the name in the graph's address; else the address itself, on this
    machine. Raises `UnusableSource` where there is no such folder.
    """
    if folder is None:
        yield Footage(_as_said, glance, opening, whole)
        return
    with VideoFiles(folder, option="videos") as files:
        yield Footage(lambda v, uri: files.of(v, uri=uri) or _as_said(v, uri), glance, opening, whole)


def _as_said(_: str, uri: str) -> str | None:
    try:
        return uri if uri and Path(uri).is_file() else None
    except (OSError, ValueError):  # a name that is too long, or none
        return None


def _masked(graph: SceneGraph) -> int:
    """How many frames the graph has masks for. Raises `Unfit` where it has none, or boxes alone."""
    if SAID.items() <= graph.provenance.items():
        raise Unfit(Reason.BOXES, "its format has no masks")
    last = max((o.trajectory.frames[-1] for o in graph.objects if o.trajectory.frames), default=-1)
    if graph.objects and last < 0:
        raise Unfit(Reason.NO_MASKS, f"{len(graph.objects)} objects without one")
    return last + 1


def _until(video: Video, frames: int) -> Video:
    """The first `frames` of a video: relations that are told in whole seconds may go on after it."""
    if frames >= video.num_frames:
        return video
    times = None if video.frame_times is None else video.frame_times[:frames]
    return replace(video, num_frames=frames, duration=float(video.edges[frames]), frame_times=times)
