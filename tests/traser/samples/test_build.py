from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.taxonomy import CAMERA_ID, Verdict
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World
from svg2_assets.traser.samples.build import Built, build
from svg2_assets.traser.samples.counting import Counts, Reason
from svg2_assets.traser.samples.pictures import decode
from svg2_assets.traser.samples.rows import from_row, to_row
from svg2_assets.traser.samples.settings import BuildSettings, ObjectSettings, PictureSettings, Stored
from svg2_assets.traser.samples.values import Draft, Sample, draft_of
from svg2_assets.traser.text import Task
from tests.traser.samples.drafts import BARE, HEIGHT, WIDTH, box, clip, draft, look, said, thing


def made(built: Built) -> Sample:
    assert built.sample is not None
    return built.sample


def with_(**changes: Any) -> BuildSettings:
    return BARE.model_copy(update=changes)


def test_a_graph_of_the_synthetic_world_becomes_a_sample_that_says_the_same() -> None:
    world = World(WorldSettings.of(Difficulty.EASY, width=112, height=84, seconds=4.0, fps=4, cut_chance=0), seed=2)
    graph: SceneGraph = world.truth.graph()
    sample = made(build(draft_of(graph), BARE))
    assert sample.frames.tolist() == [0, 5, 10, 15]
    assert sample.times.tolist() == [0, 1.25, 2.5, 3.75]
    for o, row in zip(sample.objects, sample.masks, strict=True):
        true = graph.object(o.id)
        assert (o.name, o.part_of) == (true.name, true.part_of)
        assert list(row) == [true.trajectory.at(int(f)) for f in sample.frames]
    shown = {o.id for o in sample.objects} | {CAMERA_ID}
    expected = {r.key: r.spans for r in graph.relations if {r.subject, r.object} <= shown}
    assert {r.key: r.spans for r in sample.relations} == expected


def test_what_can_be_asked_follows_from_what_there_is() -> None:
    plain, coloured = thing(1), thing(2, attributes=["red"])
    near = said(1, "near", 2)
    cases = {
        (Task.OBJECTS,): draft([plain]),
        (Task.ATTRIBUTES, Task.OBJECTS): draft([plain, coloured]),
        (Task.RELATIONSHIPS, Task.OBJECTS): draft([plain, thing(2)], near),
        (Task.SCENE_GRAPH, Task.RELATIONSHIPS, Task.ATTRIBUTES, Task.OBJECTS): draft([plain, coloured], near),
    }
    for tasks, given in cases.items():
        assert made(build(given, BARE)).tasks == tuple(t.value for t in tasks)


def test_a_video_without_objects_gives_no_sample_and_says_so() -> None:
    built = build(draft([]), BARE)
    assert built.sample is None
    assert built.counts.rows() == [("video", "holds no object", 1)]


def test_objects_that_are_on_no_sampled_frame_or_not_to_be_told_go_with_their_relations() -> None:
    objects = [
        thing(1),
        thing(2, frames=[1]),
        thing(3, frames=[]),
        thing(4, "object"),
        thing(5, verdict=Verdict.CONTRADICTED),
        thing(6, "cat"),
    ]
    # Ten sampled frames of twenty: 1 is not among them.
    built = build(draft(objects, *(said(1, "near", i) for i in range(2, 7))), BARE)
    assert [o.id for o in made(built).objects] == [1, 6]
    assert [r.object for r in made(built).relations] == [6]
    reasons = (Reason.UNSEEN, Reason.GENERIC, Reason.VERDICT, Reason.DROPPED_END)
    assert [built.counts[r] for r in reasons] == [2, 1, 1, 4]
    none = build(draft([thing(2, frames=[1])], said(2, "entering", -1, (0, 1))), BARE)
    assert none.sample is None
    assert none.counts[Reason.NONE_LEFT] == 1


def test_verdicts_scores_and_generic_names_are_settings() -> None:
    objects = [thing(1, verdict=Verdict.CONTRADICTED), thing(2, "object"), thing(3, verdict=Verdict.SUPPORTED)]
    every = with_(objects=ObjectSettings(verdicts=frozenset(Verdict), generic=True))
    assert len(made(build(draft(objects), every)).objects) == 3
    strict = with_(objects=ObjectSettings(verdicts=frozenset({Verdict.SUPPORTED})))
    assert [o.id for o in made(build(draft(objects), strict)).objects] == [3]
    sure = with_(objects=ObjectSettings(least_score=0.6))
    assert build(draft(objects), sure).sample is None


def test_of_108_objects_the_40_most_salient_stay_in_their_order() -> None:
    small = [thing(i, frames=[0], mask=box(0, 0, 3, 3)) for i in range(68)]
    large = [thing(i, frames=range(20), mask=box(i % 28, 0, 40, 30)) for i in range(68, 108)]
    built = build(draft([*small, *large], said(0, "near", 1), said(0, "above", 1), said(0, "on", 100)), BARE)
    ids = [o.id for o in made(built).objects]
    assert ids == list(range(68, 108))
    assert built.counts[Reason.TOO_MANY] == 68
    assert built.counts[Reason.DROPPED_END] == 3
    few = build(
        draft([*small, *large], *(said(0, "near", i) for i in (1, 70, 80))), with_(objects=ObjectSettings(most=60))
    )
    assert {0, 1} < {o.id for o in made(few).objects}, "what relations speak of matters more than its size says"


