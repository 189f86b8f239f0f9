"""Calls of a video that nobody has tracked: as many, and as large, as those of videos that were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resources.llm.payloads import first_request
from resources.openai_models.parser import OpenAIParser
from resources.openai_models.relator import OpenAIRelator
from resources.openai_models.vision_describer import VisionDescriber
from resources.store.store import SceneGraphStore
from svg2_assets.beforehand import PLANNERS
from svg2_assets.llm.calls import Call
from svg2_assets.scene.video import Video
from svg2_assets.stand_ins import ASSUMED, Expected, StandIn, expected_of

VIDEO = Video("a", "a.mp4", "", 640, 360, 30.0, 300, 10.0)
BACKENDS = {"descriptions": VisionDescriber, "parsed_labels": OpenAIParser, "relations": OpenAIRelator}


def planned(phase: str, *, objects: int, video: Video = VIDEO, expected: Expected = ASSUMED["svg2"]) -> list[Call]:
    return list(PLANNERS[phase](BACKENDS[phase](), StandIn.untracked(video, expected, objects=objects)))


def tokens(calls: list[Call]) -> int:
    return sum(first_request(call, ceiling=100_000).tokens_in() for call in calls)


@pytest.mark.parametrize("phase", BACKENDS)
def test_more_objects_take_more_tokens(phase: str) -> None:
    few, many = planned(phase, objects=2), planned(phase, objects=12)
    assert tokens(many) > tokens(few) > 0
    assert sum(c.answer_tokens for c in many) > sum(c.answer_tokens for c in few) > 0


def test_longer_videos_take_more_pictures_and_calls() -> None:
    long = Video("b", "b.mp4", "", 640, 360, 30.0, 3000, 100.0)
    assert len(planned("relations", objects=3, video=long)) == 3 * len(planned("relations", objects=3))


def test_the_rate_of_a_video_changes_nothing() -> None:
    fast = Video("b", "b.mp4", "", 640, 360, 60.0, 600, 10.0)
    assert tokens(planned("relations", objects=3, video=fast)) == tokens(planned("relations", objects=3))


def test_objects_that_are_seen_longer_take_more_tokens() -> None:
    brief, long = Expected(3, 3, 3, presence=0.1), Expected(3, 3, 3, presence=1.0)
    assert tokens(planned("relations", objects=9, expected=long)) > tokens(
        planned("relations", objects=9, expected=brief)
    )


def test_a_video_without_objects_asks_nothing() -> None:
    assert not planned("parsed_labels", objects=0)
    assert not planned("relations", objects=0)


def test_a_video_of_one_frame_is_planned() -> None:
    still = Video("b", "b.mp4", "", 32, 24, 25.0, 1, 0.04)
    assert len(planned("relations", objects=3, video=still)) == 2


def rows(counts: dict[str, int], *, model_id: str = "tracker") -> dict[str, list[dict[str, Any]]]:
    """Tables of videos with so many objects each, half of the frames visible, on a tenth of the frame."""
    return {
        "videos": [{"video_id": v, "status": "ok", "num_frames": 100, "width": 100, "height": 50} for v in counts],
        "phase_state": [
            {"video_id": v, "phase": "trajectories", "status": "done", "model_id": model_id} for v in counts
        ],
        "trajectories": [
            {"video_id": v, "object_id": i, "num_frames": 50, "mean_area": 500.0}
            for v, n in counts.items()
            for i in range(-1, n)
        ],
        "descriptions": [{"video_id": v, "object_id": 0, "text": f"text of {v}"} for v, n in counts.items() if n],
    }


def store_of(folder: Path, counts: dict[str, int]) -> SceneGraphStore:
    store = SceneGraphStore(str(folder))
    for table, content in rows(counts).items():
        if table in {"videos", "phase_state"}:
            store.upsert(table, content)
        else:
            store.replace(table, content, video_ids=counts)
    return store


def test_what_videos_hold_is_learned_from_those_of_the_same_tracker(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"v0": 0, "v1": 2, "v2": 4, "v3": 10, "v4": 40})
    found = expected_of(store, tracker="svg2", model_id="tracker")
    assert (found.videos, found.objects) == (5, (2, 4, 10))
    assert (found.presence, found.area) == pytest.approx((0.5, 0.1))
    assert sorted(found.texts) == ["text of v1", "text of v2", "text of v3", "text of v4"]
    assert expected_of(store, tracker="svg2", model_id="another") == ASSUMED["svg2"]


def test_without_any_video_the_trackers_own_assumption_holds(tmp_path: Path) -> None:
    store = SceneGraphStore(str(tmp_path))
    assert expected_of(store, tracker="embedded", model_id="tracker") == ASSUMED["embedded"]
    assert expected_of(store, tracker="unheard of", model_id="tracker").videos == 0


def test_videos_in_which_nothing_was_found_count(tmp_path: Path) -> None:
    found = expected_of(store_of(tmp_path, {"v0": 0, "v1": 0}), tracker="embedded", model_id="tracker")
    assert (found.videos, found.objects, found.presence) == (2, (0, 0, 0), ASSUMED["embedded"].presence)
