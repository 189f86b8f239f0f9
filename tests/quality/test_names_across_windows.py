"""One trajectory, two things: what tracks of names say stretch by stretch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from resources.fakes.concept_tracker import FakeConceptTracker
from svg2_assets.labels.concept_tracks import WindowSettings
from svg2_assets.labels.concept_verification import ConceptRule, ConceptVerifier
from svg2_assets.labels.protocols import Label
from svg2_assets.labels.rows import verified_rows
from svg2_assets.trajectories.protocols import TrackingResult
from tests.descriptions.pictures import Clip, Thing, video

THING = Thing(start=(20, 20), size=(60, 60), step=(2, 0))
OTHER = Thing(start=(200, 150), size=(40, 40))
CHECK = ("verified_labels", "names_across_windows")


def stretch(number: int, concept: str, viou: float, rival: str = "", rival_viou: float = 0.0, looks: int = 12) -> Any:
    return {
        "window": number // 4,
        "start": 6.0 * number,
        "end": 6.0 * (number + 1),
        "looks": looks,
        "concept": concept,
        "viou": viou,
        "rival": rival or None,
        "rival_viou": rival_viou if rival else None,
    }


def verify(store: Any, *, until: int) -> None:
    """Objects 0 and 1 of video `a` as a scripted tracker leaves them: a dog until a frame, then a cat; a cat."""
    objects = (THING.tracked(video(), object_id=0), OTHER.tracked(video(), object_id=1))
    cat = replace(THING, start=(20 + 2 * until, 20), frames=range(until, 30))
    tracker = FakeConceptTracker(
        {
            "dog": [replace(THING, frames=range(until)).trajectory(video())],
            "cat": [OTHER.trajectory(video()), *([cat.trajectory(video())] if until < 30 else [])],
        }
    )
    rule = ConceptRule(windows=WindowSettings(rate=10.0, most_frames=10))
    labels = [Label(0, "dog", 0.7), Label(1, "cat", 0.7)]
    found = ConceptVerifier(tracker, rule).verify(Clip(video()), TrackingResult(objects), labels)
    kept = [r for r in store.rows["labels"] if r["video_id"] != "a" or r["stage"] != "verified"]
    store.rows["labels"] = [*kept, *verified_rows("a", found)]


def test_a_trajectory_that_slides_from_the_dog_to_the_cat(store: Any) -> None:
    verify(store, until=20)
    report = store.judge(*CHECK)
    assert [(f.video_id, f.severity.value, f.row["object_id"]) for f in report.findings] == [("a", "warn", 0)]
    said = "object 0: tracks of names fit it as 'dog' from 0.0 to 2.0 s, then 'cat' from 2.0 to 3.0 s"
    assert report.findings[0].message == said


def test_a_trajectory_that_stays_with_the_dog(store: Any) -> None:
    verify(store, until=30)
    report = store.judge(*CHECK)
    assert report.passed
    assert report.measures == {"objects_with_evidence": 2}


@pytest.mark.parametrize(
    ("stretches", "passes"),
    [
        ([stretch(0, "dog", 0.9), stretch(1, "dog", 0.1, "cat", 0.8)], False),
        ([stretch(0, "dog", 0.9), stretch(1, "dog", 0.1, "cat", 0.45)], True),
        ([stretch(0, "dog", 0.9), stretch(1, "dog", 0.7, "cat", 0.8)], True),
        ([stretch(0, "dog", 0.9), stretch(1, "dog", 0.1, "cat", 0.8, looks=2)], True),
        ([stretch(0, "dog", 0.1, "cat", 0.8), stretch(1, "dog", 0.2, "cat", 0.9)], True),
        ([stretch(0, "dog", 0.9), stretch(1, "cat", 0.9)], False),
        ([stretch(0, "animal", 0.9), stretch(1, "dog", 0.9)], True),
        ([stretch(0, "animal", 0.9), stretch(1, "dog", 0.9), stretch(2, "cat", 0.9)], False),
        ([stretch(0, "sofa", 0.9), stretch(1, "table", 0.1, "couch", 0.8)], True),
        ([stretch(0, "man", 0.9), stretch(1, "person", 0.9)], True),
        ([], True),
        (None, True),
    ],
)
def test_only_confident_stretches_of_different_things_are_a_finding(store: Any, stretches: Any, passes: bool) -> None:
    store.row("labels", video_id="b", object_id=1, stage="verified")["evidence_stretches"] = stretches
    assert store.judge(*CHECK).passed is passes


def test_every_turn_is_told_in_order(store: Any) -> None:
    row = store.row("labels", video_id="b", object_id=1, stage="verified")
    row["evidence_stretches"] = [
        stretch(2, "dog", 0.9),
        stretch(0, "dog", 0.8),
        stretch(1, "dog", 0.0, "cat", 0.8),
        stretch(3, "dog", 0.9),
    ]
    assert (
        store.judge(*CHECK)
        .findings[0]
        .message.endswith("'dog' from 0.0 to 6.0 s, then 'cat' from 6.0 to 12.0 s, then 'dog' from 12.0 to 24.0 s")
    )
