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
from svg2_assets.labels.concept_tracks import ConceptTracker, WindowSettings, concepts_of, prompt_of, windows_of
from svg2_assets.labels.concepts import UNSAYABLE, compatible, is_a, lineage
from svg2_assets.labels.matching import Fit, Match, Matching, Overlaps, match
from svg2_assets.labels.policy import Policy, decide
from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import Verification
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, Verdict, is_person
from svg2_assets.scene.video import FrameSource, Video
from svg2_assets.trajectories.protocols import TrackedObject, TrackingResult

NO_CLAIM = "No name is claimed."


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
    for_weight: float = 3.0
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
    objects = {o.id: o for o in tracks.objects}
    _check_tracked(source.video, labels, objects)
    claims = {label.object_id: prompt_of(label.name) for label in labels}
    windows = _looked_at(source, list(objects.values()), list(claims.values()), tracker=tracker, rule=rule)
    matches = match(windows, claims, rule.matching)
    family = {o.id: _family(o.id, objects) for o in tracks.objects}
    return tuple(
        judge(
            label, matches[label.object_id], relatives={claims.get(i, "") for i in family[label.object_id]}, rule=rule
        )
        for label in labels
    )


def judge(label: Label, found: Match, *, relatives: set[str], rule: ConceptRule) -> VerifiedLabel:
    """The verdict on one label. Names of `relatives` (its whole, its parts) are no rivals to it."""
    name = prompt_of(label.name)
    if not name:
        return VerifiedLabel(label, Verification(), NO_CLAIM)
    rival = next((f for f in found.others if f.concept not in relatives and not agree(name, f.concept)), None)
    kin = next((f for f in found.others if is_a(f.concept, name)), None)
    own = max((f for f in (found.own, kin) if f is not None), key=lambda f: f.viou)  # a dog supports an animal
    verdict, score = _verdict(own, rival, rule), _score(label, own, found, rival=rival, rule=rule)
    evidence = _evidence(name, own, found, rival)
    decision = decide(rule.policy, name, verdict=verdict, score=score)
    if decision.keep:
        kept = replace(label, confidence=score, uncertain=label.uncertain and verdict is not Verdict.SUPPORTED)
        return VerifiedLabel(kept, Verification(verdict, score), f"{evidence}.")
    return _withheld(label, found, verdict=verdict, score=score, why=f"{decision.reason}: {evidence}", rule=rule)


def _looked_at(
    source: FrameSource,
    objects: Sequence[TrackedObject],
    names: Sequence[str],
    *,
    tracker: ConceptTracker,
    rule: ConceptRule,
) -> list[Overlaps]:
    """Each window's sums. Only frames of one window are in work at a time."""
    concepts = concepts_of(names)
    if not concepts:
        return []
    windows: list[Overlaps] = []
    for indices in windows_of(source.video, [o.trajectory for o in objects], rule.windows):
        sums = Overlaps()
        for frame in tracker.follow(source, concepts, indices):
            masks = {o.id: o.trajectory.at(frame.index) for o in objects}
            sums.add(frame, {i: m for i, m in masks.items() if m is not None})
        windows.append(sums)
    return windows


def _verdict(own: Fit, rival: Fit | None, rule: ConceptRule) -> Verdict:
    if rival is not None and rival.viou >= rule.fits and rival.viou >= own.viou + rule.margin:
        return Verdict.UNVERIFIED if own.viou >= rule.fits else Verdict.CONTRADICTED
    return Verdict.SUPPORTED if own.viou >= rule.fits else Verdict.UNVERIFIED


def _score(label: Label, own: Fit, found: Match, *, rival: Fit | None, rule: ConceptRule) -> float:
    prior = min(max(label.confidence, rule.least_prior), rule.most_prior)
    odds = math.log(prior / (1 - prior))
    if found.looks:
        speaks = _speaks(own.viou, rule)
        rate = rule.policy.found_rate(prompt_of(label.name))
        odds += speaks * rule.for_weight * own.score
        odds += (1 - speaks) * math.log((1 - rate) / (1 - rule.stray)) * (rate > rule.stray)
        odds += (1 - speaks) * rule.piece_weight * (found.near.inside >= rule.inside)
        if rival is not None and rival.viou > own.viou:
            odds -= rule.against_weight * _speaks(rival.viou, rule) * rival.score * (1 - speaks * 0.5)
    return 1 / (1 + math.exp(-odds))


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


def _track(fit: Fit) -> str:
    shown = ", ".join(f"{window}.{track}" for window, track in fit.tracks[:3])
    more = f" and {len(fit.tracks) - 3} more" if len(fit.tracks) > 3 else ""
    return f"track {shown}{more}"


def _withheld(
    label: Label, found: Match, *, verdict: Verdict, score: float, why: str, rule: ConceptRule
) -> VerifiedLabel:
    """The label under a coarser name that a track supports, or `object`; what was claimed stays an alternative."""
    fitting = [f for f in found.others if f.viou >= rule.fits]
    name = _coarser(label.name, fitting)
    others = dict.fromkeys((label.name, *(f.concept for f in fitting), *label.alternatives))
    fallen = Label(
        object_id=label.object_id,
        name=name,
        confidence=max((f.score for f in fitting), default=0.0) if name != UNKNOWN_NAME else 1.0,
        attributes=renamed(label.attributes, old=label.name, new=name),
        alternatives=tuple(a for a in others if a != name),
        uncertain=name == UNKNOWN_NAME,
        reason=f"{label.reason}; {why}" if label.reason else why,
    )
    return VerifiedLabel(fallen, Verification(verdict, score), f"{why[0].upper()}{why[1:]}.")


def _coarser(name: str, fitting: Sequence[Fit]) -> str:
    """The finest name above `name` that a fitting track supports; `object` where there is none."""
    for above in list(lineage(name))[1:]:
        if above not in UNSAYABLE and any(is_a(f.concept, above) for f in fitting):
            return above
    return UNKNOWN_NAME


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
