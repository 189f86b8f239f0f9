"""Rows to write in tests, and functions that spawned processes run (a child imports them by name)."""

from __future__ import annotations

import os
import time
from typing import Any

from resources.store.store import SceneGraphStore

PROVENANCE = {"input_version": "in", "code_version": "1", "config_hash": "cfg", "model_id": "model"}


def objects(video_id: str, ids: Any = range(3), *, origin: str = "detector") -> list[dict[str, Any]]:
    return [{"video_id": video_id, "object_id": i, "origin": origin, "frames": [0, 1], "boxes": [1.0] * 8} for i in ids]


def masks(video_id: str, ids: Any = range(3), *, size: int = 20, height: int = 4) -> list[dict[str, Any]]:
    row = {"video_id": video_id, "height": height, "width": 4, "frames": [0, 1]}
    return [{**row, "object_id": i, "counts": [os.urandom(size)] * 2} for i in ids]


def tracked(version: str, **more: Any) -> dict[str, Any]:
    return {"phase": "trajectories", "status": "done", "gate": "open", "output_version": version, **more}


def tracks(video_id: str, version: str, ids: Any = range(3)) -> dict[str, Any]:
    """What a tracking phase hands to a writer: two tables that belong together, marked with `version`."""
    marked = [{**row, "input_version": version} for row in masks(video_id, ids)]
    return {"trajectories": objects(video_id, ids, origin=version), "masks": marked}


def replace_same_videos(uri: str, options: dict[str, str], writer: int, gate: Any, out: Any) -> None:
    """Replace ten videos again and again, with other objects than every other writer."""
    store = SceneGraphStore(uri, storage_options=options)
    store.count("videos")
    gate.wait()
    for i in range(10):
        ids = range(3) if i % 2 else range(100 * writer, 100 * writer + 3)
        store.replace("masks", masks(f"video {i}", ids, height=writer), video_ids=[f"video {i}"])
        store.upsert("phase_state", [{"video_id": f"video {i}", "phase": "trajectories", "run_id": str(writer)}])
    out.put(writer)


def write_own_videos(uri: str, options: dict[str, str], writer: int, gate: Any, out: Any) -> None:
    """Write six videos of one's own through a writer, twice."""
    store = SceneGraphStore(uri, storage_options=options)
    gate.wait()
    for version in ("old", "new"):
        with store.writer(run_id=str(writer), flush_videos=4) as finished:
            for i in range(6):
                video = f"{writer}-{i}"
                finished.put(video, tracks(video, version), tracked(version))
    out.put(writer)


def replace_then_write(uris: list[str], options: dict[str, str], writer: int, gate: Any, out: Any) -> None:
    """Both of the above, each in a store of its own: starting a process takes longer than either."""
    replace_same_videos(uris[0], options, writer, gate, out)
    write_own_videos(uris[1], options, writer, gate, out)


class DyingStore(SceneGraphStore):
    """A store whose process ends right before (`2n`) or right after (`2n + 1`) its n-th writing statement."""

    boundary = 0
    passed = 0

    def die(self) -> None:
        os._exit(9)

    def replace(self, *args: Any, **kwargs: Any) -> Any:
        self.pass_boundary()
        done = super().replace(*args, **kwargs)
        self.pass_boundary()
        return done

    def upsert(self, table: str, rows: Any) -> Any:
        if len(rows) == 0:
            return super().upsert(table, rows)
        self.pass_boundary()
        done = super().upsert(table, rows)
        self.pass_boundary()
        return done

    def pass_boundary(self) -> None:
        if self.passed == self.boundary:
            self.die()
        self.passed += 1


def rewrite_and_die(uri: str, boundary: int) -> None:
    """Rewrite two videos and die at a boundary between two statements of the flush."""
    store = DyingStore(uri)
    store.boundary = boundary
    with store.writer(run_id="second") as finished:
        for video in ("a", "b"):
            finished.put(video, tracks(video, "new", ids=range(2)), tracked("new"))


def rewrite_for_ever(uri: str, started: Any) -> None:
    """Rewrite two videos with alternating versions until killed."""
    store = SceneGraphStore(uri)
    for turn in range(10_000):
        version = f"v{turn}"
        with store.writer(run_id=version) as finished:
            for video in ("a", "b"):
                finished.put(video, tracks(video, version, ids=range(2 + turn % 3)), tracked(version))
        started.set()
        time.sleep(0.001)
