"""Which name the witness of an object proposes, and the chance that it is right before anybody else is heard.

The namer is the detector that tracked the object. A name needs a mean score and a margin over the best name that cannot
also be true; where names of one family share the score (dog, cat, bear), the family is proposed instead; where nothing
stands out, `object`. Other witnesses are left for verification.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from svg2_assets.descriptions.facts import Extent, Report
from svg2_assets.labels.concepts import BALL_OR_DISC, UNSAYABLE, compatible, concept_of, is_a, lineage
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, is_person

OUTLINE = "outline"  # the source of a name that the silhouette helped to give


@dataclass(frozen=True, slots=True)
class NamingRule:
    """Thresholds on mean scores (0..1) of a trajectory, and the prior that a name is right.

    `namer`, `second` and `classifier` are sources of witnesses; each counts from its `least_looks` on. A name needs
    `least` and `margin` times its best rival, a family `least_family` and `family_margin`; members of a family below
    the best count by `member_weight`. The prior is logistic in the score: even at `even`, rising by `slope`; people are
    known `person_bonus` (log-odds) better than other things; a margin below `clear` costs `close_cost`. A ball or disc
    is called a ball when its outline fills `round_fill` of a circle, its sides are within `round_aspect` of each other
    and balls have `ball_share` of the score of discs.
    What covers less than `tiny` of the frame and stays below `still` sizes a second for `still_seconds` is furniture of
    the place as often as what its score says: under `still_tiny_score` its chance is at most `still_tiny_chance`.
    Without a detector the classifier names from `classified_alone` on.
    """

    namer: str = "nanodet"
    second: str = "centernet"
    classifier: str = "efficientnet"
    least_looks: int = 2
    least: float = 0.3
    margin: float = 1.15
    least_family: float = 0.4
    family_margin: float = 1.5
    member_weight: float = 0.5
    even: float = 0.4
    slope: float = 17.0
    person_bonus: float = 2.0
    clear: float = 1.5
    close_cost: float = 1.0
    round_fill: float = 0.8
    round_aspect: float = 1.33
    ball_share: float = 0.4
    tiny: float = 0.01
    still: float = 0.08
    still_seconds: float = 2.0
    still_tiny_score: float = 0.5
    still_tiny_chance: float = 0.5
    classified_alone: float = 0.6
    most_sure: float = 0.98


@dataclass(frozen=True, slots=True)
class Naming:
    """A name, the chance that it is right, the witnesses that gave it, and why."""

    name: str
    confidence: float
    sources: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Support:
    """What one witness says, in concepts: score by concept as said, without passing it on to coarser ones."""

    source: str
    looks: int
    said: Mapping[str, float]
    member_weight: float

    @classmethod
    def of(cls, report: Report, member_weight: float) -> Support:
        """Words of the witness's vocabulary that mean one concept add up; unknown words count nothing."""
        said: dict[str, float] = {}
        for word, score in report.scores:
            concept = concept_of(word)
            if concept is not None:
                said[concept] = min(1.0, said.get(concept, 0.0) + score)
        return cls(report.source, report.looks, said, member_weight)

    def score(self, name: str) -> float:
        """Support of `name`: its best member, the others by their weight (they are often one box named twice)."""
        members = sorted((s for c, s in self.said.items() if is_a(c, name)), reverse=True)
        return min(1.0, members[0] + self.member_weight * sum(members[1:])) if members else 0.0

    def rival(self, name: str) -> tuple[str, float]:
        """The best single concept that cannot be a `name`."""
        rivals = [(c, s) for c, s in self.said.items() if not compatible(c, name)]
        return max(rivals, key=lambda item: item[1], default=(UNKNOWN_NAME, 0.0))

    def best(self) -> tuple[str, float]:
        """What it most says."""
        return max(self.said.items(), key=lambda item: item[1], default=(UNKNOWN_NAME, 0.0))


def heard(reports: Sequence[Report], rule: NamingRule) -> dict[str, Support]:
    """The witnesses that looked often enough, by source."""
    return {r.source: Support.of(r, rule.member_weight) for r in reports if r.looks >= rule.least_looks}


