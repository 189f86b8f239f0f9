"""Many videos: pots and means by hand, what is missing, one video in memory at a time, two systems side by side."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings

from svg2_assets.evaluation.graphs.report import Report, Scored, compare, report
from svg2_assets.evaluation.graphs.scores import score_video
from svg2_assets.evaluation.graphs.settings import Settings, strict
from svg2_assets.evaluation.graphs.tallies import Cell, Measure, Side
from svg2_assets.evaluation.judges.likeness import Kind
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.traser.training.scores import Ratio
from tests.evaluation.graphs.scenes import graph, graphs, says, thing

NAMED = Cell(Measure.OBJECTS)
SAID = Cell(Measure.RELATIONS, "strict", 0.5)


def named(video_id: str, right: int, of: int, *, more: int = 0) -> Scored:
    """A video of `of` objects, the first `right` named right, and `more` that are not there."""
    truth = graph([thing(i, f"n{i}") for i in range(of)], video_id=video_id)
    said = graph([thing(i, f"n{i}" if i < right else "zorb") for i in range(of + more)], video_id=video_id)
    return video_id, truth, said


def test_micro_is_one_pot_and_macro_the_mean_of_videos_that_have_something_to_find():
    found = report([named("a", 1, 1), named("b", 1, 4), named("c", 0, 0, more=5)])
    assert found.videos == ("a", "b", "c")
    assert found.ratio(NAMED) == Ratio(2, 5)
    figure = found.figure(NAMED)
    assert (figure.micro, figure.macro, figure.videos) == (pytest.approx(0.4), pytest.approx((1 + 0.25) / 2), 2)
    precision = found.figure(NAMED, Side.PRECISION)
    assert (precision.micro, precision.macro, precision.videos) == (
        pytest.approx(2 / 10),
        pytest.approx((1 + 0.25 + 0) / 3),
        3,
    )
    f1 = found.f1(NAMED)
    assert f1.micro == pytest.approx(2 * 0.4 * 0.2 / 0.6)
    assert (f1.macro, f1.videos) == (pytest.approx((1 + 0.25) / 2), 2)


def test_a_figure_of_nothing_is_none():
    figure = report([named("a", 1, 1)]).figure(SAID, intervals=True)
    assert (figure.micro, figure.macro, figure.videos, figure.micro_interval) == (None, None, 0, None)
    assert report([]).f1(NAMED, intervals=True).micro is None


def test_videos_that_one_side_lacks_are_told_and_those_with_truth_count():
    a, b, c = named("a", 2, 2), named("b", 3, 3), named("c", 1, 1)
    found = report([a, ("b", b[1], None), ("c", None, c[2])])
    assert (found.videos, found.unpredicted, found.untrue) == (("a", "b"), ("b",), ("c",))
    assert found.ratio(NAMED) == Ratio(2, 5)
    assert found.ratio(NAMED, Side.PRECISION) == Ratio(2, 2)
    assert found.figure(NAMED).macro == 0.5
    assert found.f1(NAMED).macro == 0.5, "1 and 0: nothing predicted is nothing right"
    assert found.oddities.missing_objects == 3


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ([named("a", 1, 1), named("a", 1, 1)], "a: comes twice"),
        ([("a", None, None)], "a: expected a truth, a prediction, or both"),
        ([("a", graph([], video_id="b"), None)], "a: has the graph of b"),
        ([("a", graph([], video_id="a"), graph([], video_id="b"))], "a: has the graph of b"),
        ([("a\nb", None, None)], r"a\\nb: expected"),
    ],
)
def test_videos_that_cannot_be_told_apart_are_refused(wrong, told):
    with pytest.raises(InvalidSceneValue, match=told):
        report(wrong)


@settings(max_examples=5, deadline=None)
@given(graphs(least=2), graphs(least=2))
def test_a_report_of_one_video_is_its_score(truth, predicted):
    found, score = report([("v", truth, predicted)]), score_video(truth, predicted)
    for cell in found.cells():
        assert found.ratio(cell, Side.PRECISION) == score.ratio(cell, Side.PRECISION)
    for cell in found.main_cells():
        assert found.ratio(cell) == score.ratio(cell)
        assert found.f1(cell).micro == score.f1(cell)
    assert (found.oddities, found.known) == (score.oddities, score.known)


def test_one_video_is_in_memory_at_a_time():
    held = []
    gc.freeze()  # what was there before is not looked at again: thousands of tests leave much

    def streamed() -> Iterator[Scored]:
        for i in range(6):
            gc.collect()
            held.append(sum(isinstance(o, SceneGraph) for o in gc.get_objects()))
            yield named(f"v{i}", 1, 2)

    try:
        found = report(streamed())
    finally:
        gc.unfreeze()
    assert found.ratio(NAMED) == Ratio(6, 12)
    assert held[0] == 0
    assert held[-1] <= held[1], "no graph of an earlier video is kept"


def test_what_judges_know_is_added_up():
    truth = graph([thing(0, "dog", "red"), thing(1, "zorb")], [says(0, "near", 1)])
    found = report([("v", truth, truth)])
    assert found.known["lenient", Kind.OBJECT] == Ratio(1, 2)
    assert found.known["lenient", Kind.PREDICATE] == Ratio(1, 1)
    assert found.known["strict", Kind.OBJECT] == Ratio(2, 2)


def many(shares: list[int], *, of: int = 10) -> Report:
    return report(named(f"v{i}", right, of) for i, right in enumerate(shares))


def test_intervals_lie_around_their_figures_and_are_narrower_for_more_videos():
    few, more = many([2, 9, 5, 4, 7]), many([2, 9, 5, 4, 7] * 12)
    for found in (few, more):
        for figure in (found.figure(NAMED, intervals=True), found.f1(NAMED, intervals=True)):
            for value, interval in ((figure.micro, figure.micro_interval), (figure.macro, figure.macro_interval)):
                assert interval is not None
                assert interval.mean == pytest.approx(value)
                assert interval.low < value < interval.high
    wide, narrow = (f.figure(NAMED, intervals=True).micro_interval for f in (few, more))
    assert wide is not None
    assert narrow is not None
    assert narrow.high - narrow.low < (wide.high - wide.low) / 2


def test_a_better_system_differs_and_a_system_from_itself_does_not():
    a, b = many([6, 9, 5, 8, 7, 9, 6, 8]), many([5, 7, 4, 6, 5, 8, 4, 7])
    found = compare(a, b, NAMED)
    assert found.videos == 8
    assert found.micro.mean == pytest.approx((58 - 46) / 80)
    assert found.micro.p_value == 2 / 2**8, "all eight are better"
    assert found.macro is not None
    assert found.macro.mean == pytest.approx(found.micro.mean), "all have as many objects"
    assert found.macro.p_value == 2 / 2**8
    same = compare(a, a, NAMED, None)
    assert (same.micro.mean, same.micro.p_value) == (0, 1)


def test_systems_are_compared_on_the_videos_that_both_scored():
    a = report([named("x", 3, 4), named("y", 1, 4), named("only a", 4, 4)])
    b = report([named("y", 2, 4), named("only b", 0, 4), named("x", 1, 4)])
    found = compare(a, b, NAMED)
    assert (found.videos, found.only_a, found.only_b) == (2, ("only a",), ("only b",))
    assert found.micro.mean == pytest.approx(4 / 8 - 3 / 8)


def test_systems_that_cannot_be_compared_are_refused():
    a = many([1, 2])
    other = report([named("v0", 1, 2)], Settings(criteria=(strict(),)))
    with pytest.raises(InvalidSceneValue, match="different settings"):
        compare(a, other, NAMED)
    with pytest.raises(InvalidSceneValue, match="no video in common"):
        compare(a, report([named("elsewhere", 1, 2)]), NAMED)
    with pytest.raises(InvalidSceneValue, match="make no figure"):
        compare(a, a, SAID)


def test_curves_fall_and_everything_is_json():
    truth = graph([thing(0, "dog"), thing(1, "cat")], [says(0, "near", 1, (0, 10)), says(1, "on", 0, (0, 10))], "v")
    said = graph(truth.objects, [says(0, "near", 1, (0, 6)), says(1, "on", 0, (0, 3))], "v")
    found = report([("v", truth, said)])
    curve = list(found.curve(Cell(Measure.RELATIONS)).values())
    assert curve == [1, 1, 1, 0.5, 0.5, 0.5, 0, 0]
    assert found.curve(NAMED) == {None: 1}
    doc = json.loads(json.dumps(found.to_json(intervals=True)))
    assert doc["settings"] == found.settings.record()
    assert len(doc["figures"]) == len(found.cells()) == 2 * (2 * 3 + 2 * 8 * 14)
    row = next(
        r
        for r in doc["figures"]
        if (r["measure"], r["criterion"], r["at"], r["group"]) == ("relations", "strict", 0.5, "all")
    )
    assert (row["recall"]["right"], row["recall"]["of"], row["f1"]["micro"]) == (1, 2, 0.5)
    assert row["recall"]["micro_interval"]["mean"] == 0.5


def test_counts_are_small():
    found = many([1] * 3)
    bytes_each = sum(s.right.nbytes + s.of.nbytes for s in found.stacks.values()) / 3
    assert bytes_each < 4200
    assert all(s.right.dtype == np.int32 for s in found.stacks.values())
