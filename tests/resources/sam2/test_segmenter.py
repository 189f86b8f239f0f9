"""The segmenter's own rules, and its masks against those of the package's automatic mask generator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from resources.sam2.candidates import Candidates, best_of_crop, good_ones, only_best
from resources.sam2.engine import Engine
from resources.sam2.errors import DeviceMemoryExhausted
from resources.sam2.grids import Crop, layers, point_grid
from resources.sam2.segmenter import Sam2Segmenter
from resources.sam2.settings import SegmentSettings, UnusableSetting
from svg2_assets.scene.masks import Mask, boxes, iou
from svg2_assets.scene.video import Frame
from tests.resources.sam2.scene import HEIGHT, WIDTH, video

LENIENT = SegmentSettings(points_per_side=(3, 2), least_iou=0.0, least_stability=0.5)


@pytest.fixture(scope="module")
def frame() -> Frame:
    return next(iter(video(1).frames()))


def test_grids_reach_the_border_or_are_inset() -> None:
    assert point_grid(3, inset=False).tolist()[:4] == [[0, 0], [0.5, 0], [1, 0], [0, 0.5]]  # x fastest
    inset = point_grid(2, inset=True)
    assert inset.min() == 0.25
    assert inset.max() == 0.75


def test_layers_are_svg2s() -> None:
    found = list(layers(480, 854, SegmentSettings()))
    assert [len(crops) for crops in found] == [1, 4, 16]
    assert [len(crops[0].points) for crops in found] == [1024, 256, 16]
    assert sum(len(c.points) for crops in found for c in crops) == 2304
    assert len(list(layers(480, 854, SegmentSettings(), closely=False))) == 1


def test_crops_without_a_point_in_focus_are_left_out() -> None:
    corner = Mask.from_box((0, 0, 4, 4), height=480, width=854)
    found = list(layers(480, 854, SegmentSettings(), focus=corner))
    assert [len(crops) for crops in found] == [1, 1, 1]
    for crops in found:
        assert crops[0].points.tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(("focused", "crops"), [(True, 1), (False, 4)])
def test_crops_out_of_focus_are_not_encoded(engine: Engine, frame: Frame, focused: bool, crops: int) -> None:
    before = engine.counters["image_encoder_passes"]
    focus = Mask.from_box((0, 0, 2, 2), height=HEIGHT, width=WIDTH) if focused else None
    Sam2Segmenter(engine, LENIENT).segment(frame, focus=focus)
    assert engine.counters["image_encoder_passes"] - before == 1 + crops


def generator(engine: Engine, settings: SegmentSettings) -> Any:
    from sam2.automatic_mask_generator import SAM2AutomaticMaskGenerator

    made = SAM2AutomaticMaskGenerator(
        engine.network.model,
        points_per_side=None,
        point_grids=[point_grid(n, inset=settings.inset_grid) for n in settings.points_per_side],
        crop_n_layers=len(settings.points_per_side) - 1,
        points_per_batch=settings.points_per_batch,
        pred_iou_thresh=settings.least_iou,
        stability_score_thresh=settings.least_stability,
        box_nms_thresh=settings.nms,
        crop_nms_thresh=settings.crop_nms,
        crop_overlap_ratio=settings.crop_overlap,
        use_m2m=settings.refine,
        multimask_output=False,
        output_mode="coco_rle",
    )
    side = engine.settings.image_size
    made.predictor._bb_feat_sizes = [(side // s, side // s) for s in (4, 8, 16)]
    return made


@pytest.mark.parametrize("refine", [True, False])
def test_masks_are_the_packages(engine: Engine, frame: Frame, refine: bool) -> None:
    settings = SegmentSettings(
        points_per_side=(3, 2), least_iou=0.01, least_stability=0.5, refine=refine, nms=0.98, crop_nms=0.98
    )
    theirs = generator(engine, settings).generate(frame.pixels)
    ours = Sam2Segmenter(engine, settings).segment(frame)
    assert len(ours) == len(theirs) > 0
    overlaps = iou([p.mask for p in ours], [Mask.from_json(t["segmentation"]) for t in theirs])
    assert overlaps.max(axis=1).min() > 0.99
    assert np.allclose(sorted(p.score for p in ours), sorted(t["predicted_iou"] for t in theirs), atol=1e-3)
    assert np.allclose(sorted(p.stability for p in ours), sorted(t["stability_score"] for t in theirs), atol=1e-2)


def candidates_of(pixels: np.ndarray, *, crop: Crop, **settings: Any) -> Candidates:
    logits = torch.where(torch.from_numpy(pixels)[:, None], 10.0, -10.0)
    given = SegmentSettings(**{"crop_edge_margin": 2.0, **settings})
    scores = torch.linspace(0.9, 0.8, len(logits))
    # In two parts, as points come in batches.
    parts = [
        good_ones(logits[some], scores[some], crop=crop, size=(64, 64), settings=given)
        for some in (slice(0, 1), slice(1, None))
    ]
    return best_of_crop(parts, crop=crop, size=(64, 64), settings=given)


def squares(*corners: tuple[int, int], side: int = 10, size: int = 64) -> np.ndarray:
    pixels = np.zeros((len(corners), size, size), dtype=bool)
    for plane, (x, y) in zip(pixels, corners, strict=True):
        plane[y : y + side, x : x + side] = True
    return pixels


WHOLE = Crop(0, (0, 0, 64, 64), point_grid(1, inset=True))


def test_masks_cut_by_a_crop_are_dropped_those_cut_by_the_frame_stay() -> None:
    assert len(candidates_of(squares((0, 0), (20, 20)), crop=WHOLE).masks) == 2
    inner = Crop(1, (0, 0, 32, 32), WHOLE.points)
    found = candidates_of(squares((0, 0), (10, 10), (22, 10), side=10, size=32), crop=inner)
    assert [m.box for m in found.masks] == [(0, 0, 10, 10), (10, 10, 10, 10)]


def test_masks_of_a_crop_lie_where_the_crop_lies() -> None:
    found = candidates_of(squares((10, 12), size=32), crop=Crop(1, (32, 16, 64, 48), WHOLE.points))
    assert boxes(found.masks).tolist() == [[42, 28, 10, 10]]
    assert found.boxes == ((42, 28, 51, 37),)


def test_unstable_and_empty_masks_are_dropped() -> None:
    logits = torch.full((2, 1, 64, 64), -10.0)
    logits[0, 0, 10:30, 10:30] = 0.5  # inside only under the laxer threshold
    assert len(good_ones(logits, torch.ones(2), crop=WHOLE, size=(64, 64), settings=SegmentSettings()).scores) == 0


def test_small_holes_and_specks_go_when_asked() -> None:
    pixels = squares((10, 10), side=30)
    pixels[0, 20:22, 20:22] = False
    pixels[0, 60, 60] = True
    assert candidates_of(pixels, crop=WHOLE).masks[0].area == 900 - 4 + 1
    assert candidates_of(pixels, crop=WHOLE, least_region=8).masks[0].area == 900


def test_of_overlapping_masks_the_best_stays() -> None:
    several = squares((10, 10), (11, 10), (40, 40))
    assert [m.box[0] for m in candidates_of(several, crop=WHOLE).masks] == [10, 40]
    found = candidates_of(several, crop=WHOLE, nms=1.0)
    assert len(found.masks) == 3
    assert [m.box[0] for m in only_best(found, by=[0.1, 0.9, 0.5], overlap=0.7).masks] == [11, 40]
    assert [m.box[0] for m in only_best(found, by=[1, 1, 1], overlap=0.7).masks] == [10, 40]  # ties: the earlier


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(UnusableSetting, match="points_per_side"):
        SegmentSettings(points_per_side=())
    assert SegmentSettings(points_per_side=[8]).points_per_side == (8,)  # type: ignore[arg-type]


def test_memory_that_runs_out_over_the_best_masks_is_told_as_such(
    engine: Engine, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("resources.sam2.segmenter.best_of_crop", exhausted)
    with pytest.raises(DeviceMemoryExhausted):
        Sam2Segmenter(engine, LENIENT).segment(frame)
