from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.scene.taxonomy import Category
from svg2_assets.scene_graphs.preview import timeline
from svg2_assets.scene_graphs.preview.palette import CATEGORIES, color_of
from svg2_assets.scene_graphs.preview.timeline import draw_timeline, lanes_of, strongest, tick_step, x_of
from tests.scene_graphs import scenes


def bars_in(picture, color):
    """Column ranges [first, last] of `color` right of the words, on its rows."""
    inked = (picture[:, timeline.LEFT :] == color).all(axis=2)
    columns = np.flatnonzero(inked.any(axis=0)) + timeline.LEFT
    breaks = np.flatnonzero(np.diff(columns) > 1)
    starts, ends = np.r_[columns[0], columns[breaks + 1]], np.r_[columns[breaks], columns[-1]]
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def test_bars_lie_where_objects_are_visible_and_relations_hold():
    video = scenes.video(frames=200, fps=20.0)
    person = scenes.box_object(video, 0, (0, 0, 9, 9), frames=range(40, 120))
    dog = scenes.box_object(video, 1, (0, 0, 9, 9), frames=range(200))
    follows = scenes.relation(1, "following", 0, (2.5, 4.0), (5.0, 5.5), category=Category.MOTION)
    picture = draw_timeline(scenes.graph(video, person, dog, relations=[follows]))

    def columns(*spans):
        return [(x_of(a, 10.0), x_of(b, 10.0) - 1) for a, b in spans]

    assert bars_in(picture, color_of(0)) == columns((2.0, 6.0))
    assert bars_in(picture, color_of(1)) == columns((0.0, 10.0))
    assert bars_in(picture, CATEGORIES[Category.MOTION]) == columns((2.5, 4.0), (5.0, 5.5))
    assert columns((0.0, 10.0)) == [(timeline.LEFT, timeline.RIGHT - 1)]


def test_a_relation_of_an_instant_can_still_be_seen():
    video = scenes.video(frames=20_000, fps=20.0)
    blink = scenes.relation(0, "near", -1, (500.0, 500.05))
    picture = draw_timeline(
        scenes.graph(video, scenes.box_object(video, 0, (0, 0, 9, 9), frames=[3]), relations=[blink])
    )
    ((first, last),) = bars_in(picture, CATEGORIES[Category.SPATIAL])
    assert last - first >= 1


@pytest.mark.parametrize(("objects", "relations", "highest"), [(0, 0, 300), (3, 0, 400), (60, 500, 3200)])
def test_the_height_is_sensible_for_nothing_and_for_much(objects, relations, highest):
    video = scenes.video()
    things = [scenes.box_object(video, i, (0, 0, 9, 9)) for i in range(objects)]
    stated = [
        scenes.relation(i % objects, f"does {i}", -1, (0.0, 1.0), category=list(Category)[i % 7])
        for i in range(relations)
    ]
    picture = draw_timeline(scenes.graph(video, *things, relations=stated))
    assert picture.shape[1] == timeline.WIDTH
    assert 150 < picture.shape[0] < highest


def words_of(graph):
    return [" ".join(run.text for run in lane.words) for lane in lanes_of(graph)]


def test_relations_are_grouped_by_category_and_say_what_is_left_out():
    video = scenes.video()
    thing = scenes.box_object(video, 0, (0, 0, 9, 9), name="cup")
    many = [scenes.relation(0, f"at {i}", -1, (0.0, 1.0), confidence=i / 100) for i in range(60)]
    words = words_of(
        scenes.graph(
            video, thing, relations=[*many, scenes.relation(0, "falling", -1, (0.2, 0.4), category=Category.MOTION)]
        )
    )
    assert words[:2] == ["Objects", "0 cup"]
    assert words.index("Spatial relations") < words.index("Motion relations")
    assert "0 cup falling camera" in words
    assert "0 cup at 59 camera" in words
    assert "0 cup at 3 camera" not in words
    assert words[-1] == f"and {61 - timeline.MOST_RELATIONS} more"


def test_nothing_is_said_in_words():
    assert words_of(scenes.graph(scenes.video())) == [
        "Objects",
        "No object was found.",
        "Relations",
        "No relation is claimed.",
    ]


def test_the_most_confident_and_longest_are_kept_in_order_of_time():
    weak = scenes.relation(0, "a", 1, (0.0, 9.0), confidence=0.2)
    short = scenes.relation(0, "b", 1, (1.0, 1.5), confidence=0.9)
    long_ = scenes.relation(0, "c", 1, (0.5, 4.0), confidence=0.9)
    assert strongest([weak, short, long_], most=2) == [long_, short]
    assert strongest([weak, short, long_], most=1) == [long_]


@pytest.mark.parametrize(("duration", "step"), [(0.04, 0.1), (1.0, 0.1), (4.3, 0.5), (10, 1), (60, 5), (600, 60)])
def test_ticks_are_round_numbers(duration, step):
    assert tick_step(duration) == step
