from __future__ import annotations

import json
from dataclasses import replace

import pytest

from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import Attribute, Verification
from svg2_assets.scene.taxonomy import AttributeType, Category, Verdict
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.assemble import assemble, summary
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult
from tests.scene_graphs import scenes


def tracked(video: Video, *ids: int) -> TrackingResult:
    objects = [scenes.box_object(video, i, (10, 10, 20, 20), frames=range(10)) for i in ids]
    return TrackingResult(tuple(TrackedObject(o.id, o.trajectory, Origin.SEED, 0.9) for o in objects))


def verified(object_id: int, name: str) -> VerifiedLabel:
    label = Label(object_id, name, 0.9, (Attribute("red", AttributeType.COLOR),))
    return VerifiedLabel(label, Verification(Verdict.SUPPORTED, 0.8))


def test_what_the_phases_found_becomes_one_graph():
    video = scenes.video()
    later, earlier = scenes.relation(1, "near", 2, (1.0, 2.0)), scenes.relation(2, "left of", 1, (0.5, 0.8))
    graph = assemble(
        video,
        tracked(video, 2, 1),
        labels=[verified(2, "dog"), verified(1, "person")],
        relations=[later, earlier],
        provenance={"tracker": "x"},
    )
    assert [(o.id, o.name) for o in graph.objects] == [(1, "person"), (2, "dog")]
    assert graph.relations == (earlier, later), "relations come in order of time"
    assert graph.objects[0].attributes[0].value == "red"
    assert graph.objects[0].verification.verdict is Verdict.SUPPORTED
    assert graph.provenance["tracker"] == "x"


def test_an_object_without_a_label_is_an_unverified_object():
    video = scenes.video()
    (one,) = assemble(video, tracked(video, 5), labels=[], relations=[]).objects
    assert (one.name, one.verification.verdict) == ("object", Verdict.UNVERIFIED)


def test_a_part_whose_whole_is_not_there_belongs_to_nobody():
    video = scenes.video()
    objects = tuple(replace(o, part_of={2: 1, 3: 9}.get(o.id)) for o in tracked(video, 1, 2, 3).objects)
    graph = assemble(video, TrackingResult(objects), labels=[], relations=[])
    assert {o.id: o.part_of for o in graph.objects} == {1: None, 2: 1, 3: None}
    assert graph.levels == {1: 1, 2: 2, 3: 1}


def test_parts_in_a_circle_are_named():
    video = scenes.video()
    objects = tuple(replace(o, part_of={1: 2, 2: 1}[o.id]) for o in tracked(video, 1, 2).objects)
    with pytest.raises(PhaseError, match="circle: 1 -> 2 -> 1"):
        assemble(video, TrackingResult(objects), labels=[], relations=[])


def test_nothing_found_is_an_empty_graph():
    graph = assemble(scenes.video(), TrackingResult(()), labels=[], relations=[])
    assert (graph.objects, graph.relations) == ((), ())
    assert summary(graph)["object_seconds"] == 0


@pytest.mark.parametrize(
    ("labels", "relations", "found"),
    [
        ([verified(9, "cat")], [], "label of object 9"),
        ([verified(1, "cat"), verified(1, "dog")], [], "two labels of object 1"),
        ([], [scenes.relation(1, "near", 7, (0.0, 1.0))], "no object has the id 7"),
    ],
)
def test_parts_that_contradict_each_other_are_named(labels, relations, found):
    video = scenes.video()
    with pytest.raises(PhaseError, match=found) as raised:
        assemble(video, tracked(video, 1), labels=labels, relations=relations)
    assert "street.mp4: scene_graphs" in str(raised.value)


def test_the_summary_counts_by_value_in_json_types():
    video = scenes.video(frames=40, fps=20.0)
    relations = [
        scenes.relation(1, "near", 2, (0.0, 0.25)),
        scenes.relation(3, "following", 1, (0.0, 0.1), (0.2, 0.5), category=Category.MOTION),
    ]
    labels = [verified(1, "person"), verified(2, "person"), verified(3, "dog")]
    figures = summary(assemble(video, tracked(video, 1, 2, 3), labels=labels, relations=relations))
    assert figures == json.loads(json.dumps(figures))
    assert (figures["objects"], figures["relations"], figures["attributes"]) == (3, 2, 3)
    assert list(figures["names"].items()) == [("person", 2), ("dog", 1)]
    assert figures["categories"] == {"spatial": 1, "motion": 1}
    assert figures["verdicts"] == {"supported": 3}
    assert figures["object_seconds"] == 1.5
    assert figures["relation_seconds"] == pytest.approx(0.65)
