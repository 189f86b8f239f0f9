"""What is kept: sure names, with allowance for the rare and for what verifiers do not see."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from svg2_assets.labels.policy import Policy, decide, record_of
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.taxonomy import Verdict


def test_silence_about_a_wire_says_less_than_silence_about_the_sky() -> None:
    policy = Policy()
    assert policy.found_rate("sky") > 0.9
    assert policy.found_rate("zebra") == pytest.approx(0.52)
    assert policy.found_rate("telephone wire") < 0.05
    assert policy.found_rate("blue sky") == policy.found_rate("sky")


def test_the_record_of_a_corpus_outgrows_what_was_believed() -> None:
    little, much = Policy(record={"mirror": (2, 2)}), Policy(record={"mirror": (1000, 900)})
    assert Policy().found_rate("mirror") < little.found_rate("mirror") < 0.3
    assert much.found_rate("mirror") == pytest.approx(0.9, abs=0.01)
    assert (
        0 < Policy(record={"x": (10**6, 0)}).found_rate("x") < Policy(record={"x": (10**6, 10**6)}).found_rate("x") < 1
    )


def test_rare_names_need_less() -> None:
    policy = Policy(accept=0.6, rare_accept=0.2, enough=50, record={"person": (10_000, 9000), "ladder": (50, 20)})
    assert policy.threshold("person") == pytest.approx(0.6, abs=0.01)
    assert policy.threshold("ladder") == pytest.approx(0.4)
    assert policy.threshold("astrolabe") == pytest.approx(0.2)
    assert Policy(accept=0.6).threshold("astrolabe") == 0.6, "without a record nobody knows what is rare"


@pytest.mark.parametrize(
    ("verdict", "score", "keep", "said"),
    [
        (Verdict.SUPPORTED, 0.9, True, "dog is supported (0.90, at least 0.50)"),
        (Verdict.UNVERIFIED, 0.5, True, "dog is unverified (0.50, at least 0.50)"),
        (Verdict.UNVERIFIED, 0.49, False, "not sure enough of dog (0.49, at least 0.50)"),
        (Verdict.CONTRADICTED, 0.9, False, "dog is contradicted (0.90)"),
    ],
)
def test_decisions_say_why(verdict: Verdict, score: float, keep: bool, said: str) -> None:
    decision = decide(Policy(), "dog", verdict=verdict, score=score)
    assert (decision.keep, decision.reason) == (keep, said)


def test_the_record_counts_claims_and_support() -> None:
    claims = [("dog", Verdict.SUPPORTED), ("dog", Verdict.UNVERIFIED), ("object", Verdict.UNVERIFIED)]
    assert record_of(claims) == {"dog": (2, 1)}
    assert json.loads(json.dumps(asdict(Policy()))) == asdict(Policy())


@pytest.mark.parametrize(
    "given",
    [{"accept": 1.2}, {"accept": 0.2}, {"enough": 0}, {"record": {"dog": (1, 2)}}, {"keep_rates": {"dog": -0.1}}],
)
def test_what_cannot_be_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(InvalidSceneValue, match="policy"):
        Policy(**given)  # type: ignore[arg-type]
