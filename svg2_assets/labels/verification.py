"""Labels confronted with the evidence that did not produce them: other witnesses, shape.

Each piece of evidence is a finding with a weight in log-odds: how many times likelier it is when the name is right
than when it is wrong. A name is kept when the chance that it is right, from the parser's confidence and all findings,
reaches the policy's threshold; else the next coarser name is tried, and at the end there is `object`. So the confidence
of a verified label is that chance, and `Policy.threshold` the least that is asked of a name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from svg2_assets.descriptions.facts import Extent, Report
from svg2_assets.descriptions.geometry import Course, Outline, cropped, typical_roundness
from svg2_assets.labels.attributes import renamed
from svg2_assets.labels.concepts import BALL_OR_DISC, CLOTHES, UNSAYABLE, is_a, lineage
from svg2_assets.labels.naming import OUTLINE, NamingRule, Support, heard, meant, name_of, prior
from svg2_assets.labels.policy import Policy
from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import Verification
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, Verdict, is_person
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.trajectories.protocols import TrackedObject, TrackingResult

SURE: Mapping[str, Any] = {"accept": 0.9, "rare_accept": 0.8}
"""What this verifier's policy asks for unless it is told otherwise."""


@dataclass(frozen=True, slots=True)
class VerificationRule:
    """When evidence speaks for or against a name (mean scores 0..1), what that weighs (log-odds), and what is enough.

    What is sure enough is the policy's business; it asks for more here than of a promptable tracker, and its
    `found_rate` has no say, since detectors name what they know well. A detector supports fully from `seen` on and not
    at all at `hint`; it contradicts when a rival reaches `rival` and `rival_ratio` times the name, and doubts when it
    gave the name less than `unseen`. The classifier supports from `classified` on and contradicts from `misclassified`,
    about what it knows well only: animals and vehicles; from `worn` on, clothes speak for a person. A ball fills
    `ball_fill` of its enclosing circle, surely not one what fills less than `not_ball_fill`; a person is `slim` to
    `wide` times as wide as high; what breaks these outweighs two detectors, which share their errors (a white cloth on
    a lawn is a sports ball to both).
    """

    naming: NamingRule = field(default_factory=NamingRule)
    policy: Policy = field(default_factory=lambda: Policy(**SURE))
    hint: float = 0.15
    seen: float = 0.3
    worn: float = 0.08
    rival: float = 0.35
    rival_ratio: float = 1.5
    unseen: float = 0.12
    classified: float = 0.2
    misclassified: float = 0.5
    ball_fill: float = 0.8
    not_ball_fill: float = 0.7
    slim: float = 0.12
    wide: float = 3.0
    for_weight: float = 1.8
    doubt_weight: float = 1.5
    against_weight: float = 2.5
    shape_weight: float = 5.0
    shape_frames: int = 12

    def __post_init__(self) -> None:
        if isinstance(self.naming, Mapping):
            object.__setattr__(self, "naming", NamingRule(**self.naming))
        if isinstance(self.policy, Mapping):
            object.__setattr__(self, "policy", Policy(**{**SURE, **self.policy}))


@dataclass(frozen=True, slots=True)
class Finding:
    """What one piece of evidence says: `weight` > 0 for the name, < 0 against; a doubt is no contradiction."""

    weight: float
    text: str
    contradicts: bool = False


@dataclass(frozen=True, slots=True)
class Hearing:
    """Everything that can be heard about one object; `supports` without the witnesses that gave the name."""

    namer: Support | None
    supports: dict[str, Support]
    extent: Extent | None
    outline_used: bool
    rule: VerificationRule


@dataclass(frozen=True, slots=True)
class Trial:
    """One name with its findings and the chance that it is right."""

    name: str
    chance: float
    findings: tuple[Finding, ...]

    @property
    def said(self) -> str:
        """The findings as one phrase."""
        return "; ".join(f.text for f in self.findings) or "no other witness was heard"

    @property
    def verdict(self) -> Verdict:
        """Supported when something speaks for the name and nothing against it."""
        if any(f.contradicts for f in self.findings):
            return Verdict.CONTRADICTED
        for_it, against = (any(f.weight * sign > 0 for f in self.findings) for sign in (1, -1))
        return Verdict.SUPPORTED if for_it and not against else Verdict.UNVERIFIED


