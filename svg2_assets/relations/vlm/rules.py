"""What of an answer is kept: one rule for each thing that models get wrong, each counted when it has to act."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise

from svg2_assets.llm.cleaning import cleaned
from svg2_assets.relations.resolve import Candidate, consistent, joined
from svg2_assets.relations.vlm.answers import Draft, Pairs
from svg2_assets.relations.vlm.frames import Window
from svg2_assets.relations.vlm.objects import Listed, ancestors
from svg2_assets.relations.vlm.settings import Cleaning
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import (
    CAMERA_ID,
    INVERSES,
    PREDICATE_CATEGORIES,
    SYMMETRIC,
    SYNONYMS,
    Category,
    inverse_of,
    is_animate,
    legal_endpoints,
)

LONGEST_PREDICATE = 128
PASSIVE = frozenset(INVERSES.values())
TRIVIAL_PART = frozenset(
    {"part of", "attached to", "belonging to", "belongs to", "connected to", "has", "having", "overlapping", "touching"}
    | {"moving together with", "moving with", "near", "on", "inside", "with"}
)
"""Besides all that is spatial: what holds between a whole and its part by their nature."""
WATCHING = frozenset(
    {"observing", "recording", "filming", "capturing", "viewing", "showing", "seeing", "watching", "looking at"}
    | {"shooting", "photographing", "monitoring", "displaying", "facing", "pointing at", "framing"}
)
"""What every camera does with everything that is visible."""
WATCHED = frozenset(
    {"visible to", "seen by", "recorded by", "filmed by", "observed by", "captured by", "in view of", "in front of"}
    | {"visible in", "shown to", "shown by", "watched by", "near"}
)
"""What everything that is visible is to the camera."""


class Rule(StrEnum):
    """What is held against an answer, in the order in which it is looked at."""

    MALFORMED = "malformed"
    PREDICATE = "predicate"
    UNKNOWN_ID = "unknown_id"
    SELF_RELATION = "self_relation"
    CATEGORY = "category"
    OTHER_PASS = "other_pass"  # noqa: S105 - no password
    OWN_PART = "own_part"
    TRIVIAL_CAMERA = "trivial_camera"
    REVERSED_SPAN = "reversed_span"
    EMPTY_SPAN = "empty_span"
    OUTSIDE_WINDOW = "outside_window"
    OVERLAPPING_SPANS = "overlapping_spans"
    NOT_COVISIBLE = "not_covisible"
    DUPLICATE = "duplicate"
    INVERSE = "inverse"
    CONTRADICTION = "contradiction"


@dataclass(frozen=True, slots=True)
class Context:
    """What an answer is held against: the window and the objects that were asked about, the pass's categories."""

    window: Window
    listed: Mapping[int, Listed]
    categories: frozenset[Category]
    part_of: Mapping[int, int | None] = field(default_factory=dict)
    cleaning: Cleaning = field(default_factory=Cleaning)

    def name(self, object_id: int) -> str:
        """The name of an object, empty for the camera."""
        return "" if object_id == CAMERA_ID else self.listed[object_id].name

    def covisible(self, draft: Draft) -> Spans:
        """When both ends are visible within the window; the camera always is."""
        found = Spans((self.window.span,))
        for end in (draft.subject, draft.object):
            if end != CAMERA_ID:
                found &= self.listed[end].visible
        return found


def clean(drafts: Sequence[Draft], context: Context) -> tuple[list[Relation], Counter[Rule]]:
    """The relations that hold up, and how many drafts each rule had to correct or drop."""
    counts: Counter[Rule] = Counter()
    kept = [k for draft in drafts if (k := _through_rules(draft, context, counts)) is not None]
    return _without_duplicates(kept, counts), counts


