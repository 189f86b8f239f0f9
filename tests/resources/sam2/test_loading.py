"""Where weights come from, and what is said when they do not come."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from resources.sam2.building import _empty
from resources.sam2.engine import Engine
from resources.sam2.errors import CheckpointError
from resources.sam2.settings import ModelSettings, UnusableSetting
from svg2_assets.scene.errors import Svg2Error


def settings(checkpoint: Path | str, **more: object) -> ModelSettings:
    return ModelSettings(**{"checkpoint": str(checkpoint), "image_size": 256, "device": "cpu", **more})


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint in the form of the released ones."""
    path = tmp_path_factory.mktemp("weights") / "sam2.1_hiera_tiny.pt"
    model = _empty(ModelSettings(size="tiny", random_weights=True, seed=5))
    torch.save({"model": model.state_dict()}, path)
    return path


def test_a_checkpoint_loads_at_another_image_size(released: Path) -> None:
    engine = Engine(settings(released))
    model = engine.network.model
    weights = torch.load(released, weights_only=True)["model"]
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert model.image_size == 256
    name, _, revision = engine.model_id.partition("@")
    assert name == "sam2.1-hiera-tiny"
    assert len(revision) == 8


def test_missing_and_unexpected_weights_are_listed(released: Path, tmp_path: Path) -> None:
    weights = torch.load(released, weights_only=True)["model"]
    weights["of.another.model"] = weights.pop("no_mem_embed")
    damaged = tmp_path / "tiny.pt"
    torch.save({"model": weights}, damaged)
    with pytest.raises(
        CheckpointError, match=r"missing no_mem_embed; unexpected of\.another\.model; of another shape nothing"
    ):
        _ = Engine(settings(damaged)).network


def test_weights_of_another_size_are_refused(released: Path) -> None:
    with pytest.raises(CheckpointError, match=r"large model.*of another shape image_encoder"):
        _ = Engine(settings(released, size="large")).network


def test_a_file_that_is_no_checkpoint(tmp_path: Path) -> None:
    broken = tmp_path / "tiny.pt"
    broken.write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match="cannot be read"):
        _ = Engine(settings(broken)).network
    torch.save({"model": {}}, broken)
    with pytest.raises(CheckpointError, match="holds no weights"):
        _ = Engine(settings(broken)).network


def test_a_checkpoint_cannot_run_code(tmp_path: Path) -> None:
    path = tmp_path / "tiny.pt"
    torch.save({"model": {"weight": Path("anything")}}, path)
    with pytest.raises(CheckpointError, match="cannot be read"):
        _ = Engine(settings(path)).network


def test_a_missing_file_says_how_to_get_it() -> None:
    with pytest.raises(CheckpointError) as caught:
        _ = Engine(settings("weights/nowhere/sam2.1_hiera_small.pt")).network
    text = str(caught.value)
    assert "weights/nowhere/sam2.1_hiera_small.pt" in text
    assert "hf download facebook/sam2.1-hiera-small sam2.1_hiera_small.pt" in text
    assert """SVG2_TRACKER='{"model": {"checkpoint": "/path/to/sam2.1_hiera_small.pt"}}'""" in text
    assert isinstance(caught.value, Svg2Error)
    with pytest.raises(CheckpointError):
        _ = Engine(settings("weights/nowhere/sam2.1_hiera_small.pt")).model_id


def test_a_hub_out_of_reach_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    import types

    hub = types.ModuleType("huggingface_hub")
    asked = []

    def unreachable(repository: str, file: str, *, revision: str | None) -> str:
        asked.append((repository, file, revision))
        raise OSError("no route to host")

    hub.hf_hub_download = unreachable  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    with pytest.raises(CheckpointError, match=r"hf download facebook/sam2.1-hiera-base-plus"):
        _ = Engine(settings("facebook/sam2.1-hiera-base-plus", revision="abc")).network
    assert asked == [("facebook/sam2.1-hiera-base-plus", "sam2.1_hiera_base_plus.pt", "abc")]
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(CheckpointError, match="huggingface_hub"):
        _ = Engine(settings("facebook/sam2.1-hiera-large")).network


def test_the_size_is_read_off_the_name() -> None:
    sizes = {"facebook/sam2.1-hiera-large": "large", "x/sam2.1_hiera_base_plus.pt": "base-plus", "b+.pt": "base-plus"}
    assert {name: ModelSettings(checkpoint=name).model_size for name in sizes} == sizes
    with pytest.raises(UnusableSetting, match="does not tell which"):
        _ = ModelSettings(checkpoint="mine.pt").model_size


def test_random_weights_leave_the_process_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    first = Engine(ModelSettings(size="tiny", random_weights=True, image_size=256, device="cpu"))
    again = Engine(ModelSettings(size="tiny", random_weights=True, image_size=256, device="cpu"))
    assert torch.equal(first.network.model.no_mem_embed, again.network.model.no_mem_embed)
    assert torch.equal(torch.rand(3), expected)
    assert first.model_id == "sam2.1-hiera-tiny@random-0"


def test_dagsters_selections_and_sam2_work_in_one_process(released: Path) -> None:
    """hydra of sam2's choosing brings a parser runtime under which dagster's selections fail, silently until used."""
    from dagster import AssetSelection

    _ = Engine(settings(released)).network
    assert AssetSelection.from_string('key:"a*"+') is not None


def test_unusable_settings_are_refused() -> None:
    for given in ({"image_size": 100}, {"size": "huge"}, {"dtype": "int8"}, {"device": "tpu"}, {"encoder_batch": 0}):
        with pytest.raises(UnusableSetting):
            ModelSettings(**given)  # type: ignore[arg-type]
