"""What no detector knows well: when it begins, how long it is believed, and when its box has become another's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from svg2_assets.trajectories.pipeline import Run
from svg2_assets.trajectories.protocols import Origin, TrackingResult
from svg2_assets.trajectories.recognisers import Detections, Recognisers
from svg2_assets.trajectories.settings import TrackerSettings
from svg2_assets.trajectories.tracks import Evidence, Track
from tests.trajectories.scenes import RED, ColourDetector, ColourEmbedder, ColourSaliency, PaintedVideo, Square


@dataclass
class Doubtful(ColourDetector):
    """Its score depends on how often it has looked."""

    score_at: Callable[[int], float] = lambda _: 0.8

    def detect(self, pixels: np.ndarray) -> Detections:
        self.score = self.score_at(self.looks)
        return super().detect(pixels)


def track(scene: PaintedVideo, score_at: Callable[[int], float], *, second: float = 0.3) -> TrackingResult:
    models = Recognisers(
        Doubtful(score_at=score_at),
        Doubtful(name="centernet", score_at=lambda _: second),
        ColourSaliency(),
        ColourEmbedder(),
    )
    return Run(scene, models, TrackerSettings()).execute(None)


def still(side: int) -> PaintedVideo:
    return PaintedVideo([Square(RED, lambda t: (90, 60), side)], frames_in_all=60)


def test_a_track_begins_where_its_box_was_first_seen_weakly() -> None:
    scene = PaintedVideo([Square(RED, lambda t: (90 + t, 60) if t >= 18 else None)])
    result = track(scene, lambda look: 0.24 if look < 12 else 0.8, second=0.2)
    assert [o.trajectory.frames[0] for o in result.objects] == [18]


def test_a_large_still_thing_that_was_never_known_well_is_kept() -> None:
    result = track(still(100), lambda look: 0.5 if look < 12 else 0.35)
    assert [o.trajectory.frames for o in result.objects] == [tuple(range(60))]


def test_a_large_box_that_became_much_weaker_has_slipped_to_the_furniture() -> None:
    result = track(still(100), lambda look: 0.9 if look < 12 else 0.3)
    assert all(o.trajectory.frames[-1] < 45 for o in result.objects if o.origin is not Origin.SALIENT)


def test_what_slipped_keeps_the_weak_looks_before_its_last_sure_one() -> None:
    result = track(still(30), lambda look: (0.7 if look % 4 == 0 else 0.3) if look < 18 else 0.25)
    frames = result.objects[0].trajectory.frames
    assert frames == tuple(range(frames[0], frames[-1] + 1))
    assert frames[-1] < 45


def test_what_one_detector_takes_for_a_table_may_be_one() -> None:
    scores = np.eye(3, dtype=np.float32)
    sink = Track(0, 0, 0, np.zeros(4, np.float32), detector=Evidence(9 * scores[0], 9, 9))
    sink.second = Evidence(3 * scores[1], 3, 3)
    assert sink.may_be({1})
    assert not sink.may_be({2})
