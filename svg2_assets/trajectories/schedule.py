"""Who is segmented next: the mask budget of the video, counted in crops, never in wall time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svg2_assets.trajectories import geometry
from svg2_assets.trajectories.settings import MaskSettings
from svg2_assets.trajectories.tracks import Track


@dataclass(frozen=True, slots=True)
class CropPlan:
    """One crop to segment: whose, which `window` (x0, y0, x1, y1) of the frame, at which input size, at which cost."""

    track: Track
    window: tuple[int, int, int, int]
    size: int
    cost: float


class MaskBudget:
    """A bucket that fills with the video's clock and empties with every crop.

    The cost model counts, so the same video is always segmented at the same places, on a busy machine too.
    """

    def __init__(self, settings: MaskSettings, *, width: int, height: int) -> None:
        self._settings, self._width, self._height = settings, width, height
        self._saved = settings.budget * 0.5

    def earn(self, seconds: float) -> None:
        """Time has passed in the video."""
        most = self._settings.budget * self._settings.burst
        self._saved = min(most, self._saved + self._settings.budget * seconds)

    def spend(self, cost: float) -> None:
        """Charge a cost that was not planned here."""
        self._saved -= cost

    def plan(self, tracks: Sequence[Track], *, frame: int, fps: float, last: bool = False) -> list[CropPlan]:
        """The crops of this frame, most needed first, as far as the bucket reaches.

        On the `last` frame the most needed one is made in any case: nothing comes after it to warp back from.
        """
        ranked = sorted(tracks, key=lambda t: (-self._weight(t) if last else -self._need(t, frame, fps), t.id))
        plans: list[CropPlan] = []
        for track in ranked:
            if self._need(track, frame, fps) <= 0:
                break
            plan = self._crop(track)
            if plan.cost > self._saved and not (last and not plans):
                break
            self._saved -= plan.cost
            plans.append(plan)
        return plans

    def _crop(self, track: Track) -> CropPlan:
        settings = self._settings
        side = geometry.size(track.box) / min(self._width, self._height)
        frame = {"width": self._width, "height": self._height}
        if side >= settings.small_side:
            window = geometry.even_window(track.box, margin=settings.large_margin, **frame)
            return CropPlan(track, window, settings.large_size, settings.large_cost)
        side = float((track.box[2:] - track.box[:2]).max())
        window = geometry.crop_window(track.box, margin=self._small_margin(side, again=track.refused > 0), **frame)
        if side <= settings.tiny_side:
            return CropPlan(track, window, settings.tiny_size, settings.tiny_cost)
        return CropPlan(track, window, settings.small_size, settings.small_cost)

    def _small_margin(self, side: float, *, again: bool) -> float:
        """Room around a small thing whose longer `side` is given: more for a tiny one, and `again` after a failure."""
        settings, margin = self._settings, self._settings.small_margin
        if side <= settings.tiny_side:
            margin = float(np.clip((settings.tiny_window / max(side, 1.0) - 1) / 2, *settings.tiny_margin))
        return max(margin, settings.retry_margin) if again else margin

    def _need(self, track: Track, frame: int, fps: float) -> float:
        """Unrest since the last mask, weighted by size and score; one without a mask grows urgent."""
        settings, weight = self._settings, self._weight(track)
        if frame < track.rest_until:
            return 0.0
        if track.key is None and (track.last_crop < 0 or track.refused):
            return weight * (1.0 + 2.0 * (frame - max(track.born, track.last_crop)) / fps)
        age = (frame - track.last_crop) / fps
        if age < 0.15:
            return 0.0
        rich = self._saved > 0.6 * settings.budget
        if track.unrest < settings.still_unrest and age < (0.3 if rich else 1.0) * settings.still_seconds:
            return 0.0
        return (settings.unrest_gain * track.unrest + settings.age_gain * age) * weight

    def _weight(self, track: Track) -> float:
        """Large and sure things matter more."""
        relative = geometry.size(track.box) / float((self._width * self._height) ** 0.5)
        return float(max(relative, 0.01) ** self._settings.size_power * max(0.05, track.score))
