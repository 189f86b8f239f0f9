"""Columns of masks, whatever is wrong with some of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import Mask, run_lengths
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.columns import frames_of_columns, frames_of_rles, size_of, trajectory_of
from svg2_assets.scene_graphs.formats.values import Repair, Repairs
from tests.scene.strategies import bits

H, W = 5, 7
GOOD = bits(H, W).map(lambda pixels: Mask.from_array(pixels).counts)
OTHER = bits(3, 2).map(lambda pixels: Mask.from_array(pixels).counts)
EMPTY_RUNS = st.sampled_from([b"50000?N", b"500I1", b"0000S1"])
ODD = st.one_of(st.binary(max_size=6), st.sampled_from([b"", b"0", "ä", "\ud800"]))
CELLS = st.one_of(st.none(), GOOD, OTHER, EMPTY_RUNS, ODD)


def judged_alone(counts: str | bytes | None) -> Mask | Repair | None:
    """One mask after the other, by the plain rules."""
    if counts is None:
        return None
    data = counts.encode(errors="surrogatepass") if isinstance(counts, str) else counts
    try:
        runs = run_lengths(data)
    except InvalidSceneValue:
        return Repair.MASK_FORM
    if not len(runs):
        return Repair.MASK_FORM
    covered, shown = int(runs.sum()), int(runs[1::2].sum())
    if covered != H * W:
        return Repair.PLACEHOLDER if covered < H * W and not shown else Repair.WRONG_AREA
    return Mask.from_json({"size": [H, W], "counts": data}) if shown else None


@settings(max_examples=300)
@given(st.lists(CELLS, max_size=8))
def test_each_mask_is_judged_as_if_it_stood_alone(cells: list[str | bytes | None]) -> None:
    repairs: Repairs = Counter()
    frames = [2 * i for i in range(len(cells))]
    found = trajectory_of(frames, cells, height=H, width=W, repairs=repairs)
    alone = [judged_alone(c) for c in cells]
    assert found == Trajectory.of(frames, [m if isinstance(m, Mask) else None for m in alone])
    assert repairs == Counter(r for r in alone if isinstance(r, Repair))
    for mask in found.masks:
        mask.check()


@given(st.lists(st.lists(bits(H, W), min_size=3, max_size=3), min_size=1, max_size=4))
def test_columns_written_are_columns_read(pixels: list[list[np.ndarray]]) -> None:
    video = Video("v", "", "", W, H, 1.0, 3, 3.0)
    tracks = {k: Trajectory.of(range(3), [Mask.from_array(p) for p in row]) for k, row in enumerate(pixels)}
    rows = frames_of_columns(tracks, num_columns=len(tracks) + 1, num_frames=3, height=H, width=W)
    frames = [[{"size": [H, W], "counts": counts} for counts in row] for row in rows]
    repairs: Repairs = Counter()
    assert frames_of_rles(frames, video, repairs) == {**tracks, len(tracks): Trajectory((), ())}
    assert not +repairs


def test_the_size_is_that_of_most_masks() -> None:
    sizes = [[1, 1], [H, W], [H, W], [0, 3], [0, 3], [0, 3], "x", [2**20] * 2]
    assert size_of([None, *({"size": size} for size in sizes)]) == (H, W)
    assert size_of([None, {}]) is None
