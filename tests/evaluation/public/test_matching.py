"""Predicted objects under the ids of the true ones that they match."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.evaluation.public import from_graphs, pvsg
from svg2_assets.evaluation.public.matching import match
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput
from svg2_assets.scene.graph import Relation, SceneGraph, SceneObject
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, Category
from svg2_assets.scene.trajectory import Trajectory, volume_iou
from svg2_assets.scene.video import Video

HEIGHT, WIDTH, FRAMES = 10, 40, 4
VIDEO = Video("clip", "clip.mp4", "", WIDTH, HEIGHT, 1.0, FRAMES, 4.0)


def item(number, x, *, name="dog", width=10, frames=range(FRAMES), part_of=None):
    shown = Mask.from_box((x, 0, width, 10), height=HEIGHT, width=WIDTH)
    return SceneObject(number, name, Trajectory(tuple(frames), tuple(repeat(shown, len(frames)))), part_of=part_of)


def relation(subject, object_):
    return Relation(subject, "near", object_, Category.SPATIAL, Spans.of([(0, 4)]))


def graph(*objects, relations=()):
    return SceneGraph(VIDEO, objects, tuple(relations))


TRUTH = graph(item(3, 0), item(5, 20), item(8, 30), relations=[relation(3, 5), relation(5, CAMERA_ID)])


def test_matched_objects_take_the_true_ids_and_their_relations_follow():
    found = match(TRUTH, graph(item(0, 20), item(1, 1), relations=[relation(1, 0), relation(0, CAMERA_ID)]))
    assert (found.pairs, found.missed, found.invented) == ({0: 5, 1: 3}, (8,), {})
    assert found.volume_iou == {5: 1.0, 3: 9 / 11}
    assert [o.id for o in found.graph.objects] == [5, 3]
    assert [(r.subject, r.object) for r in found.graph.relations] == [(3, 5), (5, CAMERA_ID)]
    true, said = ({"clip": from_graphs.given(g).record} for g in (TRUTH, found.graph))
    assert pvsg.recall_of_given(true, said).at[20].recall == 1


def test_what_matches_nothing_keeps_its_relations_under_an_id_of_its_own():
    predicted = graph(item(3, 10), item(0, 0, part_of=3), relations=[relation(3, 0)])
    found = match(TRUTH, predicted)
    assert (found.pairs, found.invented, found.missed) == ({0: 3}, {3: 9}, (5, 8))
    assert {o.id: o.part_of for o in found.graph.objects} == {9: None, 3: 9}
    assert [(r.subject, r.object) for r in found.graph.relations] == [(9, 3)]


def test_pairs_are_one_to_one_and_need_the_threshold():
    twice = graph(item(0, 0), item(1, 1))
    assert match(TRUTH, twice).pairs == {0: 3}
    half = graph(item(0, 0, frames=range(2)))
    assert match(TRUTH, half).pairs == {0: 3}  # exactly a half of the volume
    assert match(TRUTH, half, least=0.51).pairs == {}


def test_the_sum_of_overlaps_decides():
    # 0 overlaps 3 by 9/11 and 5 by 8/12, 1 overlaps 3 by 8/12 and 5 by 5/15: the best single pair would cost one.
    found = match(graph(item(3, 5), item(5, 8)), graph(item(0, 6), item(1, 3)))
    assert found.pairs == {0: 5, 1: 3}
    assert found.volume_iou == {5: 8 / 12, 3: 8 / 12}


def test_names_do_not_matter_and_empty_graphs_match_nothing():
    assert match(TRUTH, graph(item(0, 0, name="cat"))).pairs == {0: 3}
    assert match(TRUTH, graph()).missed == (3, 5, 8)
    found = match(graph(), graph(item(4, 0)))
    assert (found.pairs, found.invented, found.graph.objects[0].id) == ({}, {4: 0}, 0)
    unseen = graph(item(0, 0, frames=()))
    assert match(unseen, unseen).pairs == {}


def test_other_videos_and_thresholds_are_errors():
    other = replace(VIDEO, num_frames=9, duration=9.0)
    with pytest.raises(
        InvalidBenchmarkInput, match=r"clip: expected a video of .* \(10, 40, 4\) .* found \(10, 40, 9\)"
    ):
        match(TRUTH, SceneGraph(other))
    for least in (0.0, 1.1, float("nan")):
        with pytest.raises(InvalidBenchmarkInput, match="least overlap"):
            match(TRUTH, TRUTH, least=least)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**20))
def test_any_renumbering_of_the_truth_is_undone(seed):
    draw = random.Random(seed)
    objects = [item(i, draw.randrange(30), width=draw.randrange(3, 10), frames=range(i % 3, 4)) for i in range(5)]
    truth = graph(*objects, relations=[relation(0, 1), relation(2, 3), relation(4, CAMERA_ID)])
    numbers = dict(enumerate(draw.sample(range(50), 5))) | {CAMERA_ID: CAMERA_ID}
    predicted = graph(
        *draw.sample([replace(o, id=numbers[o.id]) for o in objects], 5),
        relations=[replace(r, subject=numbers[r.subject], object=numbers[r.object]) for r in truth.relations],
    )
    found = match(truth, predicted)
    assert found.volume_iou == dict.fromkeys(range(5), 1.0)
    back = {o.id: o.trajectory for o in found.graph.objects}
    assert all(volume_iou(o.trajectory, back[o.id]) == 1 for o in objects)