def test_a_part_whose_whole_is_left_out_belongs_to_the_next_whole_that_is_told() -> None:
    objects = [thing(1), thing(2, "object", part_of=1), thing(3, "wheel", part_of=2)]
    sample = made(build(draft(objects), BARE))
    assert [(o.id, o.part_of) for o in sample.objects] == [(1, None), (3, 1)]


@pytest.mark.parametrize(
    ("seconds", "fps", "frames"), [(2.0, 30.0, 4), (180.0, 2.0, 128), (0.5, 2.0, 1), (1.0, 2.0, 2), (10.0, 2.0, 10)]
)
def test_clips_of_any_length(seconds: float, fps: float, frames: int) -> None:
    video = clip(seconds=seconds, fps=fps)
    objects = [thing(1, frames=range(video.num_frames)), thing(2, frames=range(video.num_frames))]
    sample = made(build(draft(objects, said(1, "near", 2, (0, seconds)), video=video), BARE))
    assert len(sample.frames) == len(sample.times) == len(sample.masks[0]) == frames
    assert sample.frames[0] == 0
    assert sample.frames[-1] == video.num_frames - 1
    assert sample.relations[0].spans.to_json() == [[0, seconds]]


def test_true_times_of_a_video_of_variable_rate() -> None:
    times = tuple(float(t) for t in np.cumsum(np.linspace(0.1, 0.9, 20)) - 0.1)
    video = replace(clip(seconds=10), duration=times[-1] + 1, frame_times=times)
    sample = made(build(draft([thing(1)], video=video), BARE))
    assert sample.times.tolist() == [times[i] for i in sample.frames]


def test_a_video_whose_masks_end_early_is_cut_there() -> None:
    objects = [thing(1, frames=range(8)), thing(2, frames=range(4))]
    given = draft(objects, said(1, "near", 2, (0, 9)), said(2, "near", 1, (6, 9)))
    built = build(given, BARE)
    sample = made(built)
    assert built.counts[Reason.MASKS_END] == 1
    assert sample.video.duration == 4.0
    assert sample.frames.max() == 7
    assert sample.relations[0].spans.to_json() == [[0, 4]]
    assert built.counts[Reason.OUTSIDE] == built.counts[Reason.CLIPPED] == 1
    # The source knows that there are masks to the end; or nothing is said of what comes after: all have left.
    assert made(build(replace(given, masked_frames=20), BARE)).video.duration == 10.0
    assert made(build(draft(objects, said(1, "near", 2, (0, 4.5))), BARE)).video.duration == 10.0
    assert made(build(given, with_(cut_short_masks=0.0))).video.duration == 10.0


def test_masks_that_cannot_be_of_the_video_are_left_out() -> None:
    good, cut = box(0, 0), Mask(HEIGHT, WIDTH, box(0, 0).counts[:-2])
    other = Mask.from_array(np.ones((9, 9)))
    wrong = thing(1)
    masks = tuple(cut if f < 6 else other if f < 10 else good for f in range(20))
    wrong = replace(wrong, trajectory=replace(wrong.trajectory, masks=masks))
    empty = replace(thing(2), trajectory=replace(wrong.trajectory, masks=(Mask.empty(HEIGHT, WIDTH),) * 20))
    built = build(draft([wrong, empty]), BARE)
    sample = made(built)
    assert [m is None for m in sample.masks[0]] == [True] * 5 + [False] * 5
    assert (built.counts[Reason.WRONG_AREA], built.counts[Reason.WRONG_SIZE], built.counts[Reason.UNSEEN]) == (3, 2, 1)


def test_masks_of_one_other_size_stay() -> None:
    half = box(0, 0, height=HEIGHT // 2, width=WIDTH // 2)
    sample = made(build(draft([thing(1, mask=half)]), BARE))
    row = to_row(sample)
    assert (row["mask_height"], row["mask_width"]) == (HEIGHT // 2, WIDTH // 2)
    assert from_row(row).masks == sample.masks


@pytest.mark.parametrize(("stored", "close"), [(Stored.PNG, 0), (Stored.JPEG, 2)])
def test_sampled_frames_are_stored_with_the_sample(stored: Stored, close: int) -> None:
    how = with_(pictures=PictureSettings(stored=stored))
    sample = made(build(draft([thing(1)]), how, look=look))
    assert sample.picture_size == (HEIGHT, WIDTH)
    frames = decode(sample.pictures, height=HEIGHT, width=WIDTH)
    assert np.abs(frames[:, 5, 5, 0].astype(int) - sample.frames).max() <= close
    with pytest.raises(ValueError, match="no frames are given"):
        build(draft([thing(1)]), how)


def test_counts_add_up_and_travel_as_text() -> None:
    built = [build(draft([thing(1), thing(2, "thing")]), BARE) for _ in range(3)]
    together = sum((b.counts for b in built), start=Counts())
    assert ("object", "name says nothing", 3) in together.rows()
    assert Counts.of_json(together.to_json()) == together
    assert Counts.of_json(None).rows() == []


def test_settings_refuse_what_they_do_not_know() -> None:
    for wrong in ({"objects": {"most": 0}}, {"nothing": 1}, {"dataset": "a%b"}, {"sampling": {"least_frames": 200}}):
        with pytest.raises(ValidationError):
            BuildSettings.model_validate(wrong)
    assert BuildSettings.model_validate(BuildSettings().to_json()) == BuildSettings()


def test_relations_may_touch_objects_that_there_are_not() -> None:
    built = build(Draft(clip(), (thing(1),), (said(1, "near", 77),)), BARE)
    assert made(built).relations == ()
    assert built.counts[Reason.UNKNOWN_END] == 1
