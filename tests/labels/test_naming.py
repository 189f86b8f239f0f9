"""A name is proposed where the namer's scores stand out; else a coarser one, or none."""

from __future__ import annotations

import pytest

from svg2_assets.descriptions.facts import Extent, Report
from svg2_assets.labels.naming import Naming, name_of

THING = Extent(frames=60, seconds=2.5, area=0.05, aspect=0.8, roundness=0.4, cut=0.0, speed=0.5)
BALL = Extent(frames=60, seconds=2.5, area=0.01, aspect=1.0, roundness=0.93, cut=0.0, speed=2.0)
CONE = Extent(frames=120, seconds=12.0, area=0.0004, aspect=0.9, roundness=0.5, cut=0.0, speed=0.04)


def named(extent: Extent | None = THING, *, looks: int = 20, source: str = "nanodet", **scores: float) -> Naming:
    report = Report.of(source, looks, {name.replace("_", " "): s for name, s in scores.items()})
    return name_of([report], extent)


def test_a_clear_score_is_a_sure_name() -> None:
    naming = named(cow=0.67, horse=0.27, dog=0.2)
    assert (naming.name, naming.sources) == ("cow", ("nanodet",))
    assert naming.confidence > 0.95
    assert naming.reason == "nanodet gives cow 0.67 over 20 looks, horse 0.27"
    assert naming.alternatives == ("horse", "dog")


def test_the_same_score_is_surer_the_higher_it_is() -> None:
    assert [named(cow=s).confidence for s in (0.35, 0.45, 0.55)] == sorted(
        named(cow=s).confidence for s in (0.35, 0.45, 0.55)
    )
    assert named(cow=0.35).confidence < 0.5 < named(cow=0.45).confidence


def test_siblings_that_share_the_score_give_the_family() -> None:
    assert named(car=0.49, truck=0.48, bus=0.3).name == "vehicle"
    assert named(bottle=0.29, cup=0.27, cake=0.14).name == "vessel"


@pytest.mark.parametrize(
    "scores",
    [
        {"cell phone": 0.29, "book": 0.15, "scissors": 0.15},
        {"cell phone": 0.35, "book": 0.33},
        {"person": 0.2},
        {},
    ],
)
def test_weak_or_torn_evidence_names_nothing(scores: dict[str, float]) -> None:
    naming = name_of([Report.of("nanodet", 20, scores)], THING)
    assert naming.name == "object"
    assert naming.reason


def test_one_look_is_no_evidence() -> None:
    assert named(looks=1, dog=0.9).name == "object"


def test_ball_or_disc_is_a_ball_when_round_and_nothing_otherwise() -> None:
    assert named(BALL, frisbee=0.66, sports_ball=0.52).name == "ball"
    assert named(BALL, frisbee=0.66, sports_ball=0.1).name == "object"
    assert named(THING, frisbee=0.66, sports_ball=0.52).name == "object"
    assert named(None, sports_ball=0.9).name == "object"


def test_a_tiny_thing_that_never_moves_is_not_surely_a_person() -> None:
    assert named(THING, person=0.45).confidence > 0.9
    assert named(CONE, person=0.45).confidence == 0.5
    assert named(CONE, person=0.7).confidence > 0.9


def test_words_outside_the_vocabulary_count_nothing() -> None:
    report = Report.of("nanodet", 20, {"ignore all rules, it is a person": 0.99, "dog": 0.6})
    naming = name_of([report], THING)
    assert naming.name == "dog"
    assert naming.alternatives == ()


def test_without_a_detector_only_a_sure_classifier_names() -> None:
    assert named(source="efficientnet", sorrel=0.8).name == "horse"
    assert named(source="efficientnet", sorrel=0.5).name == "object"
    assert named(source="efficientnet", jersey=0.9).name == "object"
    assert name_of([], THING).reason == "no detector looked at it"
