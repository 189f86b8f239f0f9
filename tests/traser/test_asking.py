"""What is asked about clips of every kind: none, too many, too short, too long, hidden or cut-off objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.traser.arrangement import IGNORED, Marks, Slots
from svg2_assets.traser.asking import Asking, ask, show
from svg2_assets.traser.presets import PRESETS
from svg2_assets.traser.sampling import Sampling
from svg2_assets.traser.selection import NoObject
from svg2_assets.traser.text import Task
from svg2_assets.traser.values import Role
from tests.traser.clips import Clip, box, clip, many

SMALL = Sampling(least_pixels=0)


class Letters:
    marks = Marks(1, 2, 3, 4, 5, 6, 7, 0)

    def encode(self, text: str) -> list[int]:
        return [10 + ord(c) % 80 for c in text]

    def decode(self, ids: Sequence[int]) -> str:
        return ""


def asked(source: Clip, trajectories: dict[int, Trajectory], preset: str = "default", **changes: object) -> Asking:
    chosen = PRESETS[preset]
    chosen = replace(chosen, arranging=replace(chosen.arranging, **changes))
    shown = show(source, trajectories, SMALL)
    return ask(shown, Task.SCENE_GRAPH, preset=chosen, tokenizer=Letters(), slots=Slots(2, 2))


def test_a_question_has_the_clip_and_no_answer() -> None:
    asking = asked(clip(12), {3: box(10, 10, 30, 30, frames=range(24)), 7: box(60, 20, 20, 40, frames=range(8, 16))})
    (only,) = asking.passes
    assert (only.example.arranged.labels == IGNORED).all()
    assert only.numbers == (1, 2)
    assert asking.shown.ids == (3, 7)
    assert asking.notes == ()
    assert {g.role for g in only.example.arranged.groups} == {Role.OBJECT, Role.WINDOW, Role.BESIDE}


def test_presence_tells_when_each_object_is_seen_in_the_answers_numbers() -> None:
    asking = asked(clip(12), {0: box(10, 10, 30, 30, frames=range(24)), 1: box(60, 20, 20, 40, frames=range(8, 16))})
    whole, part = asking.passes[0].presence
    assert whole == (0, 11)
    assert part[0] in {4, 5}, "seen from second 4 on, in the next sampled frame at the latest"
    assert 7 <= part[1] <= 8
    assert asking.clock.count == 12


def test_no_object_is_an_error_that_says_what_to_give() -> None:
    with pytest.raises(PhaseError, match=r"clip\.mp4: traser: expected an object or more, found none\. Give trajector"):
        show(clip(4), {})


def test_an_object_that_is_never_visible_is_left_out_and_told() -> None:
    asking = asked(clip(12), {0: Trajectory((), ()), 1: box(10, 10, 30, 30, frames=range(24))})
    assert asking.passes[0].numbers == (2,)
    assert any("object 1 shows no pixel" in note for note in asking.notes)


def test_only_objects_that_are_never_visible_are_an_error() -> None:
    with pytest.raises(NoObject, match=r"clip\.mp4"):
        asked(clip(12), {0: Trajectory((), ()), 1: Trajectory((), ())})


def test_108_objects_take_three_passes_in_default_and_the_first_forty_in_release() -> None:
    asking = asked(clip(4), many(108, frames=8))
    assert [len(p.numbers) for p in asking.passes] == [36, 36, 36]
    assert sorted(n for p in asking.passes for n in p.numbers) == list(range(1, 109))
    assert any("108 objects are asked about in 3 passes" in note for note in asking.notes)
    released = asked(clip(4), many(108, frames=8), "release")
    assert [p.numbers for p in released.passes] == [tuple(range(1, 41))]
    assert sum("comes later" in note for note in released.notes) == 68
    paper = asked(clip(4), many(108, frames=8), "paper")
    assert [len(p.numbers) for p in paper.passes] == [108]


def test_masks_that_end_before_the_video_count_as_empty_from_there_on() -> None:
    asking = asked(clip(12), {0: box(10, 10, 30, 30, frames=range(6))})
    steps = asking.shown.sampled.grid.step_of(asking.passes[0].example.arranged.groups[0].tokens)
    assert steps.max() <= 1
    assert asking.passes[0].presence[0][1] <= 3


@pytest.mark.parametrize(("seconds", "frames", "count"), [(2, 4, 2), (180, 128, 180)])
def test_two_seconds_and_three_minutes_have_their_own_clock(seconds: float, frames: int, count: int) -> None:
    source = clip(seconds)
    asking = asked(source, {0: box(10, 10, 60, 60, frames=range(source.video.num_frames))})
    assert len(asking.shown.sampled.indices) == frames
    assert asking.clock.count == count
    assert asking.passes[0].presence == ((0, count - 1),)
    windows = [g for g in asking.passes[0].example.arranged.groups if g.role is Role.WINDOW]
    assert max(g.meta[1] for g in windows) <= seconds


def test_three_minutes_of_forty_objects_keep_within_the_sequence_and_leave_room_for_an_answer() -> None:
    source = clip(180)
    asking = asked(source, many(40, frames=source.video.num_frames), most_tokens=12000)
    (only,) = asking.passes
    assert len(only.numbers) == 40
    assert len(only.example.arranged) <= 12000 - 2000
    assert any("windows" in note for note in asking.notes)


def test_patches_are_those_of_the_sampled_frames() -> None:
    asking = asked(clip(4), {0: box(10, 10, 60, 60, frames=range(8))})
    example = asking.passes[0].example
    assert example.patches.shape == (4 * example.grid.tokens, 1176)
    assert example.patches.dtype == np.uint8
