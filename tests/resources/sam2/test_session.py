"""Bounds, failures and features of a session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from resources.sam2.batching import Batches
from resources.sam2.engine import Engine
from resources.sam2.errors import DeviceMemoryExhausted, ModelFailure
from resources.sam2.features import FeatureCache
from resources.sam2.memory import BACKWARDS, FORWARDS, Memory, Reach, Trace
from resources.sam2.outputs import masks_of
from resources.sam2.segmenter import Sam2Segmenter
from resources.sam2.settings import FollowSettings, SegmentSettings
from resources.sam2.tracker import Sam2MaskTracker
from svg2_assets.scene.masks import Mask, iou
from tests.resources.sam2.scene import HEIGHT, WIDTH, random_engine, true_mask, video


def trace(value: float = 0.0) -> Trace:
    return Trace(torch.full((1,), value), torch.full((1,), value))


def numbers(recalled: Any) -> list[tuple[int, float]]:
    return [(key, float(value)) for key, value in recalled]


def test_memory_holds_what_attention_reads_and_no_more() -> None:
    memory = Memory(Reach())
    memory.prompt(0, Mask.empty(1, 1), trace(0))
    for t in range(1, 100):
        memory.put(t, trace(t), FORWARDS)
    assert memory.entries == 1 + 6
    recalled = memory.recall(100, FORWARDS, num_frames=1000)
    assert numbers(recalled.spatial) == [(6, 0), (5, 94), (4, 95), (3, 96), (2, 97), (1, 98), (0, 99)]
    assert numbers(recalled.pointers) == [(100, 0), *[(d, 100 - d) for d in range(1, 16)]]


def test_a_prompt_to_come_is_attended_to_without_its_pointer() -> None:
    memory = Memory(Reach())
    memory.prompt(50, Mask.empty(1, 1), trace(50))
    memory.put(9, trace(9), FORWARDS)
    recalled = memory.recall(10, FORWARDS, num_frames=1000)
    assert numbers(recalled.spatial) == [(6, 50), (0, 9)]
    assert numbers(recalled.pointers) == [(1, 9)]
    back = memory.recall(49, BACKWARDS, num_frames=1000)
    assert numbers(back.spatial) == [(6, 50)]
    assert numbers(back.pointers) == [(1, 50)]


def test_a_correction_takes_the_place_of_what_was_predicted() -> None:
    memory = Memory(Reach())
    memory.prompt(0, Mask.empty(1, 1), trace(0))
    memory.put(1, trace(1), FORWARDS)
    memory.prompt(1, Mask.empty(1, 1), trace(-1))
    assert numbers(memory.recall(2, FORWARDS, num_frames=9).spatial) == [(6, 0), (6, -1)]


def test_only_the_nearest_prompts_when_limited() -> None:
    memory = Memory(Reach(prompts=2))
    for t in (0, 10, 20, 29):
        memory.prompt(t, Mask.empty(1, 1), trace(t))
    assert numbers(memory.recall(22, FORWARDS, num_frames=99).spatial) == [(6, 20), (6, 29)]


def test_a_sessions_memory_does_not_grow(engine: Engine) -> None:
    source = video(10)
    held = []
    with Sam2MaskTracker(engine).session(source) as session:
        for frame in source.frames():
            if frame.index == 0:
                session.prompt(frame, {0: true_mask(frame, 1)})
            session.advance(frame)
            held.append(session.statistics["memories"])
        assert held == [1, 2, 3, 4, 5, 6, 7, 7, 7, 7]
        session.forget([0])
        assert session.statistics["memories"] == 0


def test_features_in_memory_in_files_and_from_the_video(monkeypatch: pytest.MonkeyPatch) -> None:
    """All three say the same, and the room they take is bounded."""
    engine = random_engine(cache_dtype="float16", cache_megabytes=1, spill_megabytes=1)
    source = video(8)
    frames = list(source.frames())
    cache = FeatureCache(engine, source, chunk=4)
    with engine.keeping(cache):
        first = [cache.of(f).deep.clone() for f in frames]
        assert engine.counters["image_encoder_passes"] == 8
        assert cache.in_memory <= 2**20
        assert 0 < cache.in_files <= 2**20
        folder = Path(cache._folder.name)  # type: ignore[union-attr]
        assert all(path.suffix == ".npy" for path in folder.iterdir())
        assert torch.equal(cache.at(6).deep, first[6])
        spilled = next(iter(cache._files))
        assert torch.equal(cache.at(spilled).deep, first[spilled])
        assert engine.counters["image_encoder_passes"] == 8
        source.decoded.clear()
        for index in (1, 0):
            assert torch.equal(cache.at(index).deep, first[index])
        assert source.decoded == list(range(8))  # the painted source decodes all to pick some, but once for both
        assert engine.counters["features_computed_again"] == 2
    assert not folder.exists()
    assert cache.in_memory == 0


def test_features_survive_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = random_engine(cache_megabytes=0, spill_megabytes=64)

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "save", full)
    source = video(3)
    cache = FeatureCache(engine, source)
    with engine.keeping(cache):
        for frame in source.frames():
            cache.of(frame)
        assert cache.in_files == 0
        cache.at(0)


def test_another_picture_under_the_same_number_is_not_taken_for_it(engine: Engine) -> None:
    source, other = video(2), video(4)
    frame, changed = next(iter(source.frames())), list(other.frames())[3]
    cache = FeatureCache(engine, source)
    with engine.keeping(cache):
        first = cache.of(frame).deep.clone()
        swapped = type(frame)(0, 0.0, changed.pixels)
        assert not torch.equal(cache.of(swapped).deep, first)


def test_a_smaller_batch_is_tried_when_memory_runs_out() -> None:
    batches = Batches(8)
    sizes = []

    def work(part: Any) -> int:
        sizes.append(len(part))
        if len(part) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return sum(part)

    assert sum(batches.run(range(5), work)) == 10
    assert sizes == [5, 2, 2, 1]
    assert batches.retries == 1
    assert batches.size == 2


def test_other_errors_are_not_hidden() -> None:
    def work(part: Any) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        list(Batches(4).run([1], work))


def exhausted(above: int) -> Any:
    def patched(original: Any) -> Any:
        def attend(features: Any, **named: Any) -> Any:
            if named["memory"].shape[1] > above:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return original(features, **named)

        return attend

    return patched


@pytest.mark.parametrize("above", [1, 0])
def test_memory_of_the_device_runs_out(engine: Engine, monkeypatch: pytest.MonkeyPatch, above: int) -> None:
    source = video(3)
    frames = list(source.frames())
    with Sam2MaskTracker(engine).session(source) as session:
        session.prompt(frames[0], {i: true_mask(frames[0], i) for i in (1, 2, 3)})
        monkeypatch.setattr(engine.network, "attend", exhausted(above)(engine.network.attend))
        if above:
            assert set(session.advance(frames[1])) == {1, 2, 3}
            assert session.statistics["out_of_memory"] == 1
        else:
            with pytest.raises(ModelFailure, match="memory on the device"):
                session.advance(frames[1])


@pytest.mark.parametrize("all_of_them", [False, True])
def test_numbers_that_are_none(engine: Engine, monkeypatch: pytest.MonkeyPatch, all_of_them: bool) -> None:
    source = video(4)
    frames = list(source.frames())
    decode = engine.network.decode

    def broken(attended: Any, features: Any) -> Any:
        predicted = decode(attended, features)
        predicted.logits[slice(None) if all_of_them else 0] = float("nan")
        return predicted

    with Sam2MaskTracker(engine).session(source) as session:
        session.prompt(frames[0], {i: true_mask(frames[0], i) for i in (1, 2)})
        with monkeypatch.context() as patched:
            patched.setattr(engine.network, "decode", broken)
            if all_of_them:
                with pytest.raises(ModelFailure, match="finite"):
                    session.advance(frames[1])
                return
            tracked = session.advance(frames[1])
        assert (tracked[1].mask, tracked[1].presence) == (None, 0.0)
        assert tracked[2].mask is not None
        assert session.statistics["not_finite"] == 1
        assert session.statistics["memories"] == 3  # nothing is remembered of what was no number
        assert session.advance(frames[2])[1].mask is not None


def test_in_bfloat16_much_the_same_comes_out(engine: Engine) -> None:
    """Autocast as on CUDA, on the CPU."""
    low = random_engine(dtype="bfloat16", cache_dtype="auto")
    assert low.cache_dtype == torch.bfloat16
    source = video(4)
    frames = list(source.frames())
    seen = []
    for one in (engine, low):
        with Sam2MaskTracker(one).session(source) as session:
            session.prompt(frames[2], {1: true_mask(frames[2], 1)})
            session.prompt(frames[0], {2: true_mask(frames[0], 2)})
            forwards = [session.advance(frame) for frame in frames]
            seen.append([*(t[i].mask for t in forwards for i in (1, 2)), session.retrace(1, [1])[1].mask])
            assert np.allclose(np.linalg.norm(session.embed(frames[0], [true_mask(frames[0], 1)]), axis=1), 1)
        lenient = SegmentSettings(points_per_side=(2,), least_iou=0.0, least_stability=0.0)
        assert Sam2Segmenter(one, lenient).segment(frames[0])
    assert all(a is not None and b is not None for a, b in zip(*seen, strict=True))
    assert min(float(iou([a], [b])[0, 0]) for a, b in zip(*seen, strict=True)) > 0.8


def test_masks_are_read_off_enlarged_logits() -> None:
    logits = [torch.full((8, 8), -1.0) for _ in range(10)]
    logits[3][2:4, 2:4] = 5.0
    found = masks_of(logits, height=30, width=50)
    assert [m is None for m in found] == [i != 3 for i in range(10)]
    enlarged = torch.nn.functional.interpolate(logits[3][None, None], (30, 50), mode="bilinear", align_corners=False)
    assert found[3] == Mask.from_array(enlarged[0, 0].numpy() > 0)


def test_an_empty_prompt_is_an_object_unseen(engine: Engine) -> None:
    source = video(3)
    frames = list(source.frames())
    with Sam2MaskTracker(engine).session(source) as session:
        session.prompt(frames[0], {0: Mask.empty(HEIGHT, WIDTH)})
        assert session.advance(frames[0])[0].mask is None
        session.advance(frames[1])


def test_the_segmenter_out_of_memory_names_it(engine: Engine) -> None:
    def work(part: Any) -> None:
        raise RuntimeError("MPS backend out of memory")

    with pytest.raises(DeviceMemoryExhausted):
        list(Batches(2).run([1], work))


def test_settings_that_do_not_change_masks_are_not_in_the_config(engine: Engine) -> None:
    few, many = (Sam2MaskTracker(engine, FollowSettings(objects_per_batch=n)).config for n in (1, 64))
    assert few == many
    assert "image_size" in few


def test_everything_is_given_back_when_the_session_fails(engine: Engine) -> None:
    class Stop(Exception):
        pass

    with pytest.raises(Stop), Sam2MaskTracker(engine).session(video(2)):
        raise Stop
    assert engine._caches == []
