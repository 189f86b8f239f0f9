"""What holds of all relations of a video, whatever moves in it."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svg2_assets.relations.thresholds import Thresholds
from svg2_assets.scene.graph import Relation, SceneGraph, SceneObject
from svg2_assets.scene.taxonomy import CAMERA_ID, INVERSES, SYMMETRIC, contradicts, legal_endpoints
from svg2_assets.trajectories.protocols import Origin
from tests.relations.worlds import Path, World, during, moving, still

NAMES = ["person", "object", "cup", "car", "horse", "dining table", "sports ball", "bowl", "handbag"]


@st.composite
def paths(draw: st.DrawFn) -> Path:
    x, y = draw(st.integers(-40, 150)), draw(st.integers(-30, 110))
    w, h = draw(st.integers(3, 90)), draw(st.integers(3, 90))
    vx, vy = draw(st.integers(-60, 60)), draw(st.integers(-40, 40))
    start = draw(st.sampled_from([0.0, 0.0, 0.5, 1.5]))
    return during(moving(x, y, w, h, vx=vx, vy=vy), start, start + draw(st.sampled_from([0.6, 1.5, 4.0])))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(NAMES), paths(), st.booleans()), min_size=1, max_size=5),
    st.sampled_from([(), (12,), (7, 20)]),
)
def test_whatever_moves_relations_are_valid_and_agree(bodies: list[tuple[str, Path, bool]], cuts: tuple[int]) -> None:
    world = World(width=160, height=120, seconds=3.0, cuts=cuts)
    for name, path, is_round in bodies:
        world.add(name, path, round=is_round)
    tracks, found = world.tracks(), world.relations()
    SceneGraph(world.video, tuple(SceneObject(o.id, "x", o.trajectory) for o in tracks.objects), found)
    assert len({r.key for r in found}) == len(found)
    visible = {o.id: o.trajectory.spans(world.video) for o in tracks.objects}
    for relation in found:
        assert_well_said(relation, world)
        for end in {relation.subject, relation.object} - {CAMERA_ID}:
            assert visible[end].contains(relation.spans, tolerance=1e-9)
    for first, second in combinations(found, 2):
        assert_no_contradiction(first, second)


def assert_well_said(relation: Relation, world: World) -> None:
    names = {b.id: b.name for b in world.bodies}
    assert legal_endpoints(relation.category, subject=names[relation.subject], object_=names.get(relation.object, ""))
    assert relation.predicate not in INVERSES.values()
    assert relation.confidence >= Thresholds().clutter.floor
    if relation.predicate in SYMMETRIC:
        assert relation.subject < relation.object
    for cut in world.cuts:
        assert not any(s.start < cut / world.fps - 1e-9 < s.end - 1e-6 for s in relation.spans)


def assert_no_contradiction(first: Relation, second: Relation) -> None:
    together = (first.spans & second.spans).duration
    if (first.subject, first.object) == (second.subject, second.object):
        assert not (contradicts(first.predicate, second.predicate) and together > 1e-9)
    if (first.subject, first.object) == (second.object, second.subject) and first.predicate == second.predicate:
        assert not (first.predicate in INVERSES and together > 1e-9)


def test_nothing_is_said_of_two_that_are_never_visible_together() -> None:
    world = World().add("cup", during(still(40, 100, 40, 40), 0, 2)).add("cup", during(still(88, 100, 40, 40), 3, 5))
    assert world.relations() == ()


def test_a_relation_ends_with_its_things() -> None:
    world = World().add("cup", still(40, 100, 40, 40)).add("cup", during(still(88, 100, 40, 40), 0, 3.1))
    near = world.find("near")
    assert near is not None
    assert near.spans.to_json() == [[0.0, 3.1]]


def test_a_salient_group_takes_no_part() -> None:
    world = World().add("cup", still(40, 100, 40, 40)).add("object", still(88, 100, 40, 40), origin=Origin.SALIENT)
    assert world.relations() == ()


def test_of_a_group_is_not_even_said_that_it_leaves() -> None:
    world = World().add("object", moving(200, 100, 30, 80, vx=40), origin=Origin.SALIENT)
    alone = world.tracks()
    assert {r.predicate for r in world.relations()} == {"leaving"}
    group = replace(alone, objects=tuple(replace(o, members=(1, 2)) for o in alone.objects))
    world.tracks = lambda: group  # type: ignore[method-assign]
    assert world.relations() == ()


def test_a_second_track_of_one_thing_says_nothing() -> None:
    world = World().add("cup", still(140, 100, 40, 40)).add("cup", still(40, 100, 40, 40))
    tracks = world.tracks()
    twin = type(tracks.objects[1])(2, tracks.objects[1].trajectory, Origin.DISCOVERED, 0.3)
    doubled = type(tracks)((*tracks.objects, twin))
    world.tracks = lambda: doubled  # type: ignore[method-assign]
    assert {r.key for r in world.relations()} == {(1, "left of", 0)}


@pytest.mark.parametrize("n", [10, 20])
def test_a_crowd_is_not_described_pair_by_pair(n: int) -> None:
    world = World(width=640, seconds=2.0)
    for i in range(n):
        world.add("person", still(20 + 58 * (i % 10), 30 + 90 * (i // 10), 30, 70))
    found = world.relations()
    assert 0 < len(found) <= 4 * n
    counts = [sum(i in (r.subject, r.object) for r in found) for i in range(n)]
    assert max(counts) <= Thresholds().clutter.per_object


def test_doubt_about_names_lowers_confidence_until_nothing_is_said() -> None:
    def rider(confidence: float) -> World:
        world = World().add("horse", moving(40, 90, 110, 90, vx=35), confidence=confidence)
        return world.add("person", moving(75, 40, 25, 90, vx=35))

    sure, unsure = rider(0.95).find("riding", 1, 0), rider(0.6).find("riding", 1, 0)
    assert sure is not None
    assert unsure is not None
    assert sure.confidence > unsure.confidence
    assert rider(0.2).find("riding", 1, 0) is None


def test_a_contradicted_name_counts_as_unknown() -> None:
    from svg2_assets.labels.protocols import VerifiedLabel
    from svg2_assets.relations.extract import extract_relations
    from svg2_assets.scene.graph import Verification
    from svg2_assets.scene.taxonomy import Verdict

    world = World().add("horse", moving(40, 90, 110, 90, vx=35)).add("person", moving(75, 40, 25, 90, vx=35))
    refuted = [VerifiedLabel(v.label, Verification(Verdict.CONTRADICTED, 0.1)) for v in world.labels()]
    assert "riding" not in {r.predicate for r in extract_relations(world, world.tracks(), refuted).relations}
