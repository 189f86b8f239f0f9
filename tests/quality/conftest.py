"""A store in memory whose rows are healthy until a test spoils one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from resources.store.schemas import TABLES
from svg2_assets.quality import CHECKS, Corpus, PhaseTables
from svg2_assets.quality.run import run_check
from svg2_assets.quality.verdict import CheckReport
from svg2_assets.scene.masks import Mask

HEIGHT, WIDTH, FPS, FRAMES = 72, 96, 10.0, 20


class Store:
    """Tables as lists of rows; `read` gives them as the real store would: every column, of the right type."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
        self.reads: list[tuple[str, tuple[str, ...]]] = []

    def read(self, table: str, video_ids: Sequence[str]) -> pl.DataFrame:
        self.reads.append((table, tuple(video_ids)))
        rows = [r for r in self.rows[table] if r["video_id"] in video_ids]
        frame = pl.from_arrow(pa.Table.from_pylist(rows, schema=TABLES[table]))
        assert isinstance(frame, pl.DataFrame)
        return frame

    def row(self, table: str, **key: Any) -> dict[str, Any]:
        """The one row with this key, to be spoiled."""
        (found,) = [r for r in self.rows[table] if all(r.get(k) == v for k, v in key.items())]
        return found

    def tables(self, *video_ids: str, corpus: Corpus | None = None) -> PhaseTables:
        ids = video_ids or tuple(r["video_id"] for r in self.rows["videos"])
        return PhaseTables(self.read, ids, corpus or Corpus())

    def judge(self, phase: str, check: str, *, corpus: Corpus | None = None) -> CheckReport:
        """The report of one check over all videos."""
        (asked,) = [c for c in CHECKS[phase] if c.name == check]
        return run_check(asked, self.tables(corpus=corpus))

    def add_video(self, video_id: str, **changed: Any) -> None:
        row = {
            "video_id": video_id,
            "uri": f"/clips/{video_id}.mp4",
            "sha256": "0" * 64,
            "width": WIDTH,
            "height": HEIGHT,
            "fps": FPS,
            "variable_rate": False,
            "num_frames": FRAMES,
            "duration": FRAMES / FPS,
            "status": "ok",
        }
        self.rows["videos"].append(row | changed)
        facts = {"video_id": video_id, "object_id": -1, "frames": [], "boxes": []}
        self.rows["trajectories"].append(facts)

    def add_object(
        self,
        video_id: str,
        object_id: int,
        *,
        name: str = "person",
        box: tuple[int, int, int, int] = (10, 10, 20, 30),
        frames: Sequence[int] = range(FRAMES),
        **changed: Any,
    ) -> None:
        """An object whose mask is `box`, labelled `name` by both stages, seen by one witness as what it is called."""
        mask = Mask.from_box(box, height=HEIGHT, width=WIDTH)
        key = {"video_id": video_id, "object_id": object_id}
        witnesses = [{"source": "nanodet", "looks": 9, "scores": {name: 0.7}}]
        trajectory = {
            "origin": "seed",
            "score": 0.7,
            "num_frames": len(frames),
            "mean_area": float(mask.area),
            "frames": list(frames),
            "boxes": [float(v) for _ in frames for v in mask.box],
            "witnesses": json.dumps(witnesses),
        }
        self.rows["trajectories"].append(key | trajectory | changed)
        runs = {"height": HEIGHT, "width": WIDTH, "frames": list(frames), "counts": [mask.counts for _ in frames]}
        self.rows["masks"].append(key | runs)
        self.rows["descriptions"].append(key | {"text": f"a {name}", "frames": [0]})
        for stage in ("parsed", "verified"):
            self.rows["labels"].append(key | {"stage": stage} | _label(name))

    def relate(self, video_id: str, subject: int, predicate: str, object_: int, **changed: Any) -> None:
        row = {
            "video_id": video_id,
            "relation_id": sum(r["video_id"] == video_id for r in self.rows["relations"]),
            "subject": subject,
            "predicate": predicate,
            "object": object_,
            "category": "spatial",
            "spans": [{"start": 0.0, "end": 1.0}],
            "confidence": 0.8,
        }
        self.rows["relations"].append(row | changed)


def _label(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "confidence": 0.8,
        "uncertain": False,
        "attributes": [{"value": "red", "type": "color", "confidence": 0.7}],
        "verdict": "supported",
        "score": 0.8,
    }


@pytest.fixture
def store() -> Store:
    """Videos `a` and `b`, each with a person (0) near a dog (1), both visible from beginning to end."""
    made = Store()
    for video_id in ("a", "b"):
        made.add_video(video_id)
        made.add_object(video_id, 0, name="person", box=(10, 10, 20, 30))
        made.add_object(video_id, 1, name="dog", box=(50, 30, 20, 20))
        made.relate(video_id, 0, "near", 1)
        graph = {"video_id": video_id, "num_objects": 2, "num_relations": 1, "num_attributes": 2}
        made.rows["scene_graphs"].append(graph)
    return made
