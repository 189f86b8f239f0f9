"""From raw tracks to the trajectories that are handed on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory, covisible
from svg2_assets.trajectories import geometry
from svg2_assets.trajectories.protocols import Origin
from svg2_assets.trajectories.settings import ExportSettings
from svg2_assets.trajectories.tracks import Track


def worth_keeping(track: Track, *, fps: float, settings: ExportSettings, least_salient: float) -> bool:
    """Long enough (`least_salient` seconds where nothing names it), and sure enough by one of three witnesses."""
    if not track.masks:
        return False
    seconds = (track.hits[-1].frame - track.hits[0].frame + 1) / fps
    if track.origin is Origin.SALIENT:
        return seconds >= least_salient
    if seconds < settings.least_seconds and len(track.hits) < 4:
        return False
    return is_credible(track, settings)


def is_credible(track: Track, settings: ExportSettings) -> bool:
    """Sure enough by its mean score, its best one, the second detector, or its own motion."""
    sure = track.score >= settings.mean_score or track.peak >= settings.peak_score
    return sure or _is_seconded(track, settings) or _moves_by_itself(track, settings)


def _is_seconded(track: Track, settings: ExportSettings) -> bool:
    """The second detector saw it often, and it is not the faintest thing for both."""
    share = track.second.seen / track.second.looks if track.second.seen >= settings.second_seen else 0.0
    return share >= settings.second_share and track.score >= settings.second_score


def _moves_by_itself(track: Track, settings: ExportSettings) -> bool:
    """Followed for some looks away from where the camera alone would have taken it: no furniture."""
    seen = len(track.hits) >= settings.moving_hits and track.score >= settings.moving_score
    return seen and track.travel >= settings.moving_travel


def trajectory_of(track: Track) -> Trajectory:
    """The masks of `track` in order."""
    frames = sorted(track.masks)
    return Trajectory(tuple(frames), tuple(track.masks[f] for f in frames))


def give_to_smaller(trajectories: Sequence[Trajectory], settings: ExportSettings) -> list[Trajectory]:
    """Where a small thing lies inside a large one, as a ball before a man, its pixels are its own."""
    result = list(trajectories)
    order = sorted(range(len(result)), key=lambda i: float(np.median(result[i].areas)))
    for position, small in enumerate(order):
        for large in order[position + 1 :]:
            if _is_before(trajectories[small], trajectories[large], settings):
                result[large] = _subtract(result[large], result[small])
    return result


def _is_before(small: Trajectory, large: Trajectory, settings: ExportSettings) -> bool:
    pairs = covisible(small, large)
    if len(pairs) < 2:
        return False
    sample = pairs[:: max(1, len(pairs) // 8)]
    ratio = np.median([a.area / max(1, b.area) for a, b in sample])
    if ratio > settings.contained_size:
        return False
    inside = [float(geometry.containment(_corners(a), _corners(b))[0, 0]) for a, b in sample]
    return float(np.median(inside)) >= settings.contained


def _subtract(large: Trajectory, small: Trajectory) -> Trajectory:
    taken = dict(zip(small.frames, small.masks, strict=True))
    masks: list[Mask | None] = []
    for frame, mask in zip(large.frames, large.masks, strict=True):
        other = taken.get(frame)
        if other is None or not mask_algebra.containment([other], [mask])[0, 0]:
            masks.append(mask)
        else:
            masks.append(mask_algebra.difference(mask, other))
    return Trajectory.of(large.frames, masks)


def _corners(mask: Mask) -> geometry.Boxes:
    x, y, w, h = mask.box
    return np.asarray([[x, y, x + w, y + h]], dtype=np.float32)
