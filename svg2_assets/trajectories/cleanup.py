"""From raw tracks to the trajectories that are handed on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory, covisible, volume_iou
from svg2_assets.trajectories.protocols import Origin
from svg2_assets.trajectories.settings import ExportSettings
from svg2_assets.trajectories.tracks import Track


def worth_keeping(track: Track, *, fps: float, settings: ExportSettings) -> bool:
    """Long enough, and sure enough by one of three kinds of evidence."""
    if not track.masks:
        return False
    if track.origin is Origin.SALIENT:
        return True
    seconds = (track.hits[-1].frame - track.hits[0].frame + 1) / fps
    if seconds < settings.least_seconds and len(track.hits) < 4:
        return False
    second = track.second.seen / track.second.looks if track.second.looks else 0.0
    return track.score >= settings.mean_score or track.peak >= settings.peak_score or (second >= settings.second_share)


def without_duplicates(tracks: Sequence[Track], settings: ExportSettings) -> list[Track]:
    """Of two tracks that cover the same pixels all the time, the one with more hits."""
    kept: list[tuple[Track, Trajectory]] = []
    for track in sorted(tracks, key=lambda t: (-len(t.hits), t.id)):
        trajectory = trajectory_of(track)
        if not any(volume_iou(trajectory, other) > settings.duplicate_iou for _, other in kept):
            kept.append((track, trajectory))
    return sorted((t for t, _ in kept), key=lambda t: t.id)


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
    ratio = np.median([a.area / max(1, b.area) for a, b in pairs])
    if ratio > settings.contained_size:
        return False
    inside = [float(mask_algebra.containment([a], [b])[0, 0]) for a, b in pairs]
    return float(np.mean(inside)) > 0.1 and _box_inside(pairs) >= settings.contained


def _box_inside(pairs: Sequence[tuple[Mask, Mask]]) -> float:
    shares = []
    for small, large in pairs:
        x, y, w, h = small.box
        X, Y, W, H = large.box  # noqa: N806
        wide = max(0.0, min(x + w, X + W) - max(x, X))
        high = max(0.0, min(y + h, Y + H) - max(y, Y))
        shares.append(wide * high / max(1.0, w * h))
    return float(np.median(shares))


def _subtract(large: Trajectory, small: Trajectory) -> Trajectory:
    taken = dict(zip(small.frames, small.masks, strict=True))
    masks: list[Mask | None] = []
    for frame, mask in zip(large.frames, large.masks, strict=True):
        other = taken.get(frame)
        if other is None or not mask_algebra.containment([other], [mask])[0, 0]:
            masks.append(mask)
        else:
            masks.append(Mask.from_array(mask.to_array() & ~other.to_array()))
    return Trajectory.of(large.frames, masks)
