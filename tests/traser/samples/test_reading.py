"""Drafts from the rows that phases write."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.store.store import SceneGraphStore
from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.labels.rows import verified_rows
from svg2_assets.relations.rows import to_rows as relation_rows
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult
from svg2_assets.trajectories.rows import to_rows as track_rows
from svg2_assets.traser.samples.build import build
from svg2_assets.traser.samples.counting import Reason
from svg2_assets.traser.samples.reading import read_draft
from svg2_assets.traser.samples.rows import to_row
from svg2_assets.traser.samples.values import draft_of
from tests.traser.samples.drafts import BARE


def graph() -> SceneGraph:
    world = World(WorldSettings.of(Difficulty.EASY, width=112, height=84, seconds=4.0, fps=4, cut_chance=0), seed=2)
    return world.truth.graph()


def store_with(folder: Path, of: SceneGraph) -> SceneGraphStore:
    """What the phases write of a graph."""
    store, video = SceneGraphStore(str(folder / "store")), of.video
    columns = ("uri", "sha256", "width", "height", "fps", "num_frames", "duration")
    row = {name: getattr(video, name) for name in columns}
    store.upsert("videos", [{"video_id": video.id, "status": "ok", "variable_rate": False} | row])
    tracked = tuple(TrackedObject(o.id, o.trajectory, Origin.SEED, 1.0, part_of=o.part_of) for o in of.objects)
    for table, rows in track_rows(video, TrackingResult(tracked)).items():
        store.replace(table, rows, video_ids=[video.id])
    labels = [VerifiedLabel(Label(o.id, o.name, 1.0, attributes=o.attributes), o.verification) for o in of.objects[1:]]
    store.replace("labels", verified_rows(video.id, labels), video_ids=[video.id], stage="verified")
    store.replace("relations", relation_rows(video.id, of.relations), video_ids=[video.id])
    return store


def test_a_draft_of_stored_rows_makes_the_sample_that_the_graph_makes(tmp_path: Path) -> None:
    given = graph()
    built = build(read_draft(store_with(tmp_path, given), given.video.id), BARE)
    expected = build(draft_of(given), BARE)
    assert built.sample is not None
    assert expected.sample is not None
    unlabelled = given.objects[0].id
    row, whole = to_row(built.sample), to_row(expected.sample)
    assert row["objects"] == [o for o in whole["objects"] if o["id"] != unlabelled]
    touched = [r for r in whole["relations"] if unlabelled not in (r["subject"], r["object"])]
    assert row["relations"] == touched
    assert built.counts[Reason.GENERIC] == 1, "an object without a label is called object"


def test_relations_that_contradict_everything_are_filtered_not_fatal(tmp_path: Path) -> None:
    given = graph()
    store = store_with(tmp_path, given)
    bad = [
        {"relation_id": 0, "subject": 999, "predicate": "near", "object": 3, "spans": [{"start": 0.0, "end": 1.0}]},
        {"relation_id": 1, "subject": 3, "predicate": None, "object": 7, "spans": None, "category": "gastronomic"},
    ]
    store.replace("relations", [{"video_id": given.video.id} | r for r in bad], video_ids=[given.video.id])
    built = build(read_draft(store, given.video.id), BARE)
    assert built.sample is not None
    assert built.sample.relations == ()
    assert built.counts[Reason.UNKNOWN_END] == built.counts[Reason.GARBLED_PREDICATE] == 1


def test_a_video_that_does_not_decode_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PhaseError, match="nobody: videos"):
        read_draft(SceneGraphStore(str(tmp_path / "store")), "nobody")
