"""Frames, sizes and patches, against transformers' own processor where it is installed."""

from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.video import Video
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World
from svg2_assets.traser.sampling import (
    Sampling,
    bytes_of_patches,
    frame_indices,
    frames_of,
    grid_of,
    normalised,
    patches_of,
    resize,
    sample,
    smart_resize,
)
from svg2_assets.traser.values import Grid


def video_of(*, height: int, width: int, frames: int, fps: float) -> Video:
    return Video("clip", "clip.mp4", "", width, height, fps, frames, frames / fps)


def noise(frames: int, height: int, width: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (frames, height, width, 3), dtype=np.uint8)


def test_a_frame_a_second_over_the_whole_clip() -> None:
    taken = frame_indices(518, 518 / 29.97)
    assert taken.tolist()[:8] == [0, 32, 64, 96, 129, 161, 193, 226]
    assert len(taken) == 17
    assert taken[-1] == 517


@pytest.mark.parametrize(
    ("num_frames", "seconds", "count"), [(48, 2.0, 4), (3, 0.1, 3), (1, 0.04, 1), (5400, 180.0, 128), (914, 38.1, 38)]
)
def test_never_fewer_than_four_frames_nor_more_than_128(num_frames: int, seconds: float, count: int) -> None:
    taken = frame_indices(num_frames, seconds)
    assert len(taken) == count
    assert taken[0] == 0
    assert taken[-1] == num_frames - 1
    assert (np.diff(taken) > 0).all()


def test_the_grids_of_the_two_reference_videos() -> None:
    first = sample(video_of(height=480, width=640, frames=914, fps=24))
    assert first.grid == Grid(19, 17, 23)  # 34 x 46 patches
    assert first.grid.tokens == 7429
    second = sample(video_of(height=448, width=616, frames=518, fps=29.97))
    assert second.grid == Grid(9, 16, 22)
    assert second.grid.tokens == 3168


def test_sizes_follow_qwens_rule() -> None:
    qwen = pytest.importorskip("transformers.models.qwen2_vl.video_processing_qwen2_vl")
    rng = np.random.default_rng(0)
    for height, width in [*rng.integers(8, 2200, (300, 2)).tolist(), [10, 2000], [720, 1280], [1080, 1920]]:
        for least, most in ((50_176, 602_112), (3136, 100_352)):
            if max(height, width) > 200 * min(height, width):
                continue
            expected = qwen.smart_resize(height, width, factor=28, min_pixels=least, max_pixels=most)
            assert smart_resize(height, width, least=least, most=most) == tuple(expected)


def test_a_tiny_setup_keeps_at_least_a_cell() -> None:
    assert smart_resize(10, 12, least=0) == (28, 28)
    assert smart_resize(140, 196, least=0) == (140, 196)


def test_a_ribbon_is_refused_by_name() -> None:
    with pytest.raises(PhaseError, match=r"clip\.mp4: traser: expected .* 4 x 900 pixels"):
        sample(video_of(height=4, width=900, frames=8, fps=4))


@pytest.mark.parametrize("frames", [4, 5])
def test_patches_are_those_of_qwens_processor(frames: int) -> None:
    torch = pytest.importorskip("torch")
    qwen = pytest.importorskip("transformers.models.qwen2_vl.video_processing_qwen2_vl")
    pixels = noise(frames, 84, 112)
    processor = qwen.Qwen2VLVideoProcessor(size={"shortest_edge": 1, "longest_edge": 602_112})
    given = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    expected = processor(videos=[given], return_tensors="pt", do_resize=True)
    grid = grid_of(frames, 84, 112)
    assert expected["video_grid_thw"].tolist() == [[grid.steps, 2 * grid.rows, 2 * grid.cols]]
    ours = patches_of(pixels)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, expected["pixel_values_videos"].numpy(), atol=2e-6)


def test_the_four_patches_of_a_cell_follow_each_other() -> None:
    pixels = np.zeros((2, 56, 84, 3), dtype=np.uint8)
    grid = grid_of(2, 56, 84)
    pixels[:, 28:56, 28:56] = 255  # row 1, column 1
    bright = np.flatnonzero(bytes_of_patches(pixels).all(axis=1))
    cell = 1 * grid.cols + 1
    assert bright.tolist() == list(range(4 * cell, 4 * cell + 4))


def test_bytes_first_and_normalising_later_is_the_same() -> None:
    pixels = noise(3, 28, 56)
    np.testing.assert_array_equal(normalised(bytes_of_patches(pixels)), patches_of(pixels))


@pytest.mark.parametrize(("height", "width"), [(84, 112), (560, 1008), (28, 700), (336, 56)])
def test_resizing_is_torchvisions_bicubic(height: int, width: int) -> None:
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchvision.transforms.v2.functional")
    pixels = noise(1, 333, 517)[0]
    pixels[100:200, 100:300] = 0  # a hard edge, where the kernel overshoots
    pixels[200:300, 100:300] = 255
    how = functional.InterpolationMode.BICUBIC
    expected = functional.resize(torch.from_numpy(pixels).permute(2, 0, 1), [height, width], how, antialias=True)
    difference = np.abs(resize(pixels, height, width).astype(int) - expected.permute(1, 2, 0).numpy())
    assert difference.max() <= 2  # its weights are 16-bit fractions, ours float32
    assert (difference > 0).mean() < 0.02


def test_frames_come_at_the_model_s_size() -> None:
    world = World(WorldSettings.of(Difficulty.EASY, fps=4, seconds=3, width=196, height=140, cut_chance=0), seed=1)
    taken = sample(world.video, Sampling(fps=2, least_pixels=0, most_pixels=100 * 28 * 28))
    frames = frames_of(world, taken)
    assert frames.shape == (6, 140, 196, 3)
    shown = [f.pixels for f in world.pick(taken.indices.tolist())]
    np.testing.assert_array_equal(frames, np.stack(shown))
    assert taken.times.tolist() == [world.video.time_of(int(i)) for i in taken.indices]


def test_frames_that_do_not_decode_are_told() -> None:
    world = World(WorldSettings.of(Difficulty.EASY, fps=4, seconds=2, width=196, height=140, cut_chance=0), seed=1)

    class Cut:
        video = world.video

        def frames(self, *, height=None):
            return world.frames(height=height)

        def pick(self, indices, *, height=None):
            return world.pick(indices[:-1], height=height)

    with pytest.raises(PhaseError, match="expected 4 frames of 8, found 3"):
        frames_of(Cut(), sample(world.video))
