"""Presets `release` and `paper`: seed, track, a few checks, then a second pass over everything, then stage 3."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.panoptic.protocols import MaskTracker, Segmenter
from svg2_assets.trajectories.panoptic.released_rules import check_stride, maximum_set, new_objects, released_cleanup
from svg2_assets.trajectories.panoptic.settings import PanopticSettings, Preset
from svg2_assets.trajectories.protocols import Progress


@dataclass(slots=True)
class Registered:
    """Objects with the frame and mask under which they were registered, and what tracking them cost."""

    masks: dict[int, tuple[int, Mask]] = field(default_factory=dict)
    seed: int | None = None
    counts: Counter[str] = field(default_factory=Counter)
    spent: Counter[str] = field(default_factory=Counter)

    def add(self, frame: int, masks: list[Mask]) -> dict[int, Mask]:
        """Give ids to `masks`."""
        first = len(self.masks)
        new = dict(enumerate(masks, start=first))
        self.masks |= {i: (frame, m) for i, m in new.items()}
        return new


def track_as_released(
    source: FrameSource,
    segmenter: Segmenter,
    tracker: MaskTracker,
    settings: PanopticSettings,
    progress: Progress | None = None,
) -> tuple[dict[int, Trajectory], Registered]:
    """The trajectories after stage 3, and the registry. Every sampled frame is segmented, as the release does, though
    only the seed and the checks are read."""
    frames = source.video.num_frames
    known = _discover(source, segmenter, tracker, settings, progress and (lambda d, _: progress(d // 2, frames)))
    tracks = _offline(source, tracker, known, progress and (lambda d, _: progress((frames + d) // 2, frames)))
    return released_cleanup(tracks, settings.release), known


def _discover(
    source: FrameSource,
    segmenter: Segmenter,
    tracker: MaskTracker,
    settings: PanopticSettings,
    progress: Progress | None,
) -> Registered:
    """Pass 1, online: which objects there are, and where each was first segmented."""
    rules, known = settings.release, Registered()
    stride = check_stride(source.video.num_frames, rules)
    with tracker.session(source) as session:
        for frame in source.frames():
            tracked = session.advance(frame) if known.seed is not None else {}
            if frame.index % rules.sample_rate == 0:
                known.counts["checks"] += 1
                detections = maximum_set(segmenter.segment(frame), most_covered=rules.most_covered)
                new: list[Mask] = []
                if known.seed is None and detections:
                    known.seed, new = frame.index, detections
                elif known.seed is not None and frame.index % stride == 0 and len(known.masks) < rules.most_objects:
                    there = [t.mask for t in tracked.values() if t.mask is not None]
                    new = new_objects(detections, there, rules, by_union=settings.preset is Preset.PAPER)
                    new = new[: rules.most_objects - len(known.masks)]
                if new:
                    session.prompt(frame, known.add(frame.index, new))
            if progress is not None:
                progress(frame.index + 1, source.video.num_frames)
        known.spent.update(session.statistics)
    return known


def _offline(
    source: FrameSource, tracker: MaskTracker, known: Registered, progress: Progress | None
) -> dict[int, Trajectory]:
    """Pass 2, offline: every object prompted where it was registered, all frames followed once more, ungated."""
    masks: dict[int, dict[int, Mask]] = {i: {} for i in known.masks}
    if not masks:
        return {}
    with tracker.session(source) as session:
        for frame in source.pick(sorted({f for f, _ in known.masks.values()})):
            session.prompt(frame, {i: m for i, (f, m) in known.masks.items() if f == frame.index})
        for frame in source.frames():
            for object_id, tracked in session.advance(frame).items():
                if tracked.mask is not None:
                    masks[object_id][frame.index] = tracked.mask
            if progress is not None:
                progress(frame.index + 1, source.video.num_frames)
        known.spent.update(session.statistics)
    return {i: Trajectory.of(sorted(m), [m[f] for f in sorted(m)]) for i, m in masks.items()}
