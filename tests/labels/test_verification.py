"""Names are confronted with the witnesses that did not give them; what is not sure enough falls back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from svg2_assets.descriptions.facts import Claim, Report, Statement
from svg2_assets.labels.attributes import attributes_of
from svg2_assets.labels.naming import name_of
from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.labels.verification import verify_labels
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import Attribute, Verification
from svg2_assets.scene.taxonomy import AttributeType, Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.protocols import TrackedObject, TrackingResult, Witness
from tests.descriptions.pictures import Thing, detector, video

BOX = Thing(start=(100, 60), size=(50, 80))
DISC = Thing(start=(100, 60), size=(60, 60), shape="disc")


def judged(*witnesses: Witness, thing: Thing = BOX, label: Label | None = None) -> VerifiedLabel:
    tracked = thing.tracked(video(), object_id=7, witnesses=witnesses)
    return verdict_on(tracked, label or proposed(tracked))


def proposed(tracked: TrackedObject) -> Label:
    naming = name_of([Report.of(w.source, w.looks, dict(w.scores)) for w in tracked.witnesses], None)
    red = attributes_of(naming.name, [Statement(Claim.COLOR, "red", 0.9)])
    return Label(tracked.id, naming.name, naming.confidence, red, naming.alternatives, reason=naming.reason)


def verdict_on(tracked: TrackedObject, label: Label) -> VerifiedLabel:
    (verified,) = verify_labels(video(), TrackingResult((tracked,)), [label])
    return verified


def second(**scores: float) -> Witness:
    return detector("centernet", looks=4, **scores)


def classifier(**scores: float) -> Witness:
    return detector("efficientnet", looks=3, **scores)


def test_a_second_detector_supports_a_weak_name() -> None:
    alone = judged(detector(dog=0.45, cat=0.2))
    both = judged(detector(dog=0.45, cat=0.2), second(dog=0.4))
    assert alone.label.name == "animal"
    assert (both.label.name, both.verification.verdict) == ("dog", Verdict.SUPPORTED)
    assert both.verification.score == both.label.confidence > 0.9
    assert both.evidence == "dog: centernet sees dog too (0.40)."


def test_a_strong_name_stands_alone_but_unverified() -> None:
    verified = judged(detector(dog=0.6))
    assert (verified.label.name, verified.verification.verdict) == ("dog", Verdict.UNVERIFIED)
    assert not verified.label.uncertain


def test_witnesses_that_see_another_animal_leave_the_animal() -> None:
    verified = judged(detector(bird=0.45, bear=0.3, sheep=0.2), second(bear=0.4, bird=0.1), classifier(sea_lion=0.3))
    assert (verified.label.name, verified.verification.verdict) == ("animal", Verdict.SUPPORTED)
    assert verified.label.alternatives[0] == "bird"
    assert "centernet sees bear (0.40) instead" in verified.evidence
    assert "not sure enough of bird" in verified.label.reason
    assert [a.value for a in verified.label.attributes] == ["red"]


def test_a_contradicted_name_without_common_ground_falls_to_object() -> None:
    verified = judged(detector(person=0.5), second(fire_hydrant=0.6))
    assert (verified.label.name, verified.verification.verdict) == ("object", Verdict.CONTRADICTED)
    assert verified.label.uncertain
    assert verified.label.alternatives[0] == "person"
    assert verified.evidence.startswith("Not sure enough of person")


def test_what_wore_red_as_a_person_wears_nothing_as_an_object() -> None:
    assert judged(detector(person=0.5), second(fire_hydrant=0.6)).label.attributes == ()


def test_silence_of_the_second_detector_is_a_doubt_and_no_contradiction() -> None:
    doubted = judged(detector(person=0.42), second())
    assert (doubted.label.name, doubted.verification.verdict) == ("object", Verdict.UNVERIFIED)
    assert judged(detector(person=0.7), second()).label.name == "person"


def test_clothes_speak_for_a_person() -> None:
    dressed = judged(detector(person=0.42), second(), classifier(lab_coat=0.12))
    assert dressed.label.name == "person"
    assert "efficientnet sees clothes (0.12)" in dressed.evidence


def test_breeds_speak_for_the_dog_and_against_the_horse() -> None:
    breeds = classifier(English_setter=0.4, golden_retriever=0.3)
    assert judged(detector(dog=0.45), breeds).verification.verdict is Verdict.SUPPORTED
    assert judged(detector(horse=0.5), breeds).label.name == "animal"


def test_a_square_is_no_ball_whatever_detectors_see() -> None:
    label = Label(7, "ball", 0.95)
    square = judged(detector(sports_ball=0.9), second(sports_ball=0.6), thing=BOX, label=label)
    disc = judged(detector(sports_ball=0.9), second(sports_ball=0.6), thing=DISC, label=label)
    assert (square.label.name, disc.label.name) == ("object", "ball")
    assert "not round" in square.evidence


def test_a_name_from_elsewhere_is_judged_by_every_witness() -> None:
    label = Label(7, "dog", 0.8)
    assert judged(detector(cat=0.8), label=label).label.name == "animal"
    supported = judged(detector(dog=0.8, cat=0.1), second(dog=0.6), label=replace(label, name="dog", confidence=0.6))
    assert supported.label.name == "dog"


def test_no_person_is_four_times_as_wide_as_high() -> None:
    plank = Thing(start=(20, 60), size=(240, 30))
    assert judged(detector(person=0.55), thing=plank).verification.verdict is Verdict.CONTRADICTED


def test_object_claims_nothing_and_is_left_alone() -> None:
    label = Label(7, "object", 1.0, (Attribute("red", AttributeType.COLOR),), reason="no name stands out")
    verified = judged(detector(), label=label)
    assert verified == VerifiedLabel(label, Verification(), "No name is claimed.")


def test_trajectories_without_masks_are_judged_by_witnesses() -> None:
    tracked = replace(BOX.tracked(video(), object_id=7, witnesses=(detector(dog=0.5), second(dog=0.5))))
    bare = replace(tracked, trajectory=Trajectory((), ()))
    assert verdict_on(bare, proposed(bare)).label.name == "dog"


def test_a_label_without_a_trajectory_is_refused() -> None:
    with pytest.raises(PhaseError, match=r"v1: verified_labels: .* labels of \[9\], which have no trajectory"):
        verify_labels(video(), TrackingResult((BOX.tracked(video()),)), [Label(9, "dog", 0.9)])