def name_of(reports: Sequence[Report], extent: Extent | None, rule: NamingRule | None = None) -> Naming:
    """The finest name that the namer proposes; the classifier proposes where the namer never looked."""
    rule = rule or NamingRule()
    supports = heard(reports, rule)
    others = _alternatives(supports)
    namer = supports.get(rule.namer)
    naming = _by_detector(namer, extent, rule) if namer else _by_classifier(supports.get(rule.classifier), rule)
    if naming is None:
        return Naming(UNKNOWN_NAME, 1.0, (), others, _silence(namer))
    return Naming(
        naming.name, naming.confidence, naming.sources, tuple(o for o in others if o != naming.name), naming.reason
    )


def prior(name: str, support: Support, rule: NamingRule) -> float:
    """The chance that `name` is right, going by one detector alone."""
    name = meant(name)
    score, (_, rivals) = support.score(name), support.rival(name)
    odds = rule.slope * (score - rule.even)
    odds += rule.person_bonus if is_person(name) else 0.0
    odds -= rule.close_cost if score < rule.clear * rivals else 0.0
    return min(rule.most_sure, 1 / (1 + math.exp(-odds)))


def meant(name: str) -> str:
    """What to look for in a detector's scores when the thing is called `name`: a ball may be taken for a disc."""
    return BALL_OR_DISC if name == "ball" else name


def _by_detector(support: Support, extent: Extent | None, rule: NamingRule) -> Naming | None:
    best, _ = support.best()
    for name in lineage(best):
        score, (rival, rivals) = support.score(name), support.rival(name)
        least, margin = (rule.least, rule.margin) if name == best else (rule.least_family, rule.family_margin)
        if score < least or score < margin * rivals or (is_a(name, BALL_OR_DISC) and name != BALL_OR_DISC):
            continue
        reason = f"{support.source} gives {name} {score:.2f} over {support.looks} looks"
        reason += f", {rival} {rivals:.2f}" if rivals > 0 else ""
        if name == BALL_OR_DISC:
            return _ball(support, extent, rule, reason=reason)
        chance = prior(name, support, rule)
        if _still_and_tiny(extent, rule) and score < rule.still_tiny_score:
            chance, reason = min(chance, rule.still_tiny_chance), f"{reason}; it is tiny and never moves"
        return Naming(name, chance, (support.source,), reason=reason)
    return None


def _ball(support: Support, extent: Extent | None, rule: NamingRule, *, reason: str) -> Naming | None:
    """A ball where the outline is round; a flat disc is seldom round, and seldom called a ball."""
    ball, disc = support.score("ball"), support.score("frisbee")
    if extent is None or ball < rule.ball_share * disc:
        return None
    squarish = 1 / rule.round_aspect <= extent.aspect <= rule.round_aspect
    if extent.roundness < rule.round_fill or not squarish:
        return None
    chance = prior("ball", support, rule)
    return Naming("ball", chance, (support.source, OUTLINE), reason=f"{reason}; its outline is round")


def _by_classifier(support: Support | None, rule: NamingRule) -> Naming | None:
    name, score = support.best() if support else (UNKNOWN_NAME, 0.0)
    if support is None or score < rule.classified_alone or not (is_a(name, "animal") or is_a(name, "vehicle")):
        return None
    return Naming(name, score, (support.source,), reason=f"{support.source} alone takes it for {name} ({score:.2f})")


def _still_and_tiny(extent: Extent | None, rule: NamingRule) -> bool:
    return (
        extent is not None
        and extent.area < rule.tiny
        and extent.speed < rule.still
        and extent.seconds >= rule.still_seconds
    )


def _alternatives(supports: Mapping[str, Support], most: int = 4, least: float = 0.1) -> tuple[str, ...]:
    """What any witness says, likeliest first."""
    scores: dict[str, float] = {}
    for support in supports.values():
        for concept, score in support.said.items():
            scores[concept] = max(score, scores.get(concept, 0.0))
    ranked = sorted((c for c, s in scores.items() if s >= least and c not in UNSAYABLE), key=lambda c: (-scores[c], c))
    return tuple(ranked[:most])


def _silence(namer: Support | None) -> str:
    if namer is None:
        return "no detector looked at it"
    name, score = namer.best()
    return f"no name stands out: {namer.source} gives at best {name} {score:.2f}" if score else "no detector sees it"
