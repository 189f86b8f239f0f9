"""From a stored sample to what the network takes."""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("transformers")

from resources.store.store import SceneGraphStore
from svg2_assets.scene.errors import VideoError
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import FrameSource, Video
from svg2_assets.synthetic.world import World
from svg2_assets.traser.answers import read_answer
from svg2_assets.traser.arrangement import IGNORED, Slots
from svg2_assets.traser.presets import PRESETS, Preset
from svg2_assets.traser.samples.examples import ExampleMaker
from svg2_assets.traser.samples.publishing import publish_samples
from svg2_assets.traser.samples.settings import PictureSettings, Stored
from svg2_assets.traser.samples.stream import Fault, Unusable
from svg2_assets.traser.samples.values import Sample
from svg2_assets.traser.samples.world import WorldSampleSettings, build_clip, write_world
from svg2_assets.traser.sampling import bytes_of_patches
from svg2_assets.traser.text import Clock, Task
from svg2_assets.traser.tokenizer import QwenTokenizer, train_tokenizer
from tests.traser.samples.stores import stream

WORLD = WorldSampleSettings(width=112, height=84, seconds=6.0, pictures=PictureSettings(stored=Stored.PNG))


@cache
def tokenizer() -> QwenTokenizer:
    text = '{"objects": [{"object 1": "dog", "attributes": ["brown"]}], "relationships": [[1, "near", 2, [[0, 3]]]]}'
    return train_tokenizer([text, "Output the Video Scene Graph", "<0 - 4 sec>"] * 3, size=400)


def sample_of(seed: int = 1, settings: WorldSampleSettings = WORLD) -> Sample:
    sample = build_clip(settings, seed).sample
    assert sample is not None
    return sample


def maker(preset: str | Preset = "default", **more: object) -> ExampleMaker:
    chosen = PRESETS[preset] if isinstance(preset, str) else preset
    return ExampleMaker(chosen, tokenizer(), slots=Slots(4, 4), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("preset", list(PRESETS))
def test_an_example_shows_the_frames_and_learns_the_graph(preset: str) -> None:
    sample = sample_of()
    example = maker(preset)(sample, Task.SCENE_GRAPH)
    world = World(WORLD.clip, seed=1)
    frames = np.stack([f.pixels for f in world.pick(sample.frames.tolist())])
    assert np.array_equal(example.patches, bytes_of_patches(frames))
    assert example.grid.tokens * 4 == len(example.patches)
    learned = example.arranged.ids[example.arranged.labels != IGNORED]
    assert tokenizer().decode(learned.tolist()) == example.answer + "\n"
    read = read_answer(example.answer, objects=len(sample.objects), clock=Clock(sample.video.duration))
    assert [t.name for t in read.told.things] == [o.name for o in sample.objects]
    number = {o.id: k for k, o in enumerate(sample.objects, 1)} | {-1: -1}
    assert {s.key for s in read.told.statements} == {
        (number[r.subject], r.predicate, number[r.object]) for r in sample.relations
    }


def test_the_task_decides_what_is_learned() -> None:
    sample = sample_of()
    answers = {task: maker()(sample, task).answer for task in Task}
    assert "attributes" in answers[Task.ATTRIBUTES]
    assert "relationships" not in answers[Task.ATTRIBUTES]
    assert "attributes" not in answers[Task.RELATIONSHIPS]
    assert len(answers[Task.OBJECTS]) < len(answers[Task.RELATIONSHIPS]) < len(answers[Task.SCENE_GRAPH])


def test_what_does_not_fit_is_neither_shown_nor_told_and_the_answer_is_whole() -> None:
    sample = sample_of()
    assert len(sample.objects) > 2
    tight = replace(PRESETS["default"], arranging=replace(PRESETS["default"].arranging, most_objects=2))
    example = maker(tight)(sample, Task.SCENE_GRAPH)
    assert example.answer.count('"object ') == 2
    learned = example.arranged.ids[example.arranged.labels != IGNORED]
    assert tokenizer().decode(learned.tolist()) == example.answer + "\n"
    assert any("less salient" in note for note in example.notes)


def test_a_sequence_without_room_for_its_answer_is_unusable() -> None:
    tiny = replace(PRESETS["default"], arranging=replace(PRESETS["default"].arranging, most_tokens=100))
    with pytest.raises(Unusable) as raised:
        maker(tiny)(sample_of(), Task.SCENE_GRAPH)
    assert raised.value.fault is Fault.TOO_LONG


def test_the_released_cut_is_told() -> None:
    short = replace(PRESETS["release"], arranging=replace(PRESETS["release"].arranging, cut_at=200))
    example = maker(short)(sample_of(), Task.SCENE_GRAPH)
    assert len(example.arranged) == 200
    assert any("cut at 200" in note for note in example.notes)


def test_pictures_and_masks_that_cannot_be_are_named() -> None:
    sample = sample_of()
    picture = replace(sample, pictures=(b"\x89PNG nothing", *sample.pictures[1:]))
    size = replace(sample, picture_size=(56, 112))
    mask = replace(sample, masks=((Mask(84, 112, b"11"),) * len(sample.frames),) * len(sample.objects))
    empty = replace(sample, masks=((None,) * len(sample.frames),) * len(sample.objects))
    faults = {Fault.PICTURE: picture, Fault.MASK: mask, Fault.NO_OBJECT: empty}
    for fault, broken in faults.items():
        with pytest.raises(Unusable) as raised:
            maker()(broken, Task.OBJECTS)
        assert raised.value.fault is fault
        assert sample.video.id in raised.value.detail
    with pytest.raises(Unusable, match="84 x 112 pixels, not 56 x 112"):
        maker()(size, Task.OBJECTS)


class Library:
    """Opens synthetic clips by their address."""

    def open(self, video: Video) -> FrameSource:
        if not video.uri.startswith("synthetic://"):
            raise VideoError(video=video.uri, reason="missing", detail="there is no such file.")
        return World(WORLD.clip, seed=int(video.id.rpartition("-")[2]))


def test_frames_that_are_not_stored_are_read_from_the_video() -> None:
    stored = sample_of()
    bare = replace(stored, pictures=())
    example = maker(library=Library())(bare, Task.OBJECTS)
    assert np.array_equal(example.patches, maker()(stored, Task.OBJECTS).patches)
    gone = replace(bare, video=replace(bare.video, uri="file:///gone.mp4"))
    with pytest.raises(Unusable, match="no such file"):
        maker(library=Library())(gone, Task.OBJECTS)
    with pytest.raises(Unusable, match="no library opens videos"):
        maker()(bare, Task.OBJECTS)


def test_a_maker_travels_and_makes_the_same(tmp_path: Path) -> None:
    store = SceneGraphStore(str(tmp_path / "store"))
    write_world(store, WORLD, range(4))
    publish_samples(store, "t")
    one = list(stream(store, "t", maker()).examples())
    again = list(stream(store, "t", pickle.loads(pickle.dumps(maker()))).examples())
    assert len(one) == 4
    for a, b in zip(one, again, strict=True):
        assert (a.video_id, a.answer) == (b.video_id, b.answer)  # type: ignore[attr-defined]
        assert np.array_equal(a.arranged.ids, b.arranged.ids)  # type: ignore[attr-defined]
