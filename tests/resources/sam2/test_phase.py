"""The whole of Phase 1 on SAM 2's architecture, and how profile `svg2` is set."""

from __future__ import annotations

import json

import numpy as np
import pytest

from resources.profiles import BackendsResource
from resources.sam2.errors import CheckpointError, ModelsMissing
from resources.sam2.phase import Sam2Settings, Sam2Tracker
from resources.sam2.settings import ModelSettings, SegmentSettings
from svg2_assets.phases import digest
from svg2_assets.settings import from_environment
from svg2_assets.trajectories.panoptic.settings import PanopticSettings, Preset
from tests.trajectories.panoptic.scripted import Actor, Scripted

RANDOM = ModelSettings(size="tiny", random_weights=True, image_size=256, device="cpu", dtype="float32")
ROUGH = SegmentSettings(points_per_side=(3, 2), least_iou=-1e9, least_stability=0.0, points_per_batch=8)


@pytest.mark.parametrize("preset", [Preset.DEFAULT, Preset.RELEASE])
def test_a_clip_goes_through_and_masks_have_its_size(preset: Preset) -> None:
    scene = Scripted([Actor(lambda t: (0, 0, 128, 96)), Actor(lambda t: (10 + 3 * t, 30, 30, 30))], frames=8)
    tracker = Sam2Tracker(Sam2Settings(model=RANDOM, segment=ROUGH, rules=PanopticSettings(preset=preset)))
    seen: list[tuple[int, int]] = []
    result = tracker.track(scene, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (8, 8)
    assert result.statistics["image_encoder_passes"] >= 8
    assert all((m.height, m.width) == (96, 128) for o in result.objects for m in o.trajectory.masks)
    assert np.isfinite(result.statistics["coverage"])


def test_settings_from_the_environment_reach_every_part() -> None:
    given = {"model": {"image_size": 512}, "segment": {"least_iou": 0.8}, "rules": {"preset": "release"}}
    backends = BackendsResource.of(from_environment({"SVG2_PROFILE": "svg2", "SVG2_TRACKER": json.dumps(given)}))
    config = backends.tracker.config
    assert (config["segmenter"]["image_size"], config["segmenter"]["least_iou"]) == (512, 0.8)
    assert config["preset"] == "release"
    plain = BackendsResource(profile="svg2").tracker
    assert digest(dict(plain.config)) != digest(dict(config))
    assert "sam2.1-hiera-large" in plain.model_id
    backends.release("tracker")


def test_weights_that_are_not_there_are_named_with_the_way_to_get_them() -> None:
    missing = Sam2Tracker(Sam2Settings(model=ModelSettings(checkpoint="/nowhere/sam2.1_hiera_tiny.pt")))
    with pytest.raises((CheckpointError, ModelsMissing), match=r"(?s)/nowhere/sam2.1_hiera_tiny.pt.*SVG2_TRACKER"):
        missing.track(Scripted([], frames=2))
