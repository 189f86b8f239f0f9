"""Scene graphs in the terms of the public evaluators."""

from __future__ import annotations

from dataclasses import replace
from itertools import repeat

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.evaluation.public import from_graphs, panoptic, pvsg, pvsg_volumes, vidvrd, vipseg
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput
from svg2_assets.scene.graph import Relation, SceneGraph, SceneObject
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, Category
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video

HEIGHT, WIDTH, FRAMES, FPS = 12, 20, 8, 4.0
VIDEO = Video("clip", "clip.mp4", "", WIDTH, HEIGHT, FPS, FRAMES, FRAMES / FPS)
CATEGORIES = [
    {"id": 3, "name": "dog", "isthing": 1},
    {"id": 5, "name": "grass", "isthing": 0},
    {"id": 7, "name": "ball", "isthing": 1},
]


def box(x, y, w, h):
    return Mask.from_box((x, y, w, h), height=HEIGHT, width=WIDTH)


def thing(number, name, mask, frames=range(FRAMES)):
    return SceneObject(number, name, Trajectory(tuple(frames), tuple(repeat(mask, len(frames)))))


def relation(subject, predicate, object_, *spans, confidence=1.0):
    return Relation(subject, predicate, object_, Category.MOTION, Spans.of(spans), confidence)


DOG, BALL = thing(0, "dog", box(0, 0, 4, 3)), thing(4, "ball", box(10, 2, 2, 2), range(2, 8))
GRAPH = SceneGraph(
    VIDEO,
    (DOG, BALL),
    (
        relation(0, "chase", 4, (0.25, 1.0), (1.5, 2.0), confidence=0.5),
        relation(4, "near", 0, (0.0, 0.5), confidence=0.9),
        relation(0, "looks at", CAMERA_ID, (0.0, 2.0)),
    ),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.booleans(), min_size=FRAMES, max_size=FRAMES))
def test_spans_made_of_frames_come_back_as_these_frames_even_when_rounded(flags):
    video = replace(VIDEO, fps=29.97, duration=FRAMES / 29.97)
    spans = Spans.where(flags, video.edges)
    assert from_graphs.frames_of(video, spans).tolist() == flags
    assert from_graphs.frames_of(video, Spans.of(spans.to_json())).tolist() == flags


def test_a_frame_belongs_to_a_span_if_its_middle_does():
    shown = from_graphs.frames_of(VIDEO, Spans.of([(0.1, 0.4), (0.7, 0.8), (1.125, 1.375)]))
    assert np.flatnonzero(shown).tolist() == [0, 1, 4]  # middles at 0.125, 0.375, ...; 1.375 is frame 5's and the end


def test_true_times_of_a_variable_rate_are_kept():
    video = replace(VIDEO, frame_times=(0.0, 0.1, 0.2, 1.0, 1.2, 1.4, 1.6, 1.8))
    assert np.flatnonzero(from_graphs.frames_of(video, Spans.of([(0.2, 1.0)]))).tolist() == [2]


def test_vidvrd_has_inclusive_corners_and_an_instance_for_each_run_that_shows_both():
    found = from_graphs.vidvrd(GRAPH, scores=True)
    assert (found.camera, found.unseen) == (1, 1)  # the ball is not visible while it is near
    assert found.record == [
        {
            "triplet": ["dog", "chase", "ball"],
            "duration": [first, end],
            "sub_traj": [[0, 0, 3, 2]] * (end - first),
            "obj_traj": [[10, 2, 11, 3]] * (end - first),
            "score": 0.5,
        }
        for first, end in ((2, 4), (6, 8))
    ]
    assert "score" not in from_graphs.vidvrd(GRAPH, scores=False).record[0]


def test_pvsg_has_inclusive_frames_in_the_truth_and_ordered_results_in_the_prediction():
    true, said = from_graphs.pvsg_truth(GRAPH), from_graphs.pvsg_prediction(GRAPH)
    assert (true.camera, true.unseen, said.camera) == (1, 0, 1)
    assert true.record["relations"] == [[0, 4, "chase", [[1, 3], [6, 7]]], [4, 0, "near", [[0, 1]]]]
    assert [r["relation"] for r in said.record["results"]] == ["near", "chase"]
    assert said.record["results"][1]["relation_span"].tolist() == [0, 1, 1, 1, 0, 0, 1, 1]
    assert from_graphs.pvsg_volumes(GRAPH, scores=False).record["relations"][0]["durs"] == [[2, 4], [7, 8]]


