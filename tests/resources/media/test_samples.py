from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from resources.media.reader import open_video
from resources.media.samples import SampledVideos
from svg2_assets.scene.errors import VideoError
from svg2_assets.synthetic.clips import encode_video
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World
from svg2_assets.traser.samples.build import build
from svg2_assets.traser.samples.rows import from_row, to_row
from svg2_assets.traser.samples.settings import BuildSettings, PictureSettings, SamplingSettings, Stored
from svg2_assets.traser.samples.values import draft_of
from svg2_assets.traser.sampling import Sampled, frames_of, sample


def test_the_frames_of_a_sample_without_pictures_are_read_from_its_video(tmp_path: Path) -> None:
    world = World(WorldSettings.of(Difficulty.EASY, width=112, height=84, seconds=3.0, fps=4, cut_chance=0), seed=2)
    reader = open_video(encode_video(world, tmp_path / "clip.mp4"))
    settings = BuildSettings(
        pictures=PictureSettings(stored=Stored.NONE), sampling=SamplingSettings(least_pixels=0)
    )  # fmt: skip
    built = build(draft_of(world.truth.graph(reader.video)), settings)
    assert built.sample is not None
    again = from_row(to_row(built.sample))
    videos = SampledVideos(tmp_path / "cache")
    taken = Sampled(again.frames, again.times, *again.picture_size)
    shown = frames_of(videos.open(again.video), taken)
    assert np.array_equal(shown, frames_of(reader, sample(reader.video, settings.sampling.sampling)))
    gone = replace(again.video, uri=str(tmp_path / "gone.mp4"))
    with pytest.raises(VideoError, match=r"gone\.mp4"):
        list(videos.open(gone).pick([0]))