def without_contradictions(relations: Sequence[Relation], *, cleaning: Cleaning) -> tuple[list[Relation], int]:
    """The relations of a whole video, and how many of them others outweigh.

    Of two that cannot hold at once the more confident keeps the time; what a stronger one implies is left out.
    """
    resolved = consistent([Candidate(r, 1.0) for r in relations], shortest=cleaning.sliver)
    kept = {c.relation.key: c.relation for c in resolved}
    outweighed = sum(r.key not in kept or kept[r.key].spans != r.spans for r in relations)
    return [kept[r.key] for r in relations if r.key in kept], outweighed


def _through_rules(draft: Draft, context: Context, counts: Counter[Rule]) -> Draft | None:
    for rule, apply in RULES:
        after, violated = apply(draft, context)
        counts[rule] += violated
        if after is None:
            return None
        draft = after
    return draft


Verdict = tuple[Draft | None, bool]
"""The draft as the rule leaves it (None: dropped), and whether it broke the rule."""


def _predicate(draft: Draft, context: Context) -> Verdict:
    """Lower case, words and spaces only, at most so many of them; synonyms as the vocabulary has them."""
    words = re.sub(r"[_\s]+", " ", cleaned(draft.predicate, limit=LONGEST_PREDICATE).lower()).strip(" .,;:!?'\"")
    usable = bool(words) and len(words.split()) <= context.cleaning.words and not re.search(r"[<>{}\[\]#\\…]", words)
    if not usable or not any(c.isalpha() for c in words):
        return None, True
    return replace(draft, predicate=_known(words, draft, context)), words != draft.predicate


def _known(words: str, draft: Draft, context: Context) -> str:
    """`words`, or what the vocabulary calls it. A thing that is mounted on another does not ride it."""
    synonym = SYNONYMS.get(words, words)
    rides = synonym == "riding" and words != "riding"
    subject = context.listed.get(draft.subject)
    return words if rides and not (subject is not None and is_animate(subject.name)) else synonym


def _known_ids(draft: Draft, context: Context) -> Verdict:
    legal = {CAMERA_ID, *context.listed}
    wrong = draft.subject not in legal or draft.object not in legal
    return (None if wrong else draft), wrong


def _no_self(draft: Draft, _context: Context) -> Verdict:
    wrong = draft.subject == draft.object
    return (None if wrong else draft), wrong


def _one_way(draft: Draft, _context: Context) -> Draft:
    """The direction that the store has: `left of`, never `right of`; symmetric ones with the lower id first."""
    turned = draft.predicate in PASSIVE or (draft.predicate in SYMMETRIC and draft.subject > draft.object)
    if not turned:
        return draft
    other = inverse_of(draft.predicate) or draft.predicate
    return replace(draft, subject=draft.object, object=draft.subject, predicate=other, turned=True)


def _category(draft: Draft, context: Context) -> Verdict:
    """The vocabulary's category where it has the predicate, then whether the ends may have it."""
    draft = _one_way(draft, context)
    known = PREDICATE_CATEGORIES.get(draft.predicate)
    given = draft.category.strip().lower().replace(" ", "_").replace("-", "_")
    if known is None and given not in list(Category):
        return None, True
    category = known or Category(given)
    names = {"subject": context.name(draft.subject), "object_": context.name(draft.object)}
    legal = legal_endpoints(category, **names, subject_is_camera=draft.subject == CAMERA_ID)
    return (replace(draft, category=category.value) if legal else None), not legal or category.value != draft.category


def _this_pass(draft: Draft, context: Context) -> Verdict:
    wrong = Category(draft.category) not in context.categories
    return (None if wrong else draft), wrong


def _own_part(draft: Draft, context: Context) -> Verdict:
    """Layout and attachment between a part and its whole go without saying."""
    related = draft.object in ancestors(draft.subject, context.part_of)
    related = related or draft.subject in ancestors(draft.object, context.part_of)
    wrong = related and (draft.category == Category.SPATIAL.value or draft.predicate in TRIVIAL_PART)
    return (None if wrong else draft), wrong


