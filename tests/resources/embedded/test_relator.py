"""The contract of a relation extractor, kept by the embedded one and by its fake."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from resources.embedded.relator import EmbeddedRelator
from resources.fakes.relator import FakeRelator
from svg2_assets.relations.protocols import RelationExtractor
from svg2_assets.relations.thresholds import Clutter, Hysteresis, Thresholds
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.taxonomy import CAMERA_ID, legal_endpoints
from tests.relations.worlds import World, during, moving, still

BACKENDS: list[Callable[[], RelationExtractor]] = [EmbeddedRelator, FakeRelator]


@pytest.fixture(params=BACKENDS, ids=["embedded", "fake"])
def relator(request: pytest.FixtureRequest) -> RelationExtractor:
    made: RelationExtractor = request.param()
    return made


def street() -> World:
    walker = moving(20, 60, 40, 120, vx=35)
    bag = moving(52, 110, 20, 25, vx=35)
    late = during(still(200, 80, 40, 110), 2.0, 4.0)
    return World().add("person", walker).add("handbag", bag).add("person", late)


def test_relations_make_a_valid_graph_with_legal_ends_inside_covisibility(relator: RelationExtractor) -> None:
    world = street()
    tracks, names = world.tracks(), {b.id: b.name for b in world.bodies}
    found = relator.extract(world, tracks, world.labels()).relations
    assert found
    objects = tuple(SceneObject(o.id, names[o.id], o.trajectory) for o in tracks.objects)
    SceneGraph(world.video, objects, found)
    visible = {o.id: o.trajectory.spans(world.video) for o in tracks.objects}
    for relation in found:
        ends = [e for e in (relation.subject, relation.object) if e != CAMERA_ID]
        assert all(visible[e].contains(relation.spans, tolerance=1e-6) for e in ends)
        assert legal_endpoints(
            relation.category, subject=names.get(relation.subject, ""), object_=names.get(relation.object, "")
        )
    assert len({r.key for r in found}) == len(found)


def test_the_same_input_gives_the_same_relations(relator: RelationExtractor) -> None:
    first, second = (relator.extract(w, w.tracks(), w.labels()) for w in (street(), street()))
    assert first == second


def test_a_video_without_objects_has_no_relations(relator: RelationExtractor) -> None:
    world = World(seconds=1.0)
    assert relator.extract(world, world.tracks(), ()).relations == ()


def test_one_object_alone_has_no_relation_to_itself(relator: RelationExtractor) -> None:
    world = World(seconds=1.0).add("cup", still(40, 100, 40, 40))
    assert relator.extract(world, world.tracks(), world.labels()).relations == ()


def test_objects_without_labels_are_no_error(relator: RelationExtractor) -> None:
    world = World(seconds=2.0).add("cup", still(40, 100, 40, 40)).add("cup", still(88, 100, 40, 40))
    assert relator.extract(world, world.tracks(), ()).relations


def test_what_it_is_and_how_it_is_set_can_be_stored(relator: RelationExtractor) -> None:
    assert relator.model_id
    assert json.loads(json.dumps(relator.config)) == relator.config


def test_settings_change_config_and_output() -> None:
    world = World(seconds=2.0).add("cup", still(40, 100, 40, 40)).add("cup", still(120, 100, 40, 40))
    strict = EmbeddedRelator(Thresholds(clutter=Clutter(floor=0.99)))
    assert strict.config != EmbeddedRelator().config
    assert strict.extract(world, world.tracks(), world.labels()).relations == ()


def test_settings_may_come_as_mappings() -> None:
    given = Thresholds(hysteresis={"window": 0.5}, base_confidence={"near": 0.2})  # type: ignore[arg-type]
    assert given.hysteresis == Hysteresis(window=0.5)
    assert given.base_confidence["near"] == 0.2
    assert given.base_confidence["above"] == Thresholds().base_confidence["above"]


def test_the_fake_fails_when_told_to_and_records_its_calls() -> None:
    world = World(seconds=1.0)
    fake = FakeRelator(fail_for=[world.video.id])
    with pytest.raises(PhaseError, match="told to fail"):
        fake.extract(world, world.tracks(), ())
    assert fake.calls == [world.video.id]
