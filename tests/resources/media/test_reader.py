"""How frames reach a phase."""

from __future__ import annotations

import resource
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from resources.media.reader import VideoReader, open_video
from svg2_assets.scene.errors import VideoError
from tests import media_factory as factory

CLIPS = Path(__file__).parents[2] / "clips"


def corner_picture(width: int, height: int) -> np.ndarray:
    """Red, green, blue, white from the top left corner clockwise."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, width // 2 :] = (0, 0, 255)
    pixels[height // 2 :, : width // 2] = (255, 255, 255)
    return pixels


def corners(pixels: np.ndarray) -> str:
    """Colours of the corners, clockwise from the top left."""
    h, w = pixels.shape[:2]
    places = [(h // 4, w // 4), (h // 4, 3 * w // 4), (3 * h // 4, 3 * w // 4), (3 * h // 4, w // 4)]
    names = {(True, False, False): "R", (False, True, False): "G", (False, False, True): "B", (True, True, True): "W"}
    return "".join(names[tuple(bool(c > 128) for c in pixels[place])] for place in places)


def test_every_frame_comes_once_in_order_with_its_time(tmp_path: Path):
    reader = open_video(factory.write_video(tmp_path / "a.mp4", frames=30, fps=10))
    frames = list(reader.frames())
    assert [f.index for f in frames] == list(range(30))
    assert [f.time for f in frames] == pytest.approx([i / 10 for i in range(30)])
    assert {f.pixels.shape for f in frames} == {(48, 64, 3)}
    assert {f.pixels.dtype for f in frames} == {np.dtype(np.uint8)}


def test_the_pictures_are_those_that_were_filmed(tmp_path: Path):
    path = factory.write_video(tmp_path / "a.avi", codec="ffv1", pixel_format="bgr0")
    for frame in open_video(path).frames():
        assert np.array_equal(frame.pixels, factory.picture(frame.index, 64, 48))


def test_reading_twice_gives_the_same(tmp_path: Path):
    reader = open_video(factory.write_video(tmp_path / "a.mp4"))
    for first, second in zip(reader.frames(), reader.frames(), strict=True):
        assert np.array_equal(first.pixels, second.pixels)


def test_frames_keep_their_pixels_after_the_next_was_read(tmp_path: Path):
    reader = open_video(factory.write_video(tmp_path / "a.mp4"))
    kept = [(f.pixels, f.pixels.copy()) for f in reader.frames()]
    assert all(np.array_equal(shown, copy) for shown, copy in kept)
    assert not any(np.array_equal(a, b) for (a, _), (b, _) in pairwise(kept))


@pytest.mark.parametrize(
    ("turn", "mirror", "expected"),
    [(0, False, "RGBW"), (90, False, "WRGB"), (180, False, "BWRG"), (270, False, "GBWR"), (0, True, "GRWB")],
)
def test_frames_are_turned_as_players_turn_them(tmp_path: Path, turn: int, mirror: bool, expected: str):
    path = factory.write_video(tmp_path / "a.mp4", pictures=[corner_picture(64, 48)] * 3, turn=turn, mirror=mirror)
    reader = open_video(path)
    for height in (None, 24):
        for frame in reader.frames(height=height):
            assert corners(frame.pixels) == expected
            assert frame.pixels.flags.c_contiguous
            assert frame.pixels.shape[0] == (height or reader.video.height)


def test_scaling_keeps_the_aspect_and_looks_like_the_whole(tmp_path: Path):
    path = factory.write_video(tmp_path / "a.mp4", size=(128, 96), pictures=[corner_picture(128, 96)] * 3)
    frame = next(open_video(path).frames(height=48))
    assert frame.pixels.shape == (48, 64, 3)
    assert corners(frame.pixels) == "RGBW"


def test_gray_has_one_channel_and_the_same_brightness(tmp_path: Path):
    reader = open_video(factory.write_video(tmp_path / "a.mp4"))
    gray, colour = next(reader.frames(gray=True)), next(reader.frames())
    assert gray.pixels.shape == (48, 64)
    assert gray.pixels.mean() == pytest.approx(colour.pixels.mean(), abs=12)


def test_picked_frames_equal_those_of_the_whole_stream(tmp_path: Path):
    reader = open_video(factory.write_video(tmp_path / "a.mp4", frames=40))
    whole = list(reader.frames())
    picked = list(reader.pick([0, 7, 7, 12, 39]))
    assert [f.index for f in picked] == [0, 7, 12, 39]
    assert all(np.array_equal(f.pixels, whole[f.index].pixels) for f in picked)
    assert list(reader.pick([])) == []


def test_picking_outside_the_video_or_out_of_order_is_an_error(tmp_path: Path):
    reader = open_video(factory.write_video(tmp_path / "a.mp4"))
    with pytest.raises(IndexError, match="video of 20"):
        reader.pick([3, 20])
    with pytest.raises(ValueError, match="sorted"):
        reader.pick([3, 2])


def test_times_of_a_variable_rate_are_the_true_ones(tmp_path: Path):
    reader = open_video(factory.write_video(tmp_path / "a.mkv", times_ms=[0, 40, 500, 530, 2000]))
    assert [f.time for f in reader.frames()] == pytest.approx([0, 0.04, 0.5, 0.53, 2.0])


def test_odd_sizes_are_not_padded(tmp_path: Path):
    path = factory.write_video(tmp_path / "odd.avi", size=(37, 23), codec="ffv1", pixel_format="bgr0")
    reader = open_video(path)
    assert next(reader.frames()).pixels.shape == (23, 37, 3)
    assert next(reader.frames(height=1)).pixels.shape == (1, 2, 3)


def test_one_pixel_is_read(tmp_path: Path):
    path = factory.write_video(tmp_path / "dot.avi", size=(1, 1), codec="ffv1", pixel_format="bgr0")
    assert next(open_video(path).frames()).pixels.shape == (1, 1, 3)


def test_a_file_that_changed_after_it_was_registered_says_so(tmp_path: Path):
    video = open_video(factory.write_video(tmp_path / "a.mp4", frames=30)).video
    shorter = factory.write_video(tmp_path / "b.mp4", frames=10)
    with pytest.raises(VideoError, match="ends after 10 frames, 30 were counted") as caught:
        list(VideoReader(video, shorter).frames())
    assert caught.value.reason == "changed"


def test_a_file_that_is_gone_says_so(tmp_path: Path):
    reader = open_video(factory.write_video(tmp_path / "a.mp4"))
    (tmp_path / "a.mp4").unlink()
    with pytest.raises(VideoError) as caught:
        next(reader.frames())
    assert caught.value.reason == "missing"


def test_leaving_a_stream_early_closes_the_file(tmp_path: Path):
    reader = open_video(factory.write_video(tmp_path / "a.mp4"))
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    for _ in range(5):
        stream = reader.frames()
        next(stream)
        stream.close()
    after = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    assert after <= before


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc")
def test_memory_does_not_grow_with_the_clip():
    reader = open_video(CLIPS / "vtest_200_499.mp4")
    resident = [_resident_bytes() for frame in reader.frames(height=144) if frame.index in {20, 299}]
    ten_frames = 10 * 768 * 576 * 3 // 2
    assert resident[1] - resident[0] < ten_frames


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
