"""What every describer, parser and verifier keeps, the real ones and the fakes alike."""

from __future__ import annotations

import json

import pytest

from resources.embedded.describer import EmbeddedDescriber
from resources.embedded.parser import EmbeddedParser
from resources.embedded.verifier import EmbeddedVerifier
from resources.fakes.concept_tracker import FakeConceptTracker
from resources.fakes.describer import FakeDescriber
from resources.fakes.parser import FakeParser
from resources.fakes.verifier import FakeVerifier
from resources.openai_models.parser import OpenAIParser
from svg2_assets.descriptions.protocols import Describer, Description
from svg2_assets.labels.concept_verification import ConceptVerifier
from svg2_assets.labels.protocols import Label, LabelParser, LabelVerifier
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, Verdict
from svg2_assets.trajectories.protocols import TrackingResult
from tests.descriptions.pictures import Clip, Thing, detector, video

describers = pytest.mark.parametrize("describer", [EmbeddedDescriber(), FakeDescriber()], ids=["embedded", "fake"])
parsers = pytest.mark.parametrize("parser", [EmbeddedParser(), FakeParser()], ids=["embedded", "fake"])
DOG = Thing(start=(20, 20), size=(60, 60), colours=((200, 40, 30),))
UNSEEN = Thing(start=(200, 100), size=(40, 60), step=(1, 0))

verifiers = pytest.mark.parametrize(
    "verifier",
    [EmbeddedVerifier(), FakeVerifier(), ConceptVerifier(FakeConceptTracker({"dog": [DOG.trajectory(video())]}))],
    ids=["embedded", "fake", "concepts"],
)
everybody = pytest.mark.parametrize(
    "backend",
    [
        EmbeddedDescriber(),
        FakeDescriber(),
        EmbeddedParser(),
        FakeParser(),
        OpenAIParser(),
        EmbeddedVerifier(),
        FakeVerifier(),
        ConceptVerifier(FakeConceptTracker()),
    ],
    ids=lambda backend: type(backend).__name__,
)


def clip() -> Clip:
    return Clip(video(), [DOG.paint, UNSEEN.paint])


def tracks() -> TrackingResult:
    seen = DOG.tracked(video(), object_id=4, witnesses=(detector(dog=0.8), detector("centernet", looks=3, dog=0.6)))
    return TrackingResult((seen, UNSEEN.tracked(video(), object_id=2, witnesses=(detector(),))))


@everybody
def test_a_backend_says_what_it_is_and_how_it_is_set(backend: Describer | LabelParser | LabelVerifier) -> None:
    assert "/" in backend.model_id
    assert json.loads(json.dumps(backend.config)) == backend.config


@describers
def test_one_description_an_object_in_order(describer: Describer) -> None:
    found = describer.describe(clip(), tracks())
    assert [d.object_id for d in found] == [4, 2]
    assert all(d.text.strip() and set(d.frames) <= set(range(30)) for d in found)
    assert found == describer.describe(clip(), tracks())
    assert describer.describe(clip(), TrackingResult(())) == ()


@parsers
@describers
def test_one_label_a_description_in_order(describer: Describer, parser: LabelParser) -> None:
    labels = parser.parse(describer.describe(clip(), tracks()), source=clip(), tracks=tracks())
    assert [(label.object_id, label.name) for label in labels] == [(4, "dog"), (2, UNKNOWN_NAME)]
    assert all(0 <= label.confidence <= 1 for label in labels)
    assert all(a.value and 0 <= a.confidence <= 1 for label in labels for a in label.attributes)
    assert not labels[0].uncertain
    assert labels[1].uncertain
    assert parser.parse([], source=clip(), tracks=TrackingResult(())) == ()


@parsers
def test_a_text_that_nobody_understands_is_an_uncertain_object(parser: LabelParser) -> None:
    (label,) = parser.parse([Description(4, "A brown dog.\nObject 2.")], source=clip(), tracks=tracks())
    assert (label.object_id, label.name, label.uncertain) == (4, UNKNOWN_NAME, True)
    assert label.reason


@verifiers
def test_one_verdict_a_label_in_order(verifier: LabelVerifier) -> None:
    labels = [Label(2, UNKNOWN_NAME, 1.0), Label(4, "dog", 0.97)]
    found = verifier.verify(clip(), tracks(), labels)
    assert [(v.label.object_id, v.label.name) for v in found] == [(2, UNKNOWN_NAME), (4, "dog")]
    assert [v.verification.verdict for v in found] == [Verdict.UNVERIFIED, Verdict.SUPPORTED]
    assert all(0 <= v.verification.score <= 1 and v.evidence.endswith(".") for v in found)
    assert verifier.verify(clip(), tracks(), []) == ()


@verifiers
def test_a_label_of_nothing_tracked_is_refused(verifier: LabelVerifier) -> None:
    with pytest.raises(PhaseError, match="v1: verified_labels: expected labels of tracked objects"):
        verifier.verify(clip(), tracks(), [Label(99, "dog", 0.9)])


def test_settings_can_be_given_as_plain_values() -> None:
    loose = EmbeddedDescriber(EmbeddedDescriber.Settings(colour={"share": 0.7}))  # type: ignore[arg-type]
    assert loose.config["colour"] == EmbeddedDescriber().config["colour"] | {"share": 0.7}
    strict = EmbeddedVerifier(EmbeddedVerifier.Settings(policy={"accept": 0.99}, naming={"least": 0.4}))  # type: ignore[arg-type]
    assert strict.config["naming"]["least"] == 0.4
    assert (strict.config["policy"]["accept"], strict.config["policy"]["rare_accept"]) == (0.99, 0.8)


def test_the_chain_of_real_backends_names_the_red_dog() -> None:
    described = EmbeddedDescriber().describe(clip(), tracks())
    parsed = EmbeddedParser().parse(described, source=clip(), tracks=tracks())
    verified = EmbeddedVerifier().verify(clip(), tracks(), parsed)
    dog, other = verified
    assert (dog.label.name, dog.verification.verdict) == ("dog", Verdict.SUPPORTED)
    assert {"red", "still", "at the top left of the frame"} <= {a.value for a in dog.label.attributes}
    assert (other.label.name, other.verification.verdict) == (UNKNOWN_NAME, Verdict.UNVERIFIED)


def test_fakes_need_nothing_fail_when_told_and_remember_their_calls() -> None:
    describer, verifier = FakeDescriber(fail_for=["v1"]), FakeVerifier(fail_for=["v1"])
    with pytest.raises(PhaseError, match="v1: descriptions"):
        describer.describe(clip(), tracks())
    with pytest.raises(PhaseError, match="v1: verified_labels"):
        verifier.verify(clip(), tracks(), [])
    other = Clip(video(video_id="v2"), [])
    assert describer.describe(other, TrackingResult(())) == ()
    assert describer.calls == ["v1", "v2"]
    assert verifier.calls == ["v1"]
    parser = FakeParser(fail_for=[4])
    with pytest.raises(PhaseError, match="parsed_labels"):
        parser.parse(FakeDescriber().describe(clip(), tracks()), source=clip(), tracks=tracks())
    assert parser.calls == [(4, 2)]
