"""Prompts byte for byte, targets in the released form, and whole numbers that stray no further than they must."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject
from svg2_assets.scene.spans import Span, Spans
from svg2_assets.scene.taxonomy import AttributeType, Category
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.traser.arrangement import Marks
from svg2_assets.traser.presets import Prompting
from svg2_assets.traser.text import (
    Clock,
    Statement,
    Task,
    Thing,
    Told,
    answer_ids,
    in_order,
    instruction,
    prompt_ids,
    target_text,
    told_of,
)

many = settings(max_examples=200, deadline=None)


class Letters:
    """Each character is its own id, each mark is a negative one."""

    marks = Marks(object_start=-1, object_end=-2, start=-3, end=-4, video=-5)

    def encode(self, text: str) -> list[int]:
        return [ord(c) for c in text]

    def decode(self, ids: list[int]) -> str:
        shown = {-3: "<|im_start|>", -4: "<|im_end|>"}
        return "".join(shown.get(i) or chr(i) for i in ids)


def of(*pairs: tuple[float, float]) -> Spans:
    return Spans.of(pairs)


@pytest.mark.parametrize(
    ("task", "prompting", "said"),
    [
        (
            Task.SCENE_GRAPH,
            Prompting.GITHUB,
            "Output the Video Scene Graph from the video and object trajectories:\n|\n",
        ),
        (Task.SCENE_GRAPH, Prompting.HUB, "Output the video Scene Graph from the video and object trajectories:\n|"),
        (
            Task.RELATIONSHIPS,
            Prompting.GITHUB,
            "List all objects and their relationships from the video and object trajectories:\n|\n",
        ),
        (
            Task.ATTRIBUTES,
            Prompting.HUB,
            "List all objects and their attributes from the video and object trajectories:\n|",
        ),
        (Task.OBJECTS, Prompting.GITHUB, "List all objects from the video and object trajectories:\n|\n"),
    ],
)
def test_instructions_are_the_released_ones(task: Task, prompting: Prompting, said: str) -> None:
    assert "|".join(instruction(task, prompting)) == said


def test_the_chat_is_qwens() -> None:
    letters = Letters()
    before, after = prompt_ids(Task.OBJECTS, letters)
    assert letters.decode(before) == (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
        "<|im_start|>user\nList all objects from the video and object trajectories:\n"
    )
    assert letters.decode(after) == "\n<|im_end|>\n<|im_start|>assistant\n"
    assert letters.decode(answer_ids("{}", letters)) == "{}<|im_end|>\n"


def test_a_target_has_the_released_form() -> None:
    told = Told(
        (Thing(1, "child", ("pink", "small", "pink")), Thing(2, " toy\n car ")),
        (
            Statement(-1, "follows", 1, of((0, 20))),
            Statement(1, "holds", 2, of((3, 5), (8, 9.6))),
            Statement(1, "approaches", 2, of((0, 11))),
            Statement(1, "holds", 2, of((4, 6))),
            Statement(1, "leaves", -1, of((19, 20))),
            Statement(2, "waits", 1, of((25, 30))),
        ),
    )
    clock = Clock(20)
    assert target_text(told, task=Task.SCENE_GRAPH, clock=clock) == (
        '{"objects": [{"object 1": "child", "attributes": ["pink", "small"]}, '
        '{"object 2": "toy car", "attributes": []}], '
        '"relationships": [[1, "approaches", 2, [[0, 10]]], [1, "holds", 2, [[3, 5], [8, 9]]], '
        '[1, "leaves", -1, [[19, 19]]], [-1, "follows", 1, [[0, 19]]]]}'
    )
    assert target_text(told, task=Task.OBJECTS, clock=clock) == (
        '{"objects": [{"object 1": "child"}, {"object 2": "toy car"}]}'
    )
    assert '"attributes"' not in target_text(told, task=Task.RELATIONSHIPS, clock=clock)
    assert '"relationships"' not in target_text(Told(told.things), task=Task.SCENE_GRAPH, clock=clock)
    assert json.loads(target_text(Told(), task=Task.SCENE_GRAPH, clock=clock)) == {"objects": []}


def test_the_task_follows_from_what_is_told() -> None:
    bare, described = Thing(1, "dog"), Thing(1, "dog", ("brown",))
    said = Statement(1, "runs past", -1, of((0, 1)))
    assert [Told((t,), s).task for t in (bare, described) for s in ((), (said,))] == [
        Task.OBJECTS,
        Task.RELATIONSHIPS,
        Task.ATTRIBUTES,
        Task.SCENE_GRAPH,
    ]


def test_the_order_of_reports_does_not_matter() -> None:
    reports = [Statement(s, p, o, of((t, t + 1))) for s in (1, -1) for o in (2, 3) for p in "ba" for t in (4, 0)]
    assert in_order(reports) == in_order(reversed(reports))
    assert [s.key for s in in_order(reports)] == [(s, p, o) for s in (1, -1) for o in (2, 3) for p in "ab"]
    assert all(s.spans == of((0, 1), (4, 5)) for s in in_order(reports))


def graph() -> SceneGraph:
    video = Video("v", "v.mp4", "", 4, 4, 10.0, 100, 10.0)
    objects = tuple(
        SceneObject(i, f"thing {i}", Trajectory((), ()), (Attribute(f"colour {i}", AttributeType.COLOR),))
        for i in (3, 7, 9)
    )
    said = [(3, 7), (7, 9), (-1, 9), (9, -1), (-1, 3)]
    relations = tuple(Relation(s, "sees", o, Category.ATTENTIONAL, of((0, 1))) for s, o in said)
    return SceneGraph(video, objects, relations)


def test_objects_are_numbered_as_shown_and_relations_of_others_go() -> None:
    told = told_of(graph(), [9, 7])
    assert told.things == (Thing(1, "thing 9", ("colour 9",)), Thing(2, "thing 7", ("colour 7",)))
    assert [s.key for s in told.statements] == [(2, "sees", 1), (-1, "sees", 1), (1, "sees", -1)]
    with pytest.raises(KeyError):
        told_of(graph(), [4])


def test_times_count_seconds_or_the_released_frames() -> None:
    assert Clock.of(200.0, true_times=True).unit == Clock.of(128.4, true_times=False).unit == 1.0
    stretched = Clock.of(256.0, true_times=False)
    assert (stretched.unit, stretched.count) == (2.0, 128)
    assert stretched.numbers(of((10, 20))) == [(5, 9)]
    assert stretched.span(5, 9) == Span(10, 20)
    for wrong in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="a clip lasts longer"):
            Clock(wrong)


def test_a_number_counts_when_half_of_its_second_is_covered() -> None:
    clock = Clock(10.3)
    assert clock.numbers(of((0.4, 1.5), (2.4, 2.6), (9.6, 10.3))) == [(0, 1), (10, 10)]
    assert clock.numbers(of((2.6, 3.2))) == [(2, 2)]  # no second for half: the one that it covers longest
    assert clock.numbers(of((10.3, 12))) == []
    assert clock.span(10, 10) == Span(10, 10.3)
    assert clock.span(11, 12) is None


@st.composite
def clips(draw: st.DrawFn) -> tuple[Clock, Spans]:
    duration = draw(st.floats(0.2, 400))
    clock = Clock.of(duration, true_times=draw(st.booleans()))
    ends = draw(st.lists(st.floats(0, duration), min_size=2, max_size=8, unique=True).map(sorted))
    return clock, Spans.of((a, b) for a, b in zip(ends[::2], ends[1::2], strict=False) if b - a > 1e-3)


def told_back(clock: Clock, spans: Spans) -> Spans:
    parts = [clock.span(a, b) for a, b in clock.numbers(spans)]
    return Spans.of(p for p in parts if p is not None)


@many
@given(clips())
def test_numbers_told_back_stray_by_half_a_unit_at_each_end(clip: tuple[Clock, Spans]) -> None:
    clock, spans = clip
    back = told_back(clock, spans)
    strayed = (back | spans).duration - (back & spans).duration
    ends = {min(int(t / clock.unit), clock.count - 1) for s in spans for t in (s.start, s.end)}
    assert strayed <= max(0.5 * clock.unit * len(ends), clock.unit) + 1e-6
    assert bool(back) == bool(spans)


@many
@given(clips())
def test_numbers_told_back_give_the_same_numbers(clip: tuple[Clock, Spans]) -> None:
    clock, spans = clip
    numbers = clock.numbers(spans)
    assert clock.numbers(told_back(clock, spans)) == numbers
    assert all(0 <= a <= b < clock.count for a, b in numbers)
    assert all(b + 1 < a for (_, b), (a, _) in pairwise(numbers))
