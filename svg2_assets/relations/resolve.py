"""From claims to relations: spans, confidence, contradictions, redundancy, clutter."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from svg2_assets.relations.claims import Claim
from svg2_assets.relations.hysteresis import spans_of, without
from svg2_assets.relations.protocols import RelationResult
from svg2_assets.relations.sampling import Grid
from svg2_assets.relations.things import Thing
from svg2_assets.relations.thresholds import Clutter, Thresholds
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import (
    CAMERA_ID,
    INVERSES,
    PREDICATE_CATEGORIES,
    SYMMETRIC,
    contradicts,
    legal_endpoints,
)

IMAGE_ONLY = frozenset({"near", "overlapping", "touching"})
MOVING = frozenset({"approaching", "moving away from", "following", "moving together with"})
SUPERSEDES: Mapping[str, frozenset[str]] = {
    "riding": IMAGE_ONLY | MOVING | {"in front of", "above", "on", "carrying", "holding"},
    "carrying": IMAGE_ONLY | MOVING | {"holding"},
    "holding": IMAGE_ONLY | MOVING,
    "kicking": MOVING,
    "inside": IMAGE_ONLY | MOVING | {"in front of", "above", "on"},
    "on": IMAGE_ONLY | {"in front of", "above"},
    "touching": frozenset({"near", "overlapping"}),
    "in front of": frozenset({"overlapping"}),
    "following": MOVING - {"following"},
    "moving together with": frozenset({"approaching", "moving away from"}),
}
"""What need not, or cannot, be said of two things while the predicate holds between them, in either direction."""

LAYOUT = frozenset({"left of", "above", "near", "overlapping", "touching", "in front of"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A relation with its rank among the true ones."""

    relation: Relation
    salience: float

    @property
    def pair(self) -> frozenset[int]:
        """The two ids, in no order."""
        return frozenset({self.relation.subject, self.relation.object})

    @property
    def rank(self) -> float:
        """Larger is more worth storing."""
        return self.salience * self.relation.confidence * min(1.0, self.relation.spans.duration / 3.0)


def settle(claims: Iterable[Claim], things: Mapping[int, Thing], grid: Grid, settings: Thresholds) -> list[Candidate]:
    """The claims that hold steadily, long enough, inside co-visibility, between endpoints their category may have."""
    merged: dict[tuple[int, str, int], Candidate] = {}
    for claim in claims:
        candidate = _candidate(claim, things, grid, settings)
        if candidate is not None and _legal(candidate.relation, things):
            key = candidate.relation.key
            merged[key] = _joined(merged[key], candidate) if key in merged else candidate
    return list(merged.values())


def reconcile(candidates: Sequence[Candidate], settings: Thresholds) -> RelationResult:
    """Contradictions decided for the more confident, redundant statements dropped, clutter cut, in a fixed order."""
    kept = consistent(candidates, shortest=settings.hysteresis.shortest)
    clear = [c for c in kept if c.relation.confidence >= settings.clutter.floor]
    chosen = (c.relation for c in _uncluttered(clear, settings.clutter))
    relations = tuple(sorted(chosen, key=lambda r: (r.subject, r.object, r.predicate)))
    dropped = {
        "contradiction": len(candidates) - len(kept),
        "doubtful": len(kept) - len(clear),
        "clutter": len(clear) - len(relations),
    }
    return RelationResult(relations, {"claims": len(candidates), "violations": dropped})


