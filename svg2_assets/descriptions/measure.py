"""Facts of every object of a video, from its trajectory, its witnesses and a few frames of pixels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from svg2_assets.descriptions.colours import ColourRule, claim_colour
from svg2_assets.descriptions.facts import Claim, Extent, Facts, Region, Statement, Report, rounded
from svg2_assets.descriptions.geometry import (
    GeometryRule,
    cut_sides,
    passage_claims,
    position_claim,
    roundness,
    shape_claim,
    size_claim,
)
from svg2_assets.descriptions.motion import MotionRule, motion_claim, own_speeds
from svg2_assets.descriptions.sampling import Samples, SamplingRule, choose_frames, gather
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.masks import BoolArray, FloatArray, Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import FrameSource, Video
from svg2_assets.trajectories.protocols import TrackedObject, TrackingResult

TALL = 0.75  # width over height up to which the halves of a silhouette are worth a colour of their own


@dataclass(frozen=True, slots=True)
class MeasureRules:
    """All thresholds of Phase 2a in one place."""

    sampling: SamplingRule = SamplingRule()
    colour: ColourRule = ColourRule()
    geometry: GeometryRule = GeometryRule()
    motion: MotionRule = MotionRule()


@dataclass(frozen=True, slots=True)
class Measured:
    """The facts of one object and the frames whose pixels were looked at."""

    facts: Facts
    frames: tuple[int, ...]


def measure(source: FrameSource, tracks: TrackingResult, rules: MeasureRules | None = None) -> tuple[Measured, ...]:
    """Facts in the order of `tracks.objects`. Decodes the video once; holds one frame at a time.

    Raises `PhaseError` when a trajectory is empty or does not fit the video.
    """
    rules, video = rules or MeasureRules(), source.video
    for tracked in tracks.objects:
        _check(tracked, video)
    chosen = {o.id: choose_frames(o.trajectory, video, rules.sampling) for o in tracks.objects}
    wanted: dict[int, list[tuple[int, Mask]]] = {}
    for tracked in tracks.objects:
        for frame in chosen[tracked.id]:
            wanted.setdefault(frame, []).append((tracked.id, _mask(tracked.trajectory, frame)))
    rows = min(rules.sampling.rows, video.height)
    samples = gather(source.pick(sorted(wanted), height=rows), wanted, rules.sampling) if wanted else {}
    return tuple(
        Measured(_facts(o, tracks, video=video, samples=samples[o.id], rules=rules), chosen[o.id])
        for o in tracks.objects
    )


def _facts(o: TrackedObject, tracks: TrackingResult, *, video: Video, samples: Samples, rules: MeasureRules) -> Facts:
    trajectory = o.trajectory
    masks = [_mask(trajectory, frame) for frame in samples.frames]
    boxes = trajectory.boxes
    cut = cut_sides(boxes, width=video.width, height=video.height)
    rows = np.searchsorted(np.asarray(trajectory.frames), samples.frames)
    speeds = own_speeds(trajectory, video=video, camera=tracks.camera, window=rules.motion.window)
    extent = _extent(trajectory, video=video, masks=masks, cut=cut, speeds=speeds)
    geometry = (
        size_claim(trajectory, video, rules.geometry),
        position_claim(trajectory, video, rules.geometry),
        shape_claim(masks, cut=np.asarray(cut[rows].any(axis=1)), rule=rules.geometry),
        motion_claim(speeds, camera_fixed=tracks.camera.fixed, seconds=extent.seconds, rule=rules.motion),
    )
    statements = [
        *_colours(samples, tall=extent.aspect <= TALL and not cut[rows][:, 2:].any(axis=1).any(), rule=rules.colour),
        *(s for s in geometry if s is not None),
        *passage_claims(trajectory, video, rules.geometry),
    ]
    return Facts(
        object_id=o.id,
        extent=extent,
        reports=tuple(Report.of(w.source, w.looks, dict(w.scores)) for w in o.witnesses),
        statements=tuple(_rounded(s) for s in statements),
    )


def _extent(trajectory: Trajectory, *, video: Video, masks: list[Mask], cut: BoolArray, speeds: FloatArray) -> Extent:
    boxes = trajectory.boxes
    edges = video.edges
    seconds = float(edges[trajectory.frames[-1] + 1] - edges[trajectory.frames[0]])
    return Extent(
        frames=len(trajectory),
        seconds=rounded(seconds),
        area=rounded(float(np.median(trajectory.areas)) / (video.width * video.height)),
        aspect=rounded(float(np.median(boxes[:, 2] / np.maximum(boxes[:, 3], 1)))),
        roundness=rounded(float(np.median(roundness(masks)))),
        cut=rounded(float(cut.any(axis=1).mean())),
        speed=rounded(float(np.median(speeds)) if len(speeds) else 0.0),
    )


def _colours(samples: Samples, *, tall: bool, rule: ColourRule) -> Iterable[Statement]:
    for region in Region if tall else (Region.WHOLE,):
        claim = claim_colour(samples.regions.get(region, []), rule)
        if claim is not None:
            yield Statement(Claim.COLOR, claim[0], claim[1], region)


def _rounded(s: Statement) -> Statement:
    return Statement(s.kind, s.value, rounded(min(1.0, max(0.0, s.confidence))), s.region)


def _mask(trajectory: Trajectory, frame: int) -> Mask:
    mask = trajectory.at(frame)
    assert mask is not None, "frames are chosen among those of the trajectory"  # noqa: S101
    return mask


def _check(o: TrackedObject, video: Video) -> None:
    size = (video.height, video.width)
    fits = len(o.trajectory) > 0 and o.trajectory.frames[-1] < video.num_frames
    if not fits or {(m.height, m.width) for m in o.trajectory.masks} != {size}:
        raise PhaseError(
            video=video.id,
            phase="descriptions",
            expected=f"object {o.id} with masks of {size[0]}x{size[1]} on frames below {video.num_frames}",
            found="a trajectory that is empty or belongs to another video",
            remedy="Redo the trajectories of this video.",
        )
