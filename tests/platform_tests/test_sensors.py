"""Ticks of the drop sensors, on real folders."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import dagster as dg
import pytest

from sensors.definitions import run_requests, tick_drop, video_drop_folder, video_drop_s3
from sensors.drops import scan_folder
from svg2_assets.catalog.intake import Intake
from svg2_assets.settings import Settings
from tests.platform_tests.conftest import Platform, write_clip


def settled(path: Path) -> Path:
    """As if the file had been there for a while."""
    before = time.time() - 60
    os.utime(path, (before, before))
    return path


def tick(platform: Platform, folder: Path, cursor: str | None = None, *, later: float = 60, **given) -> dg.SensorResult:
    return tick_drop(
        platform.instance,
        platform.store,
        platform.media(),
        cursor=cursor,
        scan=lambda c, **rest: scan_folder(folder, c, now=time.time() + later, **rest),
        settings=Settings(**given),
    )


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def test_a_dropped_video_becomes_a_partition_and_a_run(platform: Platform, drop: Path) -> None:
    write_clip(drop / "a.mp4", seed=1)
    result = tick(platform, drop)
    (request,) = result.run_requests or []
    assert request.partition_key in platform.instance.get_dynamic_partitions("video_batches")
    row = platform.store.read("videos").to_dicts()[0]
    assert row["video_id"] == row["partition"] == request.partition_key
    assert platform.run(request.partition_key).success


def test_the_next_tick_asks_for_nothing_new(platform: Platform, drop: Path) -> None:
    write_clip(drop / "a.mp4", seed=1)
    first = tick(platform, drop)
    platform.run(first.run_requests[0].partition_key)  # type: ignore[index]
    second = tick(platform, drop, first.cursor)
    assert not second.run_requests
    assert second.skip_reason is not None


def test_a_changed_file_is_a_new_version(platform: Platform, drop: Path) -> None:
    write_clip(drop / "a.mp4", seed=1)
    first = tick(platform, drop)
    old = first.run_requests[0].partition_key  # type: ignore[index]
    platform.run(old)
    write_clip(drop / "a.mp4", seed=2)
    second = tick(platform, drop, first.cursor)
    (request,) = second.run_requests or []
    assert request.partition_key != old
    rows = {r["video_id"]: r for r in platform.store.read("videos").to_dicts()}
    assert rows[old]["superseded_by"] == request.partition_key


def test_the_same_content_under_a_second_name_is_one_video(platform: Platform, drop: Path) -> None:
    first = write_clip(drop / "a.mp4", seed=1)
    (drop / "b.mp4").write_bytes(first.read_bytes())
    result = tick(platform, drop)
    assert len(result.run_requests or []) == 1
    (row,) = platform.store.read("videos").to_dicts()
    assert sorted(Path(n).name for n in row["names"]) == ["a.mp4", "b.mp4"]


def test_an_unreadable_file_is_recorded_once_and_stops_nothing(platform: Platform, drop: Path) -> None:
    (drop / "broken.mp4").write_bytes(b"not a video at all" * 100)
    write_clip(drop / "good.mp4", seed=1)
    result = tick(platform, drop)
    keys = [r.partition_key for r in result.run_requests or []]
    assert len(keys) == 2
    outcomes = {key: platform.run(key).success for key in keys if key}
    assert sorted(outcomes.values()) == [False, True]
    again = tick(platform, drop, result.cursor)
    assert not again.run_requests
    broken = next(r for r in platform.store.read("videos").to_dicts() if r["uri"].endswith("broken.mp4"))
    assert broken["status"] == "unreadable"
    assert broken["error"]


def test_ten_thousand_files_come_in_capped_ticks_with_a_small_cursor(platform: Platform, drop: Path) -> None:
    for i in range(10_000):
        (drop / f"{i:05d}.mp4").write_bytes(i.to_bytes(4, "big"))
    seen: set[str] = set()
    cursor: str | None = None
    for _ in range(4):
        result = tick(platform, drop, cursor, sensor_files=40)
        cursor = result.cursor
        assert len((cursor or "").encode()) < 4096
        fresh = set(platform.store.read("videos")["video_id"].to_list()) - seen
        assert len(fresh) == 40
        seen |= fresh
        for request in result.run_requests or []:
            assert request.partition_key


def test_what_a_dying_tick_registered_is_asked_for_later(platform: Platform, drop: Path) -> None:
    intake = platform.register([str(write_clip(drop / "a.mp4", seed=1))])
    assert list(run_requests(platform.store, Intake(), most=10)) == []  # just registered: somebody is at it
    row = platform.store.read("videos").to_dicts()[0]
    platform.store.upsert("videos", [{**row, "created_at": row["created_at"].replace(year=2020)}])
    (request,) = run_requests(platform.store, Intake(), most=10)
    assert request.partition_key == intake.partitions[0]


def test_a_missing_folder_and_an_unset_bucket_are_said(platform: Platform, tmp_path: Path) -> None:
    from resources.store.resource import SceneGraphStoreResource

    given = {"store": SceneGraphStoreResource(uri=platform.store.uri), "media": platform.media()}
    context = dg.build_sensor_context(instance=platform.instance, resources=given)
    assert "does not exist" in str(video_drop_folder(context).skip_message)  # type: ignore[union-attr]
    assert "SVG2_DROP_S3" in str(video_drop_s3(context).skip_message)  # type: ignore[union-attr]


def test_the_cursor_is_text_that_survives_a_restart(platform: Platform, drop: Path) -> None:
    write_clip(drop / "a.mp4", seed=1)
    cursor = tick(platform, drop).cursor
    assert isinstance(json.loads(cursor or ""), dict)
