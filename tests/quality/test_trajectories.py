"""Checks of the catalog, of trajectories, their masks and their descriptions."""

from __future__ import annotations

from typing import Any

import pytest

from svg2_assets.scene.masks import Mask
from tests.quality.conftest import FRAMES, HEIGHT, WIDTH


def found(report: Any) -> list[tuple[str, str]]:
    return [(f.video_id, f.severity.value) for f in report.findings]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"status": "unreadable", "error": "moov atom not found"}, "moov atom not found"),
        ({"num_frames": 0}, "num_frames must be positive"),
        ({"width": None}, "width must be positive"),
    ],
)
def test_a_video_that_does_not_decode(store: Any, changed: dict[str, Any], says: str) -> None:
    store.row("videos", video_id="b").update(changed)
    report = store.judge("videos", "decodes")
    assert found(report) == [("b", "error")]
    assert says in report.findings[0].message


def test_a_video_that_is_not_in_the_catalog(store: Any) -> None:
    from svg2_assets.quality import run_checks

    (decodes, plausible) = run_checks("videos", store.tables("a", "ghost"))
    assert found(decodes) == [("ghost", "error")]
    assert plausible.passed


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"variable_rate": True}, "variable frame rate"),
        ({"width": 10}, "tiny"),
        ({"num_frames": 9000, "duration": 900.0}, "very long"),
        ({"fps": 1.0, "duration": 20.0}, "frame rate of 1"),
        ({"fps": 1000.0, "duration": 0.02}, "frame rate of 1e+03"),
        ({"num_frames": 1}, "single frame"),
        ({"duration": 9.0}, "20 frames last 2.00 s, the duration is 9.00 s"),
    ],
)
def test_an_unusual_video_is_a_warning(store: Any, changed: dict[str, Any], says: str) -> None:
    store.row("videos", video_id="a").update(changed)
    report = store.judge("videos", "plausible")
    assert found(report) == [("a", "warn")]
    assert says in report.findings[0].message


def test_a_trajectory_without_frames_is_an_error(store: Any) -> None:
    store.add_object("a", 2, frames=[])
    report = store.judge("trajectories", "non_empty")
    assert found(report) == [("a", "error")]
    assert report.findings[0].row["object_id"] == 2


def test_a_video_without_objects_is_a_warning(store: Any) -> None:
    store.add_video("blank wall")
    assert found(store.judge("trajectories", "non_empty")) == [("blank wall", "warn")]


@pytest.mark.parametrize("object_id", [1, -7])
def test_an_id_that_is_taken_or_negative(store: Any, object_id: int) -> None:
    store.add_object("b", object_id)
    report = store.judge("trajectories", "ids_unique")
    assert [(f.video_id, f.row["object_id"]) for f in report.errors] == [("b", object_id)]


def test_the_same_id_in_two_videos_is_fine(store: Any) -> None:
    assert store.judge("trajectories", "ids_unique").passed


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"frames": [*range(FRAMES - 1), FRAMES]}, f"frame {FRAMES} is outside a video of {FRAMES} frames"),
        ({"frames": [-1, *range(FRAMES - 1)]}, "frame -1 is outside"),
        ({"frames": [0, *range(FRAMES - 1)]}, "do not increase"),
        ({"boxes": [0.0, 0.0, 5.0, 5.0]}, f"{FRAMES} frames have 1 boxes"),
        ({"boxes": [80.0, 0.0, WIDTH, 5.0] * FRAMES}, f"leave the {WIDTH}x{HEIGHT} picture"),
        ({"boxes": [0.0, -9.0, 5.0, 20.0] * FRAMES}, f"{FRAMES} boxes are empty or leave"),
        ({"boxes": [0.0, 0.0, 0.0, 5.0] * FRAMES}, "are empty"),
    ],
)
def test_a_trajectory_outside_the_frame(store: Any, changed: dict[str, Any], says: str) -> None:
    store.row("trajectories", video_id="b", object_id=1).update(changed)
    report = store.judge("trajectories", "inside_frame")
    assert found(report) == [("b", "error")]
    assert says in report.findings[0].message


def test_a_box_may_touch_the_border(store: Any) -> None:
    store.add_object("a", 2, box=(0, 0, WIDTH, HEIGHT))
    assert store.judge("trajectories", "inside_frame").passed


SMALLER = Mask.from_box((10, 10, 5, 5), height=HEIGHT // 2, width=WIDTH).counts
ELSEWHERE = Mask.from_box((60, 10, 20, 30), height=HEIGHT, width=WIDTH).counts


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"frames": [*range(FRAMES - 1), 40]}, "different frames"),
        ({"counts": [b"0"]}, f"{FRAMES} mask frames have 1 masks"),
        ({"counts": [SMALLER] * FRAMES}, f"do not fill their {WIDTH}x{HEIGHT} pixels"),
        ({"counts": [b"zz"] * FRAMES}, "malformed runs"),
        ({"counts": [ELSEWHERE] * FRAMES}, "boxes are not those of their masks"),
        ({"height": HEIGHT // 2, "counts": [SMALLER] * FRAMES}, f"masks of {WIDTH}x{HEIGHT // 2} in a video of"),
    ],
)
def test_masks_that_do_not_match(store: Any, changed: dict[str, Any], says: str) -> None:
    store.row("masks", video_id="a", object_id=0).update(changed)
    report = store.judge("trajectories", "masks_match")
    assert {f.video_id for f in report.errors} == {"a"}
    assert says in " / ".join(f.message for f in report.errors)


def test_masks_and_trajectories_of_different_objects(store: Any) -> None:
    store.row("masks", video_id="b", object_id=1)["object_id"] = 5
    messages = [f.message for f in store.judge("trajectories", "masks_match").errors]
    assert messages == ["trajectory 1 has no masks", "masks of 5 have no trajectory"]


def test_objects_that_flicker_or_fall_to_pieces_are_warnings(store: Any) -> None:
    store.add_object("a", 2, frames=range(0, FRAMES, 2))
    for object_id in range(3, 9):
        store.add_object("b", object_id, frames=[object_id])
    report = store.judge("trajectories", "fragmentation")
    assert found(report) == [("a", "warn"), ("b", "warn")]
    assert "flickers" in report.findings[0].message
    assert "6 of 8 trajectories last under 0.5 s" in report.findings[1].message


def test_descriptions_belong_to_trajectories(store: Any) -> None:
    store.row("descriptions", video_id="a", object_id=1)["object_id"] = 9
    store.row("descriptions", video_id="b", object_id=0)["text"] = " "
    report = store.judge("descriptions", "described")
    assert [(f.video_id, f.severity.value, f.row["object_id"]) for f in report.findings] == [
        ("a", "error", 1),
        ("a", "error", 9),
        ("b", "warn", 0),
    ]