def test_what_holds_on_no_frame_is_counted_in_the_truth_and_keeps_its_place_in_the_prediction():
    brief = replace(GRAPH, relations=(relation(0, "chase", 4, (0.01, 0.02)),))
    assert from_graphs.pvsg_truth(brief).unseen == 1
    assert from_graphs.pvsg_volumes(brief, scores=True).unseen == 1
    assert len(from_graphs.pvsg_prediction(brief).record["results"]) == 1


def test_maps_show_the_smaller_mask_on_top_stuff_as_one_segment_and_unknown_names_as_void():
    graph = SceneGraph(
        VIDEO,
        (
            thing(0, "grass", box(0, 6, 20, 6)),
            thing(1, "grass", box(0, 5, 4, 1)),
            thing(2, "dog", box(2, 7, 4, 4)),
            thing(3, "ball", box(3, 8, 2, 1), range(4)),
            thing(9, "ghost", box(15, 0, 2, 2)),
        ),
    )
    video = from_graphs.panoptic_video(graph, CATEGORIES)
    frames = list(video)
    assert (len(frames), video.unknown) == (FRAMES, ("ghost",))
    assert {s.id: (s.category, s.area) for s in frames[0].segments} == {
        1: (5, 120 + 4 - 16),
        3: (3, 16 - 2),
        4: (7, 2),
    }
    assert {s.id for s in frames[7].segments} == {1, 3}
    assert [f.ids.tolist() for f in video] == [f.ids.tolist() for f in frames]  # painted anew each time


def test_the_graph_itself_is_perfect_in_every_metric():
    other = replace(GRAPH, video=replace(VIDEO, id="other"))
    graphs = from_graphs.by_video([GRAPH, other])
    true = {v: from_graphs.vidvrd(g, scores=False).record for v, g in graphs.items()}
    said = {v: from_graphs.vidvrd(g, scores=True).record for v, g in graphs.items()}
    assert vidvrd.detection(true, said).mean_ap == 1
    true, said = (
        {v: f(g).record for v, g in graphs.items()} for f in (from_graphs.pvsg_truth, from_graphs.pvsg_prediction)
    )
    del true["clip"]["relations"][1], true["other"]["relations"][1]  # which no frame shows
    found = pvsg.recall(true, said)
    assert (found.at[20].mean_recall, found.soft[20].recall) == (1, 1)
    true, said = ({v: from_graphs.pvsg_volumes(g, scores=s).record for v, g in graphs.items()} for s in (False, True))
    assert pvsg_volumes.detection(true, said).recall[50] == 0.5  # `near` has no ball to overlap
    true = {v: from_graphs.given(g).record for v, g in graphs.items()}
    assert pvsg.recall_of_given(true, true).at[20].recall == 1  # the camera's relation too
    videos = {v: from_graphs.panoptic_video(g, CATEGORIES) for v, g in graphs.items()}
    assert vipseg.vpq(videos, videos, CATEGORIES).vpq == 1
    assert vipseg.stq(videos, videos, CATEGORIES, num_classes=8).all.iou == 1
    images = {f"{v}/{t}": frame for v, frames in videos.items() for t, frame in enumerate(frames)}
    assert panoptic.quality(images, images, CATEGORIES).things.pq == 1


def test_two_graphs_of_a_video_and_categories_without_names_are_errors():
    with pytest.raises(InvalidBenchmarkInput, match="clip: expected one graph a video"):
        from_graphs.by_video([GRAPH, replace(GRAPH)])
    with pytest.raises(InvalidBenchmarkInput, match="categories: expected a record with `name`"):
        from_graphs.panoptic_video(GRAPH, [{"id": 1, "isthing": 1}])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20))
def test_boxes_of_masks_are_those_of_their_pixels(seed):
    draw = np.random.RandomState(seed)
    pixels = draw.rand(HEIGHT, WIDTH) < 0.02
    pixels[draw.randint(HEIGHT), draw.randint(WIDTH)] = True
    graph = SceneGraph(
        VIDEO,
        (thing(0, "dog", Mask.from_array(pixels), range(1)), thing(1, "ball", box(0, 0, 1, 1), range(1))),
        (relation(0, "near", 1, (0.0, 0.25)),),
    )
    rows, columns = np.nonzero(pixels)
    wanted = [columns.min(), rows.min(), columns.max(), rows.max()]
    assert from_graphs.vidvrd(graph, scores=False).record[0]["sub_traj"] == [wanted]
