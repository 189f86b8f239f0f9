"""Facts of every object of a video, from its trajectory, its witnesses and a few frames of pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np

from svg2_assets.descriptions.colours import ColourRule, claim_colour
from svg2_assets.descriptions.facts import Claim, Extent, Facts, Region, Report, Statement, rounded
from svg2_assets.descriptions.geometry import (
    Course,
    GeometryRule,
    passage_claims,
    position_claim,
    shape_claim,
    size_claim,
    typical_roundness,
)
from svg2_assets.descriptions.motion import MotionRule, motion_claim, typical_speed
from svg2_assets.descriptions.sampling import Samples, SamplingRule, choose_frames, gather
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.streams import ahead
from svg2_assets.scene.video import FrameSource, Video
from svg2_assets.trajectories.protocols import CameraMotion, Origin, TrackedObject, TrackingResult

TALL = 0.75  # width over height up to which the halves of a silhouette are worth a colour of their own


_GROUPS: dict[str, Callable[..., object]] = {
    "sampling": SamplingRule,
    "colour": ColourRule,
    "geometry": GeometryRule,
    "motion": MotionRule,
}


@dataclass(frozen=True, slots=True)
class MeasureRules:
    """All thresholds of Phase 2a in one place; each group may also be given as a mapping of the values that differ."""

    sampling: SamplingRule = field(default_factory=SamplingRule)
    colour: ColourRule = field(default_factory=ColourRule)
    geometry: GeometryRule = field(default_factory=GeometryRule)
    motion: MotionRule = field(default_factory=MotionRule)

    def __post_init__(self) -> None:
        for name, kind in _GROUPS.items():
            given = getattr(self, name)
            if isinstance(given, Mapping):
                object.__setattr__(self, name, kind(**given))


@dataclass(frozen=True, slots=True)
class Measured:
    """The facts of one object and the frames whose pixels were looked at."""

    facts: Facts
    frames: tuple[int, ...]


def measure(source: FrameSource, tracks: TrackingResult, rules: MeasureRules | None = None) -> tuple[Measured, ...]:
    """Facts in the order of `tracks.objects`. Decodes the video once, a few frames ahead.

    Raises `PhaseError` when a trajectory is empty or does not fit the video.
    """
    rules, video = rules or MeasureRules(), source.video
    for tracked in tracks.objects:
        _check(tracked, video)
    courses = {o.id: Course.of(o.trajectory, video) for o in tracks.objects}
    chosen = {object_id: choose_frames(course, rules.sampling) for object_id, course in courses.items()}
    wanted: dict[int, list[tuple[int, Mask]]] = {}
    for tracked in tracks.objects:
        masks = dict(zip(tracked.trajectory.frames, tracked.trajectory.masks, strict=True))
        for frame in chosen[tracked.id]:
            wanted.setdefault(frame, []).append((tracked.id, masks[frame]))
    rows = min(rules.sampling.rows, video.height)
    with closing(ahead(source.pick(sorted(wanted), height=rows))) as frames:
        samples = gather(frames, wanted, rules.sampling)
    return tuple(
        Measured(_facts(o, courses[o.id], camera=tracks.camera, samples=samples[o.id], rules=rules), chosen[o.id])
        for o in tracks.objects
    )


def _facts(o: TrackedObject, course: Course, *, camera: CameraMotion, samples: Samples, rules: MeasureRules) -> Facts:
    extent = _extent(course, samples, typical_speed(course, camera=camera, rule=rules.motion))
    looked = np.searchsorted(course.frames, samples.frames)
    whole = [o for o, cut in zip(samples.outlines, course.cut_anywhere[looked], strict=True) if not cut]
    upright = extent.aspect <= TALL and not course.cut[looked, 2:].any()
    # What belongs to a salient group changes from look to look: its box jumps where nothing moves.
    steady = o.origin is not Origin.SALIENT
    claims = (
        size_claim(course, rules.geometry),
        position_claim(course, rules.geometry),
        shape_claim(whole, rules.geometry),
        motion_claim(course, camera=camera, rule=rules.motion) if steady else None,
    )
    statements = [
        *_colours(samples, tall=upright, rule=rules.colour),
        *(claim for claim in claims if claim is not None),
        *(passage_claims(course, rules.geometry) if steady else ()),
    ]
    reports = tuple(Report.of(w.source, w.looks, dict(w.scores)) for w in o.witnesses)
    return Facts(o.id, extent, reports, tuple(_rounded(s) for s in statements))


def _extent(course: Course, samples: Samples, speed: float) -> Extent:
    video, edges = course.video, course.video.edges
    return Extent(
        frames=len(course.frames),
        seconds=rounded(edges[course.frames[-1] + 1] - edges[course.frames[0]]),
        area=rounded(float(np.median(course.areas)) / (video.width * video.height)),
        aspect=rounded(float(np.median(course.boxes[:, 2] / np.maximum(course.boxes[:, 3], 1)))),
        roundness=rounded(typical_roundness(samples.outlines)),
        cut=rounded(float(course.cut_anywhere.mean())),
        speed=rounded(speed),
    )


def _colours(samples: Samples, *, tall: bool, rule: ColourRule) -> Iterable[Statement]:
    for region in Region if tall else (Region.WHOLE,):
        claim = claim_colour(samples.regions.get(region, []), rule)
        if claim is not None:
            yield Statement(Claim.COLOR, claim[0], claim[1], region)


def _rounded(s: Statement) -> Statement:
    return Statement(s.kind, s.value, rounded(min(1.0, max(0.0, s.confidence))), s.region)


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
