"""Which box goes to which track: sure and weak ones, those that jump, those that nobody sees for a while."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from svg2_assets.trajectories.association import associate
from svg2_assets.trajectories.flow import STILL, FlowWindow
from svg2_assets.trajectories.geometry import Box
from svg2_assets.trajectories.lifecycle import Look, Roster
from svg2_assets.trajectories.recognisers import Detections
from svg2_assets.trajectories.settings import AssociationSettings, DetectionSettings, TrackerSettings
from svg2_assets.trajectories.tracks import Evidence, Hit, Life, Track

BALL, DISC, PERSON = np.eye(3, dtype=np.float32)


def box(x: float, y: float, width: float, height: float) -> Box:
    return np.asarray([x, y, x + width, y + height], np.float32)


def live(where: Box, *, kind: np.ndarray = BALL, pace: float = 0.0, life: Life = Life.LIVE, serial: int = 0) -> Track:
    track = Track(serial, serial, 0, where, life=life, hits=[Hit(0, 0.6), Hit(3, 0.6)], pace=pace)
    track.boxes = {0: where, 3: where}
    track.detector = Evidence(kind.copy(), 2, 2)
    return track


def found(*seen: tuple[Box, np.ndarray, float]) -> Detections:
    boxes, kinds, scores = zip(*seen, strict=True)
    return Detections(np.stack(boxes), np.stack([k * s for k, s in zip(kinds, scores, strict=True)]))


def pairs(tracks: list[Track], seen: Detections, *, frames: int = 3) -> dict[int, int]:
    given = associate(
        tracks,
        seen,
        np.zeros((len(seen), 4), np.float32),
        frames=frames,
        detection=DetectionSettings(),
        settings=AssociationSettings(),
    )
    return dict(given)


def test_a_weak_box_in_its_place_is_its_own_beside_a_sure_one_that_hardly_reaches_it() -> None:
    kettle = live(box(300, 80, 350, 330))
    seen = found((box(130, 0, 390, 235), PERSON, 0.5), (box(300, 72, 360, 330), BALL, 0.3))
    assert pairs([kettle], seen) == {0: 1}


def test_a_sure_box_is_its_own_where_the_weak_one_lies_no_better() -> None:
    seen = found((box(310, 90, 340, 330), BALL, 0.5), (box(300, 72, 360, 330), BALL, 0.3))
    assert pairs([live(box(300, 80, 350, 330))], seen) == {0: 0}


@pytest.mark.parametrize(("frames", "expected"), [(3, {0: 0}), (1, {})])
def test_a_thing_is_fast_by_its_way_between_two_looks(frames: int, expected: dict[int, int]) -> None:
    ball = live(box(700, 520, 90, 90), pace=25.0)
    assert pairs([ball], found((box(720, 380, 90, 90), BALL, 0.7)), frames=frames) == expected


def test_what_flickers_between_two_names_may_jump_all_the_same() -> None:
    ball = live(box(700, 520, 90, 90), kind=np.asarray([0.45, 0.5, 0], np.float32), pace=25.0)
    assert pairs([ball], found((box(720, 380, 90, 90), BALL, 0.7))) == {0: 0}
    assert pairs([ball], found((box(720, 380, 90, 90), PERSON, 0.7))) == {}


def test_nothing_jumps_where_another_of_its_kind_misses_its_box_too() -> None:
    ball, other = (live(box(x, 520, 90, 90), pace=25.0, serial=i) for i, x in enumerate((700, 860)))
    assert pairs([ball, other], found((box(780, 380, 90, 90), BALL, 0.7))) == {}


def test_a_fast_thing_takes_its_box_back_from_an_unconfirmed_one() -> None:
    ball = live(box(850, 640, 90, 90), pace=25.0)
    piece = live(box(840, 500, 120, 80), life=Life.TENTATIVE, serial=1)
    assert pairs([ball, piece], found((box(834, 501, 90, 90), BALL, 0.7))) == {0: 0}


@dataclass
class NoFlow(FlowWindow):
    """Everything stands still."""

    def __init__(self) -> None:
        super().__init__(longest=10, scale=1.0)

    def carry(self, given: Box, *, start: int, stop: int) -> tuple[Box, float]:
        return given, 0.0


def test_what_is_unseen_behind_another_is_not_carried_away_by_its_last_velocity() -> None:
    roster = Roster(TrackerSettings(), width=640, height=480, fps=24.0)
    hidden, front = live(box(200, 200, 100, 100)), live(box(150, 150, 200, 200), kind=PERSON, serial=1)
    hidden.hits.append(Hit(3, 0.6))
    hidden.velocity = np.asarray([-8, 0], np.float32)
    roster.live = [hidden, front]
    nothing, colours = Detections.none(3), np.zeros((0, 4), np.float32)
    for frame in range(6, 24, 3):
        roster.advance(
            Look(frame, frame - 3, nothing, colours, STILL, False, False),
            NoFlow(),
            embed=lambda _: BALL,
            finish=lambda _: None,
        )
    assert hidden.box[0] > 150
