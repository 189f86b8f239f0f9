"""Registering: one video per content, names that move, partitions that never change."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.media.location import MediaLibrary
from resources.media.prober import LibraryProber
from resources.store.store import SceneGraphStore
from svg2_assets.catalog.intake import Intake, find_files, register


@pytest.fixture
def store(tmp_path: Path) -> SceneGraphStore:
    return SceneGraphStore(str(tmp_path / "store"))


def take(store: SceneGraphStore, *paths: Path, size: int = 1) -> Intake:
    prober = LibraryProber(MediaLibrary(Path(store.uri) / "cache"))
    return register(store, [str(p) for p in paths], prober, batch_size=lambda _: size)


def rows(store: SceneGraphStore) -> dict[str, dict]:
    return {r["video_id"]: r for r in store.read("videos").to_dicts()}


def written(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


def test_a_second_name_of_the_same_content_is_remembered(store: SceneGraphStore, tmp_path: Path) -> None:
    a, b = written(tmp_path / "a.mp4", "same"), written(tmp_path / "b.mp4", "same")
    first, second = take(store, a), take(store, b)
    assert first.video_ids == second.video_ids
    assert second.new == []
    (row,) = rows(store).values()
    assert row["names"] == [str(a), str(b)]
    assert row["uri"] == str(a)


def test_a_name_with_new_content_leaves_the_old_content_behind(store: SceneGraphStore, tmp_path: Path) -> None:
    a = written(tmp_path / "a.mp4", "old")
    (old,) = take(store, a).video_ids
    (new,) = take(store, written(a, "new")).video_ids
    assert rows(store)[old]["superseded_by"] == new
    (back,) = take(store, written(a, "old")).video_ids
    assert back == old
    assert rows(store)[old]["superseded_by"] is None
    assert rows(store)[new]["superseded_by"] == old


def test_content_that_still_has_a_name_is_not_superseded(store: SceneGraphStore, tmp_path: Path) -> None:
    a, b = written(tmp_path / "a.mp4", "same"), written(tmp_path / "b.mp4", "same")
    (video,) = take(store, a, b).video_ids
    take(store, written(a, "other"))
    row = rows(store)[video]
    assert row["superseded_by"] is None
    assert row["names"] == [row["uri"]] == [str(b)]


def test_new_videos_are_cut_into_batches_that_later_ones_do_not_join(store: SceneGraphStore, tmp_path: Path) -> None:
    clips = [written(tmp_path / f"{i}.mp4", str(i)) for i in range(5)]
    assert len(take(store, *clips, size=3).partitions) == 2
    before = {v: r["partition"] for v, r in rows(store).items()}
    later = take(store, written(tmp_path / "6.mp4", "6"), size=3)
    assert later.partitions[0] not in before.values()
    assert {v: p for v, p in ((v, r["partition"]) for v, r in rows(store).items()) if v in before} == before


def test_what_cannot_be_read_is_on_record_and_goes_once_it_can(store: SceneGraphStore, tmp_path: Path) -> None:
    folder = tmp_path / "clip.mp4"
    folder.mkdir()
    (unreadable,) = take(store, folder).video_ids
    assert rows(store)[unreadable]["error"]
    folder.rmdir()
    (video,) = take(store, written(folder, "content")).video_ids
    assert set(rows(store)) == {video}


def test_folders_are_searched_and_absent_names_refused(tmp_path: Path) -> None:
    written(tmp_path / "a.mp4", "a")
    written(tmp_path / "note.txt", "n")
    written(tmp_path / ".hidden.mp4", "h")
    found, refused = find_files([str(tmp_path), str(tmp_path / "x" / ".." / "a.mp4"), str(tmp_path / "absent.mp4")])
    assert found == [str(tmp_path / "a.mp4")] * 2
    assert list(refused) == [str(tmp_path / "absent.mp4")]
