"""Systems side by side: figures by hand, ranks, what is missing, setups that cannot be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from svg2_assets.commands.evaluate_table import as_markdown, cells
from svg2_assets.evaluation.graphs.tallies import Measure
from svg2_assets.evaluation.judges.exact import Exact
from svg2_assets.evaluation.judges.likeness import Kind
from svg2_assets.evaluation.table.documents import Documents, UnusableFolder
from svg2_assets.evaluation.table.ranking import Column, Rated, all_pairs, ranks, table_of
from svg2_assets.evaluation.table.settings import Pooling, TableSetup
from svg2_assets.scene.document import InvalidSceneDocument, write
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.traser.forms import InvalidSetup, read_form
from tests.evaluation.graphs.scenes import graph, says, thing

EXACT = TableSetup.model_validate(
    {"judge": {"tier": "exact"}, "datasets": {"d": {}}, "systems": {"s": {"d": {}}}}
).settings(Exact())


def scene(video_id: str, *names: str, relations: int, late: int = 0) -> SceneGraph:
    """Objects of these names in a row, each with an attribute; of its relations the first `late` are told too late."""
    things = [thing(i, name, "red") for i, name in enumerate(names)]
    said = [says(i, "near", i + 1, (8.0, 12.0) if i < late else (0.0, 4.0)) for i in range(relations)]
    return graph(things, said, video_id)


TRUTH = {"a": scene("a", "dog", "cat", "ball", "tree", relations=3), "b": scene("b", "dog", "cat", relations=1)}
GOOD = {"a": scene("a", "dog", "cat", "ball", "bush", relations=3, late=1), "b": TRUTH["b"]}
POOR = {"a": scene("a", "dog", "pig", "ball", "bush", relations=2, late=1)}


@pytest.mark.parametrize(
    ("pooling", "good", "poor"),
    [
        # Good: 5 of 6 names, 3 of 4 relations (one late), of which 0-1 is late and 2-3 has a wrong end.
        # Poor: 2 of 4 names of a, none of b; of a's relations one is late, one right, whose end 1 is named wrongly.
        (Pooling.MICRO, (5 / 6, 1.0, 3 / 4, 2 / 4), (2 / 6, 4 / 6, 1 / 4, 0.0)),
        (Pooling.MACRO, (7 / 8, 1.0, (2 / 3 + 1) / 2, (1 / 3 + 1) / 2), (1 / 4, 1 / 2, 1 / 6, 0.0)),
    ],
)
def test_figures_are_those_counted_by_hand(pooling: Pooling, good: tuple, poor: tuple) -> None:
    made = table_of({"d": Rated(TRUTH, {"poor": POOR, "good": GOOD})}, EXACT, pooling=pooling)
    assert [s.system for s in made.standings] == ["good", "poor"], "the best first"
    assert [c.measure for c in made.columns] == list(Measure)
    for standing, wanted in zip(made.standings, (good, poor), strict=True):
        entries = [standing.entries[c] for c in made.columns]
        assert [e.share for e in entries] == pytest.approx(list(wanted))
        assert all(e.interval.low <= e.share <= e.interval.high for e in entries)
    first, second = made.standings
    assert (first.mean_rank, second.mean_rank, first.ranked) == (1.0, 2.0, 4)
    assert {e.p_value for e in first.entries.values()} == {None}
    assert all(0 < e.p_value <= 1 for e in second.entries.values())
    assert {e.unpredicted for e in second.entries.values()} == {1}
    json.dumps(made.to_json())


def test_equal_figures_share_their_ranks_and_what_was_not_run_has_none() -> None:
    assert ranks([0.2, 0.5, None, 0.5, 0.1]) == [3.0, 1.5, None, 1.5, 4.0]
    names = {"names": Rated(TRUTH, {"good": GOOD, "poor": POOR, "same": GOOD}, (Measure.OBJECTS,))}
    both = names | {"times": Rated({"b": TRUTH["b"]}, {"poor": {}}, (Measure.RELATIONS,))}
    made = table_of(both, EXACT)
    by_name = {s.system: s for s in made.standings}
    assert by_name["good"].mean_rank == by_name["same"].mean_rank == 1.5
    assert by_name["good"].entries[Column("times", Measure.RELATIONS)] is None
    assert by_name["poor"].mean_rank == 2.0, "third of three, first of one"
    head, rows = cells(made)
    assert head == ["system", "objects names", "relations times", "mean rank"]
    assert rows[0][2] == "–"
    text = as_markdown(made, Exact())
    assert "judge exact 1" in text
    assert "its mean rank is over 1 of 2 columns" in text
    assert "poor: says nothing of 1 videos of names" in text


def test_a_judge_can_be_asked_for_all_systems_ahead() -> None:
    pairs = all_pairs({"d": Rated(TRUTH, {"good": GOOD, "poor": POOR})}, replace(EXACT))
    assert pairs == sorted(set(pairs), key=lambda p: (p.kind, p.reference, p.prediction))
    assert {(p.reference, p.prediction) for p in pairs if p.kind is Kind.OBJECT} >= {("dog", "dog"), ("cat", "cat")}


def test_folders_of_documents_say_what_is_wrong_with_them(tmp_path: Path) -> None:
    with pytest.raises(UnusableFolder, match="no such folder"):
        Documents(tmp_path / "none")
    with pytest.raises(UnusableFolder, match="holds no scene-graph document"):
        Documents(tmp_path)
    (tmp_path / "a.json").write_text(json.dumps(write(TRUTH["a"])))
    (tmp_path / "b.json").write_text(json.dumps(write(TRUTH["a"])))
    (tmp_path / "c.json").write_text("{")
    found = Documents(tmp_path)
    assert list(found) == ["a", "b", "c"]
    assert found["a"] == TRUTH["a"]
    assert found.get("d") is None
    with pytest.raises(InvalidSceneDocument, match=r"b\.json: is the graph of a"):
        found["b"]
    with pytest.raises(InvalidSceneDocument, match=r"c\.json: not JSON"):
        found["c"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("systems={x: {nowhere: {}}}", "systems.x.nowhere: there are the data sets d"),
        ("datasets={d: {truth: {folder: a, source: b}}}", "either `folder` or `source`"),
        ("judge={teir: model}", "did you mean 'tier'"),
        ("datasets={d: {trth: {}}}", "datasets.d.trth: no such key; did you mean 'truth'"),
        ("systems={s: {d: {sourc: x}}}", "systems.s.d.sourc: no such key; did you mean 'source'"),
        ("threshold=1.5", "threshold"),
    ],
)
def test_setups_that_cannot_be_are_refused(change: str, told: str) -> None:
    text = "datasets: {d: {truth: {folder: t}}}\nsystems: {s: {d: {source: s}}}"
    assert read_form(TableSetup, text=text).systems["s"]["d"].source == "s"
    with pytest.raises(InvalidSetup, match=told):
        read_form(TableSetup, text=text, changes=[change])
