"""What the catalog learns of a video file, and how it refuses what is none."""

from __future__ import annotations

import hashlib
import os
import socket
from fractions import Fraction
from pathlib import Path

import pytest

from resources.media.decoding import allowed_demuxers
from resources.media.probe import probe_file
from svg2_assets.catalog.protocols import Clock
from svg2_assets.scene.errors import VideoError
from tests import media_factory as factory

CLIPS = Path(__file__).parents[2] / "clips"


def refusal(path: Path) -> VideoError:
    with pytest.raises(VideoError) as caught:
        probe_file(path)
    return caught.value


def test_a_plain_clip_is_described_in_full(tmp_path: Path):
    path = factory.write_video(tmp_path / "clip.mp4", frames=25, size=(64, 48), fps=10)
    probed = probe_file(path)
    video = probed.video
    assert (video.width, video.height, video.fps, video.num_frames, video.duration) == (64, 48, 10.0, 25, 2.5)
    assert video.frame_times is None
    assert probed.clock is Clock.CONSTANT
    assert (probed.codec, probed.pixel_format, probed.rotation, probed.has_audio) == ("h264", "yuv420p", 0, False)
    assert video.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert video.id == video.sha256[:16]
    assert video.uri == str(path)
    assert probed.size_bytes == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [
        ("a.mkv", "libx264", "yuv420p"),
        ("a.webm", "libvpx", "yuv420p"),
        ("a.avi", "mjpeg", "yuvj420p"),
        ("a.ts", "mpeg2video", "yuv420p"),
        ("a.mov", "mpeg4", "yuv420p"),
        ("a.flv", "flv", "yuv420p"),
        ("a.gif", "gif", "rgb8"),
        ("a.mp4", "libx264", "yuv444p"),
    ],
)
def test_containers_and_codecs_of_many_kinds_are_taken(tmp_path: Path, name: str, codec: str, pixel_format: str):
    video = probe_file(factory.write_video(tmp_path / name, codec=codec, pixel_format=pixel_format, fps=25)).video
    assert (video.num_frames, video.width, video.height) == (20, 64, 48)
    assert video.fps == pytest.approx(25)


def test_a_variable_rate_keeps_its_true_timestamps_from_the_first_frame_on(tmp_path: Path):
    times = [500, 533, 566, 900, 1000, 1500, 1540]
    probed = probe_file(factory.write_video(tmp_path / "phone.mkv", times_ms=times))
    assert probed.clock is Clock.VARIABLE
    assert probed.video.frame_times == pytest.approx([(t - 500) / 1000 for t in times])
    assert probed.video.edges[-1] == probed.video.duration > 1.04


def test_timestamps_rounded_to_milliseconds_are_still_a_constant_rate(tmp_path: Path):
    times = [round(i * 1001 / 30) for i in range(60)]
    probed = probe_file(factory.write_video(tmp_path / "ntsc.mkv", times_ms=times))
    assert probed.clock is Clock.CONSTANT
    assert probed.video.fps == pytest.approx(30 / 1.001, rel=1e-3)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_the_size_is_the_one_shown_after_rotation(tmp_path: Path, turn: int):
    probed = probe_file(factory.write_video(tmp_path / "turned.mp4", size=(64, 48), turn=turn))
    assert probed.rotation == turn
    assert not probed.mirrored
    assert (probed.video.width, probed.video.height) == ((64, 48) if turn == 180 else (48, 64))


def test_pixels_that_are_not_square_are_recorded_and_left_alone(tmp_path: Path):
    probed = probe_file(factory.write_video(tmp_path / "pal.mp4", size=(64, 48), pixel_aspect=Fraction(16, 11)))
    assert probed.sample_aspect == pytest.approx(16 / 11)
    assert (probed.video.width, probed.video.height) == (64, 48)


def test_one_frame_is_a_video(tmp_path: Path):
    video = probe_file(factory.write_video(tmp_path / "one.mp4", frames=1, fps=10)).video
    assert (video.num_frames, video.duration) == (1, pytest.approx(0.1))


def test_one_pixel_is_a_video(tmp_path: Path):
    path = factory.write_video(tmp_path / "dot.avi", size=(1, 1), codec="ffv1", pixel_format="yuv444p")
    video = probe_file(path).video
    assert (video.width, video.height, video.num_frames) == (1, 1, 20)