def verify_labels(
    video: Video, tracks: TrackingResult, labels: Sequence[Label], rule: VerificationRule | None = None
) -> tuple[VerifiedLabel, ...]:
    """One verdict a label, in order. Raises `PhaseError` for a label of an object that was not tracked."""
    tracked = {o.id: o for o in tracks.objects}
    if missing := sorted({label.object_id for label in labels} - tracked.keys()):
        raise PhaseError(
            video=video.id,
            phase="verified_labels",
            expected="labels of tracked objects",
            found=f"labels of {missing}, which have no trajectory",
            remedy="Redo the descriptions of this video.",
        )
    return tuple(verify_label(label, tracked[label.object_id], video, rule or VerificationRule()) for label in labels)


def verify_label(label: Label, tracked: TrackedObject, video: Video, rule: VerificationRule) -> VerifiedLabel:
    """The verdict on one label: kept, or replaced by the finest coarser name that is sure enough."""
    if label.name == UNKNOWN_NAME:
        return VerifiedLabel(label, Verification(), "No name is claimed.")
    hearing = _open(label, tracked, video, rule)
    first = _try(label.name, label, hearing)
    if first.chance >= rule.policy.threshold(label.name):
        kept = replace(label, confidence=first.chance, uncertain=False)
        return VerifiedLabel(kept, Verification(first.verdict, first.chance), f"{label.name}: {first.said}.")
    for name in list(lineage(label.name))[1:]:
        if name in UNSAYABLE:
            continue
        trial = _try(name, label, hearing)
        if trial.chance >= rule.policy.threshold(name):
            return _fall_back(label, first, trial)
    return _fall_back(label, first, None)


def _open(label: Label, tracked: TrackedObject, video: Video, rule: VerificationRule) -> Hearing:
    reports = [Report.of(w.source, w.looks, dict(w.scores)) for w in tracked.witnesses]
    extent = _extent(label.name, tracked.trajectory, video, rule)
    naming = name_of(reports, extent, rule.naming)
    supports = heard(reports, rule.naming)
    # A name that this project's own rules would not give comes from elsewhere: then every witness is independent.
    gave = naming.sources if naming.name == label.name else ()
    others = {source: s for source, s in supports.items() if source not in gave}
    return Hearing(supports.get(rule.naming.namer), others, extent, OUTLINE in gave, rule)


def _try(name: str, label: Label, h: Hearing) -> Trial:
    findings = tuple(f for judge in _JUDGES for f in judge(name, h))
    start = label.confidence
    if name != label.name and h.namer is not None:
        start = max(start, prior(name, h.namer, h.rule.naming))
    p = min(max(start, 0.01), 0.99)
    odds = math.log(p / (1 - p)) + sum(f.weight for f in findings)
    return Trial(name, 1 / (1 + math.exp(-odds)), findings)


def _by_detectors(name: str, h: Hearing) -> list[Finding]:
    found: list[Finding] = []
    for source, support in h.supports.items():
        if source == h.rule.naming.classifier:
            continue
        score, (rival, rivals) = support.score(meant(name)), support.rival(meant(name))
        if score > max(rivals, h.rule.hint):
            weight = h.rule.for_weight * min(1.0, (score - h.rule.hint) / (h.rule.seen - h.rule.hint))
            found.append(Finding(weight, f"{source} sees {name} too ({score:.2f})"))
        elif rivals >= h.rule.rival and rivals >= h.rule.rival_ratio * score:
            found.append(Finding(-h.rule.against_weight, f"{source} sees {rival} ({rivals:.2f}) instead", True))
        elif score < h.rule.unseen:
            found.append(Finding(-h.rule.doubt_weight, f"{source} sees no {name} in {support.looks} looks"))
    return found


