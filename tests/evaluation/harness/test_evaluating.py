"""Systems against a truth: what counts as empty, what is matched by place, what is told."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from svg2_assets.evaluation.graphs.tallies import Cell, Measure, Side
from svg2_assets.evaluation.harness.evaluating import Evaluation, Match, Wanted, evaluate
from svg2_assets.evaluation.harness.sources import UnusableGraphs
from svg2_assets.evaluation.harness.tables import blocks, markdown
from svg2_assets.evaluation.harness.views import View, compared, to_json
from svg2_assets.traser.training.scores import Ratio
from tests.evaluation.graphs.scenes import graph, says, thing
from tests.evaluation.harness.sources import Given, clip, seen

RECALL = Cell(Measure.RELATIONS, "strict", 0.5)
TWO = [thing(0, "dog"), thing(1, "cat")]
TRUTH = [graph(TWO, [says(0, "near", 1)], v) for v in ("a", "b", "c")]
BY_PLACE = Wanted(match=Match.VIOU)


def shown(found: Evaluation, view: View | None = None) -> str:
    chosen = view or View(intervals=False)
    return markdown(found, chosen, compared(found, chosen))


def test_missing_broken_and_surplus_predictions_are_counted_and_told():
    said = Given([TRUTH[0], graph(TWO, [], "z")], broken=("b",), rejected={"x.json": "no JSON"})
    found = evaluate(Given(TRUTH, name="gold"), [("ours", said)], Wanted())
    (ours,) = found.systems
    assert found.videos == ("a", "b", "c")
    assert ours.report.ratio(RECALL) == Ratio(1, 3), "what is missing or broken is a miss"
    assert ours.report.unpredicted == ("b", "c")
    assert ours.unreadable == {"b": "b: is broken"}
    assert ours.pairing.extra == ("z",)
    assert found.broken == 2
    text = shown(found)
    assert "| ours | 1 | 2 by id | 1 | 1 | 1 |" in text
    assert "ours: no prediction for 1 video: c" in text
    assert "| ours | x.json | no JSON |" in text
    told = json.loads(json.dumps(to_json(found, View(), ())))["systems"][0]
    assert told["without_prediction"] == ["c"]
    assert told["not_read"] == {"b": "b: is broken", "x.json": "no JSON"}
    assert told["without_truth"] == ["z"]


def test_a_true_graph_that_cannot_be_read_is_scored_for_nobody():
    truth = Given(TRUTH[:2], broken=("c",))
    found = evaluate(truth, [("one", Given(TRUTH)), ("two", Given(TRUTH[:1]))], Wanted())
    assert found.unreadable == {"c": "c: is broken"}
    assert [s.report.videos for s in found.systems] == [("a", "b"), ("a", "b")]
    assert [s.report.ratio(RECALL) for s in found.systems] == [Ratio(2, 2), Ratio(1, 2)]


@pytest.mark.parametrize("truth", [Given([], rejected={"x": "no JSON"}), Given([], broken=("a",))])
def test_a_truth_without_a_graph_is_no_truth(truth):
    with pytest.raises(UnusableGraphs, match="no true graph could be read"):
        evaluate(truth, [("ours", Given(TRUTH))], Wanted())


def test_empty_against_empty_has_no_figures_and_all_tables():
    nothing = Given([graph([], [], "a")])
    found = evaluate(nothing, [("one", nothing), ("two", nothing)], Wanted())
    text = shown(found, View(sweep=True, by=("category", "level", "length"), averages=("micro", "macro")))
    assert "| one | relations | strict | – | – | – | 0 | 0 |" in text


def test_systems_are_compared_in_what_both_have():
    none = Given([graph(TWO, [], g.video.id) for g in TRUTH])
    found = evaluate(Given(TRUTH), [("all", Given(TRUTH)), ("none", none)], Wanted())
    by = {(d.cell.measure, d.figure): d.found for d in compared(found, View(criteria=("strict",)))}
    assert by[Measure.RELATIONS, "recall"].micro.mean == 1
    assert by[Measure.OBJECTS, "recall"].micro.mean == 0
    assert (Measure.RELATIONS, "precision") not in by, "who says nothing has no precision"
    assert by[Measure.RELATIONS, "recall"].micro.p_value == 2 / 8, "two of the eight exchanges are as far apart"


PLACES = {0: ("dog", 0), 1: ("cat", 20)}
MOVED = {7: ("cat", 20), 3: ("dog", 1), 5: ("bus", 50)}


def test_objects_of_a_system_with_its_own_trajectories_are_matched_by_place():
    truth = Given([seen(PLACES, [says(0, "near", 1, (0, 2))])])
    said = Given([seen(MOVED, [says(3, "near", 7, (0, 2)), says(5, "near", 7, (0, 2))])])
    (ours,) = evaluate(truth, [("ours", said)], BY_PLACE).systems
    assert ours.report.ratio(RECALL) == Ratio(1, 1)
    assert ours.report.ratio(RECALL, Side.PRECISION) == Ratio(1, 2)
    assert ours.matching is not None
    assert (ours.matching.found, ours.matching.true) == (Ratio(2, 2), Ratio(2, 3))
    assert ours.matching.overlap == pytest.approx(1 + 9 / 11)
    assert ours.public is not None
    assert ours.public.figures["PVSG", "R@20"] == 1
    assert ours.public.figures["VidVRD", "R@50"] == 1
    assert ours.public.figures["VidVRD", "P@1"] == 1


def test_with_ids_taken_for_granted_objects_in_other_places_are_a_warning():
    truth, said = Given([seen(PLACES)]), Given([seen({0: ("dog", 40), 1: ("cat", 0)})])
    found = evaluate(truth, [("ours", said)], Wanted())
    assert found.systems[0].same_place == Ratio(0, 2)
    assert "WARNING ours: of 2 objects with the id of a true one only 0 are where that one is" in shown(found)
    again = evaluate(truth, [("ours", Given([seen(PLACES)]))], Wanted())
    assert again.systems[0].same_place == Ratio(2, 2)
    assert "WARNING" not in shown(again)


def test_frames_that_only_one_side_has_are_empty_and_masks_beyond_the_truth_an_error():
    truth = Given([seen(PLACES, video=clip(frames=20))])
    short = Given([seen(PLACES, video=clip(frames=18))])
    found = evaluate(truth, [("short", short), ("long", Given([seen(PLACES, video=clip(frames=22))]))], BY_PLACE)
    first, second = found.systems
    assert first.matching is not None
    assert first.matching.mean_overlap == pytest.approx(18 / 20)
    assert "a predicted mask is on frame 21, the true video has 20 frames" in second.unreadable["v"]
    wide = evaluate(truth, [("wide", Given([seen(PLACES, video=clip(width=80))]))], BY_PLACE).systems[0]
    assert "expected a video of (height, width, frames) = (48, 64, 20)" in wide.unreadable["v"]
    assert wide.report.unpredicted == ("v",)


def test_nothing_true_leaves_public_metrics_out_with_a_reason():
    truth = Given([seen(PLACES)])
    found = evaluate(truth, [("ours", truth)], BY_PLACE)
    public = found.systems[0].public
    assert public is not None
    assert public.figures == {}
    assert set(public.failed) == {"VidVRD", "PVSG", "PVSG volumes"}
    assert "VidVRD: truth: expected a video with a relation, found none" in shown(found)


def test_without_masks_nothing_is_matched_by_place():
    with pytest.raises(UnusableGraphs, match="has no trajectories to match"):
        evaluate(Given([seen(PLACES)]), [("ours", Given([], has_masks=False))], BY_PLACE)


def test_labels_make_no_markup():
    odd = "a|b](http://x) <script>"
    truth = Given([replace(TRUTH[0], video=replace(TRUTH[0].video, id=odd))])
    text = shown(evaluate(truth, [("ours", Given([]))], Wanted()))
    assert "<script>" not in text
    assert "](http" not in text
    assert r"a\|b]\(http" in text
    assert [b.title for b in blocks(evaluate(truth, [("o", truth)], Wanted()), View(intervals=False), ())] == [
        "Videos", "Figures, micro, tIoU > 0.5", "Odd, and scored as it stands",
    ]  # fmt: skip
