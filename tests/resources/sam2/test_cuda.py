"""On a GPU: the same numbers as on the CPU, and a real lack of memory. Without one there is nothing to run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from resources.sam2.engine import Engine
from resources.sam2.errors import ModelFailure
from resources.sam2.segmenter import Sam2Segmenter
from resources.sam2.settings import FollowSettings, SegmentSettings
from resources.sam2.tracker import Sam2MaskTracker
from svg2_assets.scene.masks import Mask, iou
from svg2_assets.trajectories.panoptic.protocols import Tracked
from tests.resources.sam2.scene import random_engine, true_mask, video

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

MEGABYTE = 2**20


@pytest.fixture
def limited() -> Iterator[None]:
    """Gives the process all of the device back that a test took from it."""
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)
    torch.cuda.empty_cache()


def allow(megabytes: float) -> None:
    """Let torch take no more of the device than so much beyond what it holds."""
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + megabytes * MEGABYTE) / total)


def followed(engine: Engine, *, batch: int = 16, objects: int = 3) -> tuple[list[dict[int, Tracked]], dict[str, float]]:
    source = video(6)
    frames = list(source.frames())
    with Sam2MaskTracker(engine, FollowSettings(objects_per_batch=batch)).session(source) as session:
        session.prompt(frames[2], {i: true_mask(frames[2], 1 + i % 3) for i in range(objects)})
        seen = [session.advance(frame) for frame in frames[2:]]
        seen.extend(session.retrace(index, range(objects)) for index in (1, 0))
        return seen, dict(session.statistics)


def shown(seen: list[dict[int, Tracked]]) -> list[Mask]:
    masks = [tracked.mask for one in seen for tracked in one.values()]
    assert all(m is not None for m in masks)
    return [m for m in masks if m is not None]


@pytest.mark.parametrize(("dtype", "least"), [("float32", 0.99), ("bfloat16", 0.8)])
def test_the_gpu_sees_what_the_cpu_sees(dtype: str, least: float) -> None:
    with torch.backends.cudnn.flags(allow_tf32=False):  # convolutions as exact as the CPU's
        on_cpu = shown(followed(random_engine())[0])
        on_gpu = shown(followed(random_engine(device="cuda", dtype=dtype))[0])
    assert len(on_cpu) == len(on_gpu) == 18
    assert min(float(iou([a], [b])[0, 0]) for a, b in zip(on_cpu, on_gpu, strict=True)) >= least


def test_bfloat16_is_what_a_gpu_takes_by_itself() -> None:
    engine = random_engine(device="auto", dtype="auto", cache_dtype="auto")
    assert (engine.device.type, engine.dtype, engine.cache_dtype) == ("cuda", torch.bfloat16, torch.bfloat16)
    lenient = SegmentSettings(points_per_side=(4, 2), least_iou=0.0, least_stability=0.0)
    assert Sam2Segmenter(engine, lenient).segment(next(iter(video(1).frames())))


def test_memory_that_really_runs_out_makes_batches_smaller(limited: None) -> None:
    engine = random_engine(device="cuda", image_size=512)
    whole, spent = followed(engine, batch=1, objects=32)
    assert spent["out_of_memory"] == 0
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    followed(engine, batch=1, objects=32)
    one = (torch.cuda.max_memory_allocated() - before) / MEGABYTE
    allow(one * 1.35)
    cut, spent = followed(engine, batch=32, objects=32)
    assert spent["out_of_memory"] >= 1
    assert min(float(iou([a], [b])[0, 0]) for a, b in zip(shown(whole), shown(cut), strict=True)) > 0.95


def test_no_memory_for_one_object_fails_that_video_alone(limited: None) -> None:
    engine = random_engine(device="cuda", image_size=512)
    followed(engine)
    allow(0)
    with pytest.raises(ModelFailure, match="memory on the device"):
        followed(engine)
    torch.cuda.set_per_process_memory_fraction(1.0)
    assert shown(followed(engine)[0])
