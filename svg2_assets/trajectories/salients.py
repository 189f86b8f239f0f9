"""Tracks of foreground that has no name: they live on their own masks instead of a detector's boxes."""

from __future__ import annotations

import numpy as np

from svg2_assets.trajectories import geometry
from svg2_assets.trajectories.flow import FlowWindow
from svg2_assets.trajectories.geometry import Box
from svg2_assets.trajectories.lifecycle import Look, Roster
from svg2_assets.trajectories.painting import inside_box
from svg2_assets.trajectories.protocols import Origin
from svg2_assets.trajectories.settings import TrackerSettings
from svg2_assets.trajectories.tracks import Hit, Life, Track
from svg2_assets.trajectories.warping import KeyMask


class Salients:
    """The live salient tracks of a video."""

    def __init__(self, settings: TrackerSettings, *, width: int, height: int) -> None:
        self._settings, self._width, self._height = settings, width, height
        self._ended: list[Track] = []
        self.live: list[Track] = []

    def open(self, box: Box, sure: float, frame: int) -> Track:
        """A new track at `box`, as sure as the foreground was."""
        track = Track(-1, -1, frame, box, origin=Origin.SALIENT, life=Life.LIVE)
        track.boxes[frame] = box
        track.hits.append(Hit(frame, sure))
        self.live.append(track)
        return track

    def advance(self, look: Look, flows: FlowWindow, roster: Roster) -> None:
        """Carry every track by flow; end it when a detected track has taken over, or nothing is left of it."""
        for track in self.live:
            if look.before is not None and track.hits[-1].frame < look.frame:
                moved, unrest = flows.carry(track.box, start=look.before, stop=look.frame)
                track.box = geometry.clip(moved, width=self._width, height=self._height)
                track.unrest += unrest
                track.boxes[look.frame] = track.box
                track.hits.append(Hit(look.frame, track.hits[-1].score))
        over = [t for t in self.live if self._is_over(t, roster)]
        self.live = [t for t in self.live if t not in over]
        self._end(over)

    def follow_masks(self, frame: int, flows: FlowWindow) -> None:
        """Where a new key came in, its mask says where the box is."""
        for track in self.live:
            key = track.key
            if key is None or track.key_frames[-1:] != [key.frame] or key.frame <= track.followed:
                continue
            track.followed = key.frame
            box = mask_box(key, self._settings)
            if box is None:
                continue
            track.boxes[key.frame] = box
            track.box, _ = flows.carry(box, start=key.frame, stop=frame)
            track.boxes[frame] = track.box

    def take_ended(self) -> list[Track]:
        """The tracks that ended since the last call."""
        ended, self._ended = self._ended, []
        return ended

    def end_shot(self) -> None:
        """Nothing survives a cut."""
        self._end(self.live)
        self.live = []

    def _end(self, tracks: list[Track]) -> None:
        for track in tracks:
            track.life = Life.ENDED
        self._ended += tracks

    def _is_over(self, track: Track, roster: Roster) -> bool:
        rules = self._settings.salience
        if track.refused >= rules.refusals or geometry.size(track.box) < 4:
            return True
        named = [t.box for t in roster.live if t.life is Life.LIVE]
        return bool(named) and bool(geometry.iou(track.box[None], np.stack(named)).max() >= rules.merge_iou)


def mask_box(key: KeyMask, settings: TrackerSettings) -> Box | None:
    """The box of the foreground of `key` in frame pixels; None when it is empty."""
    solid = inside_box(key, 2 * settings.masks.box_slack) > settings.masks.threshold
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if not len(rows):
        return None
    scale = (key.window[2:] - key.window[:2]) / np.asarray([solid.shape[1], solid.shape[0]], np.float32)
    low = key.window[:2] + np.asarray([columns[0], rows[0]]) * scale
    high = key.window[:2] + np.asarray([columns[-1] + 1, rows[-1] + 1]) * scale
    return np.asarray(np.concatenate([low, high]), dtype=np.float32)
