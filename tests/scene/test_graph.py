"""A scene graph that exists is valid: whatever is wrong is refused by name."""

from __future__ import annotations

import math

import pytest

from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject, Verification
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, AttributeType, Category, Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video

VIDEO = Video("v", "v.mp4", "", width=8, height=6, fps=5.0, num_frames=3, duration=0.6)
TRACK = Trajectory((0, 2), (Mask.from_box((1, 1, 3, 2), height=6, width=8),) * 2)
SECOND = Spans.of([(0.0, 0.4)])


def thing(object_id: int = 0, name: str = "dog", **parts: object) -> SceneObject:
    return SceneObject(object_id, name, parts.pop("trajectory", TRACK), **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("objects", "says"),
    [
        ([thing(-1)], "ids start at 0"),
        ([thing(2), thing(2)], r"objects\[1\] \(id 2\): id is used twice"),
        ([thing(name=" ")], "name is empty"),
        ([thing(trajectory=Trajectory((7,), TRACK.masks[:1]))], "frame 7 is outside a video of 3 frames"),
        ([thing(trajectory=Trajectory((0,), (Mask.empty(9, 9),)))], r"masks of size \[\(9, 9\)\]"),
        ([thing(attributes=(Attribute("red", AttributeType.COLOR, 1.5),))], "confidence outside 0..1"),
        ([thing(verification=Verification(Verdict.SUPPORTED, math.nan))], "score nan is outside 0..1"),
        ([thing(0), thing(1, part_of=9)], r"objects\[1\] \(id 1\): part_of 9: no object has the id 9"),
        ([thing(0, part_of=CAMERA_ID)], r"objects\[0\] \(id 0\): part_of -1: no object has the id -1"),
        ([thing(0), thing(4, part_of=4)], r"objects\[1\] \(id 4\): part_of 4: an object is no part of itself"),
        (
            [thing(0, part_of=2), thing(1), thing(2, part_of=5), thing(5, part_of=2)],
            r"objects\[2\] \(id 2\): part_of 5: objects are parts of each other in a circle: 2 -> 5 -> 2",
        ),
    ],
)
def test_an_object_that_cannot_be(objects: list[SceneObject], says: str) -> None:
    with pytest.raises(InvalidSceneValue, match=f"scene graph of v: .*{says}"):
        SceneGraph(VIDEO, tuple(objects))


@pytest.mark.parametrize(
    ("relation", "says"),
    [
        (Relation(0, "near", 9, Category.SPATIAL, SECOND), "no object has the id 9"),
        (Relation(9, "near", 0, Category.SPATIAL, SECOND), "no object has the id 9"),
        (Relation(0, "near", 0, Category.SPATIAL, SECOND), "relates an object to itself"),
        (Relation(0, " ", 1, Category.SPATIAL, SECOND), "predicate is empty"),
        (Relation(0, "near", 1, Category.SPATIAL, Spans()), "holds at no time"),
        (Relation(0, "near", 1, Category.SPATIAL, SECOND, 2.0), "confidence 2.0 is outside"),
    ],
)
def test_a_relation_that_cannot_be(relation: Relation, says: str) -> None:
    with pytest.raises(InvalidSceneValue, match=rf"relations\[0\] .*{says}"):
        SceneGraph(VIDEO, (thing(0), thing(1)), (relation,))


def test_the_camera_is_an_endpoint_and_objects_are_found_by_id() -> None:
    graph = SceneGraph(VIDEO, (thing(3),), (Relation(3, "approaching", CAMERA_ID, Category.MOTION, SECOND),))
    assert graph.object(3).name == "dog"
    assert graph.relations[0].key == (3, "approaching", CAMERA_ID)
    with pytest.raises(KeyError):
        graph.object(0)


def test_the_level_follows_from_whom_an_object_is_a_part_of() -> None:
    graph = SceneGraph(VIDEO, (thing(7, part_of=3), thing(1), thing(3, part_of=1), thing(2, part_of=1), thing(9)))
    assert graph.levels == {7: 3, 1: 1, 3: 2, 2: 2, 9: 1}
    assert SceneGraph(VIDEO).levels == {}