def test_a_missing_timestamp_means_the_declared_rate_and_says_so(tmp_path: Path):
    probed = probe_file(factory.write_video(tmp_path / "raw.h264", fps=10))
    assert probed.clock is Clock.NOMINAL
    assert (probed.video.num_frames, probed.video.frame_times) == (20, None)


@pytest.mark.parametrize(
    "name",
    [
        "with space.mp4",
        "qu'o\"te.mp4",
        "ünï-日本.mp4",
        "new\nline.mp4",
        "..mp4",
        "-i.mp4",
        "a%03d.mp4",
        "concat:a|b.mp4",
    ],
)
def test_a_name_is_only_a_name(tmp_path: Path, name: str):
    path = factory.write_video(tmp_path / "plain.mp4").rename(tmp_path / name)
    assert probe_file(path).video.num_frames == 20


def test_a_path_with_dots_names_the_file_it_leads_to(tmp_path: Path):
    (tmp_path / "sub").mkdir()
    factory.write_video(tmp_path / "clip.mp4")
    assert probe_file(tmp_path / "sub" / ".." / "clip.mp4").video.num_frames == 20


def test_an_empty_file_is_refused(tmp_path: Path):
    path = tmp_path / "empty.mp4"
    path.touch()
    error = refusal(path)
    assert error.reason == "empty-file"
    assert str(path) in str(error)
    assert "Copy the file again" in str(error)


def test_a_folder_and_a_socket_are_refused(tmp_path: Path):
    assert refusal(tmp_path).reason == "not-a-file"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s.mp4"))
        assert refusal(tmp_path / "s.mp4").reason == "not-a-file"


def test_a_missing_file_is_refused(tmp_path: Path):
    assert refusal(tmp_path / "none.mp4").reason == "missing"
    assert refusal(tmp_path / "nul\0.mp4").reason == "missing"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path):
    path = factory.write_video(tmp_path / "secret.mp4")
    path.chmod(0)
    assert refusal(path).reason == "permission"


def test_a_denied_read_is_refused_whoever_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = factory.write_video(tmp_path / "secret.mp4")

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert refusal(path).reason == "permission"


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.webp", "a.tiff", "png-bytes.mp4"])
def test_a_picture_is_no_video(tmp_path: Path, name: str):
    assert refusal(factory.write_image(tmp_path / name)).reason == "image"


def test_a_gif_that_does_not_move_is_a_picture(tmp_path: Path):
    path = factory.write_video(tmp_path / "still.gif", frames=1, codec="gif", pixel_format="rgb8")
    assert refusal(path).reason == "image"


@pytest.mark.parametrize("name", ["notes.txt", "notes.mp4"])
def test_text_is_no_video(tmp_path: Path, name: str):
    (tmp_path / name).write_text("Dear diary, today I saw a video.\n" * 50)
    error = refusal(tmp_path / name)
    assert error.reason == "not-a-video"
    assert "text" in error.detail


def test_noise_is_no_video(tmp_path: Path):
    (tmp_path / "noise.mp4").write_bytes(os.urandom(5000))
    assert refusal(tmp_path / "noise.mp4").reason == "not-a-video"


def test_sound_without_pictures_is_refused(tmp_path: Path):
    error = refusal(factory.write_audio(tmp_path / "song.mp4"))
    assert error.reason == "no-video-stream"
    assert "audio" in error.detail


def test_a_stream_without_frames_is_refused(tmp_path: Path):
    assert refusal(factory.write_empty_stream(tmp_path / "none.avi")).reason == "zero-frames"


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("index-last.mp4", "libx264", {}),
        ("index-first.mp4", "libx264", {"movflags": "faststart"}),
        ("a.mkv", "libx264", {}),
        ("a.avi", "mpeg4", {}),
    ],
)
@pytest.mark.parametrize("share", [0.6, 0.9])
def test_a_file_cut_short_is_refused(tmp_path: Path, name: str, codec: str, container: dict[str, str], share: float):
    whole = factory.write_video(tmp_path / name, codec=codec, container=container, frames=80, fps=25)
    error = refusal(factory.truncated(tmp_path / f"cut-{name}", whole, share=share))
    assert error.reason == "truncated"
    assert "Copy or download it again" in str(error)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.avi", "mpeg4")])
