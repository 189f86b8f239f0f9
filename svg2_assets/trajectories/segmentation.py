"""Crops go to the saliency model on a thread of their own; what comes back becomes keys of tracks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from svg2_assets.trajectories import cleanup, geometry
from svg2_assets.trajectories.flow import FlowWindow
from svg2_assets.trajectories.geometry import Box
from svg2_assets.trajectories.groups import Groups
from svg2_assets.trajectories.painting import Canvas, Painter
from svg2_assets.trajectories.recognisers import Floats, Pixels, Saliency
from svg2_assets.trajectories.schedule import CropPlan, MaskBudget
from svg2_assets.trajectories.settings import TrackerSettings
from svg2_assets.trajectories.tracks import Life, Track
from svg2_assets.trajectories.warping import KeyMask

Window = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Crop:
    """A crop of `frame` that is being segmented, and the tracks with their boxes that take their mask from it."""

    frame: int
    look: int  # the look at which it was submitted
    window: Window
    targets: list[tuple[Track, Box]]
    foreground: Future[Floats]


class Segmenter:
    """Spends the mask budget. Results are taken at the next look whether they are early or late."""

    def __init__(
        self, saliency: Saliency, canvas: Canvas, settings: TrackerSettings, *, fps: float, shapeless: frozenset[int]
    ) -> None:
        self._saliency, self._canvas, self._settings, self._fps = saliency, canvas, settings, fps
        self._shapeless = shapeless
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="segment")
        self._crops: list[Crop] = []
        self._whole: tuple[int, int, Future[Floats]] | None = None
        self._look = 0
        self.painter = Painter(canvas, settings.masks, fps=fps)
        self.budget = MaskBudget(settings.masks, width=canvas.width, height=canvas.height)
        self.counts: Counter[str] = Counter()
        self.seconds = 0.0

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def submit(
        self, pixels: Pixels, frame: int, live: Sequence[Track], groups: Groups, *, last: bool, first: bool
    ) -> None:
        """Start the crops of this look."""
        candidates = self._candidates(frame, live, groups, first=first)
        for plan in self.budget.plan(candidates, frame=frame, fps=self._fps, last=last):
            x0, y0, x1, y1 = plan.window
            future = self._pool.submit(self._work, pixels[y0:y1, x0:x1].copy(), plan.size)
            targets = self._targets(plan, frame, live, groups)
            for track, _ in targets:
                track.last_crop, track.unrest = frame, 0.0
            self._crops.append(Crop(frame, self._look, plan.window, targets, future))
            self.counts["mask crops"] += 1

    def submit_whole(self, pixels: Pixels, frame: int) -> None:
        """Start a look at the whole frame, unless one is under way."""
        if self._whole is not None:
            return
        masks = self._settings.masks
        self.budget.spend(masks.small_cost)
        self.counts["whole-frame looks"] += 1
        self._whole = frame, self._look, self._pool.submit(self._work, pixels.copy(), masks.small_size)

    def next_look(self) -> None:
        """A look begins: what was submitted `patience_looks` ago is waited for."""
        self._look += 1
        for crop in self._crops:
            if self._is_ripe(crop.look):
                crop.foreground.result()

    def collect(self, flows: FlowWindow, *, everything: bool = False) -> tuple[int, Floats] | None:
        """Hand the keys that are ripe to their tracks and return the whole-frame map when it is.

        Ripe by the count of looks, never by the clock: early or late, results arrive at the same look.
        """
        ripe = [c for c in self._crops if everything or self._is_ripe(c.look)]
        self._crops = [c for c in self._crops if c not in ripe]
        for crop in ripe:
            self._accept(crop, crop.foreground.result(), flows)
        if self._whole is None or not (everything or self._is_ripe(self._whole[1])):
            return None
        (frame, _, whole), self._whole = self._whole, None
        return frame, whole.result()

    def awaits(self, track: Track) -> bool:
        """Whether a crop of `track` is under way."""
        return any(track is target for crop in self._crops for target, _ in crop.targets)

    def _is_ripe(self, look: int) -> bool:
        return self._look - look >= self._settings.masks.patience_looks

    def _work(self, pixels: Pixels, size: int) -> Floats:
        start = time.perf_counter()
        found = self._saliency.foreground(pixels, size=size)
        self.seconds += time.perf_counter() - start
        return found

    def _accept(self, crop: Crop, foreground: Floats, flows: FlowWindow) -> None:
        rules = self._settings.masks
        window = np.asarray(crop.window, dtype=np.float32)
        for i, (track, box) in enumerate(crop.targets):
            key = KeyMask(crop.frame, window, foreground, box)
            least = rules.least_fill if i == 0 else rules.shared_fill
            taken = self.painter.accept(track, key, flows, least_fill=least)
            track.refused = 0 if taken else track.refused + (i == 0)
            if not taken and i == 0:
                self.counts["rejected crops"] += 1
                if track.refused > 1:
                    track.rest_until = crop.frame + round(rules.rest_seconds * self._fps)

    def _candidates(self, frame: int, live: Sequence[Track], groups: Groups, *, first: bool) -> list[Track]:
        """Who may be segmented: seen right now, credible, of a class with a shape; members of a group go with it."""
        seen = [t for t in live if t.last_hit == frame and self._has_shape(t)]
        credible = [t for t in seen if cleanup.is_credible(t, self._settings.export)]
        sure = self._settings.masks.sure_start
        now = [t for t in credible if t.life is Life.LIVE or (first and t.born == frame and t.score >= sure)]
        alone = [t for t in now if groups.of(t) is None]
        return alone + [g.track for g in groups.live if g.track.last_hit == frame]

    def _has_shape(self, track: Track) -> bool:
        return not track.may_be(self._shapeless)

    def _targets(self, plan: CropPlan, frame: int, live: Sequence[Track], groups: Groups) -> list[tuple[Track, Box]]:
        """The crop's own track, its group's members, and neighbours that the window holds large enough."""
        group = next((g for g in groups.live if g.track is plan.track), None)
        members = group.present(frame) if group is not None else []
        others = [t for t in live if t is not plan.track and t not in members]
        near = [t for t in others if t.life is Life.LIVE and t.last_hit == frame and self._is_held(t, plan.window)]
        return [(t, t.box.copy()) for t in (plan.track, *members, *near)]

    def _is_held(self, track: Track, window: Window) -> bool:
        around = np.asarray(window, dtype=np.float32)
        box = geometry.clip(track.box, width=self._canvas.width, height=self._canvas.height)
        whole = geometry.containment(box[None], around[None])[0, 0] > 0.98
        least = self._settings.masks.shared_side * float((around[2:] - around[:2]).max())
        return bool(whole) and float((box[2:] - box[:2]).max()) >= least and self._has_shape(track)