def _camera(draft: Draft, _context: Context) -> Verdict:
    words = draft.predicate.split()
    watching = draft.subject == CAMERA_ID and (draft.predicate in WATCHING or words[0] in WATCHING)
    watched = draft.object == CAMERA_ID and draft.predicate in WATCHED
    return (None if watching or watched else draft), watching or watched


def _reversed(draft: Draft, _context: Context) -> Verdict:
    spans = tuple((min(s), max(s)) for s in draft.spans)
    return replace(draft, spans=spans), spans != draft.spans


def _empty(draft: Draft, context: Context) -> Verdict:
    """A moment becomes the time that its frame stands for; no time at all is no statement."""
    spans: Pairs = tuple(_widened(s, context.window) if s[0] == s[1] else s for s in draft.spans)
    return (replace(draft, spans=spans) if spans else None), spans != draft.spans or not spans


def _widened(span: tuple[float, float], window: Window) -> tuple[float, float]:
    sample = window.sample_at(span[0])
    return (sample.start, sample.end) if sample.start <= span[0] <= sample.end else span


def _in_window(draft: Draft, context: Context) -> Verdict:
    whole = context.window.span
    spans = tuple((max(a, whole.start), min(b, whole.end)) for a, b in draft.spans)
    step = context.cleaning.step
    broken = any(whole.start - a > step or b - whole.end > step for a, b in draft.spans)
    inside = tuple(s for s in spans if s[0] < s[1])
    return (replace(draft, spans=inside) if inside else None), broken or not inside


def _merged(draft: Draft, _context: Context) -> Verdict:
    """Overlapping and touching spans as one."""
    ordered = sorted(draft.spans)
    overlapping = any(b[0] < a[1] for a, b in pairwise(ordered))
    return replace(draft, spans=tuple((s.start, s.end) for s in Spans.of(ordered))), overlapping


def _covisible(draft: Draft, context: Context) -> Verdict:
    """Cut to when both are visible; slivers that the cut leaves are dropped."""
    claimed = Spans.of(draft.spans)
    common = claimed & context.covisible(draft)
    broken = claimed.duration - common.duration > 2 * context.cleaning.step * len(claimed)
    kept = tuple((s.start, s.end) for s in common if s.duration >= context.cleaning.sliver or s in claimed.parts)
    return (replace(draft, spans=kept) if kept else None), broken or not kept


RULES: tuple[tuple[Rule, Callable[[Draft, Context], Verdict]], ...] = (
    (Rule.PREDICATE, _predicate),
    (Rule.UNKNOWN_ID, _known_ids),
    (Rule.SELF_RELATION, _no_self),
    (Rule.CATEGORY, _category),
    (Rule.OTHER_PASS, _this_pass),
    (Rule.OWN_PART, _own_part),
    (Rule.TRIVIAL_CAMERA, _camera),
    (Rule.REVERSED_SPAN, _reversed),
    (Rule.EMPTY_SPAN, _empty),
    (Rule.OUTSIDE_WINDOW, _in_window),
    (Rule.OVERLAPPING_SPANS, _merged),
    (Rule.NOT_COVISIBLE, _covisible),
)
"""Each rule with what it does to a draft, in order: later ones rely on what earlier ones leave."""


def _without_duplicates(drafts: Sequence[Draft], counts: Counter[Rule]) -> list[Relation]:
    """One relation a statement, its reports joined; `inverse` counts those that were said from the other end."""
    found: dict[tuple[int, str, int], Relation] = {}
    turned: dict[tuple[int, str, int], bool] = {}
    for draft in drafts:
        one = Relation(
            subject=draft.subject,
            predicate=draft.predicate,
            object=draft.object,
            category=Category(draft.category),
            spans=Spans.of(draft.spans),
            confidence=round(draft.confidence, 3),
        )
        if one.key not in found:
            found[one.key], turned[one.key] = one, draft.turned
        else:
            counts[Rule.INVERSE if turned[one.key] != draft.turned else Rule.DUPLICATE] += 1
            found[one.key] = joined(found[one.key], one)
    return list(found.values())
