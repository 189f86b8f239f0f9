"""Both trackers keep the promise of the protocol; the real one finds what is on real clips."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.embedded import models
from resources.embedded.tracker import EmbeddedTracker
from resources.fakes.tracker import FakeTracker
from resources.media.reader import open_video
from svg2_assets.scene.errors import PhaseError
from svg2_assets.trajectories.protocols import TrackingResult, VideoTracker, from_json, to_json
from tests.trajectories.scenes import RED, PaintedVideo, Square

ROOT = Path(__file__).parents[3]
DOG = ROOT.parent / "shared" / "data" / "davis2016" / "dog.mp4"


@pytest.fixture(scope="module", params=["fake", "embedded"])
def tracker(request: pytest.FixtureRequest) -> VideoTracker:
    return FakeTracker() if request.param == "fake" else EmbeddedTracker()


@pytest.fixture(scope="module")
def result(tracker: VideoTracker) -> tuple[PaintedVideo, TrackingResult, list[tuple[int, int]]]:
    source = PaintedVideo([Square(RED, lambda t: (60 + 4 * t, 80), side=60)], frames_in_all=24)
    told: list[tuple[int, int]] = []
    return source, tracker.track(source, progress=lambda done, of: told.append((done, of))), told


Outcome = tuple[PaintedVideo, TrackingResult, list[tuple[int, int]]]


def test_every_mask_has_the_size_of_the_video_and_every_frame_is_in_it(result: Outcome) -> None:
    source, tracked, _ = result
    for o in tracked.objects:
        assert 0 <= o.trajectory.frames[0] <= o.trajectory.frames[-1] < source.frames_in_all
        for mask in o.trajectory.masks:
            mask.check()
            assert (mask.height, mask.width) == (source.height, source.width)
            assert mask.area > 0


def test_ids_are_unique_and_scores_are_shares(result: Outcome) -> None:
    objects = result[1].objects
    assert len({o.id for o in objects}) == len(objects)
    for o in objects:
        assert 0 <= o.score <= 1
        for w in o.witnesses:
            assert w.looks > 0
            assert all(0 <= s <= 1 for s in w.scores.values())


def test_camera_steps_lie_between_their_frames(result: Outcome) -> None:
    camera = result[1].camera
    assert len(camera.steps) == max(0, len(camera.frames) - 1)
    assert list(camera.frames) == sorted(set(camera.frames))


def test_progress_ends_with_everything_done(result: Outcome) -> None:
    source, _, told = result
    assert told[-1] == (source.frames_in_all, source.frames_in_all)


def test_results_survive_their_json_form(result: Outcome) -> None:
    assert to_json(from_json(to_json(result[1]))) == to_json(result[1])


def test_model_and_settings_are_named(tracker: VideoTracker) -> None:
    assert tracker.model_id
    assert tracker.config == tracker.config


def test_the_fake_fails_for_whom_it_is_told_to_and_records_its_calls() -> None:
    source = PaintedVideo([], frames_in_all=2)
    fake = FakeTracker(fail_for={source.video.id})
    with pytest.raises(PhaseError):
        fake.track(source)
    assert fake.calls == [source.video.id]


def test_the_models_are_carried_with_their_names() -> None:
    assert len(models.names(models.COCO_NAMES)) == 80
    assert len(models.names(models.IMAGENET_NAMES)) == 1000
    assert len(models.revision(models.U2NETP)) == 8


@pytest.mark.slow
@pytest.mark.skipif(not DOG.is_file(), reason="the clip is not shipped")
def test_the_dog_is_one_dog_from_the_first_frame_to_the_last() -> None:
    tracked = EmbeddedTracker().track(open_video(DOG))
    longest = max(tracked.objects, key=lambda o: len(o.trajectory))
    assert len(longest.trajectory) == 60
    witness = longest.witness("nanodet")
    assert witness is not None
    assert witness.best()[0] == "dog"
    assert tracked.cuts == ()


@pytest.mark.slow
def test_pedestrians_of_a_real_street_have_whole_masks() -> None:
    tracked = EmbeddedTracker().track(open_video(ROOT / "tests" / "clips" / "vtest_200_499.mp4"))
    people = [o for o in tracked.objects if (w := o.witness("nanodet")) is not None and w.best()[0] == "person"]
    assert len(people) >= 10
    filled = [m.area / (m.box[2] * m.box[3]) for o in people for m in o.trajectory.masks]
    assert sum(f < 0.15 for f in filled) < 0.05 * len(filled)
    assert tracked.camera.fixed
