"""Videos without anything, with one thing everywhere, that flash, that fail."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from resources.fakes.mask_tracker import FakeMaskTracker
from resources.fakes.segmenter import FakeSegmenter
from svg2_assets.scene.errors import PhaseError, Svg2Error
from svg2_assets.scene.video import Frame
from svg2_assets.trajectories.panoptic.pipeline import PanopticTracker
from svg2_assets.trajectories.panoptic.settings import PanopticSettings, Preset
from svg2_assets.trajectories.protocols import TrackingResult
from tests.trajectories.panoptic.scripted import Actor, Scripted


class Lit(Scripted):
    """All black, or flashing white every other frame."""

    def __init__(self, *, flash: bool) -> None:
        super().__init__([Actor(lambda t: (0, 0, 128, 96))], frames=40)
        self.flash = flash

    def pick(self, indices: Sequence[int], *, height: int | None = None):
        for index in indices:
            level = 255 if self.flash and index % 2 else 0
            yield Frame(index, index / self.video.fps, np.full((*self.size, 3), level, np.uint8))


def faked(scene: Scripted, preset: Preset = Preset.DEFAULT, **segmenter: object) -> TrackingResult:
    return PanopticTracker(FakeSegmenter(**segmenter), FakeMaskTracker(), PanopticSettings(preset=preset)).track(scene)


@pytest.mark.parametrize("preset", list(Preset))
def test_one_surface_everywhere_is_one_object_from_end_to_end(preset: Preset) -> None:
    result = faked(Lit(flash=False), preset)
    assert [o.trajectory.frames for o in result.objects] == [tuple(range(40))]
    assert result.statistics["coverage"] == 1.0


def test_strobing_ends_and_reuses_no_id() -> None:
    result = faked(Lit(flash=True))
    ids = [o.id for o in result.objects]
    assert len(ids) == len(set(ids))
    for o in result.objects:
        assert not any(o.trajectory.frames[0] < cut <= o.trajectory.frames[-1] for cut in result.cuts)


@pytest.mark.parametrize("preset", list(Preset))
def test_a_backend_that_fails_fails_its_video_by_name(preset: Preset) -> None:
    with pytest.raises(PhaseError, match="trajectories"):
        faked(Lit(flash=False), preset, fail_on=[0])


def test_an_unknown_preset_is_refused_with_those_there_are() -> None:
    with pytest.raises(Svg2Error, match="default, paper, release"):
        PanopticSettings(preset="fastest")  # type: ignore[arg-type]
