"""A setup from YAML, command line and defaults; what is wrong with it is said with the nearest key."""

from __future__ import annotations

from pathlib import Path

import pytest

from svg2_assets.traser.forms import InvalidSetup, read_form
from svg2_assets.traser.samples.world import WorldSampleSettings
from svg2_assets.traser.training.settings import Precision, Resamplers, read_setup
from svg2_assets.traser.values import Role

CONFIGS = sorted((Path(__file__).parents[3] / "configs").glob("*.yaml"))
WORLDS = sorted((Path(__file__).parents[3] / "configs" / "worlds").glob("*.yaml"))
TINY = "model: {tiny: {hidden: 64, heads: 2}}\nsteps: 10\n"


@pytest.mark.parametrize("path", WORLDS, ids=lambda p: p.stem)
def test_every_shipped_world_is_one(path: Path) -> None:
    assert read_form(WorldSampleSettings, path).clip.frames > 1


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_every_shipped_configuration_is_valid(path: Path) -> None:
    assert read_setup(path).resolved().name


def test_changes_of_the_command_line_stand_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(TINY + "recipe: {base_rate: 0.1, warmup: 0.5}\n")
    setup = read_setup(file, changes=["steps=500", "recipe.base_rate=1e-3"], defaults={"batch": 7, "steps": 3})
    assert (setup.steps, setup.batch, setup.recipe.base_rate, setup.recipe.warmup) == (500, 7, 1e-3, 0.5)
    assert setup.model.tiny is not None
    assert setup.model.tiny.hidden == 64


def test_a_written_setup_reads_back_the_same() -> None:
    setup = read_setup(text=TINY, changes=["resamplers=object", "recipe.precision=float32", "lora={rank: 4}"])
    again = read_setup(text=setup.to_yaml())
    assert again == setup
    assert again.recipe.precision is Precision.FLOAT32
    assert again.resamplers is Resamplers.OBJECT


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("stepz=3", "stepz: no such key; did you mean 'steps'?"),
        ("recipe.bas_rate=3", "recipe.bas_rate: no such key; did you mean 'base_rate'?"),
        ("model.tiny.hiden=64", "model.tiny.hiden: no such key; did you mean 'hidden'?"),
        ("zzzzz=1", "zzzzz: no such key; there are folder, preset"),
        ("preset=releas", "did you mean 'release'?"),
        ("overrides.arrangin.scene=true", "overrides.arrangin: no such part; did you mean 'arranging'?"),
        ("overrides.arranging.window=2", "overrides.arranging.window: no such key; did you mean 'window_seconds'?"),
        ("overrides.designing.place=2", "overrides.designing.place: expected bool, found 2"),
        ("objectives.contrst=1", "objectives.contrst: no such loss"),
        ("steps=0", "steps: Input should be greater than or equal to 1"),
        ("steps", "expected key=value"),
        ("model.source=x", "give either `source`"),
        ("data.datasets=[sav%x]", "expected a name or name%percentage"),
        ("model.tiny.heads=3", "must be a multiple of 16"),
    ],
)
def test_what_is_wrong_is_told_with_its_key(change: str, told: str) -> None:
    with pytest.raises(InvalidSetup) as raised:
        read_setup(text=TINY, changes=[change])
    assert told in str(raised.value)


def test_a_file_that_is_missing_or_no_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetup, match=r"none\.yaml: cannot be read"):
        read_setup(tmp_path / "none.yaml")
    with pytest.raises(InvalidSetup, match="not YAML"):
        read_setup(text="a: [")
    with pytest.raises(InvalidSetup, match="expected keys and values"):
        read_setup(text="- a")


def test_the_preset_follows_the_setups_changes() -> None:
    preset = read_setup(
        text=TINY,
        changes=["preset=release", "resamplers=window", "overrides.arranging={window_seconds: 2, scene: true}"],
    ).resolved()
    assert preset.arranging.roles == {Role.WINDOW}
    assert (preset.arranging.window_seconds, preset.arranging.scene, preset.arranging.cut_at) == (2.0, True, 20000)
    assert not preset.designing.place
