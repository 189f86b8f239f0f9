"""Reading the same version twice reads once, and nothing old is ever returned."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from resources.store.remembered import Remembered
from resources.store.store import SceneGraphStore


def table(rows: int) -> list[pa.Table]:
    return [pa.table({"x": list(range(rows))})]


def test_the_second_read_of_a_version_is_not_done() -> None:
    asked: list[int] = []
    memory = Remembered()
    for _ in range(3):
        memory.get((1, "a"), lambda: asked.append(1) or table(3))
    assert asked == [1]


def test_what_is_large_is_not_kept_and_the_oldest_leaves_first() -> None:
    asked: list[str] = []
    memory = Remembered(most_bytes=3000, largest=2000)

    def read(name: str, rows: int) -> None:
        memory.get(name, lambda: asked.append(name) or table(rows))

    read("large", 1000)
    read("large", 1000)
    for name in ("a", "b", "c", "a"):
        read(name, 100)
    assert asked == ["large", "large", "a", "b", "c", "a"]


def test_a_write_of_another_handle_is_seen_at_once(tmp_path: Path) -> None:
    mine, other = SceneGraphStore(str(tmp_path)), SceneGraphStore(str(tmp_path))
    mine.replace("descriptions", [{"video_id": "v", "object_id": 0, "text": "first", "frames": []}], video_ids=["v"])
    assert mine.read("descriptions", video_ids=["v"])["text"].to_list() == ["first"]
    other.replace("descriptions", [{"video_id": "v", "object_id": 0, "text": "second", "frames": []}], video_ids=["v"])
    assert mine.read("descriptions", video_ids=["v"])["text"].to_list() == ["second"]
