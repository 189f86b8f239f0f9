"""What the headers of a file say, without decoding it: near what the probe finds, and as strict about what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.media import glance
from resources.media.glance import glance_file
from resources.media.probe import probe_file
from svg2_assets.scene.errors import VideoError
from tests import media_factory as factory

CLIPS = Path(__file__).parents[2] / "clips"


@pytest.mark.parametrize("name", ["bigbuckbunny.mp4", "tree.avi", "vtest_200_499.mp4"])
def test_real_clips_are_glanced_as_they_are_probed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    probed = probe_file(CLIPS / name).video
    monkeypatch.setattr(glance, "probe_file", None)  # it is not needed
    seen = glance_file(CLIPS / name)
    assert (seen.width, seen.height) == (probed.width, probed.height)
    assert seen.duration == pytest.approx(probed.duration, rel=0.05)
    if probed.frame_times is None:
        assert seen.fps == pytest.approx(probed.fps, rel=0.02)


def test_a_turned_video_has_its_shown_size(tmp_path: Path) -> None:
    path = factory.write_video(tmp_path / "turned.mp4", size=(64, 48), turn=90)
    assert (glance_file(path).width, glance_file(path).height) == (48, 64)


def test_what_declares_no_length_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "raw.h264"
    factory.write_video(path, frames=20, fps=10)
    assert glance_file(path).num_frames == 20


def test_what_is_no_video_is_refused_as_by_the_probe(tmp_path: Path) -> None:
    for path in (factory.write_audio(tmp_path / "a.wav"), factory.write_image(tmp_path / "a.png"), tmp_path / "none"):
        with pytest.raises(VideoError) as refused:
            glance_file(path, uri="its name")
        assert refused.value.video == "its name"
