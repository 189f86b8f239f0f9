"""Small scene graphs, and random ones, whose scores can be counted by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hypothesis import strategies as st

from svg2_assets.evaluation.judges.likeness import Kind, Likeness, Pair
from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, AttributeType, Category
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.traser.text import Statement, Thing, Told

LENGTH = 60.0
NOWHERE = Trajectory((), ())


def video(video_id: str = "v") -> Video:
    return Video(video_id, "", "", 64, 48, 10.0, round(10 * LENGTH), LENGTH)


def thing(i: int, name: str, *attributes: str, part_of: int | None = None) -> SceneObject:
    return SceneObject(i, name, NOWHERE, tuple(Attribute(a, AttributeType.OTHER) for a in attributes), part_of=part_of)


def says(
    subject: int, predicate: str, object_: int, *parts: tuple[float, float], category: Category = Category.SPATIAL
) -> Relation:
    return Relation(subject, predicate, object_, category, Spans.of(parts or [(0.0, 4.0)]))


def graph(things: Iterable[SceneObject], relations: Iterable[Relation] = (), video_id: str = "v") -> SceneGraph:
    return SceneGraph(video(video_id), tuple(things), tuple(relations))


def told(scene: SceneGraph) -> Told:
    """The same as an answer says it; ids are numbers less one."""

    def number(i: int) -> int:
        return i if i == CAMERA_ID else i + 1

    return Told(
        tuple(Thing(o.id + 1, o.name, tuple(a.value for a in o.attributes)) for o in scene.objects),
        tuple(Statement(number(r.subject), r.predicate, number(r.object), r.spans) for r in scene.relations),
    )


def renumbered(scene: SceneGraph, ids: Mapping[int, int]) -> SceneGraph:
    """The same scene with other ids."""
    new = {**ids, CAMERA_ID: CAMERA_ID}
    return SceneGraph(
        scene.video,
        tuple(
            SceneObject(
                new[o.id], o.name, o.trajectory, o.attributes, part_of=None if o.part_of is None else new[o.part_of]
            )
            for o in scene.objects
        ),
        tuple(
            Relation(new[r.subject], r.predicate, new[r.object], r.category, r.spans, r.confidence)
            for r in scene.relations
        ),
    )


NAMES = ("dog", "Dog", "puppy", "cat", "sofa", "couch", "dogs (uncertain)", "object", "zorb")
ATTRIBUTES = ("red", "Red", "dark red", "wooden", "made of wood", "blue", "tall")
PREDICATES = ("holding", "holds", "carrying", "near", "next to", "left of", "right of", "zorbing")
times = st.integers(0, 120).map(lambda t: t / 2)


@st.composite
def spans(draw: st.DrawFn) -> Spans:
    """One to three spans with ends at half seconds."""
    ends = draw(st.lists(times, min_size=2, max_size=6, unique=True))
    even = sorted(ends[: len(ends) // 2 * 2])
    return Spans.of(zip(even[::2], even[1::2], strict=True))


@st.composite
def relations(draw: st.DrawFn, ids: Sequence[int]) -> Relation:
    subject, object_ = draw(st.lists(st.sampled_from((*ids, CAMERA_ID)), min_size=2, max_size=2, unique=True))
    return Relation(
        subject, draw(st.sampled_from(PREDICATES)), object_, draw(st.sampled_from(list(Category))), draw(spans())
    )


@st.composite
def graphs(draw: st.DrawFn, *, most: int = 4, least: int = 0, ids: Sequence[int] | None = None) -> SceneGraph:
    """Some objects of the ids 0 to `most`, the last perhaps a part of the first, and some relations."""
    found = ids if ids is not None else sorted(draw(st.sets(st.integers(0, most), min_size=least)))
    things = []
    for i in found:
        attributes = draw(st.lists(st.sampled_from(ATTRIBUTES), max_size=3))
        part_of = found[0] if i == found[-1] and len(found) > 1 and draw(st.booleans()) else None
        things.append(thing(i, draw(st.sampled_from(NAMES)), *attributes, part_of=part_of))
    said = draw(st.lists(relations(found), max_size=6)) if found else []
    return graph(things, said)


class Table:
    """A judge that knows a few pairs; `calls` are the batches that it was asked for."""

    name, version = "table", "1"

    def __init__(self, pairs: Mapping[tuple[str, str], Likeness] | None = None) -> None:
        self.pairs = dict(pairs or {})
        self.calls: list[list[Pair]] = []

    def judge(self, pairs: Sequence[Pair]) -> list[Likeness]:
        self.calls.append(list(pairs))
        return [
            Likeness.IDENTICAL
            if p.reference == p.prediction
            else self.pairs.get((p.reference, p.prediction), Likeness.MISMATCH)
            for p in pairs
        ]

    def keys(self, text: str, kind: Kind) -> frozenset[str] | None:
        return None

    def knows(self, text: str, kind: Kind) -> bool:
        return any(text in pair for pair in self.pairs)
