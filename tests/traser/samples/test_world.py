from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from resources.store.store import SceneGraphStore
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.synthetic.truth import Kind
from svg2_assets.synthetic.world import World
from svg2_assets.traser.samples.pictures import decode
from svg2_assets.traser.samples.rows import TABLE, from_row
from svg2_assets.traser.samples.settings import PictureSettings, Stored
from svg2_assets.traser.samples.world import Split, WorldSampleSettings, build_clip, split_of_seed, write_world

SMALL = WorldSampleSettings(width=112, height=84, seconds=4.0)


def test_clips_become_samples_that_say_what_is_true(tmp_path: Path) -> None:
    store = SceneGraphStore(str(tmp_path / "store"))
    done = write_world(store, SMALL, range(3), commit=2, run_id="r")
    assert (done.written, done.kept) == (3, 0)
    for row in store.read(TABLE).to_dicts():
        sample = from_row(row)
        seed = int(sample.video.id.rpartition("-")[2])
        world = World(SMALL.clip, seed=seed)
        things = {o.id: o for o in world.truth.objects if o.kind is Kind.THING}
        assert {o.id for o in sample.objects} <= set(things)
        for o, masks in zip(sample.objects, sample.masks, strict=True):
            assert o.name == things[o.id].name
            types = {a.type for a in o.attributes}
            assert types <= SMALL.attributes
            for frame, mask in zip(sample.frames, masks, strict=True):
                assert mask == world.truth.masks_at(int(frame)).get(o.id)
        ends = {o.id for o in sample.objects} | {CAMERA_ID}
        true = {r.key: r.spans for r in world.truth.relations if {r.subject, r.object} <= ends}
        assert {r.key: r.spans for r in sample.relations} == true
        assert all(r.category is not None for r in sample.relations)
        assert (row["run_id"], row["model_id"], row["split"]) == ("r", "svg2_assets.synthetic", "train")


def test_the_frames_are_those_of_the_clip() -> None:
    sample = build_clip(SMALL.model_copy(update={"pictures": PictureSettings(stored=Stored.PNG)}), 1).sample
    assert sample is not None
    assert sample.picture_size == (84, 112)
    frames = decode(sample.pictures, height=84, width=112)
    world = World(SMALL.clip, seed=1)
    for shown, frame in zip(frames, world.pick(sample.frames.tolist()), strict=True):
        assert np.array_equal(shown, frame.pixels)


def test_what_is_there_already_is_not_made_again_unless_settings_differ(tmp_path: Path) -> None:
    store = SceneGraphStore(str(tmp_path / "store"))
    write_world(store, SMALL, range(2))
    again = write_world(store, SMALL, range(3))
    assert (again.written, again.kept) == (1, 2)
    parts = SMALL.model_copy(update={"parts": True, "stuff": True})
    other = write_world(store, parts, range(2))
    assert (other.written, other.kept) == (2, 0)
    kinds = {o["part_of"] is not None for row in store.read(TABLE).to_dicts()[:2] for o in row["objects"]}
    assert kinds == {True, False}
    assert store.count(TABLE) == 3


def test_seeds_are_for_training_below_a_million_and_held_out_above(tmp_path: Path) -> None:
    store = SceneGraphStore(str(tmp_path / "store"))
    write_world(store, SMALL, [999_999, 1_000_000, 2_000_000])
    assert store.read(TABLE)["split"].to_list() == ["val", "test", "train"]
    assert [split_of_seed(s) for s in (0, 1_999_999, 3_000_000)] == [Split.TRAIN, Split.VAL, Split.TEST]


@pytest.mark.slow
def test_processes_side_by_side_write_the_same(tmp_path: Path) -> None:
    one, two = (SceneGraphStore(str(tmp_path / name)) for name in ("one", "two"))
    write_world(one, SMALL, range(6))
    done = write_world(two, SMALL, range(6), processes=2, commit=2)
    assert done.written == 6
    columns = ("video_id", "masks", "pictures", "checksum", "objects", "relations")
    assert one.read(TABLE, columns=columns).sort("video_id").equals(two.read(TABLE, columns=columns).sort("video_id"))


def test_settings_that_no_world_has_are_refused() -> None:
    with pytest.raises(ValidationError, match="gravity"):
        WorldSampleSettings(world={"gravity": 9.81})


@pytest.mark.slow
def test_callers_at_once_write_other_seeds_into_one_store(tmp_path: Path) -> None:
    uri = str(tmp_path / "store")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        parts = [pool.submit(write_into, uri, range(first, first + 6)) for first in (0, 6)]
        assert [part.result() for part in parts] == [6, 6]
    rows = SceneGraphStore(uri).read(TABLE, columns=("video_id",))
    assert sorted(rows["video_id"]) == sorted(f"synthetic-easy-{seed}" for seed in range(12))


def write_into(uri: str, seeds: range) -> int:
    return write_world(SceneGraphStore(uri), SMALL, seeds, commit=1).written
