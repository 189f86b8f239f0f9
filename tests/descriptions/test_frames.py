"""Which frames are chosen, on trajectories whose truth is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from svg2_assets.descriptions.frames import repeated, sharpness, stretches
from svg2_assets.descriptions.gallery import look
from svg2_assets.descriptions.geometry import Course
from svg2_assets.descriptions.presets import ViewRules
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Pixels
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult
from tests.descriptions.pictures import FPS, HEIGHT, WIDTH, Clip, Thing, video

PRESETS = ("default", "paper", "release")


def growing(frames: range) -> Trajectory:
    """A box that grows by two pixels a frame."""
    masks = [Mask.from_box((40, 40, 10 + 2 * i, 10 + 2 * i), height=HEIGHT, width=WIDTH) for i in range(len(frames))]
    return Trajectory(tuple(frames), tuple(masks))


def chosen(trajectory: Trajectory, *, length: int, preset: str, frames: int = 8) -> tuple[int, ...]:
    clip = Clip(video(frames=length))
    tracks = TrackingResult((TrackedObject(7, trajectory, Origin.SEED, 1.0),))
    return look(clip, tracks, ViewRules(preset=preset), frames=frames).frames[7]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("visible", [1, 3, 7, 8, 9, 60])
def test_as_many_frames_as_the_model_takes_or_all_there_are(preset: str, visible: int) -> None:
    frames = chosen(growing(range(5, 5 + visible)), length=80, preset=preset)
    assert len(frames) == min(8, visible)
    assert list(frames) == sorted(set(frames))
    assert set(frames) <= set(range(5, 5 + visible))


def test_the_paper_takes_the_largest_and_they_lie_together() -> None:
    assert chosen(growing(range(60)), length=60, preset="paper") == tuple(range(52, 60))


def test_of_equally_large_frames_the_paper_takes_the_earlier() -> None:
    still = Thing(start=(20, 20), size=(40, 40), frames=range(30)).trajectory(video())
    assert chosen(still, length=30, preset="paper") == tuple(range(8))


def test_the_release_takes_whole_positions_over_the_visible_frames() -> None:
    assert chosen(growing(range(10, 40)), length=60, preset="release") == (10, 14, 18, 22, 26, 30, 34, 39)


def test_ours_are_spread_over_time_and_never_next_to_each_other() -> None:
    frames = np.asarray(chosen(growing(range(160)), length=160, preset="default"))
    assert frames[-1] - frames[0] > 100
    assert np.diff(frames).min() >= 4


def test_one_frame_is_the_best_one() -> None:
    (frame,) = chosen(growing(range(30)), length=30, preset="default", frames=1)
    assert frame > 15


def test_frames_on_which_next_to_nothing_shows_are_left_out_while_there_are_others() -> None:
    slivers = [Mask.from_box((0, 40, 2, 4), height=HEIGHT, width=WIDTH)] * 20
    whole = [Mask.from_box((0, 40, 60, 60), height=HEIGHT, width=WIDTH)] * 20
    trajectory = Trajectory(tuple(range(40)), (*slivers, *whole))
    assert min(chosen(trajectory, length=40, preset="default")) >= 20
    only = Trajectory(tuple(range(22)), (*slivers, *whole[:2]))
    assert len(chosen(only, length=40, preset="default")) == 8


def test_blurred_frames_are_passed_over_where_a_sharp_one_is_near() -> None:
    ground = np.random.default_rng(3).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    sharp_ones = set(range(4, 80, 4))

    def paint(pixels: Pixels, index: int) -> None:
        pixels[:] = ground if index in sharp_ones else cv2.GaussianBlur(ground, (0, 0), 3)

    shown = video(frames=80)
    thing = Thing(start=(100, 80), size=(80, 80), frames=range(80))
    rules = ViewRules(choice={"grid_seconds": 1 / FPS, "candidates": 8})  # type: ignore[arg-type]
    gallery = look(Clip(shown, [paint]), TrackingResult((thing.tracked(shown),)), rules, frames=8)
    assert set(gallery.frames[0]) <= sharp_ones


def test_contrast_and_light_are_no_sharpness() -> None:
    rng = np.random.default_rng(0)
    texture = np.repeat(rng.integers(0, 200, (64, 64, 1), dtype=np.uint8), 3, axis=2)
    inside = np.ones((64, 64), dtype=bool)
    dim = (texture * 0.5 + 20).astype(np.uint8)
    blurred = cv2.GaussianBlur(texture, (0, 0), 1.5)
    assert sharpness(dim, inside) == pytest.approx(sharpness(texture, inside), rel=0.1)
    assert sharpness(blurred, inside) < 0.3 * sharpness(texture, inside)
    assert sharpness(texture, ~inside) == 0.0


def test_detail_outside_the_mask_does_not_count() -> None:
    pixels = np.full((64, 64, 3), 90, np.uint8)
    pixels[:, 40:] = np.random.default_rng(1).integers(0, 255, (64, 24, 3), dtype=np.uint8)
    plain = np.zeros((64, 64), dtype=bool)
    plain[:, :30] = True
    assert sharpness(pixels, plain) < 0.01 * sharpness(pixels, ~plain)


def test_repeating_keeps_the_order_and_shows_every_frame() -> None:
    for n in range(1, 9):
        made = repeated(range(n), 8)
        assert len(made) == 8
        assert list(made) == sorted(made)
        assert set(made) == set(range(n))


def test_the_video_is_read_once_and_few_of_its_frames_for_many_objects() -> None:
    shown = video(frames=200)
    things = [Thing(start=(20 + 12 * i, 20), size=(30, 30), frames=range(200)) for i in range(20)]
    clip = Clip(shown, [t.paint for t in things])
    tracks = TrackingResult(tuple(t.tracked(shown, object_id=i) for i, t in enumerate(things)))
    gallery = look(clip, tracks, ViewRules(), frames=8)
    assert clip.picked == sorted(set(clip.picked))
    assert len(clip.picked) < 60
    assert len(gallery.frames) == 20


def test_memory_follows_objects_and_not_the_length_of_the_video() -> None:
    def held(length: int) -> int:
        thing = Thing(start=(60, 60), size=(80, 80), frames=range(length))
        shown = video(frames=length)
        return look(
            Clip(shown, [thing.paint]), TrackingResult((thing.tracked(shown),)), ViewRules(), frames=8
        ).bytes_held

    assert held(400) <= 1.2 * held(100)


def test_the_same_video_gives_the_same_views() -> None:
    shown = video(frames=60)
    thing = Thing(start=(10, 20), size=(60, 60), step=(3, 1), frames=range(60))
    made = []
    for _ in range(2):
        gallery = look(Clip(shown, [thing.paint]), TrackingResult((thing.tracked(shown),)), ViewRules(), frames=8)
        made.append([(v.frame, v.pixels.tobytes(), v.mask.tobytes()) for v in gallery.views(0)])
    assert made[0] == made[1]


def test_an_object_cut_by_the_border_is_shown_whole_where_it_can_be() -> None:
    thing = Thing(start=(-40, 60), size=(60, 60), step=(4, 0), frames=range(40))
    trajectory = thing.trajectory(video(frames=40))
    parts = stretches(Course.of(trajectory, video(frames=40)), ViewRules(), frames=1)
    worths = dict(parts[0])
    assert max(worths, key=worths.__getitem__) >= 11
