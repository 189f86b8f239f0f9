"""One thing under two ids, as far as classes tell: who goes on as another, and who shows a surer one once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.trajectory import Trajectory, covisible
from svg2_assets.trajectories.protocols import Origin
from svg2_assets.trajectories.settings import RepeatSettings
from svg2_assets.trajectories.tracks import Track


def continued(tracks: Sequence[Track], settings: RepeatSettings, *, fps: float) -> list[Track]:
    """`tracks` without those that began on top of one that was about to end; that one goes on in their place."""
    kept: list[Track] = []
    for track in sorted(tracks, key=lambda t: (min(t.masks), t.id)):
        before = [t for t in kept if _hands_over(t, track, settings, fps=fps)]
        if before:
            _absorb(max(before, key=lambda t: (max(t.masks), -t.id)), track)
        else:
            kept.append(track)
    return kept


def _hands_over(old: Track, new: Track, settings: RepeatSettings, *, fps: float) -> bool:
    """Whether `new` lies on `old` from its first frame to the last of `old`, and is of its kind."""
    common = max(old.masks) - min(new.masks) + 1
    if Origin.SALIENT in (old.origin, new.origin) or old.shot != new.shot:
        return False
    if not 0 < common <= settings.handover_seconds * fps or max(new.masks) <= max(old.masks):
        return False
    pairs = [(m, old.masks[f]) for f, m in new.masks.items() if f in old.masks]
    alike = _likeness(old, new) >= settings.handover_likeness
    return alike and all(mask_algebra.iou([a], [b])[0, 0] >= settings.handover_iou for a, b in pairs)


def _absorb(old: Track, new: Track) -> None:
    """Where both have a mask the fresher one is taken: what is about to be lost is a guess."""
    old.masks = {**old.masks, **new.masks}
    old.hits = sorted([*old.hits, *new.hits], key=lambda hit: hit.frame)
    for known, added in ((old.detector, new.detector), (old.second, new.second), (old.appearance, new.appearance)):
        known.join(added)


def _likeness(a: Track, b: Track) -> float:
    """Cosine of all class scores: a ball that is now a disc and now a ball has two best classes, but one look."""
    first, second = a.class_total(), b.class_total()
    if first is None or second is None:
        return 0.0
    return float(first @ second / max(1e-6, float(np.linalg.norm(first) * np.linalg.norm(second))))


def without_repeats(
    paths: Mapping[int, Trajectory], tracks: Mapping[int, Track], settings: RepeatSettings
) -> dict[int, Trajectory]:
    """`paths` by id without those that show once more what a surer one of their class shows.

    While they live, a weak box half inside another opens nothing. Some drift there later, or grow weak: the same is
    asked of their whole lives. Who is much smaller must be fainter, too: a calf before a cow is no piece of her.
    """
    kept: list[int] = []
    for i in sorted(paths, key=lambda i: (-tracks[i].score, i)):
        same = [paths[j] for j in kept if tracks[j].best_class() == tracks[i].best_class()]
        if not any(_repeats(paths[i], sure, score=tracks[i].score, settings=settings) for sure in same):
            kept.append(i)
    return {i: path for i, path in paths.items() if i in kept}


def _repeats(weak: Trajectory, sure: Trajectory, *, score: float, settings: RepeatSettings) -> bool:
    """Whether `weak` is doubtful, most of its life half inside `sure`, and about as large; or a faint piece."""
    if score >= settings.doubtful or len(weak) == 0:
        return False
    pairs = covisible(weak, sure)
    half = sum(bool(mask_algebra.containment([a], [b])[0, 0] >= settings.inside) for a, b in pairs)
    if half < settings.life * len(weak):
        return False
    ratio = float(np.median([a.area / max(1, b.area) for a, b in pairs]))
    return ratio >= settings.comparable or score < settings.faint
