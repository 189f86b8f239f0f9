"""Names confronted with what a promptable tracker finds when it is asked for them.

The score of a label is the chance that its name is right: the parser's confidence, multiplied up by a track of the name
that fits, down by silence (as far as the tracker would have spoken: `Policy.found_rate`) and by a track of another name
that fits better. The verdict is plainer: supported, contradicted or unverified. The policy decides what is kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from svg2_assets.labels.attributes import renamed
from svg2_assets.labels.concept_tracks import (
    ConceptTracker,
    WindowSettings,
    concepts_of,
    prompt_of,
    stretches_of,
    windows_of,
)
from svg2_assets.labels.concepts import UNSAYABLE, compatible, is_a, lineage
from svg2_assets.labels.matching import Fit, Match, Matching, Overlaps, match
from svg2_assets.labels.policy import Policy, decide
from svg2_assets.labels.protocols import Label, StretchEvidence, TrackEvidence, VerifiedLabel
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import Verification
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, Verdict, is_person
from svg2_assets.scene.video import FrameSource, Video
from svg2_assets.trajectories.protocols import TrackedObject, TrackingResult

Span = tuple[float, float]
"""`[start, end)` seconds"""

NO_CLAIM = "No name is claimed"


@dataclass(frozen=True, slots=True)
class ConceptRule:
    """When a fit speaks for or against a name, and what that weighs.

    Volume IoU speaks fully from `fits` on and not at all at `hint`. Another name contradicts when its track fits, the
    own name's does not, and it is `margin` better. Weights are log-odds: of a full fit (`for_weight`), of an object
    that lies within a track of its name by `inside` without filling it (`piece_weight`), of another name that fits
    instead (`against_weight`). `stray`: the chance that a track of a wrong name lies on the object all the same.
    `least_prior`, `most_prior`: how far the parser's confidence is believed.
    """

    policy: Policy = field(default_factory=Policy)
    windows: WindowSettings = field(default_factory=WindowSettings)
    matching: Matching = field(default_factory=Matching)
    fits: float = 0.5
    hint: float = 0.1
    margin: float = 0.15
    inside: float = 0.9
    for_weight: float = 4.0
    piece_weight: float = 0.5
    against_weight: float = 3.0
    stray: float = 0.05
    least_prior: float = 0.1
    most_prior: float = 0.9

    def __post_init__(self) -> None:
        for name, kind in (("policy", Policy), ("windows", WindowSettings), ("matching", Matching)):
            given = getattr(self, name)
            if isinstance(given, Mapping):
                object.__setattr__(self, name, kind(**given))


class ConceptVerifier:
    """A `LabelVerifier` by any `ConceptTracker`."""

    def __init__(self, tracker: ConceptTracker, rule: ConceptRule | None = None) -> None:
        self._tracker, self._rule = tracker, rule or ConceptRule()

    @property
    def model_id(self) -> str:
        """Name and revision of the tracker's model."""
        return self._tracker.model_id

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        return {"tracker": dict(self._tracker.config), "rule": asdict(self._rule)}

    def verify(self, source: FrameSource, tracks: TrackingResult, labels: Sequence[Label]) -> tuple[VerifiedLabel, ...]:
        """One verdict a label, in order.

        Raises `PhaseError` when a label is of an object that was not tracked, and what the tracker raises.
        """
        return verify_by_concepts(source, tracks, labels, tracker=self._tracker, rule=self._rule)


@dataclass(frozen=True, slots=True)
class ConceptFinding:
    """What was found about one claimed name: verdict, the chance that it is right, the evidence as one phrase and in
    numbers (None where nothing was looked at), and the other names whose tracks fit the object, best first."""

    verdict: Verdict = Verdict.UNVERIFIED
    score: float = 0.0
    evidence: str = NO_CLAIM
    fitting: tuple[Fit, ...] = ()
    by_tracks: TrackEvidence | None = None


