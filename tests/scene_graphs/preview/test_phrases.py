from __future__ import annotations

from dataclasses import replace

import pytest

from svg2_assets.scene.taxonomy import Category
from svg2_assets.scene_graphs.preview.overlay import CROWD, CROWDED_TAG_SIZE, TAG_SIZE, tag_size
from svg2_assets.scene_graphs.preview.phrases import Inks, by_interest, clock, facts, relation_phrase, title
from tests.scene_graphs import scenes


def words(graph, relation, **how):
    return [run.text for run in relation_phrase(graph, relation, inks=Inks((0, 0, 0)), **how)]


def test_a_relation_is_told_with_ids_and_names_the_camera_by_name_alone():
    video = scenes.video()
    graph = scenes.graph(video, scenes.box_object(video, 3, (0, 0, 9, 9), name="mug"))
    relation = scenes.relation(3, "near", -1, (0.0, 1.0))
    assert words(graph, relation) == ["3", "mug", "near", "camera"]
    assert words(graph, relation, short=True) == ["3", "near", "camera"]


def test_what_tells_most_comes_first():
    always = scenes.relation(1, "left of", 2, (0.0, 10.0), confidence=0.95)
    sometimes = scenes.relation(2, "left of", 3, (0.0, 2.0), confidence=0.93)
    doubtful = scenes.relation(2, "near", 3, (0.0, 1.0), confidence=0.4)
    holds = scenes.relation(1, "holding", 2, (0.0, 9.0), category=Category.FUNCTIONAL, confidence=0.3)
    assert by_interest([doubtful, always, sometimes, holds]) == [holds, sometimes, always, doubtful]


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00.0"), (59.96, "1:00.0"), (61.25, "1:01.2"), (3600, "60:00.0")])
def test_the_clock(seconds, text):
    assert clock(seconds) == text


def test_the_title_is_the_last_part_of_the_address_on_one_line():
    assert title(replace(scenes.video(), uri="s3://bucket/a b/c\nd.mp4")) == "c\\nd.mp4"
    assert title(replace(scenes.video(), uri="")) == "0123456789abcdef"


def test_facts_count_in_words():
    video = scenes.video()
    assert "1 object · 0 relations" in facts(scenes.graph(video, scenes.box_object(video, 1, (0, 0, 9, 9))))


def test_tags_of_one_video_have_one_size_smaller_in_a_crowd():
    video = scenes.video()
    few = [scenes.box_object(video, i, (0, 0, 9, 9)) for i in range(CROWD)]
    late = scenes.box_object(video, CROWD, (0, 0, 9, 9), frames=[39])
    assert tag_size(scenes.graph(video)) == tag_size(scenes.graph(video, *few)) == TAG_SIZE
    assert tag_size(scenes.graph(video, *few, late)) == CROWDED_TAG_SIZE


def test_what_enters_enters_the_view_and_not_the_camera():
    video = scenes.video()
    graph = scenes.graph(video, scenes.box_object(video, 3, (0, 0, 9, 9), name="mug"))
    assert words(graph, scenes.relation(3, "entering", -1, (0.0, 1.0)), short=True) == ["3", "entering", "view"]