def consistent(candidates: Sequence[Candidate], *, shortest: float) -> list[Candidate]:
    """Contradictions decided for the more confident statement, redundant ones dropped, pair by pair.

    What is left of a statement must last `shortest` seconds, or as long as all of it where that is less.
    """
    by_pair: dict[frozenset[int], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_pair[candidate.pair].append(candidate)
    return [c for group in by_pair.values() for c in _consistent(group, shortest)]


def _candidate(claim: Claim, things: Mapping[int, Thing], grid: Grid, settings: Thresholds) -> Candidate | None:
    spans = _spans(claim, grid, settings)
    for end in (claim.subject, claim.object):
        if end != CAMERA_ID:
            spans &= things[end].visible
    spans = spans.longer_than(settings.hysteresis.sliver)
    if claim.accept is not None:
        spans = Spans(tuple(s for s in spans if claim.accept(s)))
    if not spans:
        return None
    base = settings.base_confidence[claim.predicate]
    confidence = float(np.clip(base * claim.weight * _support(claim, spans, grid), 0.0, 1.0))
    category = PREDICATE_CATEGORIES[claim.predicate]
    relation = Relation(claim.subject, claim.predicate, claim.object, category, spans, round(confidence, 3))
    return Candidate(relation, claim.salience)


def joined(one: Relation, other: Relation) -> Relation:
    """Two reports of the same statement as one; its confidence is their mean over time."""
    seconds = one.spans.duration + other.spans.duration
    confidence = (one.confidence * one.spans.duration + other.confidence * other.spans.duration) / seconds
    return replace(one, spans=one.spans | other.spans, confidence=round(confidence, 3))


def _joined(one: Candidate, other: Candidate) -> Candidate:
    return Candidate(joined(one.relation, other.relation), max(one.salience, other.salience))


def _spans(claim: Claim, grid: Grid, settings: Thresholds) -> Spans:
    if claim.settled:
        as_they_are = replace(settings.hysteresis, window=0.0)
        return spans_of(claim.raw, claim.cells, grid, as_they_are, shortest=0.0, shortest_share=0.0)
    rules, kinetics = settings.hysteresis, settings.kinetics
    shortest, share = (kinetics.long, kinetics.long_share) if claim.longer else (rules.shortest, rules.shortest_share)
    return spans_of(claim.raw, claim.cells, grid, rules, shortest=shortest, shortest_share=share)


def _support(claim: Claim, spans: Spans, grid: Grid) -> float:
    """Share of the cells within `spans` in which the rule itself holds."""
    times = grid.times[claim.cells]
    inside = np.zeros(len(times), dtype=bool)
    for span in spans:
        inside |= (times >= span.start) & (times < span.end)
    return float(claim.raw[inside].mean()) if inside.any() else 1.0


def _legal(relation: Relation, things: Mapping[int, Thing]) -> bool:
    subject = things[relation.subject].name if relation.subject != CAMERA_ID else ""
    object_ = things[relation.object].name if relation.object != CAMERA_ID else ""
    camera = relation.subject == CAMERA_ID
    return legal_endpoints(relation.category, subject=subject, object_=object_, subject_is_camera=camera)


def _consistent(group: list[Candidate], shortest: float) -> list[Candidate]:
    """One pair's statements in order of confidence, each without the times at which a stronger one rules it out."""
    strongest_first = sorted(group, key=lambda c: (-c.relation.confidence, c.relation.key))
    kept: list[Candidate] = []
    for candidate in strongest_first:
        relation = candidate.relation
        for other in group:
            stronger = other in kept and _excludes(other.relation, relation)
            if stronger or relation.predicate in SUPERSEDES.get(other.relation.predicate, ()):
                relation = replace(relation, spans=_minus(relation.spans, other.relation.spans))
        least = min(shortest, candidate.relation.spans.duration)
        spans = relation.spans if relation.spans == candidate.relation.spans else relation.spans.longer_than(least)
        if spans:
            kept.append(replace(candidate, relation=replace(relation, spans=spans)))
    return kept


def _excludes(first: Relation, second: Relation) -> bool:
    """Whether the two cannot hold at once."""
    if first.subject == second.subject:
        return contradicts(first.predicate, second.predicate)
    one_way = first.predicate in INVERSES and first.predicate not in SYMMETRIC
    return one_way and first.predicate == second.predicate


def _minus(spans: Spans, taken: Spans) -> Spans:
    return without(spans, [(s.start, s.end) for s in taken])


def _uncluttered(candidates: list[Candidate], rules: Clutter) -> list[Candidate]:
    """The best ranked ones, so that no thing has more than its share of layout and motion statements."""
    by_kind: Counter[tuple[int, str]] = Counter()
    by_thing: Counter[int] = Counter()
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: (-c.rank, c.relation.key)):
        predicate, ends = candidate.relation.predicate, candidate.pair - {CAMERA_ID}
        limit = rules.layout_partners if predicate in LAYOUT else rules.motion_partners
        limited = (predicate in LAYOUT or predicate in MOVING) and len(ends) == 2
        if limited and any(by_kind[e, predicate] >= limit for e in ends):
            continue
        if limited and predicate in LAYOUT and any(by_thing[e] >= rules.per_object for e in ends):
            continue
        kept.append(candidate)
        by_kind.update((e, predicate) for e in ends)
        by_thing.update(ends if predicate in LAYOUT else ())
    return kept
