"""Clean-up that keeps parts: on drawn trajectories and on the real masklets of SA-V."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.masklets import masklets_of
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.panoptic.cleanup import Candidate, clean
from svg2_assets.trajectories.panoptic.released_rules import released_cleanup
from svg2_assets.trajectories.panoptic.settings import CleanupSettings, ReleaseSettings

SAV = Path(__file__).parents[4] / "shared" / "data" / "sa-v"
RULES = CleanupSettings()


def box(x: float, y: float, w: float, h: float) -> Mask:
    return Mask.from_box((x, y, w, h), height=100, width=100)


def candidate(number: int, *masks: Mask, score: float = 0.9, first: int = 0) -> Candidate:
    return Candidate(number, Trajectory(tuple(range(first, first + len(masks))), masks), score)


def test_of_two_that_cover_each_other_the_surer_one_stays() -> None:
    a = candidate(0, *[box(10, 10, 30, 30)] * 10, score=0.6)
    b = candidate(1, *[box(11, 10, 30, 30)] * 10, score=0.9)
    assert [c.id for c in clean([a, b], fps=10, num_frames=50, settings=RULES)] == [1]


def test_a_short_meeting_makes_no_doubles() -> None:
    a = candidate(0, *(box(5 * i, 10, 20, 20) for i in range(12)))
    b = candidate(1, *(box(60 - 5 * i, 10, 20, 20) for i in range(12)))
    assert len(clean([a, b], fps=10, num_frames=50, settings=RULES)) == 2


def test_who_passes_before_a_large_thing_is_no_part_of_it() -> None:
    wall = candidate(0, *[box(40, 0, 40, 100)] * 20)
    ball = candidate(1, *(box(4 * i, 50, 8, 8) for i in range(20)))
    assert [(c.id, c.part_of) for c in clean([wall, ball], fps=10, num_frames=50, settings=RULES)] == [
        (0, None),
        (1, None),
    ]


def test_levels_end_at_three() -> None:
    nested = [candidate(i, *[box(i, i, 80 - 20 * i, 80 - 20 * i)] * 10) for i in range(4)]
    found = clean(nested, fps=10, num_frames=50, settings=RULES)
    assert [(c.part_of, c.level) for c in found] == [(None, 1), (0, 2), (1, 3), (2, 3)]


def test_specks_and_what_lasts_a_moment_go_in_shares_of_frame_and_second() -> None:
    speck = candidate(0, *[box(1, 1, 2, 3)] * 30)
    moment = candidate(1, *[box(50, 50, 20, 20)] * 2)
    assert clean([speck, moment], fps=10, num_frames=50, settings=RULES) == []
    assert [c.id for c in clean([speck, moment], fps=9, num_frames=50, settings=RULES)] == []
    assert [c.id for c in clean([moment], fps=5, num_frames=50, settings=RULES)] == [1]


@pytest.mark.skipif(not SAV.is_dir(), reason="needs the SA-V sample beside the project")
def test_all_masklets_of_sav_survive_and_what_the_boy_wears_is_part_of_him() -> None:
    masklets = [m for name in ("auto", "manual") for m in masklets_of(SAV / f"sav_000001_{name}.json")]
    found = clean([Candidate(i, m, 1.0) for i, m in enumerate(masklets)], fps=6, num_frames=121, settings=RULES)
    assert len(found) == 14
    boy = max(found, key=lambda c: c.trajectory.areas.mean()).id
    parts = [c for c in found if c.part_of == boy]
    assert len(parts) == 3
    assert all(c.level == 2 for c in parts)
    assert len(released_cleanup(dict(enumerate(masklets)), ReleaseSettings())) == 11
