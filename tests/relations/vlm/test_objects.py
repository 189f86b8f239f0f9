"""How objects are named for a model, and which of many it is asked about."""

from __future__ import annotations

from dataclasses import replace

from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.relations.vlm.objects import list_objects, object_sets, qualified
from svg2_assets.scene.graph import Attribute, Verification
from svg2_assets.scene.taxonomy import AttributeType, Verdict
from svg2_assets.trajectories.protocols import Origin, TrackingResult
from tests.relations.vlm.scenes import window
from tests.relations.worlds import World, moving, still

RED, BLUE = Attribute("red", AttributeType.COLOR), Attribute("blue", AttributeType.COLOR)
TALL = Attribute("tall", AttributeType.SIZE)


def test_look_alikes_are_told_apart_by_what_they_do_not_share() -> None:
    titles = qualified({1: "car", 2: "car", 7: "car"}, {1: [RED, TALL], 2: [RED], 7: [BLUE]})
    assert titles == {1: "tall car #1", 2: "red car #2", 7: "blue car #7"}


def test_who_is_alone_needs_no_attribute() -> None:
    assert qualified({1: "car", 2: "dog"}, {1: [RED], 2: [BLUE]}) == {1: "car #1", 2: "dog #2"}


def test_an_attribute_that_all_share_tells_nothing() -> None:
    assert qualified({1: "mat", 2: "mat"}, {1: [RED], 2: [RED]}) == {1: "mat #1", 2: "mat #2"}


def test_a_name_that_says_it_already_is_not_told_twice() -> None:
    assert qualified({1: "red car", 2: "red car"}, {1: [RED], 2: []})[1] == "red car #1"


def test_contradicted_names_are_not_passed_on() -> None:
    world = World(seconds=1).add("zebra", still(10, 10, 40, 40)).add("cup", still(90, 90, 20, 20))
    zebra, cup = world.labels()
    refuted = replace(zebra, verification=Verification(Verdict.CONTRADICTED, 0.1))
    assert [o.title for o in list_objects(world.video, world.tracks(), (refuted, cup))] == ["object #0", "cup #1"]


def test_objects_without_labels_and_doubtful_ones_are_marked_as_such() -> None:
    world = World(seconds=1).add("a", still(10, 10, 40, 40)).add("b", still(90, 90, 20, 20))
    unsure = VerifiedLabel(Label(1, "cup", 0.4, uncertain=True), Verification())
    first, second = list_objects(world.video, world.tracks(), (unsure,))
    assert (first.name, first.doubtful) == ("object", False)
    assert (second.name, second.doubtful) == ("cup", True)


def test_stand_ins_for_groups_and_objects_never_seen_are_not_listed() -> None:
    world = World(seconds=1).add("a", still(10, 10, 40, 40)).add("b", still(90, 90, 20, 20), origin=Origin.SALIENT)
    assert [o.id for o in list_objects(world.video, world.tracks(), ())] == [0]
    assert list_objects(world.video, TrackingResult(()), ()) == ()


def test_a_name_from_outside_is_one_bounded_line_in_any_script() -> None:
    world = World(seconds=1).add("a\x00b\n\tc\u202ed", still(10, 10, 40, 40)).add("Собака " * 99, still(80, 80, 40, 40))
    first, second = list_objects(world.video, world.tracks(), world.labels())
    assert first.name == "a b cd"
    assert second.name.startswith("собака собака")
    assert len(second.name) <= 60


def test_actions_are_bounded() -> None:
    world = World(seconds=1).add("dog", still(10, 10, 40, 40))
    world.labelled[0] = {"actions": ("run " * 100,) * 50}
    (dog,) = list_objects(world.video, world.tracks(), world.labels())
    assert len(dog.actions) == 4
    assert all(len(a) <= 80 for a in dog.actions)


def crowd(count: int) -> World:
    """Objects of growing size in rows; the largest and last is a person."""
    world = World(width=640, height=480, seconds=1.0, fps=10.0)
    for i in range(count):
        name = "person" if i == count - 1 else "cup"
        world.add(name, still(4 + 30 * (i % 20), 4 + 45 * (i // 20), 5 + i / count * 20, 5 + i / count * 30))
    return world


def test_few_objects_are_one_set() -> None:
    world = crowd(12)
    listed = list_objects(world.video, world.tracks(), world.labels())
    assert object_sets(listed, window(1), most=12, sets=3) == [listed]


def test_many_objects_become_sets_around_the_salient_ones() -> None:
    world = crowd(200)
    listed = list_objects(world.video, world.tracks(), world.labels())
    sets = object_sets(listed, window(1), most=60, sets=3)
    assert [len(s) for s in sets] == [60, 60, 60]
    shown = {o.id for s in sets for o in s}
    assert len(shown) == 60 + 45 + 45
    common = set(sets[0]) & set(sets[1]) & set(sets[2])
    assert len(common) == 15
    assert 199 in {o.id for o in common}
    weights = {o.id: o.weight for o in listed}
    assert max(weights[o.id] for o in listed if o.id not in shown) <= min(weights[i] for i in shown)


def test_what_is_not_on_a_frame_of_the_window_is_not_in_its_sets() -> None:
    world = (
        World(seconds=3)
        .add("car", moving(0, 10, 40, 40, vx=10))
        .add("cup", lambda t: (9, 99, 20, 20) if t < 1 else None)
    )
    listed = list_objects(world.video, world.tracks(), world.labels())
    assert [[o.id for o in s] for s in object_sets(listed, window(1, start=2), most=9, sets=1)] == [[0]]
    nobody = World(seconds=3).add("cup", lambda t: (9, 99, 20, 20) if t < 1 else None)
    hidden = list_objects(nobody.video, nobody.tracks(), nobody.labels())
    assert object_sets(hidden, window(1, start=2), most=9, sets=1) == []
