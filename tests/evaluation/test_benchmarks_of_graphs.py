"""The commands that time graph scores and compare judges with people, and the pairs that they are compared on."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from benchmarks import graph_scores, judge_agreement
from svg2_assets.evaluation.judges.likeness import Kind, Likeness


@pytest.mark.parametrize("command", [graph_scores, judge_agreement])
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
