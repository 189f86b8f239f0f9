"""Phase 1 over a segmenter and a mask tracker: the `VideoTracker` of every profile that has both."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import FrameSource, Video
from svg2_assets.trajectories.panoptic.cleanup import Candidate, clean
from svg2_assets.trajectories.panoptic.online import OnlinePass
from svg2_assets.trajectories.panoptic.protocols import MaskTracker, Segmenter
from svg2_assets.trajectories.panoptic.registry import Entry, Registry
from svg2_assets.trajectories.panoptic.released import track_as_released
from svg2_assets.trajectories.panoptic.settings import PanopticSettings, Preset
from svg2_assets.trajectories.panoptic.shots import frames_with_flow
from svg2_assets.trajectories.protocols import Origin, Progress, TrackedObject, TrackingResult

VERSION = "3"  # of the algorithm: raise it when the same settings give other trajectories


class PanopticTracker:
    """A `VideoTracker`: masks of one frame by `segmenter`, carried on by `tracker`, by the rules of the preset."""

    def __init__(self, segmenter: Segmenter, tracker: MaskTracker, settings: PanopticSettings | None = None) -> None:
        self._segmenter, self._tracker, self._settings = segmenter, tracker, settings or PanopticSettings()

    @property
    def model_id(self) -> str:
        """Models of both parts, once where they are one."""
        return "+".join(dict.fromkeys((self._segmenter.model_id, self._tracker.model_id)))

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        parts = {"segmenter": dict(self._segmenter.config), "tracker": dict(self._tracker.config)}
        return {"version": VERSION, **parts, **asdict(self._settings)}

    def track(self, source: FrameSource, *, progress: Progress | None = None) -> TrackingResult:
        """Everything that can be segmented in `source`, followed. Streams; raises what source and backends raise."""
        began = time.perf_counter()
        by_release = self._settings.preset is not Preset.DEFAULT
        result, counts = (self._as_released if by_release else self._by_default)(source, progress)
        return TrackingResult(
            result.objects,
            cuts=result.cuts,
            statistics=MappingProxyType(
                _statistics(source, result.objects, counts, seconds=time.perf_counter() - began)
            ),
        )

    def _by_default(self, source: FrameSource, progress: Progress | None) -> tuple[TrackingResult, Counter[str]]:
        video = source.video
        with self._tracker.session(source) as session:
            run = OnlinePass(video, self._segmenter, session, self._settings)
            for frame, flow in frames_with_flow(source):
                run.take(frame, flow)
                if progress is not None:
                    progress(frame.index + 1, video.num_frames)
            run.finish()
            run.counts.update(session.statistics)
        objects = handed_on(run.registry, self._settings, video)
        return TrackingResult(objects, cuts=tuple(run.cuts)), run.counts

    def _as_released(self, source: FrameSource, progress: Progress | None) -> tuple[TrackingResult, Counter[str]]:
        tracks, known = track_as_released(source, self._segmenter, self._tracker, self._settings, progress)
        objects = tuple(
            TrackedObject(i, track, _origin(known.masks[i][0], known.seed), 1.0, registered=known.masks[i][0])
            for i, track in sorted(tracks.items())
        )
        return TrackingResult(objects), known.counts + known.spent


def handed_on(registry: Registry, settings: PanopticSettings, video: Video) -> tuple[TrackedObject, ...]:
    """The objects of `registry`, continuations joined to what they continue, without doubles, parts linked."""
    joined = _joined(registry)
    kept = clean(
        [Candidate(i, trajectory, entry.score) for i, (entry, trajectory) in joined.items()],
        fps=video.fps,
        num_frames=video.num_frames,
        settings=settings.cleanup,
    )
    ids = {c.id for c in kept}
    root = _roots(registry)
    objects = []
    for c in kept:
        entry = joined[c.id][0]
        before = root.get(entry.relinked_from, entry.relinked_from) if entry.relinked_from is not None else None
        objects.append(
            TrackedObject(
                c.id,
                c.trajectory,
                entry.origin,
                entry.score,
                relinked_from=before if before in ids else None,
                part_of=c.part_of,
                registered=entry.registered,
            )
        )
    return tuple(objects)


def _roots(registry: Registry) -> dict[int, int]:
    """Every object -> the first one that it continues."""
    roots: dict[int, int] = {}
    for entry in registry:
        roots[entry.id] = roots.get(entry.continues, entry.id) if entry.continues is not None else entry.id
    return roots


def _joined(registry: Registry) -> dict[int, tuple[Entry, Trajectory]]:
    """Objects by id with all their masks: where two parts of one object meet on a frame, the earlier keeps it."""
    masks: dict[int, dict[int, Mask]] = {}
    roots = _roots(registry)
    for entry in registry:
        first = roots[entry.id]
        masks[first] = {**entry.masks, **masks.get(first, {})}
        if first != entry.id:
            registry[first].origin = Origin.RELINKED
    return {
        i: (registry[i], Trajectory.of(sorted(by_frame), [by_frame[f] for f in sorted(by_frame)]))
        for i, by_frame in masks.items()
    }


def _origin(frame: int, seed: int | None) -> Origin:
    return Origin.SEED if frame == seed else Origin.DISCOVERED


def _statistics(
    source: FrameSource, objects: tuple[TrackedObject, ...], counts: Mapping[str, float], *, seconds: float
) -> dict[str, Any]:
    video = source.video
    return {
        "frames": video.num_frames,
        **counts,
        "parts": sum(o.part_of is not None for o in objects),
        "seconds_per_frame": round(seconds / video.num_frames, 4),
        "coverage": round(mean_coverage(objects, video.num_frames), 4),
    }


def mean_coverage(objects: tuple[TrackedObject, ...], num_frames: int) -> float:
    """Share of pixels that some object covers, mean over all frames."""
    by_frame: dict[int, list[Mask]] = {}
    for o in objects:
        for frame, mask in zip(o.trajectory.frames, o.trajectory.masks, strict=True):
            by_frame.setdefault(frame, []).append(mask)
    shares = [mask_algebra.union(m).area / (m[0].height * m[0].width) for m in by_frame.values()]
    return float(sum(shares)) / num_frames
