"""What the geometry of the trajectories proposes: candidate pairs with spans, for the model to label or refute."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from svg2_assets.relations.vlm.frames import Window
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, Category

EVIDENCE = {
    "overlapping": "masks meet",
    "touching": "masks meet, feet level",
    "near": "close together",
    "in front of": "occludes",
    "approaching": "moves towards",
    "moving away from": "moves away from",
}
"""Geometry sees the picture only: what it can vouch for, in its own words. Other predicates stand as they are."""
ABOUT_CONTACT = frozenset({"overlapping", "touching", "near"})
"""Pairs that may be doing something: proposed to the pass of the other six categories, too."""
SELF_EVIDENT = frozenset({"left of"})
"""Boxes say it already."""


def hint_lines(
    proposed: Sequence[Relation],
    window: Window,
    *,
    ids: Collection[int],
    categories: Collection[Category],
    most: int,
) -> list[str]:
    """Lines such as `#3 moves towards #7: 2.0-5.5 s`, the most confident and longest first, at most `most`."""
    legal = {CAMERA_ID, *ids}
    frame = Spans((window.span,))
    ranked = []
    for relation in proposed:
        spans = relation.spans & frame
        fits = relation.category in categories or (
            relation.predicate in ABOUT_CONTACT and Category.FUNCTIONAL in categories
        )
        if spans and fits and {relation.subject, relation.object} <= legal and relation.predicate not in SELF_EVIDENT:
            ranked.append((-relation.confidence * min(3.0, spans.duration), relation.key, _line(relation, spans)))
    return [line for _, _, line in sorted(ranked)[:most]]


def _line(relation: Relation, spans: Spans) -> str:
    words = EVIDENCE.get(relation.predicate, relation.predicate)
    when = ", ".join(f"{s.start:.1f}-{s.end:.1f}" for s in spans.parts[:4])
    return f"{_end(relation.subject)} {words} {_end(relation.object)}: {when} s"


def _end(object_id: int) -> str:
    return "the camera" if object_id == CAMERA_ID else f"#{object_id}"