def _by_classifier(name: str, h: Hearing) -> list[Finding]:
    support = h.supports.get(h.rule.naming.classifier)
    if support is None:
        return []
    if is_person(name):  # it knows no people, but what they wear
        worn = support.score(CLOTHES)
        return (
            [Finding(h.rule.for_weight, f"{support.source} sees clothes ({worn:.2f})")] if worn >= h.rule.worn else []
        )
    score, (rival, rivals) = support.score(name), support.rival(name)
    if score >= h.rule.classified and score > rivals:
        return [Finding(h.rule.for_weight, f"{support.source} agrees ({score:.2f})")]
    known = all(is_a(n, "animal") or is_a(n, "vehicle") for n in (name, rival))
    if known and rivals >= h.rule.misclassified and score < 0.1:
        return [Finding(-h.rule.against_weight, f"{support.source} takes it for {rival} ({rivals:.2f})", True)]
    return []


def _by_shape(name: str, h: Hearing) -> list[Finding]:
    if h.extent is None or h.extent.cut > 0.5:
        return []
    fill, aspect = h.extent.roundness, h.extent.aspect
    if is_a(name, "ball") and not h.outline_used and fill >= h.rule.ball_fill:
        return [Finding(h.rule.for_weight, f"its outline is round ({fill:.2f} of a disc)")]
    if is_a(name, "ball") and fill < h.rule.not_ball_fill:
        return [Finding(-h.rule.shape_weight, f"its outline is not round ({fill:.2f} of a disc)", True)]
    if is_person(name) and not h.rule.slim <= aspect <= h.rule.wide:
        return [Finding(-h.rule.shape_weight, f"no person is {aspect:.2f} times as wide as high", True)]
    return []


_JUDGES: tuple[Callable[[str, Hearing], list[Finding]], ...] = (_by_detectors, _by_classifier, _by_shape)


def _fall_back(label: Label, first: Trial, coarser: Trial | None) -> VerifiedLabel:
    """The label under a coarser name, the old one kept as an alternative and in the reason."""
    name = coarser.name if coarser else UNKNOWN_NAME
    why = f"not sure enough of {label.name} ({first.chance:.2f}): {first.said}"
    fallen = replace(
        label,
        name=name,
        confidence=coarser.chance if coarser else 1.0,
        attributes=renamed(label.attributes, old=label.name, new=name),
        alternatives=(label.name, *(a for a in label.alternatives if a != name)),
        uncertain=coarser is None,
        reason=f"{label.reason}; {why}" if label.reason else why,
    )
    if coarser:
        return VerifiedLabel(fallen, Verification(coarser.verdict, coarser.chance), f"{name}: {coarser.said}; {why}.")
    verdict = Verdict.CONTRADICTED if first.verdict is Verdict.CONTRADICTED else Verdict.UNVERIFIED
    return VerifiedLabel(fallen, Verification(verdict, first.chance), f"{why[0].upper()}{why[1:]}.")


def _extent(name: str, trajectory: Trajectory, video: Video, rule: VerificationRule) -> Extent | None:
    """The numbers that the judges need; None for a trajectory whose masks were not loaded.

    Masks are decoded only where the outline matters, for what may be a ball.
    """
    if len(trajectory) == 0:
        return None
    course = Course.of(trajectory, video)
    outlines = [Outline()]
    if is_a(name, BALL_OR_DISC):
        rows = np.unique(np.linspace(0, len(trajectory) - 1, rule.shape_frames).astype(int))
        outlines = [Outline.of(cropped(trajectory.masks[i])[0]) for i in rows]
    return Extent(
        frames=len(trajectory),
        seconds=float(video.edges[trajectory.frames[-1] + 1] - video.edges[trajectory.frames[0]]),
        area=float(np.median(course.areas)) / (video.width * video.height),
        aspect=float(np.median(course.boxes[:, 2] / np.maximum(course.boxes[:, 3], 1))),
        roundness=typical_roundness(outlines),
        cut=float(course.cut_anywhere.mean()),
        speed=0.0,
    )