def verify_by_concepts(
    source: FrameSource,
    tracks: TrackingResult,
    labels: Sequence[Label],
    *,
    tracker: ConceptTracker,
    rule: ConceptRule | None = None,
) -> tuple[VerifiedLabel, ...]:
    """One verdict a label, in order. Nothing is looked at where nothing is claimed. Raises as `ConceptVerifier`."""
    rule = rule or ConceptRule()
    found = findings_of(source, tracks, labels, tracker=tracker, rule=rule)
    return tuple(settle(label, finding, rule) for label, finding in zip(labels, found, strict=True))


def findings_of(
    source: FrameSource, tracks: TrackingResult, labels: Sequence[Label], *, tracker: ConceptTracker, rule: ConceptRule
) -> tuple[ConceptFinding, ...]:
    """What the tracker says of each label, in order, before the policy decides. Raises as `ConceptVerifier`."""
    objects = {o.id: o for o in tracks.objects}
    _check_tracked(source.video, labels, objects)
    claims = {label.object_id: prompt_of(label.name) for label in labels}
    windows = [
        stretches_of(indices, rule.windows)
        for indices in windows_of(source.video, [o.trajectory for o in objects.values()], rule.windows)
    ]
    sums = _looked_at(source, list(objects.values()), list(claims.values()), windows, tracker=tracker)
    matches, spans = match(sums, claims, rule.matching), _spans(source.video, windows)
    return tuple(
        _finding(
            label,
            matches[label.object_id],
            {claims.get(i, "") for i in _family(label.object_id, objects)},
            spans=spans,
            rule=rule,
        )
        for label in labels
    )


def settle(label: Label, finding: ConceptFinding, rule: ConceptRule) -> VerifiedLabel:
    """The label as the policy lets it go downstream: as it is, under a coarser name, or as `object`."""
    name = prompt_of(label.name)
    if not name:
        return VerifiedLabel(label, Verification(), f"{finding.evidence}.")
    verdict, score = finding.verdict, finding.score
    decision = decide(rule.policy, name, verdict=verdict, score=score)
    if decision.keep:
        kept = replace(label, confidence=score, uncertain=label.uncertain and verdict is not Verdict.SUPPORTED)
        return VerifiedLabel(kept, Verification(verdict, score), f"{finding.evidence}.", finding.by_tracks)
    return _withheld(label, finding, f"{decision.reason}: {finding.evidence}", rule)


def _finding(
    label: Label, found: Match, relatives: set[str], *, spans: Mapping[tuple[int, int], Span], rule: ConceptRule
) -> ConceptFinding:
    """`spans`: from when to when each stretch goes, by the numbers of its window and within that."""
    name = prompt_of(label.name)
    if not name:
        return ConceptFinding()
    own, rival = _sides(name, found, relatives)
    stretches = tuple(
        _stretch_evidence(number, spans[number, place], alone, *_sides(name, alone, relatives))
        for number, place, alone in found.stretches
    )
    return ConceptFinding(
        verdict=_verdict(own, rival, rule),
        score=_score(label, own, found, rival=rival, rule=rule),
        evidence=_evidence(name, own, found, rival),
        fitting=tuple(f for f in found.others if f.viou >= rule.fits),
        by_tracks=_in_numbers(own, found.looks, rival=rival, stretches=stretches) if found.looks else None,
    )


def _sides(name: str, found: Match, relatives: set[str]) -> tuple[Fit, Fit | None]:
    """The best fit for `name` and the best against it. A dog supports an animal; names of `relatives` (the object's
    whole, its parts) are no rivals to its own."""
    rival = next((f for f in found.others if f.concept not in relatives and not agree(name, f.concept)), None)
    kin = next((f for f in found.others if is_a(f.concept, name)), None)
    return max((f for f in (found.own, kin) if f is not None), key=lambda f: f.viou), rival


def _stretch_evidence(number: int, span: Span, alone: Match, own: Fit, rival: Fit | None) -> StretchEvidence:
    rival = rival if rival is not None and rival.viou > 0 else Fit("")
    return StretchEvidence(
        window=number,
        start=span[0],
        end=span[1],
        looks=alone.looks,
        concept=own.concept,
        viou=own.viou,
        rival=rival.concept,
        rival_viou=rival.viou,
    )


