"""Trajectories and their pairwise measures against decoded volumes as the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory, covisible, covisible_containment, volume_iou
from svg2_assets.scene.video import Video
from tests.scene.strategies import Bits, trajectories, videos

many = settings(max_examples=40, deadline=None)


@st.composite
def casts(draw: st.DrawFn) -> tuple[Video, list[Trajectory]]:
    video = draw(videos())
    return video, draw(st.lists(trajectories(video), min_size=1, max_size=4))


def volume(video: Video, trajectory: Trajectory) -> Bits:
    """[frames, H, W]."""
    pixels = np.zeros((video.num_frames, video.height, video.width), dtype=bool)
    for frame, mask in zip(trajectory.frames, trajectory.masks, strict=True):
        pixels[frame] = mask.to_array()
    return pixels


@many
@given(casts())
def test_volume_iou(cast: tuple[Video, list[Trajectory]]) -> None:
    video, (a, *rest) = cast
    for b in rest:
        first, second = volume(video, a), volume(video, b)
        either = (first | second).sum()
        assert volume_iou(a, b) == volume_iou(b, a) == pytest.approx((first & second).sum() / either if either else 0)


@many
@given(casts(), st.sampled_from([0.25, 0.5, 0.9, 1.0]))
def test_covisible_containment(cast: tuple[Video, list[Trajectory]], ratio: float) -> None:
    video, tracks = cast
    together, inside = covisible_containment(tracks, ratio=ratio)
    volumes = [volume(video, t) for t in tracks]
    for i, first in enumerate(volumes):
        for j, second in enumerate(volumes):
            both = [f for f in range(video.num_frames) if first[f].any() and second[f].any()]
            held = [f for f in both if (first[f] & second[f]).sum() / first[f].sum() >= ratio]
            assert together[i, j] == len(both)
            assert inside[i, j] == pytest.approx(len(held) / len(both) if both else 0)


@many
@given(casts())
def test_a_trajectory_is_its_frames_and_masks(cast: tuple[Video, list[Trajectory]]) -> None:
    video, (a, *_) = cast
    shown = dict(zip(a.frames, a.masks, strict=True))
    assert [a.at(f) for f in range(video.num_frames)] == [shown.get(f) for f in range(video.num_frames)]
    assert len(a) == len(a.boxes) == len(a.areas) == len(a.frames)
    assert a.areas.sum() == volume(video, a).sum()
    assert a.spans(video) == video.spans_of(a.frames)
    assert covisible(a, a) == [(m, m) for m in a.masks]


def test_empty_and_missing_masks_are_left_out() -> None:
    full = Mask.from_array(np.ones((2, 2)))
    assert Trajectory.of([3, 4, 5], [full, None, Mask.empty(2, 2)]).frames == (3,)


@pytest.mark.parametrize(
    ("frames", "says"),
    [((0, 0), "increase"), ((1, 0), "increase"), ((0,), "1 frames has 2 masks"), ((-1, 0), "frame -1")],
)
def test_what_is_no_trajectory_is_refused(frames: tuple[int, ...], says: str) -> None:
    mask = Mask.empty(2, 2)
    with pytest.raises(InvalidSceneValue, match=says):
        Trajectory(frames, (mask, mask))


def test_nothing_is_in_nothing() -> None:
    together, inside = covisible_containment([])
    assert together.shape == inside.shape == (0, 0)
    assert volume_iou(Trajectory((), ()), Trajectory((), ())) == 0
