"""Where a baseline's graphs are kept: rows of the store by source, or a folder of scene-graph documents."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from svg2_assets.evaluation.baselines.settings import Baseline
from svg2_assets.evaluation.baselines.telling import Told
from svg2_assets.phases import digest
from svg2_assets.scene.document import InvalidSceneDocument, write
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.traser.predicting import CODE_VERSION, TABLE, Predicting, PredictionStore, graph_row

RULES = "1"
"""To be raised whenever the same answers give other graphs."""
NOWHERE = Trajectory((), ())


def predicting_of(baseline: Baseline) -> Predicting:
    """Under which name and for which settings rows of the store are fresh."""
    config = {**baseline.config, "rules": RULES}
    return Predicting(baseline.source, checkpoint=baseline.model, task=baseline.task, config=config)


def keep_in_store(
    store: PredictionStore, how: Predicting, versions: Mapping[str, str], *, run_id: str
) -> Callable[[str, Told], None]:
    """Writes a video's row in a commit of its own. `versions`: video id -> version of its trajectories."""

    def keep(video_id: str, told: Told) -> None:
        row: dict[str, Any] = graph_row(told.graph) | told.row()
        made = {
            "video_id": video_id,
            "source": how.source,
            "task": how.task.value,
            "model_id": how.checkpoint,
            "code_version": CODE_VERSION,
            "config_hash": how.config_hash,
            "input_version": versions[video_id],
            "run_id": run_id,
            "created_at": datetime.now(UTC),
        }
        store.upsert(TABLE, [row | made])

    return keep


@dataclass(frozen=True, slots=True)
class Folder:
    """Documents `<video id>.json` of `baseline`, each with what it was made from. They hold no masks."""

    path: Path
    baseline: Baseline

    def is_fresh(self, video_id: str, truth: Path) -> bool:
        """Whether the document of a video is there, of the same settings and of the same file of trajectories."""
        try:
            there = json.loads(self._file(video_id).read_bytes())
            known = there["provenance"]["baseline"]
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return bool(known == self._provenance(truth))

    def keep(self, truth: SceneGraph, file: Path, told: Told) -> None:
        """Write the graph told of the video of `truth`, whole or not at all."""
        objects = tuple(replace(o, trajectory=NOWHERE) for o in told.graph.objects)
        provenance = {"baseline": self._provenance(file), "answer": {**told.row(), "money": told.money}}
        graph = SceneGraph(truth.video, objects, told.graph.relations, provenance)
        self.path.mkdir(parents=True, exist_ok=True)
        unfinished = self.path / f".{self._file(truth.video.id).name}.unfinished"
        unfinished.write_text(json.dumps(write(graph), ensure_ascii=False), encoding="utf-8")
        unfinished.replace(self._file(truth.video.id))

    def _file(self, video_id: str) -> Path:
        if Path(video_id).name != video_id or video_id.startswith("."):
            raise InvalidSceneDocument(f"{video_id!r}: is no name for a file. Give the video another id.")
        return self.path / f"{video_id}.json"

    def _provenance(self, truth: Path) -> dict[str, str]:
        how = predicting_of(self.baseline)
        content = hashlib.sha256(truth.read_bytes()).hexdigest()
        return {
            "model": how.checkpoint,
            "config": digest(how.config_hash, CODE_VERSION),
            "input": content,
        }
