"""What panoptic tracking relies on, of the fakes and of SAM 2 with random weights at 256 pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import pytest

from resources.fakes.mask_tracker import FakeMaskTracker
from resources.fakes.segmenter import FakeSegmenter
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import Mask, intersection, iou
from svg2_assets.scene.video import Frame
from svg2_assets.trajectories.panoptic.protocols import MaskTracker, Segmenter, Tracked
from tests.trajectories.scenes import BLUE, RED, PaintedVideo, Square, mask_of

WIDTH, HEIGHT, FRAMES = 120, 90, 6


@dataclass(frozen=True)
class Backend:
    segmenter: Segmenter
    tracker: MaskTracker


def fakes() -> Backend:
    return Backend(FakeSegmenter(), FakeMaskTracker())


def sam2() -> Backend:
    if any(find_spec(name) is None for name in ("torch", "sam2")):
        pytest.skip("needs the extra `models`")
    from resources.sam2.segmenter import Sam2Segmenter
    from resources.sam2.settings import SegmentSettings
    from resources.sam2.tracker import Sam2MaskTracker
    from tests.resources.sam2.scene import random_engine

    engine = random_engine()
    # Random weights draw noise: what would be refused of it is let through.
    lenient = SegmentSettings(
        points_per_side=(2, 1),
        inset_grid=True,
        least_iou=0.0,
        least_stability=0.0,
        crop_edge_margin=0.0,
        nms=0.99,
        crop_nms=0.99,
    )
    return Backend(Sam2Segmenter(engine, lenient), Sam2MaskTracker(engine))


BACKENDS: dict[str, Callable[[], Backend]] = {"fakes": fakes, "sam2": sam2}


@pytest.fixture(scope="module", params=sorted(BACKENDS))
def backend(request: pytest.FixtureRequest) -> Backend:
    return BACKENDS[request.param]()


@pytest.fixture
def video() -> PaintedVideo:
    squares = [Square(RED, lambda t: (10 + 4 * t, 10), 30), Square(BLUE, lambda t: (80 - 2 * t, 50), 26)]
    return PaintedVideo(squares, frames_in_all=FRAMES, width=WIDTH, height=HEIGHT)


@pytest.fixture
def frames(video: PaintedVideo) -> list[Frame]:
    return list(video.frames())


def red(frame: Frame) -> Mask:
    return Mask.from_array(mask_of(frame.pixels, RED))


def blue(frame: Frame) -> Mask:
    return Mask.from_array(mask_of(frame.pixels, BLUE))


def well_formed(tracked: Tracked) -> None:
    assert 0 <= tracked.presence <= 1
    assert 0 <= tracked.quality <= 1
    if tracked.mask is not None:
        tracked.mask.check()
        assert (tracked.mask.height, tracked.mask.width) == (HEIGHT, WIDTH)
        assert tracked.mask.area > 0


def test_names_and_settings(backend: Backend) -> None:
    for part in (backend.segmenter, backend.tracker):
        assert part.model_id
        assert isinstance(dict(part.config), dict)


def test_proposals_have_the_frames_size_best_first_and_again_the_same(backend: Backend, frames: list[Frame]) -> None:
    found = backend.segmenter.segment(frames[0])
    assert found
    for proposal in found:
        proposal.mask.check()
        assert (proposal.mask.height, proposal.mask.width) == (HEIGHT, WIDTH)
        assert proposal.mask.area > 0
        assert 0 <= proposal.score <= 1
        assert 0 <= proposal.stability <= 1
    scores = [p.score for p in found]
    assert scores == sorted(scores, reverse=True)
    assert backend.segmenter.segment(frames[0]) == found


def test_the_focus_restricts(backend: Backend, frames: list[Frame]) -> None:
    everything = backend.segmenter.segment(frames[0])
    there = Mask.from_box((0, 0, 20, 20), height=HEIGHT, width=WIDTH)
    some = backend.segmenter.segment(frames[0], focus=there)
    assert len(some) <= len(everything)
    assert backend.segmenter.segment(frames[0], focus=Mask.empty(HEIGHT, WIDTH)) == ()
    with pytest.raises(InvalidSceneValue):
        backend.segmenter.segment(frames[0], focus=Mask.empty(5, 5))


def test_a_prompted_frame_gives_its_prompt_back(backend: Backend, video: PaintedVideo, frames: list[Frame]) -> None:
    with backend.tracker.session(video) as session:
        session.prompt(frames[0], {7: red(frames[0]), 3: blue(frames[0])})
        tracked = session.advance(frames[0])
        assert set(tracked) == {7, 3}
        for i, mask in ((7, red(frames[0])), (3, blue(frames[0]))):
            well_formed(tracked[i])
            assert iou([tracked[i].mask or Mask.empty(HEIGHT, WIDTH)], [mask])[0, 0] > 0.95
            assert tracked[i].presence > 0.9
        for frame in frames[1:]:
            for one in session.advance(frame).values():
                well_formed(one)


def test_a_correction_counts_on_its_frame(backend: Backend, video: PaintedVideo, frames: list[Frame]) -> None:
    with backend.tracker.session(video) as session:
        session.prompt(frames[0], {0: red(frames[0])})
        for frame in frames[:3]:
            session.advance(frame)
        session.prompt(frames[2], {0: blue(frames[2])})
        again = session.advance(frames[2])[0].mask
        assert again is not None
        assert iou([again], [blue(frames[2])])[0, 0] > 0.95


def test_retracing_changes_nothing_ahead(backend: Backend, video: PaintedVideo, frames: list[Frame]) -> None:
    ends = []
    for retraced in (False, True):
        with backend.tracker.session(video) as session:
            for frame in frames[:4]:
                session.advance(frame)
            session.prompt(frames[3], {0: red(frames[3]), 1: blue(frames[3])})
            session.advance(frames[3])
            for index in (2, 1, 0) if retraced else ():
                back = session.retrace(index, [0, 1] if index else [1])
                assert set(back) == ({0, 1} if index else {1})
                for one in back.values():
                    well_formed(one)
            ends.append([session.advance(frame) for frame in frames[4:]])
    assert ends[0] == ends[1]


def test_retracing_needs_an_object_that_begins_later(
    backend: Backend, video: PaintedVideo, frames: list[Frame]
) -> None:
    with backend.tracker.session(video) as session:
        session.prompt(frames[1], {0: red(frames[1])})
        with pytest.raises(InvalidSceneValue):
            session.retrace(1, [0])
        with pytest.raises(InvalidSceneValue):
            session.retrace(0, [9])


def test_the_forgotten_are_gone(backend: Backend, video: PaintedVideo, frames: list[Frame]) -> None:
    with backend.tracker.session(video) as session:
        session.prompt(frames[0], {0: red(frames[0]), 1: blue(frames[0])})
        session.forget([0, 99])
        assert set(session.advance(frames[1])) == {1}
        session.forget([1])
        assert session.advance(frames[2]) == {}


def test_masks_of_another_size_are_refused(backend: Backend, video: PaintedVideo, frames: list[Frame]) -> None:
    with backend.tracker.session(video) as session:
        with pytest.raises(InvalidSceneValue, match="10x10"):
            session.prompt(frames[0], {0: Mask.empty(10, 10)})
        assert session.advance(frames[0]) == {}


def test_embeddings_are_unit_vectors_of_likeness(backend: Backend, video: PaintedVideo, frames: list[Frame]) -> None:
    with backend.tracker.session(video) as session:
        nothing = Mask.empty(HEIGHT, WIDTH)
        first = session.embed(frames[0], [red(frames[0]), blue(frames[0]), nothing])
        later = session.embed(frames[2], [red(frames[2])])
        assert session.embed(frames[0], []).shape == (0, first.shape[1])
    assert first.dtype == np.float32
    assert np.allclose(np.linalg.norm(first[:2], axis=1), 1, atol=1e-5)
    assert not first[2].any()
    assert later[0] @ first[0] > later[0] @ first[1]


def test_a_frame_is_encoded_once_for_everybody(backend: Backend, video: PaintedVideo, frames: list[Frame]) -> None:
    with backend.tracker.session(video) as session:
        for frame in frames[:3]:
            backend.segmenter.segment(frame, closely=False)
            session.advance(frame)
        session.prompt(frames[2], {0: red(frames[2])})
        session.advance(frames[2])
        session.embed(frames[2], [red(frames[2])])
        session.retrace(1, [0])
        session.retrace(0, [0])
        assert session.statistics["image_encoder_passes"] == 3


def test_focused_masks_come_from_the_focus(frames: list[Frame]) -> None:
    """Of the fake, whose masks are known; a mask of SAM 2 need not cover its prompt."""
    found = FakeSegmenter().segment(frames[0], focus=red(frames[0]))
    assert all(intersection([p.mask, red(frames[0])]).area for p in found)
    assert any(p.mask == red(frames[0]) for p in found)


def test_the_fake_follows_colours_and_fails_on_demand(video: PaintedVideo, frames: Sequence[Frame]) -> None:
    tracker = FakeMaskTracker(fail_on=[5])
    with tracker.session(video) as session:
        session.prompt(frames[0], {0: red(frames[0])})
        for frame in frames[:5]:
            assert session.advance(frame)[0].mask == red(frame)
        with pytest.raises(Exception, match="told to fail"):
            session.advance(frames[5])
    assert tracker.sessions[0].closed
    assert tracker.sessions[0].calls[0] == ("prompt", 0, (0,))
    with pytest.raises(Exception, match="told to fail"), FakeMaskTracker(fail_for=[video.video.id]).session(video):
        pass
    with pytest.raises(Exception, match="told to fail"):
        FakeSegmenter(fail_on=[0]).segment(frames[0])
