"""Frames that the tracker does not see get their masks by optical flow, from both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from svg2_assets.scene.masks import Mask, iou
from svg2_assets.scene.video import Frame
from svg2_assets.trajectories.panoptic.interpolation import Between
from svg2_assets.trajectories.panoptic.settings import PaceSettings
from svg2_assets.trajectories.panoptic.shots import frames_with_flow
from tests.trajectories.panoptic.scripted import Actor, Scripted, follow


class Textured(Scripted):
    """Surfaces with a grain of their own, so that flow has something to follow."""

    def pick(self, indices: Sequence[int], *, height: int | None = None):
        grain = np.random.default_rng(3).integers(0, 90, (2 * self.size[0], 2 * self.size[1], 3), dtype=np.uint8)
        for frame in super().pick(indices):
            pixels = frame.pixels // 2 + grain[: self.size[0], : self.size[1]]
            for i, actor in enumerate(self.actors):
                box = actor.place(frame.index)
                if box is not None:
                    x, y, w, h = (round(v) for v in box)
                    part = pixels[max(0, y) : y + h, max(0, x) : x + w]
                    own = grain[7 * i : 7 * i + part.shape[0], 5 * i : 5 * i + part.shape[1]]
                    part[:] = own + 20 * (i + 1)
            yield Frame(frame.index, frame.time, pixels)


def moving(t: int) -> tuple[float, float, float, float]:
    return 10 + 2 * t, 30, 36, 36


@pytest.mark.parametrize(("fps", "stride"), [(6.0, 1), (12.0, 1), (23.9, 1), (24.0, 2), (30.0, 2), (60.0, 5)])
def test_the_tracker_sees_twelve_frames_a_second_or_more(fps: float, stride: int) -> None:
    assert PaceSettings().stride(fps) == stride


@pytest.mark.parametrize("gap", [2, 4])
def test_a_mask_between_two_is_where_the_thing_is(gap: int) -> None:
    scene = Textured([Actor(lambda t: (0, 0, 128, 96)), Actor(moving)], frames=gap + 1)
    between = Between(longest=10)
    for frame, flow in frames_with_flow(scene):
        between.add(frame.index, flow)
    masks = {0: scene.masks_at(0)[1], gap: scene.masks_at(gap)[1]}
    between.fill(masks, 0, gap)
    assert sorted(masks) == list(range(gap + 1))
    found = [iou([masks[t]], [scene.masks_at(t)[1]])[0, 0] for t in range(1, gap)]
    repeated = [iou([masks[0]], [scene.masks_at(t)[1]])[0, 0] for t in range(1, gap)]
    assert min(found) > 0.88
    assert min(found) > min(repeated)


def test_what_flow_does_not_reach_is_left_open() -> None:
    masks = {0: Mask.from_box((0, 0, 9, 9), height=96, width=128)}
    masks[3] = masks[0]
    between = Between(longest=10)
    between.fill(masks, 0, 3)
    between.follow(masks, 0, 3)
    assert sorted(masks) == [0, 3]


def test_every_frame_has_its_mask_though_the_tracker_sees_half_of_them() -> None:
    scene = Textured([Actor(lambda t: (0, 0, 128, 96)), Actor(moving)], frames=41, fps=24.0)
    result = follow(scene)
    assert result.statistics["image_encoder_passes"] == 21
    assert [len(o.trajectory) for o in result.objects] == [41, 41]
    mover = min(result.objects, key=lambda o: o.trajectory.areas.mean()).trajectory
    scores = [iou([m], [scene.masks_at(f)[1]])[0, 0] for f, m in zip(mover.frames, mover.masks, strict=True)]
    assert float(np.mean(scores)) > 0.9


def test_a_shot_that_ends_between_two_looks_is_followed_to_its_last_frame() -> None:
    def first(t: int) -> tuple[float, float, float, float] | None:
        return (0, 0, 128, 96) if t < 15 else None

    def second(t: int) -> tuple[float, float, float, float] | None:
        return (0, 0, 128, 96) if t >= 15 else None

    scene = Scripted([Actor(first), Actor(second)], frames=30, fps=24.0)
    result = follow(scene)
    assert result.cuts == (15,)
    ends = Counter(o.trajectory.frames[-1] for o in result.objects)
    assert ends == {14: 1, 29: 1}


def three_frames() -> tuple[Between, dict[int, Mask], Mask]:
    scene = Textured([Actor(lambda t: (0, 0, 128, 96)), Actor(moving)], frames=5)
    between = Between(longest=10)
    for frame, flow in frames_with_flow(scene):
        between.add(frame.index, flow)
    masks = {t: scene.masks_at(t)[1] for t in (0, 2, 4)}
    return between, masks, masks[2]


@pytest.mark.parametrize("wrong", ["leaks", "shrinks"])
def test_a_mask_that_both_its_neighbours_contradict_gives_way(wrong: str) -> None:
    between, masks, truth = three_frames()
    x, y, w, h = truth.box
    box = (x, y, w + 30, h) if wrong == "leaks" else (x, y, w / 3, h)
    masks[2] = Mask.from_box(box, height=96, width=128)
    agreed = between.steadied(masks, (0, 2, 4), 0.8)
    assert agreed is not None
    assert iou([masks[2]], [truth])[0, 0] < 0.6 < 0.85 < iou([agreed], [truth])[0, 0]


def test_a_mask_that_its_neighbours_agree_with_stays() -> None:
    between, masks, _ = three_frames()
    assert between.steadied(masks, (0, 2, 4), 0.8) is None


def test_neighbours_that_contradict_each_other_decide_nothing() -> None:
    between, masks, _ = three_frames()
    masks[4] = Mask.from_box((90, 5, 20, 20), height=96, width=128)
    masks[2] = Mask.from_box((60, 60, 20, 20), height=96, width=128)
    assert between.steadied(masks, (0, 2, 4), 0.8) is None
    del masks[4]
    assert between.steadied(masks, (0, 2, 4), 0.8) is None
