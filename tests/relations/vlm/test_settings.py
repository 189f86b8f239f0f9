"""Presets and what settings refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from svg2_assets.relations.vlm.settings import Preset, RelatorSettings, UnusableSetting


def test_a_preset_is_a_view_and_single_numbers_of_it_can_differ() -> None:
    assert RelatorSettings().shown.marks
    paper = RelatorSettings(preset="paper", view={"quality": 70})
    assert (paper.shown.marks, paper.shown.hints, paper.shown.quality) == (False, 0, 70)


def test_every_preset_has_settings_of_its_own_that_can_be_stored() -> None:
    identities = [RelatorSettings(preset=p.value).identity for p in Preset]
    assert len({json.dumps(i, sort_keys=True) for i in identities}) == len(Preset)
    assert all(json.loads(json.dumps(i)) == i for i in identities)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"preset": "fast"}, "default, paper, release"),
        ({"view": {"frames": 3}}, "not frames"),
        ({"view": {"window": 5, "overlap": 5}}, "view.overlap"),
        ({"view": {"window": 5000}}, "500 images"),
        ({"view": {"objects": 1}}, "view.objects"),
        ({"view": {"rate": 0}}, "view.rate"),
        ({"model": " "}, "model"),
        ({"max_output_tokens": 3}, "max_output_tokens"),
    ],
)
def test_a_value_that_cannot_be_is_named(given: dict[str, Any], named: str) -> None:
    with pytest.raises(UnusableSetting, match=named):
        RelatorSettings(**given)