def _spans(video: Video, windows: Sequence[Sequence[Sequence[int]]]) -> dict[tuple[int, int], Span]:
    """Each stretch from its first frame to that of the next one, the last to the end of the video."""
    numbers = [(n, place) for n, window in enumerate(windows) for place in range(len(window))]
    starts = [float(video.edges[stretch[0]]) for window in windows for stretch in window]
    return dict(zip(numbers, zip(starts, [*starts[1:], float(video.edges[-1])], strict=True), strict=True))


def _looked_at(
    source: FrameSource,
    objects: Sequence[TrackedObject],
    names: Sequence[str],
    windows: Sequence[Sequence[Sequence[int]]],
    *,
    tracker: ConceptTracker,
) -> list[Overlaps]:
    """Each window's sums. Only frames of one window are in work at a time."""
    concepts = concepts_of(names)
    if not concepts:
        return []
    found: list[Overlaps] = []
    for stretches in windows:
        parts = [Overlaps() for _ in stretches]
        place = {index: n for n, stretch in enumerate(stretches) for index in stretch}
        for frame in tracker.follow(source, concepts, [i for stretch in stretches for i in stretch]):
            masks = {o.id: o.trajectory.at(frame.index) for o in objects}
            parts[place[frame.index]].add(frame, {i: m for i, m in masks.items() if m is not None})
        found.append(Overlaps.of(parts))
    return found


def _verdict(own: Fit, rival: Fit | None, rule: ConceptRule) -> Verdict:
    if rival is not None and rival.viou >= rule.fits and rival.viou >= own.viou + rule.margin:
        return Verdict.UNVERIFIED if own.viou >= rule.fits else Verdict.CONTRADICTED
    return Verdict.SUPPORTED if own.viou >= rule.fits else Verdict.UNVERIFIED


def _score(label: Label, own: Fit, found: Match, *, rival: Fit | None, rule: ConceptRule) -> float:
    odds = _sure(label.confidence, rule)
    if found.looks:
        speaks = _speaks(own.viou, rule)
        rate = rule.policy.found_rate(prompt_of(label.name))
        odds += speaks * rule.for_weight * own.score
        odds += (1 - speaks) * math.log((1 - rate) / (1 - rule.stray)) * (rate > rule.stray)
        odds += (1 - speaks) * rule.piece_weight * (found.near.inside >= rule.inside)
        if rival is not None and rival.viou > own.viou:
            odds -= rule.against_weight * _speaks(rival.viou, rule) * rival.score * (1 - speaks * 0.5)
    return 1 / (1 + math.exp(-odds))


def _sure(confidence: float, rule: ConceptRule) -> float:
    """The parser's confidence as log-odds, as far as it is believed."""
    prior = min(max(confidence, rule.least_prior), rule.most_prior)
    return math.log(prior / (1 - prior))


def _speaks(viou: float, rule: ConceptRule) -> float:
    """0 at `hint` and below, 1 from `fits` on."""
    return min(1.0, max(0.0, (viou - rule.hint) / (rule.fits - rule.hint)))


def _evidence(name: str, own: Fit, found: Match, rival: Fit | None) -> str:
    if not found.looks:
        return f"{name}: it is visible on none of the frames looked at"
    if own.tracks:
        said = (
            f"{own.concept}: {_track(own)} fits with vIoU {own.viou:.2f} on {len(own.frames)} of {found.looks} frames"
        )
        said += f" ({own.frames[0]} to {own.frames[-1]}), score {own.score:.2f}" if own.frames else ""
        said += f", holds {own.inside:.2f} of it, {own.covers:.2f} within it"
    elif found.near.tracks:
        near = found.near
        said = f"{name}: {_track(near)} fits another object better or this one little (vIoU {near.viou:.2f}, "
        said += f"holds {near.inside:.2f} of it, {near.covers:.2f} within it)"
    else:
        said = f"{name}: no track of it is found on {found.looks} frames looked at"
    if rival is not None and rival.viou > 0:
        said += f"; best other name: {rival.concept}, {_track(rival)}, vIoU {rival.viou:.2f}, score {rival.score:.2f}"
    return said


