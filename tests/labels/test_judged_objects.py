"""Names and confidences on what was really seen: descriptions of the development clips, the truth judged by eye.

`judged.json` holds the text of each description and the finest true name. A coarser name counts as right.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from svg2_assets.descriptions.grammar import read, write
from svg2_assets.descriptions.protocols import Description
from svg2_assets.labels.concepts import is_a
from svg2_assets.labels.parsing import label_of
from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.labels.verification import verify_labels
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult, Witness
from tests.descriptions.pictures import video

JUDGED: list[dict[str, Any]] = json.loads((Path(__file__).parent / "judged.json").read_text(encoding="utf-8"))


def verified(text: str) -> VerifiedLabel:
    facts = read(text)
    witnesses = tuple(Witness(r.source, r.looks, dict(r.scores)) for r in facts.reports)
    tracked = TrackedObject(facts.object_id, Trajectory((), ()), Origin.DISCOVERED, 0.5, witnesses)
    label = label_of(Description(facts.object_id, text))
    return verify_labels(video(), TrackingResult((tracked,)), [label])[0]


@pytest.fixture(scope="module")
def outcomes() -> list[tuple[str, str, VerifiedLabel]]:
    return [(o["clip"], o["truth"], verified(o["text"])) for o in JUDGED]


def test_names_are_right_and_most_things_that_can_be_named_are(outcomes: list[tuple[str, str, VerifiedLabel]]) -> None:
    claimed = [(clip, truth, v.label.name) for clip, truth, v in outcomes if v.label.name != UNKNOWN_NAME]
    wrong = [c for c in claimed if not is_a(c[1], c[2])]
    assert not wrong
    assert len(claimed) >= 0.7 * len(outcomes)


def test_most_names_have_independent_support(outcomes: list[tuple[str, str, VerifiedLabel]]) -> None:
    named = [v for _, _, v in outcomes if v.label.name != UNKNOWN_NAME]
    assert sum(v.verification.verdict is Verdict.SUPPORTED for v in named) >= 0.8 * len(named)
    assert all(v.verification.verdict is not Verdict.CONTRADICTED for v in named)


def test_parsed_confidence_means_what_it_says() -> None:
    """Of the names proposed with about p, about p are right: no bin of four or more is further off than a quarter."""
    labels = [(label_of(Description(0, o["text"])), o["truth"]) for o in JUDGED]
    proposed = [(n.confidence, is_a(truth, n.name)) for n, truth in labels if n.name != UNKNOWN_NAME]
    for low, high in ((0.0, 0.6), (0.6, 0.9), (0.9, 1.01)):
        inside = [(p, right) for p, right in proposed if low <= p < high]
        off = abs(sum(p for p, _ in inside) - sum(right for _, right in inside)) / max(1, len(inside))
        assert len(inside) < 4 or off < 0.25


@pytest.mark.parametrize(
    ("clip", "truth", "name"),
    [
        ("04_coffee", "mug", "cup"),
        ("04_coffee", "person", "person"),
        ("04_coffee", "kettle", UNKNOWN_NAME),
        ("05_default_juggle", "sports ball", "ball"),
        ("bigbuckbunny", "rabbit", "animal"),
        ("dog", "dog", "dog"),
        ("vtest_200_499", "traffic cone", UNKNOWN_NAME),
        ("vtest_200_499", "stone", UNKNOWN_NAME),
    ],
)
def test_telling_cases(clip: str, truth: str, name: str) -> None:
    (text,) = [o["text"] for o in JUDGED if (o["clip"], o["truth"]) == (clip, truth)]
    assert verified(text).label.name == name


def test_every_recorded_text_is_read_without_loss() -> None:
    assert all(write(read(o["text"])) == o["text"] for o in JUDGED)
