"""Places in a list of frames, as files count them, and the seconds that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from svg2_assets.scene.masks import FloatArray
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.clock import STRAY


@dataclass(frozen=True, slots=True)
class Moments:
    """Places as times: place i stands for `[edges[i], edges[i + 1])` seconds."""

    edges: FloatArray

    @classmethod
    def of(cls, frames: Sequence[int], video: Video) -> Moments:
        """Sampled frames as places. `frames` increase; the last one lasts as long as the one before, at most to the
        video's end."""
        step = frames[-1] - frames[-2] if len(frames) > 1 else video.num_frames
        return cls(video.edges[[*frames, min(frames[-1] + step, video.num_frames)]])

    def seconds(self, first: float, last: float) -> tuple[float, float]:
        """Places from `first` to `last`, both included, or reversed. Places that are not there are outside of it."""
        return self._edge(first), self._edge(last + 1 if last >= first else last)

    def _edge(self, place: float) -> float:
        most = len(self.edges) - 1
        if 0 <= place <= most:
            return float(self.edges[int(place)])
        return place if place < 0 else float(self.edges[-1]) + 2 * STRAY * (place - most)
