"""The verification benchmark: what it counts, and a run on a few short clips."""

from __future__ import annotations

import json

import pytest

from benchmarks import verification
from benchmarks.verification import Job, Judged, judged_of, kept_table, reliability_table, verdict_table
from resources.oracle.concepts import ConceptErrors, OracleConceptTracker
from svg2_assets.labels.concept_verification import ConceptRule
from svg2_assets.labels.policy import Policy
from svg2_assets.scene.taxonomy import Verdict
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World

JUDGED = [
    Judged("dog", "dog", Verdict.SUPPORTED, 0.9),
    Judged("cat", "dog", Verdict.SUPPORTED, 0.8),
    Judged("cat", "dog", Verdict.CONTRADICTED, 0.1),
    Judged("fence", "fence", Verdict.UNVERIFIED, 0.6),
]


def test_verdicts_are_counted_against_the_truth() -> None:
    rows = verdict_table(JUDGED, clips=1, corrupted=0.5).rows
    assert [list(r) for r in rows] == [
        ["supported = right", 2, "50.0 %", "50.0 %"],
        ["contradicted = wrong", 1, "100.0 %", "50.0 %"],
        ["unverified", 1, "100.0 % right", "-"],
    ]


def test_what_is_kept_is_split_by_class() -> None:
    table = kept_table({"default": JUDGED}, {"default": Policy()}, {"dog": 200})
    rows = {(r[0], r[1]): list(r[2:]) for r in table.rows}
    assert rows["frequent", "delete unsupported"] == [3, "100.0 %", "50.0 %", "50.0 %"]
    assert rows["thin", "delete unsupported"] == [1, "0.0 %", "-", "-"]
    assert rows["thin", "default"] == [1, "100.0 %", "-", "100.0 %"]
    assert "met" in table.notes[-1]


def test_a_score_that_is_the_share_of_right_names_is_calibrated() -> None:
    sure = [Judged("a", "a" if i < 8 else "b", Verdict.UNVERIFIED, 0.8) for i in range(10)]
    assert "error 0.000" in reliability_table("x", sure).notes[0]
    boastful = [Judged("a", "b", Verdict.UNVERIFIED, 0.95)]
    assert "error 0.950" in reliability_table("x", boastful).notes[0]


def test_an_oracle_without_errors_supports_what_is_right_and_nothing_else() -> None:
    world = World(WorldSettings.of(Difficulty.EASY, seconds=2.0), seed=3)
    names = {o.id: o.name for o in world.truth.objects}
    perfect = ConceptErrors(blindness=0, miss=0, stray=0, switch=0, shape=0)
    tracker = OracleConceptTracker(verification.Known(world, names), perfect)
    (frame,) = tracker.follow(world, sorted({*names.values(), "unicorn"}), [0])
    shown = world.truth.masks_at(0)
    assert {(s.track, s.concept, s.mask) for s in frame.sightings} == {(i, names[i], m) for i, m in shown.items()}


def test_a_clip_is_judged_the_same_every_time() -> None:
    job = Job(3, Difficulty.EASY, 0.5, ConceptRule())
    judged = judged_of(job)
    assert judged == judged_of(job)
    assert {j.right for j in judged} == {True, False}


@pytest.mark.slow
def test_the_command_prints_its_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert verification.main(["--clips", "2", "--learning", "2", "--processes", "1", "--json"]) == 0
    titles = [t["title"] for t in json.loads(capsys.readouterr().out)]
    assert len(titles) == 4
    assert titles[0].startswith("Verdicts: 2 clips")
