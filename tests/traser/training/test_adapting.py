"""Adapters: few weights learn, a killed run goes on, and what is kept is an ordinary checkpoint of the same model."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("peft")

import torch

from resources.store.store import SceneGraphStore
from svg2_assets.scene.errors import UnusableBackend
from svg2_assets.traser.generation.telling import Teller
from svg2_assets.traser.network.loading import load_traser
from svg2_assets.traser.network.model import collate
from svg2_assets.traser.training.adapting import LEARNED, adapt
from svg2_assets.traser.training.settings import LoraChoice
from tests.traser.training.small import example, model
from tests.traser.training.test_running import Interrupted, figures, store, trained

__all__ = ["store"]


@pytest.fixture(scope="module")
def source(store: SceneGraphStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(store, tmp_path_factory.mktemp("source"), "steps=2", "evaluating.most=0").kept.folder


def adapting(source: Path) -> list[str]:
    lora = "lora={rank: 2, alpha: 8, targets: [q_proj, down_proj]}"
    return [f"model={{source: {source}, tiny: null}}", lora, "recipe.frozen_vision=true", "steps=4"]


def test_a_run_of_adapters_goes_on_after_an_interruption(store: SceneGraphStore, source: Path, tmp_path: Path) -> None:
    whole = trained(store, tmp_path / "whole", *adapting(source))
    with pytest.raises(Interrupted):
        trained(store, tmp_path / "cut", *adapting(source), die=3)
    assert figures(trained(store, tmp_path / "cut", *adapting(source))) == figures(whole)
    learned = {n for n, p in whole.model.named_parameters() if p.requires_grad}
    assert {n.split(".")[0] for n in learned} == {"backbone", "object_resampler", "window_resampler"}
    assert all("lora_" in n or "merger" in n for n in learned if n.startswith("backbone"))


def test_what_is_kept_is_an_ordinary_checkpoint_of_the_same_model(
    store: SceneGraphStore, source: Path, tmp_path: Path
) -> None:
    done = trained(store, tmp_path, *adapting(source))
    assert (done.kept.folder / LEARNED).is_file()
    plain, before = load_traser(done.kept.folder), load_traser(source)
    moved = [n for n, p in plain.named_parameters() if not torch.equal(p, dict(before.named_parameters())[n])]
    assert any(n.endswith("q_proj.weight") for n in moved)
    spared = ("visual.blocks", "visual.patch_embed", "embed_tokens", "v_proj", "o_proj", "norm")
    assert not [n for n in moved if n.startswith("backbone") and "merger" not in n and any(s in n for s in spared)]
    batch = collate([example(1), example(2)], pad=0, left=True)
    assert torch.allclose(plain.prefill(batch)[0], done.model.prefill(batch)[0], atol=1e-5)
    assert Teller.open(tmp_path).name == str(tmp_path)


def test_targets_that_the_model_lacks_are_told() -> None:
    with pytest.raises(UnusableBackend, match=r"lora\.targets query"):
        adapt(model(), LoraChoice(targets=("query",)))
