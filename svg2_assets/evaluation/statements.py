"""Relations against hand-written lists: how many of those that hold are found, how many that do not hold are claimed.

Silence is not precision: both counts belong side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from svg2_assets.scene.graph import Relation
from svg2_assets.scene.spans import Span, Spans
from svg2_assets.scene.taxonomy import inverse_of

FOUND_SHARE = 0.5
"""Share of a listed span that claims must cover for the relation to count as found."""
EDGE = 0.5
"""Seconds at each end of a listed false span that are not judged: hand-written spans are no finer."""

EVERYTHING = Spans((Span(0.0, 1e9),))


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list: any of `predicates`, from a thing to a thing, in `spans`."""

    subject: str
    predicates: frozenset[str]
    object: str
    spans: Spans = EVERYTHING

    def __str__(self) -> str:
        return f"{self.subject} {'/'.join(sorted(self.predicates))} {self.object}"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed relation in the words of the list: `subject` and `object` are what the trajectories are tied to."""

    subject: str
    predicate: str
    object: str
    spans: Spans


@dataclass(frozen=True, slots=True)
class Judged:
    """`found` of the listed true, `false` claims, and the number of claims on which the lists are silent."""

    found: tuple[Listed, ...]
    missed: tuple[Listed, ...]
    false: tuple[Claim, ...]
    unjudged: int


def claims_of(relations: Iterable[Relation], tied: Mapping[int, str]) -> tuple[list[Claim], int]:
    """The relations between tied objects (`tied` maps object id to thing), and how many others there are."""
    told: list[Claim] = []
    others = 0
    for r in relations:
        if r.subject in tied and r.object in tied:
            told.append(Claim(tied[r.subject], r.predicate, tied[r.object], r.spans))
        else:
            others += 1
    return told, others


def judge(
    claims: Sequence[Claim],
    *,
    true: Sequence[Listed],
    false: Sequence[Listed],
    never: frozenset[str] = frozenset(),
) -> Judged:
    """Compare `claims` with the lists. The inverse statement of a claim counts as the claim itself.

    A predicate in `never` holds of no two different things of the clip.
    """
    found = tuple(t for t in true if _covered(t, claims) >= FOUND_SHARE)
    wrong = tuple(c for c in claims if _never(c, never) or any(_claimed_falsely(c, f) for f in false))
    supported = [c for c in claims if any(_says(c, t) and (c.spans & t.spans) for t in true)]
    silent = sum(c not in wrong and c not in supported for c in claims)
    return Judged(found, tuple(t for t in true if t not in found), wrong, silent)


def _covered(listed: Listed, claims: Sequence[Claim]) -> float:
    said = Spans.of(part for c in claims if _says(c, listed) for part in c.spans)
    return (said & listed.spans).duration / listed.spans.duration if listed.spans else 0.0


def _claimed_falsely(claim: Claim, listed: Listed) -> bool:
    if not _says(claim, listed):
        return False
    core = Spans.of(Span(p.start + EDGE, p.end - EDGE) for p in listed.spans if p.duration > 2 * EDGE)
    sure = listed.spans if listed.spans is EVERYTHING else core or listed.spans
    return bool(claim.spans & sure)


def _never(claim: Claim, never: frozenset[str]) -> bool:
    inverse = inverse_of(claim.predicate)
    return claim.subject != claim.object and (claim.predicate in never or inverse in never)


def _says(claim: Claim, listed: Listed) -> bool:
    if (claim.subject, claim.object) == (listed.subject, listed.object) and claim.predicate in listed.predicates:
        return True
    return (claim.object, claim.subject) == (listed.subject, listed.object) and (
        inverse_of(claim.predicate) in listed.predicates
    )
