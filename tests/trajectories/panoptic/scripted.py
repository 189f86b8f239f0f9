"""A scripted world: flat rectangles on grey, later ones in front, with its exact truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from resources.oracle.errors import Errors
from resources.oracle.segmenter import OracleSegmenter
from resources.oracle.tracker import OracleTracker
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import Frame, Video
from svg2_assets.trajectories.panoptic.pipeline import PanopticTracker
from svg2_assets.trajectories.panoptic.settings import PanopticSettings, Preset
from svg2_assets.trajectories.protocols import TrackingResult

Place = Callable[[int], tuple[float, float, float, float] | None]
"""frame -> (x, y, w, h), None while it is not there"""


@dataclass(frozen=True)
class Actor:
    """A rectangle. `look` picks its appearance; `part_of` an actor whose mask includes this one's."""

    place: Place
    look: int = 0
    part_of: int | None = None


class Scripted:
    """Both the frames and the truth of `actors`, drawn in order."""

    def __init__(
        self, actors: Sequence[Actor], *, frames: int = 48, fps: float = 12.0, size: tuple[int, int] = (96, 128)
    ) -> None:
        self.actors, self.size = actors, size
        self.video = Video("scripted", "scripted.mp4", "0" * 64, size[1], size[0], fps, frames, frames / fps)
        basis = np.eye(max(16, len(actors) + 1), dtype=np.float32)
        self.appearances: Mapping[int, np.ndarray] = {i: basis[a.look or i + 1] for i, a in enumerate(actors)}

    def masks_at(self, index: int) -> dict[int, Mask]:
        owner = np.full(self.size, -1)
        for i, actor in enumerate(self.actors):
            box = actor.place(index)
            if box is not None:
                x, y, w, h = (round(v) for v in box)
                owner[max(0, y) : max(0, y + h), max(0, x) : max(0, x + w)] = i
        shown = {i: owner == i for i in range(len(self.actors))}
        for i, actor in reversed(list(enumerate(self.actors))):
            if actor.part_of is not None:
                shown[actor.part_of] = shown[actor.part_of] | shown[i]
        return {i: Mask.from_array(m) for i, m in shown.items() if m.any()}

    def frames(self, *, height: int | None = None) -> Iterator[Frame]:
        return self.pick(range(self.video.num_frames))

    def pick(self, indices: Sequence[int], *, height: int | None = None) -> Iterator[Frame]:
        for index in indices:
            pixels = np.full((*self.size, 3), 90, np.uint8)
            for i, actor in enumerate(self.actors):
                box = actor.place(index)
                if box is not None:
                    x, y, w, h = (round(v) for v in box)
                    colour = [(37 * i + 60) % 256, (91 * i) % 256, (53 * i + 120) % 256]
                    pixels[max(0, y) : max(0, y + h), max(0, x) : max(0, x + w)] = colour
            yield Frame(index, index / self.video.fps, pixels)


def follow(
    scene: Scripted, *, preset: Preset = Preset.DEFAULT, errors: Errors | None = None, seed: int = 0, **groups: object
) -> TrackingResult:
    """What the oracle and the rules of `preset` make of `scene`."""
    wrong = errors or Errors.none()
    settings = PanopticSettings(preset=preset, **groups)  # type: ignore[arg-type]
    tracker = PanopticTracker(
        OracleSegmenter(scene, wrong, seed=seed), OracleTracker(scene, wrong, seed=seed), settings
    )
    return tracker.track(scene)
