"""The common time grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from svg2_assets.relations.sampling import sample_grid
from svg2_assets.scene.video import Video


def video(frames: int, fps: float, times: tuple[float, ...] | None = None) -> Video:
    duration = frames / fps if times is None else times[-1] + 0.1
    return Video("f" * 16, "v.mp4", "", 64, 48, fps, frames, duration, times)


@pytest.mark.parametrize(("fps", "cells"), [(30.0, 10), (24.0, 10), (10.0, 10), (3.0, 6)])
def test_two_seconds_have_ten_cells_unless_there_are_fewer_frames(fps: float, cells: int) -> None:
    assert len(sample_grid(video(round(2 * fps), fps), (), rate=5.0)) == cells


@given(st.integers(1, 300), st.floats(1, 120), st.lists(st.integers(0, 320), max_size=4))
def test_cells_tile_the_video_and_no_cell_spans_a_cut(frames: int, fps: float, cuts: list[int]) -> None:
    grid = sample_grid(video(frames, fps), cuts, rate=5.0)
    assert grid.bounds[0] == 0
    assert grid.bounds[-1] == frames
    assert (np.diff(grid.edges) > 0).all()
    assert ((grid.frames >= grid.bounds[:-1]) & (grid.frames < grid.bounds[1:])).all()
    assert {c for c in cuts if 0 < c < frames} <= set(grid.bounds.tolist())


def test_a_variable_rate_is_sampled_by_time() -> None:
    times = (*(i * 0.02 for i in range(50)), *(1.0 + i * 0.2 for i in range(5)))
    grid = sample_grid(video(55, 27.5, times), (), rate=5.0)
    assert len(grid) == 10
    assert np.diff(grid.edges) == pytest.approx(0.2, abs=0.1)


def test_runs_end_at_missing_cells_and_at_cuts() -> None:
    grid = sample_grid(video(40, 10.0), (20,), rate=5.0)
    cells = np.array([0, 1, 4, 8, 9, 10, 11])
    assert [cells[r].tolist() for r in grid.runs(cells)] == [[0, 1], [4], [8, 9], [10, 11]]