def test_damage_in_the_middle_is_refused_and_placed(tmp_path: Path, name: str, codec: str):
    whole = factory.write_video(tmp_path / name, codec=codec, frames=100, size=(160, 120), fps=25)
    error = refusal(factory.corrupted(tmp_path / f"bad-{name}", whole, at=0.4))
    assert error.reason == "corrupt"
    assert "frame" in error.detail
    assert " s)" in error.detail


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "libx264"), ("a.webm", "libvpx-vp9"), ("a.mkv", "mpeg4")])
@pytest.mark.parametrize("at", [0.3, 0.5])
def test_parts_that_a_demuxer_passes_over_are_missed(tmp_path: Path, name: str, codec: str, at: float):
    whole = factory.write_video(tmp_path / name, codec=codec, frames=120, size=(160, 120))
    assert probe_file(whole).video.num_frames == 120
    error = refusal(factory.corrupted(tmp_path / f"bad-{name}", whole, at=at, length=whole.stat().st_size // 6))
    assert error.reason == "corrupt"
    assert len(error.detail) > 20


def test_frames_beyond_every_camera_are_refused_before_they_are_decoded(tmp_path: Path):
    path = factory.write_video(tmp_path / "wide.avi", frames=1, size=(20_000, 16), codec="ffv1")
    error = refusal(path)
    assert error.reason == "too-large"
    assert "20000 x 16" in error.detail


def test_a_codec_nobody_knows_is_refused(tmp_path: Path):
    path = factory.write_video(tmp_path / "a.mp4", codec="libx264")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    assert refusal(path).reason == "unsupported-codec"


def test_a_list_of_other_files_is_not_followed(tmp_path: Path):
    other = factory.write_video(tmp_path / "other.ts", codec="mpeg2video", fps=25)
    for path in (tmp_path / "list.m3u8", tmp_path / "list.mp4"):
        assert refusal(factory.write_playlist(path, other)).reason == "not-a-video"
    (tmp_path / "list.ffconcat").write_text("ffconcat version 1.0\nfile other.ts\n")
    assert refusal(tmp_path / "list.ffconcat").reason == "not-a-video"


def test_no_demuxer_that_opens_other_things_is_allowed():
    allowed = set(allowed_demuxers().split(","))
    assert {"mov", "matroska", "avi", "mpegts", "gif"} <= allowed
    assert not allowed & {"hls", "concat", "image2", "lavfi", "rtsp", "sdp", "v4l2", "png_pipe", "rawvideo", "tty"}


def test_the_odd_codec_of_an_old_clip_has_gaps_that_are_true():
    probed = probe_file(CLIPS / "tree.avi")
    assert probed.codec == "cinepak"
    assert (probed.video.num_frames, probed.clock) == (68, Clock.VARIABLE)
    assert probed.video.duration == pytest.approx(29.6, abs=0.01)
    assert probed.video.time_of(1) == pytest.approx(11 / 15, abs=0.001)


def test_real_clips_are_described_as_they_are():
    vtest, bunny = probe_file(CLIPS / "vtest_200_499.mp4"), probe_file(CLIPS / "bigbuckbunny.mp4")
    assert (vtest.video.num_frames, vtest.video.fps, vtest.video.width) == (300, 10.0, 768)
    assert (bunny.video.num_frames, bunny.video.fps, bunny.has_audio) == (132, 25.0, True)


@pytest.mark.slow
def test_8k_is_taken(tmp_path: Path):
    options = {"preset": "ultrafast"}
    path = factory.write_video(tmp_path / "8k.mp4", frames=2, size=(7680, 4320), options=options)
    video = probe_file(path).video
    assert (video.width, video.height, video.num_frames) == (7680, 4320, 2)


@pytest.mark.slow
def test_ten_minutes_are_taken(tmp_path: Path):
    path = factory.write_video(tmp_path / "long.mp4", frames=6000, size=(32, 32), fps=10, codec="mpeg4")
    assert probe_file(path).video.duration == pytest.approx(600)
