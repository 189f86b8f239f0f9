"""The exact architecture with drawn weights: sessions, prompts, sizes, memory that runs out."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch

from resources.sam3 import window
from resources.sam3.errors import ModelFailure
from resources.sam3.phase import Sam3Verifier
from resources.sam3.settings import FollowSettings, Sam3Settings
from resources.sam3.tracker import Sam3ConceptTracker
from svg2_assets.labels.concept_tracks import ConceptFrame, WindowSettings
from svg2_assets.labels.concept_verification import ConceptRule
from svg2_assets.labels.protocols import Label
from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.taxonomy import Verdict
from svg2_assets.trajectories.protocols import TrackingResult
from tests.resources.sam3.scene import BALL, CONCEPTS, DOG, INDICES, RANDOM, clip, tracker


@pytest.fixture(scope="module")
def followed() -> list[ConceptFrame]:
    return list(tracker().follow(clip(), CONCEPTS, INDICES))


def plain(frames: list[ConceptFrame]) -> list[tuple[int, str, bytes]]:
    return sorted((f.index, s.concept, s.mask.counts) for f in frames for s in f.sightings)


def test_every_frame_comes_once_in_order_with_masks_of_the_videos_size(followed: list[ConceptFrame]) -> None:
    assert [f.index for f in followed] == list(INDICES)
    found = [s for f in followed for s in f.sightings]
    assert {s.concept for s in found} == set(CONCEPTS)
    assert all((s.mask.height, s.mask.width) == (120, 160) and s.mask.area > 0 for s in found)
    assert all(0 <= s.score <= 1 for s in found)


def test_tracks_of_one_concept_share_no_pixel_and_keep_their_concept(followed: list[ConceptFrame]) -> None:
    for frame in followed:
        for concept in CONCEPTS:
            masks = [s.mask for s in frame.sightings if s.concept == concept]
            assert all(mask_algebra.intersection_areas([a], [b])[0, 0] == 0 for a, b in combinations(masks, 2))
    concepts: dict[int, set[str]] = {}
    for sighting in (s for f in followed for s in f.sightings):
        concepts.setdefault(sighting.track, set()).add(sighting.concept)
    assert all(len(c) == 1 for c in concepts.values())


def test_the_same_clip_gives_the_same_tracks_again(followed: list[ConceptFrame]) -> None:
    assert plain(list(tracker().follow(clip(), CONCEPTS, INDICES))) == plain(followed)


def test_a_picture_is_encoded_once_for_all_concepts() -> None:
    asked = tracker()
    model, _ = asked.network
    passes: list[int] = []
    model.detector_model.vision_encoder.register_forward_hook(lambda *_: passes.append(1))
    list(asked.follow(clip(), CONCEPTS, INDICES))
    assert len(passes) == len(INDICES)


def test_fewer_concepts_a_pass_change_the_work_and_not_the_result(followed: list[ConceptFrame]) -> None:
    one_by_one = tracker(concepts_per_pass=1)
    assert plain(list(one_by_one.follow(clip(), CONCEPTS, INDICES))) == plain(followed)


def test_no_concepts_and_no_frames() -> None:
    assert list(tracker().follow(clip(), (), INDICES)) == []
    assert list(tracker().follow(clip(), CONCEPTS, ())) == []


def exhausted_above(asked: Sam3ConceptTracker, concepts: int) -> None:
    """The device's memory holds so many concepts and no more: torch's own error comes from the detector."""
    model, _ = asked.network
    detect = model.run_detection

    def run(**arguments):
        if len(arguments["inference_session"].prompts) > concepts:
            raise torch.OutOfMemoryError("out of memory")
        return detect(**arguments)

    model.run_detection = run


def test_memory_that_runs_out_halves_the_concepts_and_finds_the_same(followed: list[ConceptFrame]) -> None:
    asked = tracker()
    exhausted_above(asked, 1)
    assert plain(list(asked.follow(clip(), CONCEPTS, INDICES))) == plain(followed)
    assert asked.retries == 1
    list(asked.follow(clip(), CONCEPTS, INDICES))
    assert asked.retries == 1, "what was too much once is not tried again"


def test_memory_too_small_for_one_concept_fails_this_video_alone() -> None:
    asked = tracker()
    exhausted_above(asked, 0)
    with pytest.raises(ModelFailure, match=r"v1: verified_labels: expected memory .*most_frames"):
        list(asked.follow(clip(), CONCEPTS, INDICES))


def test_numbers_that_are_none_fail_this_video_alone() -> None:
    asked = tracker()
    model, _ = asked.network
    with torch.no_grad():
        model.detector_model.mask_decoder.instance_projection.weight.fill_(float("nan"))
    with pytest.raises(ModelFailure, match="finite numbers on frame 0"):
        list(asked.follow(clip(), CONCEPTS, INDICES))


def detections(*boxes: tuple[int, int, int, int]) -> dict[str, torch.Tensor]:
    masks = torch.full((len(boxes), 20, 20), -1.0)
    for mask, (x, y, w, h) in zip(masks, boxes, strict=True):
        mask[y : y + h, x : x + w] = 1.0
    return {"mask": masks, "bbox": torch.zeros(len(boxes), 4), "scores": torch.tensor([0.6, 0.9, 0.7])[: len(boxes)]}


def test_of_overlapping_detections_the_surest_stays() -> None:
    kept = window._suppressed(detections((0, 0, 10, 10), (1, 0, 10, 10), (12, 12, 5, 5)), 0.1)
    assert [round(float(s), 1) for s in kept["scores"]] == [0.9, 0.7]
    assert len(window._suppressed(detections((0, 0, 10, 10), (1, 0, 10, 10)), 1.0)["scores"]) == 2


def test_the_verifier_gives_one_verdict_a_label() -> None:
    rule = ConceptRule(windows=WindowSettings(rate=2.0, most_frames=2))
    verifier = Sam3Verifier(Sam3Settings(model=RANDOM, follow=FollowSettings(0.0, 0.0), rule=rule))
    source = clip()
    tracks = TrackingResult(tuple(t.tracked(source.video, object_id=i) for i, t in enumerate((DOG, BALL))))
    labels = [Label(1, "red ball", 0.8), Label(0, "dog", 0.8)]
    found = verifier.verify(source, tracks, labels)
    assert [v.label.object_id for v in found] == [1, 0]
    assert all(0 <= v.verification.score <= 1 and isinstance(v.verification.verdict, Verdict) for v in found)
    assert all(np.isfinite(v.label.confidence) and v.evidence.endswith(".") for v in found)
    assert verifier.verify(source, tracks, []) == ()
    with pytest.raises(PhaseError, match=r"v1: verified_labels: expected labels of tracked objects"):
        verifier.verify(source, tracks, [Label(9, "dog", 0.8)])


def test_dismissed_tracks_are_those_that_the_model_itself_would_drop() -> None:
    class Session:
        obj_first_frame_idx = {1: 0, 2: 0, 3: 20, 4: 0}  # noqa: RUF012
        unmatched_frame_inds = {1: list(range(8)), 2: list(range(7)), 3: list(range(30, 60))}  # noqa: RUF012
        overlap_pair_to_frame_inds = {(2, 4): list(range(9))}  # noqa: RUF012

    model, _ = tracker().network
    assert (model.hotstart_delay, model.hotstart_unmatch_thresh, model.hotstart_dup_thresh) == (15, 8, 8)
    assert window._dismissed(model, Session) == {1, 4}, "what is missed later, as 3 is, was borne out by then"
