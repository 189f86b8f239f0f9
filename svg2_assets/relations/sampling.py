"""The common time grid: a shot is cut into cells of about 0.2 s, and one frame stands for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svg2_assets.scene.masks import FloatArray, IntArray
from svg2_assets.scene.video import Video


@dataclass(frozen=True, slots=True)
class Grid:
    """T cells that tile the video. Cell i covers `[edges[i], edges[i + 1])` seconds, frames `bounds[i]` to
    `bounds[i + 1]`, is represented by `frames[i]` and lies in shot `shots[i]`; no cell spans a cut.
    """

    frames: IntArray
    bounds: IntArray
    edges: FloatArray
    shots: IntArray

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def times(self) -> FloatArray:
        """Seconds at the middle of each cell, [T]."""
        return (self.edges[:-1] + self.edges[1:]) / 2

    def shot_duration(self, cell: int) -> float:
        """Seconds of the shot that `cell` lies in."""
        inside = np.flatnonzero(self.shots == self.shots[cell])
        return float(self.edges[inside[-1] + 1] - self.edges[inside[0]])

    def runs(self, cells: IntArray) -> list[IntArray]:
        """Sorted `cells` split, as positions into them, where they skip a cell or pass a cut."""
        if not len(cells):
            return []
        breaks = (np.diff(cells) > 1) | (np.diff(self.shots[cells]) != 0)
        return np.split(np.arange(len(cells)), np.flatnonzero(breaks) + 1)


def sample_grid(video: Video, cuts: Sequence[int], *, rate: float) -> Grid:
    """The grid of `video` at about `rate` cells a second, at most one a frame. `cuts` are first frames of shots."""
    edges = video.edges
    firsts = sorted({0, *(c for c in cuts if 0 < c < video.num_frames)})
    bounds: list[int] = []
    shots: list[int] = []
    for shot, (first, end) in enumerate(zip(firsts, [*firsts[1:], video.num_frames], strict=True)):
        cells = max(1, round(float(edges[end] - edges[first]) * rate))
        wanted = np.linspace(edges[first], edges[end], min(cells, end - first) + 1)[:-1]
        starts = np.unique(np.clip(np.searchsorted(edges, wanted - 1e-9), first, end - 1))
        bounds += starts.tolist()
        shots += [shot] * len(starts)
    limits = np.asarray([*bounds, video.num_frames])
    return Grid((limits[:-1] + limits[1:] - 1) // 2, limits, edges[limits], np.asarray(shots))
