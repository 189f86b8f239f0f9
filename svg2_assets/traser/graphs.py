"""From what an answer says to a scene graph of the project.

An answer has neither categories nor attribute types: the released form drops them. Attributes become `other`;
categories are guessed from the predicate's words, as well as its words tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject
from svg2_assets.scene.taxonomy import (
    CAMERA_ID,
    PREDICATE_CATEGORIES,
    SYNONYMS,
    UNKNOWN_NAME,
    AttributeType,
    Category,
    inverse_of,
    legal_endpoints,
)
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.traser.text import Statement, Told

_CUES: Mapping[Category, tuple[str, ...]] = {
    Category.ATTENTIONAL: tuple("look watch observ gaz star focus track film record glanc view inspect".split()),
    Category.SOCIAL: tuple("talk speak chat convers greet wav hug kiss embrac danc argu accompan compet".split()),
    Category.STATEFUL: tuple("wear carr mount attach ride riding hang strap belong equip".split()),
    Category.FUNCTIONAL: tuple(
        "hold touch push pull grab grip cut hit kick press us open clos eat drink pick throw catch lift operat "
        "manipulat handl feed pet squeez pour stir hammer wip".split()
    ),
    Category.MOTION: tuple(
        "mov walk run approach follow enter leav pass chas fly flies swim driv fall jump climb rotat spin travel "
        "cross circl glid roll slid".split()
    ),
}
_PLACES = frozenset(
    "in on at near behind beside above below under over between next left right front inside outside around against "
    "beneath atop along by within among across opposite overlapping surrounding covering containing touching".split()
)


def category_of(predicate: str) -> Category:
    """The category that a predicate's words suggest: a known one's own, else its verb's, else a place's."""
    words = predicate.lower().replace("_", " ").split()
    plain = " ".join(words)
    known = SYNONYMS.get(plain, plain)
    for form in (known, inverse_of(known) or known):
        if form in PREDICATE_CATEGORIES:
            return PREDICATE_CATEGORIES[form]
    for word in words:
        for category, cues in _CUES.items():
            if word not in _PLACES and any(
                word.startswith(c) for c in cues if len(c) > 2 or word in {c, c + "es", c + "ing"}
            ):
                return category
    return Category.SPATIAL if _PLACES.intersection(words) else Category.EVENT_LEVEL


def likely_category(predicate: str, *, subject: str, object_: str, subject_is_camera: bool = False) -> Category:
    """`category_of`, or spatial where the paper does not allow that between things named `subject` and `object_`."""
    category = category_of(predicate)
    fits = legal_endpoints(category, subject=subject, object_=object_, subject_is_camera=subject_is_camera)
    return category if fits else Category.SPATIAL


def graph_of(
    told: Told,
    *,
    video: Video,
    shown: Sequence[int],
    trajectories: Mapping[int, Trajectory],
    provenance: Mapping[str, Any] = MappingProxyType({}),
) -> SceneGraph:
    """The graph of `told`, whose object k has the id `shown[k - 1]`; those that it does not name are an `object`.

    `trajectories` by id. A category that the paper does not allow between such things becomes spatial. Raises
    `KeyError` for a number or an id that is not there.
    """
    ids = dict(enumerate(shown, 1)) | {CAMERA_ID: CAMERA_ID}
    named = {ids[t.number]: t for t in told.things}
    objects = []
    for object_id in shown:
        thing = named.get(object_id)
        attributes = tuple(Attribute(a, AttributeType.OTHER) for a in thing.attributes) if thing else ()
        name = thing.name if thing else UNKNOWN_NAME
        objects.append(SceneObject(object_id, name, trajectories[object_id], attributes))
    names = {o.id: o.name for o in objects} | {CAMERA_ID: "camera"}
    relations = [_relation(s, ids, names) for s in told.statements]
    return SceneGraph(video, tuple(objects), tuple(relations), provenance)


def _relation(s: Statement, ids: Mapping[int, int], names: Mapping[int, str]) -> Relation:
    subject, other = ids[s.subject], ids[s.object]
    category = likely_category(
        s.predicate, subject=names[subject], object_=names[other], subject_is_camera=subject == CAMERA_ID
    )
    return Relation(subject, s.predicate, other, category, s.spans)
