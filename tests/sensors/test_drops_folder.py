"""A watched folder: new videos are found once, complete, and a few at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from sensors import drops
from sensors.drops import Cursor, DropError, Limits, Tick, scan_folder


class Watcher:
    """A watched folder and a catalog that remembers what it was given."""

    def __init__(self, root: Path, **limits: float) -> None:
        self.root, self.limits = root, Limits(**limits)  # type: ignore[arg-type]
        self.held: set[str] = set()
        self.cursor: str | None = None
        self.now = time.time() + 60

    def known(self, fingerprints: Sequence[str]) -> set[str]:
        return self.held.intersection(fingerprints)

    def tick(self, *, later: float = 30, register: bool = True) -> Tick:
        self.now += later
        tick = scan_folder(self.root, self.cursor, known=self.known, limits=self.limits, now=self.now)
        self.cursor = tick.cursor
        if register:
            self.held.update(f.fingerprint for f in tick.ready)
        return tick

    def names(self, tick: Tick) -> list[str]:
        return [str(Path(f.uri).relative_to(self.root)) for f in tick.ready]


def drop(root: Path, *names: str, content: bytes = b"video") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def test_a_dropped_video_is_offered_once(tmp_path: Path):
    watcher = Watcher(tmp_path)
    drop(tmp_path, "a.mp4")
    assert watcher.names(watcher.tick()) == ["a.mp4"]
    assert watcher.names(watcher.tick()) == []


def test_folders_within_are_searched(tmp_path: Path):
    drop(tmp_path, "b.mp4", "a/x.MOV", "a/deep/y.webm", "c d/ünï\n.avi")
    watcher = Watcher(tmp_path)
    assert sorted(watcher.names(watcher.tick())) == ["a/deep/y.webm", "a/x.MOV", "b.mp4", "c d/ünï\n.avi"]


@pytest.mark.parametrize(
    "name",
    ["a.mp4.part", "a.mp4.crdownload", "a.mp4~", ".a.mp4", ".a.mp4.Xy12Za", "~a.mp4", "a.temp.mp4", ".git/a.mp4"],
)
def test_unfinished_and_hidden_names_are_left_alone(tmp_path: Path, name: str):
    drop(tmp_path, name)
    assert Watcher(tmp_path).tick().ready == ()


def test_files_that_are_no_videos_are_left_alone(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.mp4")
    drop(tmp_path, "notes.txt", "a.jpg", "mp4", "README")
    (tmp_path / "folder.mp4").mkdir()
    assert Watcher(tmp_path).tick().ready == ()


def test_a_file_still_being_written_waits_until_it_rests(tmp_path: Path):
    watcher = Watcher(tmp_path, settle_seconds=5)
    watcher.now = time.time()
    drop(tmp_path, "a.mp4", content=b"vi")
    tick = watcher.tick(later=1)
    assert (tick.ready, tick.waiting) == ((), 1)
    drop(tmp_path, "a.mp4", content=b"video")
    assert watcher.tick(later=1).ready == ()
    assert watcher.names(watcher.tick(later=10)) == ["a.mp4"]


def test_a_file_moved_in_with_an_old_date_is_found(tmp_path: Path):
    root = tmp_path / "drop"
    root.mkdir()
    watcher = Watcher(root)
    drop(root, "m.mp4")
    watcher.tick()
    drop(tmp_path, "elsewhere/a.mp4")
    os.utime(tmp_path / "elsewhere/a.mp4", (1, 1))
    (tmp_path / "elsewhere").rename(root / "moved")
    assert watcher.names(watcher.tick()) == ["moved/a.mp4"]


def test_a_date_in_the_future_is_waited_out_by_looking_twice(tmp_path: Path):
    watcher = Watcher(tmp_path, settle_seconds=5)
    drop(tmp_path, "a.mp4")
    os.utime(tmp_path / "a.mp4", (watcher.now + 10_000, watcher.now + 10_000))
    assert watcher.tick(later=1).ready == ()
    assert watcher.tick(later=2).ready == ()
    assert watcher.names(watcher.tick(later=5)) == ["a.mp4"]
    assert Cursor.parse(watcher.cursor).waiting == {}


def test_other_content_under_the_same_name_is_new(tmp_path: Path):
    watcher = Watcher(tmp_path)
    drop(tmp_path, "a.mp4", content=b"first")
    (first,) = watcher.tick().ready
    drop(tmp_path, "a.mp4", content=b"second version")
    (second,) = watcher.tick(later=100).ready
    assert first.uri == second.uri
    assert first.fingerprint != second.fingerprint


def test_the_same_content_under_two_names_is_offered_under_both(tmp_path: Path):
    drop(tmp_path, "a.mp4", "b.mp4")
    watcher = Watcher(tmp_path)
    assert watcher.names(watcher.tick()) == ["a.mp4", "b.mp4"]


def test_ten_thousand_files_at_once_come_in_capped_ticks_with_a_small_cursor(tmp_path: Path):
    for folder in range(10):
        (tmp_path / f"f{folder}").mkdir()
        for i in range(1000):
            (tmp_path / f"f{folder}/{i:04d}.mp4").touch()
    watcher = Watcher(tmp_path, files=700)
    seen: list[str] = []
    ticks, more = 0, True
    while more:
        tick, ticks = watcher.tick(), ticks + 1
        assert len(tick.ready) <= 700
        assert len(tick.cursor) < 4096
        seen += [f.uri for f in tick.ready]
        more = tick.more
    assert len(seen) == len(set(seen)) == 10_000
    assert ticks == 15


def test_bytes_are_capped_but_one_file_always_passes(tmp_path: Path):
    drop(tmp_path, "a.mp4", "b.mp4", "c.mp4", content=bytes(100))
    watcher = Watcher(tmp_path, bytes=250)
    assert watcher.names(watcher.tick()) == ["a.mp4", "b.mp4"]
    watcher = Watcher(tmp_path, bytes=50)
    assert [watcher.names(watcher.tick()) for _ in range(3)] == [["a.mp4"], ["b.mp4"], ["c.mp4"]]


def test_a_scan_out_of_time_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(drops, "_BATCH", 2)
    drop(tmp_path, *(f"{i}.mp4" for i in range(5)))
    watcher = Watcher(tmp_path, seconds=0)
    ticks = [watcher.tick() for _ in range(3)]
    assert [watcher.names(t) for t in ticks] == [["0.mp4", "1.mp4"], ["2.mp4", "3.mp4"], ["4.mp4"]]
    assert [t.more for t in ticks] == [True, True, False]


def test_a_file_whose_registration_failed_is_offered_again(tmp_path: Path):
    drop(tmp_path, "a.mp4")
    watcher = Watcher(tmp_path)
    assert watcher.names(watcher.tick(register=False)) == ["a.mp4"]
    assert watcher.names(watcher.tick()) == ["a.mp4"]


def test_files_dropped_before_the_place_where_a_scan_stopped_come_next_round(tmp_path: Path):
    drop(tmp_path, "m.mp4", "n.mp4")
    watcher = Watcher(tmp_path, files=1)
    assert watcher.names(watcher.tick()) == ["m.mp4"]
    drop(tmp_path, "a.mp4")
    assert watcher.names(watcher.tick()) == ["n.mp4"]
    assert watcher.names(watcher.tick(later=100)) == ["a.mp4"]


def test_an_unreadable_file_is_offered_once_and_again_when_it_becomes_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    drop(tmp_path, "a.mp4", "b.mp4")
    watcher = Watcher(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda path, mode: not str(path).endswith("a.mp4"))
        assert watcher.names(watcher.tick()) == ["a.mp4", "b.mp4"]
        assert watcher.names(watcher.tick()) == []
    assert watcher.names(watcher.tick()) == ["a.mp4"]


def test_an_unreadable_folder_is_noted_and_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    drop(tmp_path, "locked/a.mp4", "b.mp4")
    real = os.scandir

    def denied(path: Path) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", denied)
    watcher = Watcher(tmp_path)
    tick = watcher.tick()
    assert watcher.names(tick) == ["b.mp4"]
    assert "locked" in tick.notes[0]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path):
    root = tmp_path / "drop"
    root.mkdir()
    drop(tmp_path, "secret/a.mp4")
    drop(root, "inside.mp4")
    (root / "link.mp4").symlink_to(tmp_path / "secret/a.mp4")
    (root / "folder").symlink_to(tmp_path / "secret")
    (root / "loop").symlink_to(root)
    (root / "broken.mp4").symlink_to(root / "none")
    (root / "alias.mp4").symlink_to(root / "inside.mp4")
    watcher = Watcher(root)
    tick = watcher.tick()
    assert watcher.names(tick) == ["alias.mp4", "inside.mp4"]
    assert any("link.mp4" in n and "not followed" in n for n in tick.notes)


def test_a_name_that_is_no_unicode_is_noted_and_stops_nothing(tmp_path: Path):
    drop(tmp_path, "a.mp4")
    (tmp_path / os.fsdecode(b"\xff.mp4")).touch()
    watcher = Watcher(tmp_path)
    tick = watcher.tick()
    assert watcher.names(tick) == ["a.mp4"]
    assert "not valid UTF-8" in tick.notes[0]


def test_a_spoilt_cursor_starts_anew(tmp_path: Path):
    drop(tmp_path, "a.mp4")
    for cursor in ("not json", "[1]", '{"after": 5}', '{"after": "also not json"}', '{"waiting": 3}'):
        watcher = Watcher(tmp_path)
        watcher.cursor = cursor
        assert watcher.names(watcher.tick()) == ["a.mp4"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(DropError, match="no such folder"):
        scan_folder(tmp_path / "none", None, known=lambda _: ())
