"""The commands that time graph scores and compare judges with people, and the pairs that they are compared on."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from benchmarks import graph_scores, judge_agreement, reference_graphs
from svg2_assets.evaluation.judges.likeness import Kind, Likeness
from tests.evaluation.graphs.scenes import says
from tests.evaluation.harness.sources import seen


@pytest.mark.parametrize("command", [graph_scores, judge_agreement, reference_graphs])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["--help"])
    assert ended.value.code == 0
    assert "--json" in capsys.readouterr().out


def test_scores_are_timed_on_something_small(capsys):
    arguments = ["--videos", "3", "--objects", "5", "--relations", "4", "--attributes", "2", "--dense", "50", "100"]
    assert graph_scores.main([*arguments, "--json"]) == 0
    many, dense = json.loads(capsys.readouterr().out)
    found = {row["what"]: row["found"] for row in many["rows"]}
    assert found["peak MB"] > 0
    assert 0 < found["strict object accuracy"] < 1
    assert found["lenient relation recall"] >= found["strict relation recall"]
    assert [row["relations on either side"] for row in dense["rows"]] == [50, 100]


def test_there_are_pairs_of_every_kind_in_every_class():
    pairs = judge_agreement.labelled()
    kinds = Counter(p.kind for p, _ in pairs)
    assert kinds[Kind.OBJECT] >= 60
    assert kinds[Kind.ATTRIBUTE] >= 45
    assert kinds[Kind.PREDICATE] >= 45
    assert len(pairs) >= 150
    classes = Counter((p.kind, label) for p, label in pairs)
    assert min(classes[kind, label] for kind in Kind for label in Likeness) >= 5


def test_the_pairs_say_that_nothing_is_tuned_on_them():
    assert "NOT for tuning" in judge_agreement.PAIRS.read_text(encoding="utf-8")


def test_a_pair_that_comes_twice_is_told(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("# a note\nkind,reference,prediction,label\nobject,a,b,mismatch\nobject,a,b,synonym\n")
    with pytest.raises(ValueError, match="1 pairs come twice"):
        judge_agreement.labelled(path)


def test_each_tier_agrees_with_people_at_least_as_far_as_the_one_below(capsys):
    assert judge_agreement.main(["--json", "--wrong"]) == 0
    agreement, known, wrong = json.loads(capsys.readouterr().out)
    tiers = [r for r in agreement["rows"] if r["kind"] == "all"]
    assert [r["tier"].split()[0] for r in tiers] == ["exact", "normalised", "lexical"]
    shares = [r["classes"] for r in tiers]
    assert shares == sorted(shares)
    assert len(wrong["rows"]) == round((1 - shares[-1]) * tiers[-1]["pairs"])
    assert len(known["rows"]) == 5


REFERENCE = {
    "video": "04_coffee.mp4", "fps": 10.0, "frames": 95, "width": 64, "height": 48,
    "objects": [
        {"object 1": "kettle", "accept": ["teapot", "pot"], "attributes": ["silver"]},
        {"object 2": "dog", "accept": [], "attributes": ["brown", "small"]},
    ],
    "relationships": [
        [1, "on", 2, [[0, 9]]], [2, "under", 1, [[0, 0]]], [2, "behind", 1, [[1, 2]]], [1, "near", 2, [[3, 8]]],
    ],
    "false_relations": [],
    "anchors": {"0": {"1": [0, 4, 10, 10]}, "7": {"1": [0, 4, 10, 10], "2": [20, 4, 10, 12]}},
}  # fmt: skip


def test_references_become_true_documents_and_systems_of_known_quality(tmp_path, capsys):
    (tmp_path / "sam2-demo").mkdir()
    (tmp_path / "sam2-demo" / "04_coffee.reference.json").write_text(json.dumps(REFERENCE))
    assert reference_graphs.main(["--data", str(tmp_path), "--scripted", "--json"]) == 0
    (table,) = json.loads(capsys.readouterr().out)
    said = {(r["system"], r["measure"]): (r["recall: strict"], r["precision: strict"]) for r in table["rows"]}
    assert said["truth", "triplets"] == ("4 of 4", "4 of 4")
    assert said["half of the relations", "relations"] == ("2 of 4", "2 of 2")
    assert said["names exchanged", "objects"] == ("0 of 2", "0 of 2")
    assert said["names exchanged", "relations"] == ("4 of 4", "4 of 4")
    # 4 s late: [0, 9.5) keeps 5.5 of 9.5 s, [0, 1) and [1, 3) nothing, [3, 9) 2 of the 6.5 s that are either's.
    assert said["times late by 4 s", "relations"] == ("1 of 4", "1 of 4")
    assert said["empty", "attributes"] == ("0 of 3", "0 of 0")
    assert {r[""] for r in table["rows"]} == {"met"}


def test_objects_are_matched_by_the_boxes_of_the_reference():
    graph = seen({0: ("cat", 40), 3: ("pot", 0), 4: ("pot", 1), 5: ("dog", 20)}, [says(3, "on", 5, (0, 1))])
    found = reference_graphs.matched(graph, REFERENCE, (), name="04_coffee")
    assert [(o.id, o.name) for o in found.objects] == [(3, "cat"), (1, "pot"), (7, "pot"), (2, "dog")]
    assert [r.key for r in found.relations] == [(1, "on", 2)]
    assert found.video.id == "04_coffee"


def test_without_references_the_folder_is_named(tmp_path, capsys):
    assert reference_graphs.main(["--data", str(tmp_path), "--json"]) == 0
    assert str(tmp_path) in capsys.readouterr().out
