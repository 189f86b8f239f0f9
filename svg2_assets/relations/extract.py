"""All relations of one video, from the geometry and motion of its trajectories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.relations import depth, kicking, kinetics, layout, support
from svg2_assets.relations.camera import camera_maps
from svg2_assets.relations.claims import Claim, PairRule
from svg2_assets.relations.holding import handling
from svg2_assets.relations.pairs import Pair, doubles, measure, same_thing
from svg2_assets.relations.protocols import RelationResult
from svg2_assets.relations.resolve import reconcile, settle
from svg2_assets.relations.sampling import Grid, sample_grid
from svg2_assets.relations.things import Thing, observe
from svg2_assets.relations.thresholds import Thresholds
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.video import FrameSource, Video
from svg2_assets.trajectories.protocols import TrackingResult

SYMMETRIC_RULES: tuple[PairRule, ...] = (layout.near, layout.overlapping, depth.touching, kinetics.moving_together)
DIRECTED_RULES: tuple[PairRule, ...] = (
    layout.left_of,
    layout.above,
    depth.in_front_of,
    support.inside,
    support.on,
    support.riding,
    kinetics.approaching,
    kinetics.moving_away,
    kinetics.following,
)


def extract_relations(
    source: FrameSource,
    tracks: TrackingResult,
    labels: Sequence[VerifiedLabel],
    *,
    settings: Thresholds | None = None,
) -> RelationResult:
    """What holds between the objects of `tracks`, and when: one relation per (subject, predicate, object).

    Frames are read only where a person may be handling something, once, at a small size. An object without a label is
    called `object`. Raises what `source` raises on a video that does not decode.
    """
    rules = settings or Thresholds()
    seen = _evidence(source.video, tracks, labels, rules)
    claims = [*seen.claims, *handling(source, seen.pairs, seen.grid, rules)]
    return reconcile(settle(claims, seen.things, seen.grid, rules), rules)


def propose_relations(
    video: Video, tracks: TrackingResult, labels: Sequence[VerifiedLabel], *, settings: Thresholds | None = None
) -> tuple[Relation, ...]:
    """What `extract_relations` says without a look at the pixels: all but what rests on how hands move.

    Good enough to be proposed to somebody who can look.
    """
    rules = settings or Thresholds()
    seen = _evidence(video, tracks, labels, rules)
    return reconcile(settle(seen.claims, seen.things, seen.grid, rules), rules).relations


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What was measured, and the claims that rest on it alone."""

    grid: Grid
    things: Mapping[int, Thing]
    pairs: Sequence[Pair]
    claims: Sequence[Claim]


def _evidence(video: Video, tracks: TrackingResult, labels: Sequence[VerifiedLabel], rules: Thresholds) -> _Evidence:
    grid = sample_grid(video, tracks.cuts, rate=rules.sampling.rate)
    things = _things(video, grid, tracks, labels, rules)
    measured = list(measure(video, grid, things, rules))
    silent = doubles(measured, rules) | {o.id for o in tracks.objects if o.members}
    pairs = [p for p in measured if _distinct(p, silent, rules)]
    distinct = [t for t in things if t.id not in silent]
    claims = [*_of_things(distinct, grid, rules), *_of_pairs(pairs, video, grid, rules)]
    return _Evidence(grid, {t.id: t for t in things}, pairs, claims)


def _things(
    video: Video, grid: Grid, tracks: TrackingResult, labels: Sequence[VerifiedLabel], rules: Thresholds
) -> list[Thing]:
    named = {label.label.object_id: label for label in labels}
    maps = camera_maps(tracks.camera, grid, middle=(video.width / 2, video.height / 2))
    border = rules.depth.border
    still = rules.sampling.still_camera if tracks.camera.fixed else rules.sampling.moving_camera
    return [observe(video, grid, o, named.get(o.id), maps=maps, border=border, still=still) for o in tracks.objects]


def _distinct(pair: Pair, silent: frozenset[int], rules: Thresholds) -> bool:
    """Whether the pair shows two things. A salient group is a stand-in for things that may be tracked one by one."""
    ends = pair.first.thing, pair.second.thing
    if not len(pair.cells) or any(t.salient or t.id in silent for t in ends):
        return False
    return not same_thing(pair, rules)


def _of_things(things: Sequence[Thing], grid: Grid, rules: Thresholds) -> Iterator[Claim]:
    for thing in things:
        yield from kinetics.towards_camera(thing, rules)
        yield from kinetics.through_the_border(thing, grid, rules)


def _of_pairs(pairs: Sequence[Pair], video: Video, grid: Grid, rules: Thresholds) -> Iterator[Claim]:
    for pair in pairs:
        for rule in SYMMETRIC_RULES:
            yield from rule(pair, rules)
        for seen in (pair, pair.turned()):
            for rule in DIRECTED_RULES:
                yield from rule(seen, rules)
            yield from kicking.kicking(seen, video, grid, rules)
