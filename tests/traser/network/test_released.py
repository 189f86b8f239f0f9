"""Names and shapes of the whole released model, against the tables of its specification; no memory is taken for it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from svg2_assets.traser.arrangement import Marks  # noqa: E402
from svg2_assets.traser.network.configuration import config_of, marks_of  # noqa: E402
from svg2_assets.traser.network.model import Traser  # noqa: E402
from svg2_assets.traser.network.names import own_name, stored_name  # noqa: E402
from svg2_assets.traser.network.released import RELEASED, VOCABULARY  # noqa: E402
from svg2_assets.traser.presets import PRESETS  # noqa: E402

D, HEADS, KEYS, FFN = 2048, 16 * 96, 4 * 96, 8192
A_LAYER = {
    "input_latents_norm.weight": (D,),
    "input_context_norm.weight": (D,),
    "post_attention_layernorm.weight": (D,),
    "self_attn.q_proj.weight": (HEADS, D),
    "self_attn.k_proj.weight": (KEYS, D),
    "self_attn.v_proj.weight": (KEYS, D),
    "self_attn.o_proj.weight": (D, HEADS),
    "mlp.gate_proj.weight": (FFN, D),
    "mlp.up_proj.weight": (FFN, D),
    "mlp.down_proj.weight": (D, FFN),
}
RESAMPLER = {"latents": (32, D), "norm.weight": (D,)} | {
    f"layers.{i}.{name}": shape for i in range(3) for name, shape in A_LAYER.items()
}


@pytest.fixture(scope="module")
def whole() -> Traser:
    config = config_of(RELEASED, tied=True, latents={}, designing=PRESETS["release"].designing)
    with torch.device("meta"):
        return Traser(config)


def test_the_resamplers_have_the_released_names_shapes_and_size(whole: Traser) -> None:
    saved = {stored_name(n): tuple(p.shape) for n, p in whole.named_parameters()}
    for prefix in ("perceiver_resampler.", "second_perceiver_resampler."):
        own = {n.removeprefix(prefix): shape for n, shape in saved.items() if n.startswith(prefix)}
        assert own == RESAMPLER
    for resampler in (whole.window_resampler, whole.object_resampler):
        assert sum(p.numel() for p in resampler.parameters()) == 174_673_920


def test_the_backbone_is_qwen_of_3_billion_with_the_shorter_table(whole: Traser) -> None:
    saved = {stored_name(n): tuple(p.shape) for n, p in whole.named_parameters()}
    assert "lm_head.weight" not in saved
    assert saved["model.embed_tokens.weight"] == (VOCABULARY, D) == (151_667, 2048)
    assert saved["model.layers.35.self_attn.k_proj.weight"] == (256, D)
    assert saved["model.layers.35.mlp.gate_proj.weight"] == (11008, D)
    assert saved["visual.blocks.31.attn.qkv.weight"] == (3 * 1280, 1280)
    assert saved["visual.blocks.31.mlp.up_proj.weight"] == (3420, 1280)
    assert saved["visual.merger.mlp.2.weight"] == (D, 4 * 1280)
    assert not any(".layers.36." in n or ".blocks.32." in n for n in saved)
    backbone = sum(p.numel() for p in whole.backbone.parameters())
    assert round(backbone / 1e9, 2) == 3.75
    total = sum(p.numel() for p in whole.parameters())
    assert total == backbone + 2 * 174_673_920
    assert round(2 * total / 1e9, 1) == 8.2  # gigabytes as bfloat16


def test_every_name_goes_there_and_back_in_both_layouts(whole: Traser) -> None:
    for name, _ in whole.named_parameters():
        saved = stored_name(name)
        assert own_name(saved) == name
        if saved.startswith("visual."):
            assert own_name(f"model.{saved}") == name
        elif saved.startswith("model."):
            assert own_name(saved.replace("model.", "model.language_model.", 1)) == name


def test_the_released_marks_are_qwens_and_two_more() -> None:
    config = config_of(RELEASED, tied=True, latents={}, designing=PRESETS["release"].designing)
    assert marks_of(config) == Marks()


def test_what_default_adds_is_small_beside_the_resamplers() -> None:
    config = config_of(RELEASED, tied=True, latents={}, designing=PRESETS["default"].designing)
    with torch.device("meta"):
        model = Traser(config)
    added = {n: p.numel() for n, p in model.named_parameters() if "_place." in n}
    assert len(added) == 15
    assert sum(added.values()) < 0.01 * 2 * 174_673_920