def _in_numbers(
    own: Fit, looks: int, *, rival: Fit | None = None, stretches: tuple[StretchEvidence, ...] = ()
) -> TrackEvidence:
    rival = rival if rival is not None and rival.viou > 0 else Fit("")
    return TrackEvidence(
        concept=own.concept,
        tracks=own.tracks,
        viou=own.viou,
        frames=own.frames,
        score=own.score,
        looks=looks,
        rival=rival.concept,
        rival_viou=rival.viou,
        stretches=stretches,
    )


def _track(fit: Fit) -> str:
    shown = ", ".join(f"{window}.{track}" for window, track in fit.tracks[:3])
    more = f" and {len(fit.tracks) - 3} more" if len(fit.tracks) > 3 else ""
    return f"track {shown}{more}"


def _withheld(label: Label, finding: ConceptFinding, why: str, rule: ConceptRule) -> VerifiedLabel:
    """The label under a coarser name that a track supports, or `object`; what was claimed stays an alternative."""
    above = _coarser(label.name, finding.fitting)
    name, support = above or (UNKNOWN_NAME, None)
    others = dict.fromkeys((label.name, *(f.concept for f in finding.fitting), *label.alternatives))
    surely = _sure(label.confidence, rule)
    chance = 1.0 if support is None else 1 / (1 + math.exp(-surely - rule.for_weight * support.score))
    fallen = Label(
        object_id=label.object_id,
        name=name,
        confidence=chance,
        attributes=renamed(label.attributes, old=label.name, new=name),
        alternatives=tuple(a for a in others if a != name),
        uncertain=support is None,
        reason=f"{label.reason}; {why}" if label.reason else why,
    )
    if support is None:
        verification = Verification(finding.verdict, finding.score)
        return VerifiedLabel(fallen, verification, f"{why[0].upper()}{why[1:]}.", finding.by_tracks)
    by_tracks = finding.by_tracks or TrackEvidence("")
    kept = f"{name}: {support.concept}, {_track(support)} fits with vIoU {support.viou:.2f}"
    verification = Verification(Verdict.SUPPORTED, chance)
    return VerifiedLabel(
        fallen, verification, f"{kept}; {why}.", _in_numbers(support, by_tracks.looks, stretches=by_tracks.stretches)
    )


def _coarser(name: str, fitting: Sequence[Fit]) -> tuple[str, Fit] | None:
    """The finest name above `name` that a fitting track supports, and that track."""
    for above in list(lineage(name))[1:]:
        support = next((f for f in fitting if is_a(f.concept, above)), None)
        if support is not None and above not in UNSAYABLE:
            return above, support
    return None


def agree(first: str, second: str) -> bool:
    """Whether both names can be true of one thing: one is the other or coarser, both are people, or the head noun is
    the same (`wooden table`, `table`)."""
    both_people = is_person(first) and is_person(second)
    return both_people or compatible(first, second) or first.split()[-1] == second.split()[-1]


def _family(object_id: int, objects: Mapping[int, TrackedObject]) -> set[int]:
    """The wholes of an object, up to the top, and its direct parts."""
    family = {o.id for o in objects.values() if o.part_of == object_id}
    at = objects[object_id].part_of
    while at is not None and at not in family and at in objects:
        family.add(at)
        at = objects[at].part_of
    return family


def _check_tracked(video: Video, labels: Sequence[Label], objects: Mapping[int, TrackedObject]) -> None:
    if missing := sorted({label.object_id for label in labels} - objects.keys()):
        raise PhaseError(
            video=video.id,
            phase="verified_labels",
            expected="labels of tracked objects",
            found=f"labels of {missing}, which have no trajectory",
            remedy="Redo the descriptions of this video.",
        )
