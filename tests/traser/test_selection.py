"""Tokens of objects, read from run lengths, against decoding everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from svg2_assets.scene.errors import InvalidSceneValue, PhaseError
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World
from svg2_assets.traser.coverage import nearest_pixels, pool
from svg2_assets.traser.presets import PRESETS, Reduction, Selecting
from svg2_assets.traser.sampling import Sampling, sample
from svg2_assets.traser.selection import NoObject, masks_on, tracks_of
from svg2_assets.traser.values import Grid
from tests.traser.strategies import Scene, scenes

RULES = [PRESETS["release"].selecting, PRESETS["hub"].selecting] + [Selecting(reduction=r) for r in Reduction]


def block(rows: slice, cols: slice, *, size: tuple[int, int] = (84, 112)) -> Mask:
    pixels = np.zeros(size, dtype=bool)
    pixels[rows, cols] = True
    return Mask.from_array(pixels)


def share(pixels: int, *, cell: int, size: tuple[int, int] = (84, 112)) -> Mask:
    """A mask that covers `pixels` of the 784 of cell number `cell`."""
    drawn = np.zeros(size, dtype=bool)
    row, col = divmod(cell, size[1] // 28)
    part = np.zeros(784, dtype=bool)
    part[:pixels] = True
    drawn[28 * row : 28 * row + 28, 28 * col : 28 * col + 28] = part.reshape(28, 28)
    return Mask.from_array(drawn)


def select(masks: list[list[Mask | None]], grid: Grid | None = None, rules: Selecting | None = None, **more):
    return tracks_of(masks, grid or Grid(1, 3, 4), rules or Selecting(), video="clip.mp4", **more)


@settings(max_examples=150, deadline=None)
@given(scenes(), st.sampled_from(RULES))
def test_tokens_and_coverage_are_those_of_decoding_everything(scene: Scene, rules: Selecting) -> None:
    plain = pytest.importorskip("benchmarks.traser_plain", exc_type=ImportError)
    grid = (scene.grid.steps, scene.grid.rows, scene.grid.cols)
    how = plain.Rules(rules.threshold, rules.step, rules.retries, rules.reduction.value)
    rles = [[None if m is None else m.rle for m in row] for row in scene.masks]
    kept, tokens, shares = plain.select(rles, grid, how)
    if not kept:
        with pytest.raises(NoObject):
            select(scene.masks, scene.grid, rules)
        return
    found = select(scene.masks, scene.grid, rules)
    assert [t.number for t in found.tracks] == kept
    assert sorted([d.number for d in found.dropped] + kept) == list(range(len(scene.masks)))
    for track, expected, covered in zip(found.tracks, tokens, shares, strict=True):
        np.testing.assert_array_equal(track.tokens, expected)
        np.testing.assert_array_equal(track.coverage, covered)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 2000), st.integers(1, 60).map(lambda n: 28 * n))
@example(720, 560)
@example(720, 476)
@example(49, 28)
def test_the_nearest_pixels_are_torchs(size: int, scaled: int) -> None:
    torch = pytest.importorskip("torch")
    pixels = torch.arange(size, dtype=torch.float32)[None, None, :, None]
    expected = torch.nn.functional.interpolate(pixels, size=(scaled, 1), mode="nearest")[0, 0, :, 0]
    assert nearest_pixels(size, scaled).tolist() == expected.int().tolist()


def test_coverage_of_exactly_the_threshold_is_enough() -> None:
    found = select([[share(392, cell=5)], [share(391, cell=5)]])
    assert found.tracks[0].tokens.tolist() == [5]
    assert found.tracks[0].coverage.tolist() == [0.5]
    assert found.tracks[1].coverage[0] == np.float32(391 / 784)  # by a lower threshold


def test_lower_thresholds_then_the_best_cell() -> None:
    thirty_ish, low, tiny = share(250, cell=2), share(90, cell=7), share(40, cell=9)
    found = select([[thirty_ish], [low], [tiny]])
    assert [t.tokens.tolist() for t in found.tracks] == [[2], [7], [9]]


def test_of_equally_good_cells_the_first_is_taken() -> None:
    found = select([[share(20, cell=3), None, share(20, cell=8), share(20, cell=1)]], Grid(2, 3, 4))
    assert found.tracks[0].tokens.tolist() == [3]


def test_an_odd_last_frame_is_paired_with_itself() -> None:
    mean = Selecting(reduction=Reduction.MEAN)
    found = select([[None, None, share(784, cell=4)]], Grid(2, 3, 4), mean)
    assert found.tracks[0].tokens.tolist() == [12 + 4]
    assert found.tracks[0].coverage.tolist() == [1.0]


def test_reductions_over_the_two_frames_of_a_step() -> None:
    masks = [[share(784, cell=0), share(500, cell=0)]]
    covered = {r: select(masks, rules=Selecting(reduction=r)).tracks[0].coverage[0] for r in Reduction}
    assert covered[Reduction.MAX] == 1.0
    assert covered[Reduction.MIN] == np.float32(500 / 784)
    assert covered[Reduction.MEAN] == pytest.approx((1 + 500 / 784) / 2)


def test_who_shows_only_beyond_the_grid_gets_the_first_token() -> None:
    """As the released code: seen counts over all sampled frames, and the best of nothing is the first."""
    found = select([[None, None, share(784, cell=4)]], Grid(1, 3, 4))
    assert found.tracks[0].tokens.tolist() == [0]
    assert found.tracks[0].coverage.tolist() == [0.0]
    assert np.isnan(found.tracks[0].boxes).all()


def test_objects_without_a_pixel_are_dropped_and_told() -> None:
    empty = Mask.empty(84, 112)
    found = select([[empty, None], [share(784, cell=1), None], [None, None]])
    assert [t.number for t in found.tracks] == [1]
    assert [(d.number, d.reason) for d in found.dropped] == [
        (0, "object 1 shows no pixel on any of 2 sampled frames"),
        (2, "object 3 shows no pixel on any of 2 sampled frames"),
    ]


def test_preset_default_gives_a_small_thing_a_token_on_every_step_that_shows_it() -> None:
    """A ring that covers half a cell once and little of others later (upstream saw it in 1 of 9 steps)."""
    row = [share(500, cell=0), None, share(30, cell=6), share(44, cell=7), None, None, share(12, cell=11), None]
    grid = Grid(4, 3, 4)
    assert select([row], grid).tracks[0].tokens.tolist() == [0]
    ours = select([row], grid, PRESETS["default"].selecting).tracks[0]
    assert ours.tokens.tolist() == [0, 12 + 7, 36 + 11]
    assert ours.coverage.tolist() == [np.float32(n / 784) for n in (500, 44, 12)]


def test_boxes_are_the_mean_of_the_frames_that_show_the_object() -> None:
    first, second = block(slice(0, 42), slice(0, 56)), block(slice(42, 84), slice(56, 112))
    found = select([[first, second, None, first, None]], Grid(3, 3, 4)).tracks[0]
    np.testing.assert_allclose(found.boxes[0], [0.5, 0.5, 0.5, 0.5])
    np.testing.assert_allclose(found.boxes[1], [0.25, 0.25, 0.5, 0.5])
    assert np.isnan(found.boxes[2]).all()


@settings(max_examples=80, deadline=None)
@given(scenes())
def test_boxes_are_pycocotools(scene: Scene) -> None:
    masks = [m for row in scene.masks for m in row if m is not None]
    found = pool(masks, scene.grid).boxes
    for mask, box in zip(masks, found, strict=True):
        if mask.area == 0:
            assert np.isnan(box).all()
            continue
        x, y, w, h = mask.box
        expected = [(y + h / 2) / mask.height, (x + w / 2) / mask.width, h / mask.height, w / mask.width]
        np.testing.assert_allclose(box, expected, atol=1e-6)


def test_masks_shorter_than_the_video_count_as_empty_from_there_on() -> None:
    found = select([[share(784, cell=1)], [share(784, cell=2)] * 4], Grid(2, 3, 4), frames=4)
    assert found.tracks[0].tokens.tolist() == [1]
    assert found.tracks[1].tokens.tolist() == [2, 14]
    assert found.notes == ("the masks of object 1 end at sampled frame 1 of 4: unseen from there on",)


def test_an_rle_of_the_wrong_area_is_named() -> None:
    good = share(784, cell=1)
    bad = Mask(84, 112, Mask.empty(84, 100).counts)
    with pytest.raises(
        PhaseError, match=r"clip\.mp4: traser: .*sampled frame 2 of object 2: an RLE covers 8400 pixels"
    ):
        select([[good, good], [good, bad]])


def test_a_malformed_rle_is_named() -> None:
    good = share(784, cell=1)
    with pytest.raises(PhaseError, match=r"sampled frame 1 of object 1: .*negative run"):
        select([[Mask(84, 112, b"M"), good]])


def test_masks_of_several_sizes_are_refused() -> None:
    with pytest.raises(PhaseError, match="expected masks of one size, found 84 x 112, 84 x 140"):
        select([[share(784, cell=1)], [share(784, cell=1, size=(84, 140))]])
    with pytest.raises(InvalidSceneValue, match="different sizes"):
        pool([share(784, cell=1), share(784, cell=1, size=(84, 140))], Grid(1, 3, 4))


def test_masks_of_a_turned_video_are_refused_and_smaller_ones_are_not() -> None:
    masks = [[share(784, cell=1)]]
    assert select(masks, size=(840, 1120)).tracks
    with pytest.raises(PhaseError, match="the aspect of the video, 112 x 84 pixels, found 84 x 112"):
        select(masks, size=(112, 84))


def test_a_video_without_an_object_is_refused() -> None:
    with pytest.raises(NoObject, match="expected at least one object that shows on the sampled frames, found none"):
        select([])
    with pytest.raises(NoObject, match="2 without a pixel on any of them"):
        select([[None], [Mask.empty(84, 112)]])


def test_more_masks_than_are_read_at_once() -> None:
    rng = np.random.default_rng(0)
    masks = [Mask.from_array(rng.random((84, 112)) < 0.5) for _ in range(600)]
    whole = pool(masks, Grid(1, 3, 4))
    single = [pool([m], Grid(1, 3, 4)).pixels[0] for m in masks[::53]]
    np.testing.assert_array_equal(whole.pixels[::53], single)


def test_masks_of_the_sampled_frames_of_trajectories() -> None:
    first, second = share(784, cell=1), share(784, cell=2)
    trajectories = [Trajectory((0, 4), (first, second)), Trajectory((3,), (first,))]
    assert masks_on(trajectories, np.asarray([0, 3, 4])) == [[first, None, second], [None, first, None]]


def test_a_clip_of_the_synthetic_world() -> None:
    world = World(WorldSettings.of(Difficulty.EASY, fps=4, seconds=12, width=196, height=140, cut_chance=0), seed=3)
    taken = sample(world.video, Sampling(least_pixels=0))
    tracks = list(world.truth.trajectories().values())
    size = world.video.height, world.video.width
    masks = masks_on(tracks, taken.indices)
    found = select(masks, taken.grid, frames=len(taken.indices), size=size)
    assert len(found.tracks) + len(found.dropped) == len(tracks)
    for track in found.tracks:
        assert (np.diff(track.tokens) > 0).all()
        assert track.boxes.shape == (taken.grid.steps, 4)
        seen = taken.grid.step_of(track.tokens[track.coverage > 0])
        assert not np.isnan(track.boxes[seen]).any()
