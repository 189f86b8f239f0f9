"""Scenarios: what happens to ids and masks when things move, meet, hide, leave, and when the shot changes."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from svg2_assets.scene.masks import Mask, iou
from svg2_assets.trajectories.pipeline import Run
from svg2_assets.trajectories.protocols import TrackedObject, TrackingResult, to_json
from svg2_assets.trajectories.recognisers import Detections, Recognisers
from svg2_assets.trajectories.settings import AssociationSettings, MaskSettings, TileSettings, TrackerSettings
from tests.trajectories.scenes import (
    BLUE,
    GREEN,
    RED,
    ColourDetector,
    ColourEmbedder,
    ColourSaliency,
    PaintedVideo,
    Square,
    mask_of,
    recognisers,
)


def track(source: PaintedVideo, settings: TrackerSettings | None = None, **detector: object) -> TrackingResult:
    return Run(source, recognisers(**detector), settings or TrackerSettings()).execute(None)


def one(result: TrackingResult, colour: str) -> TrackedObject:
    found = [o for o in result.objects if (w := o.witness("nanodet")) is not None and w.best()[0] == colour]
    assert len(found) == 1, [(o.id, o.trajectory.frames[:1]) for o in found]
    return found[0]


def mean_iou(source: PaintedVideo, tracked: TrackedObject, colour: tuple[int, int, int]) -> float:
    scores = []
    for t in range(source.frames_in_all):
        truth, mask = Mask.from_array(mask_of(source.paint(t), colour)), tracked.trajectory.at(t)
        if truth.area:
            scores.append(iou([truth], [mask])[0, 0] if mask is not None else 0.0)
    return float(np.mean(scores))


def test_a_moving_square_is_one_trajectory_with_its_own_shape_on_every_frame() -> None:
    scene = PaintedVideo([Square(RED, lambda t: (20 + 4 * t, 60 + t))])
    result = track(scene)
    assert len(result.objects) == 1
    assert result.objects[0].trajectory.frames == tuple(range(48))
    assert mean_iou(scene, result.objects[0], RED) > 0.85
    assert result.camera.fixed


def test_two_that_cross_keep_their_ids() -> None:
    scene = PaintedVideo([Square(RED, lambda t: (10 + 5 * t, 60)), Square(BLUE, lambda t: (250 - 5 * t, 85))])
    result = track(scene, one_class=True)
    assert len(result.objects) == 2
    first = [o.trajectory.at(2).box[0] for o in result.objects]  # type: ignore[union-attr]
    last = [o.trajectory.at(45).box[0] for o in result.objects]  # type: ignore[union-attr]
    assert (first[0] < first[1]) != (last[0] < last[1])


def test_an_id_survives_a_short_occlusion_and_nothing_is_shown_meanwhile() -> None:
    scene = PaintedVideo([Square(RED, lambda t: (10 + 6 * t, 80))], hidden_behind=(120, 190), frames_in_all=46)
    result = track(scene)
    assert len(result.objects) == 1
    hidden = [t for t in range(46) if not mask_of(scene.paint(t), RED).any()]
    assert hidden
    shown = set(result.objects[0].trajectory.frames)
    assert {2, 44} <= shown
    assert not shown & set(hidden)


def test_a_finished_run_leaves_memory_at_once_and_its_models_with_it() -> None:
    gc.collect()
    gc.disable()  # what only a cycle holds would stay until some later phase
    try:
        run = Run(PaintedVideo([Square(RED, lambda t: (20 + 4 * t, 60))]), recognisers(), TrackerSettings())
        assert run.execute(None).objects
        left = weakref.ref(run)
        del run
        assert left() is None
    finally:
        gc.enable()


def test_who_enters_later_gets_a_new_id() -> None:
    scene = PaintedVideo(
        [Square(RED, lambda t: (40, 40)), Square(GREEN, lambda t: (200, 120) if t >= 20 else None)], frames_in_all=48
    )
    result = track(scene)
    red, green = one(result, "red"), one(result, "green")
    assert green.id != red.id
    assert 20 <= green.trajectory.frames[0] <= 24
    assert green.trajectory.frames[-1] == 47


def test_who_left_through_the_border_is_not_the_one_who_enters_there() -> None:
    def at(t: int) -> tuple[int, int] | None:
        if t < 16:
            return 200 + 8 * t, 90
        return (320 - 8 * (t - 30), 90) if t > 30 else None

    result = track(PaintedVideo([Square(RED, at)], frames_in_all=60))
    assert len(result.objects) == 2


def test_a_cut_ends_every_id() -> None:
    scene = PaintedVideo([Square(RED, lambda t: (100 + t, 80))], seed_of=lambda t: 1 if t < 24 else 6)
    cut = track(scene)
    assert cut.cuts == (24,)
    assert [o.trajectory.frames[0] < 24 <= o.trajectory.frames[-1] for o in cut.objects] == [False, False]
    assert len({o.id for o in cut.objects}) == 2


def test_after_a_cut_who_looks_the_same_comes_from_before_and_others_do_not() -> None:
    scene = PaintedVideo(
        [
            Square(RED, lambda t: (40 + t, 60)),
            Square(BLUE, lambda t: (200, 150) if t < 30 else None),
            Square(GREEN, lambda t: (200, 150) if t >= 30 else None),
        ],
        seed_of=lambda t: 6 if 30 <= t < 60 else 1,
        frames_in_all=90,
    )
    result = track(scene, one_class=True)
    assert result.cuts == (30, 60)
    shown = {(shot, colour): who for shot in range(3) for colour in "rbg" if (who := seen(result, scene, shot, colour))}
    assert set(shown) == {(0, "r"), (0, "b"), (1, "r"), (1, "g"), (2, "r"), (2, "g")}
    assert shown[1, "r"].relinked_from == shown[0, "r"].id
    assert shown[2, "r"].relinked_from == shown[1, "r"].id
    assert shown[2, "g"].relinked_from == shown[1, "g"].id
    assert shown[1, "g"].relinked_from is None


def seen(result: TrackingResult, scene: PaintedVideo, shot: int, colour: str) -> TrackedObject | None:
    """The object that shows the square of `colour` in the middle of a shot of 30 frames."""
    frame = 30 * shot + 15
    truth = Mask.from_array(mask_of(scene.paint(frame), {"r": RED, "b": BLUE, "g": GREEN}[colour]))
    masks = [(o, o.trajectory.at(frame)) for o in result.objects]
    return next((o for o, m in masks if m is not None and iou([truth], [m])[0, 0] > 0.5), None)


def test_of_more_things_than_may_be_followed_the_most_salient_are_and_the_rest_is_counted() -> None:
    scene = PaintedVideo(
        [
            Square(RED, lambda t: (20 + t, 30), side=24),
            Square(BLUE, lambda t: (200, 30 + t), side=70),
            Square(GREEN, lambda t: (40 + t, 160), side=50),
        ]
    )
    everything = track(scene)
    assert len(everything.objects) == 3
    assert everything.statistics["left out by the cap"] == 0
    few = track(scene, TrackerSettings(association=AssociationSettings(most_tracks=2)))
    assert {o.witness("nanodet").best()[0] for o in few.objects} == {"blue", "green"}  # type: ignore[union-attr]
    assert few.statistics["left out by the cap"] > 0


def test_moving_things_are_no_cut() -> None:
    scene = PaintedVideo([Square(RED, lambda t: (8 * t, 60), side=90), Square(BLUE, lambda t: (260 - 6 * t, 100))])
    assert track(scene).cuts == ()


def test_a_thing_that_the_detector_does_not_know_is_carried_as_salient() -> None:
    scene = PaintedVideo([Square(RED, lambda t: (60 + 2 * t, 80), side=60)])
    result = track(scene, score=0.1)
    assert [o.origin.value for o in result.objects] == ["salient"]
    assert mean_iou(scene, result.objects[0], RED) > 0.5


def test_an_empty_scene_has_no_objects() -> None:
    assert track(PaintedVideo([])).objects == ()


@pytest.mark.parametrize(
    ("width", "height", "frames"), [(1, 1, 3), (2, 300, 4), (320, 240, 1), (64, 8, 5), (24, 24, 2)]
)
def test_odd_sizes_and_single_frames_do_not_break(width: int, height: int, frames: int) -> None:
    scene = PaintedVideo([Square(RED, lambda t: (0, 0), side=8)], frames_in_all=frames, width=width, height=height)
    result = track(scene)
    for o in result.objects:
        for mask in o.trajectory.masks:
            mask.check()
            assert (mask.height, mask.width) == (height, width)


def test_the_same_video_gives_the_same_result() -> None:
    def scene() -> PaintedVideo:
        return PaintedVideo([Square(RED, lambda t: (20 + 4 * t, 60 + t)), Square(BLUE, lambda t: (200, 100 - t))])

    first, second = to_json(track(scene())), to_json(track(scene()))
    for result in (first, second):
        del result["statistics"]["seconds"]
    assert first == second


def test_a_smaller_budget_asks_for_fewer_crops() -> None:
    scene = [Square(RED, lambda t: (20 + 4 * t, 60 + (t % 5)))]
    rich = track(PaintedVideo(scene)).statistics["mask crops"]
    poor = track(PaintedVideo(scene), TrackerSettings(masks=MaskSettings(budget=150))).statistics["mask crops"]
    assert poor < rich


def test_an_error_of_the_source_reaches_the_caller() -> None:
    class Broken(PaintedVideo):
        def paint(self, t: int) -> np.ndarray:
            if t == 9:
                raise OSError("the disk is gone")
            return super().paint(t)

    with pytest.raises(OSError, match="the disk is gone"):
        track(Broken([Square(RED, lambda t: (20, 20))]))


def test_witnesses_say_what_each_recogniser_saw() -> None:
    result = track(PaintedVideo([Square(BLUE, lambda t: (100, 60 + t))]))
    witnesses = {w.source: w for w in result.objects[0].witnesses}
    assert set(witnesses) == {"nanodet", "centernet", "efficientnet"}
    assert witnesses["nanodet"].best() == ("blue", pytest.approx(0.8))
    assert witnesses["nanodet"].looks > 10


class FadingDetector(ColourDetector):
    """Doubts what is in two stretches of the picture's width."""

    def detect(self, pixels: np.ndarray) -> Detections:
        found = ColourDetector.detect(self, pixels)
        left = found.boxes[:, 0]
        doubtful = ((left > 40) & (left < 120)) | (left > 150)
        return Detections(found.boxes, found.scores * np.where(doubtful, 0.4, 1.0).astype(np.float32)[:, None])


def test_what_slips_at_the_end_keeps_the_doubtful_looks_before_its_last_sure_one() -> None:
    scene = PaintedVideo([Square(RED, lambda t: (min(4 * t, 160), 80))], frames_in_all=80)
    models = Recognisers(FadingDetector(), FadingDetector(name="centernet"), ColourSaliency(), ColourEmbedder())
    result = Run(scene, models, TrackerSettings(tiles=TileSettings(largest=0.0))).execute(None)
    shown = set(result.objects[0].trajectory.frames)
    assert set(range(37)) <= shown
    assert 79 not in shown
