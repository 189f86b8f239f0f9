"""Checkpoints: in, out and in again; what is refused; a full disk and a killed writer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from safetensors import safe_open  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from torch import Tensor  # noqa: E402

from svg2_assets.scene.errors import UnusableBackend  # noqa: E402
from svg2_assets.traser.network.checkpoint import inspect, replacing, save, settled, write  # noqa: E402
from svg2_assets.traser.network.configuration import marks_of  # noqa: E402
from svg2_assets.traser.network.errors import CheckpointError  # noqa: E402
from svg2_assets.traser.network.loading import fresh_traser, load_traser  # noqa: E402
from svg2_assets.traser.network.model import Traser  # noqa: E402
from svg2_assets.traser.network.released import RELEASED  # noqa: E402
from svg2_assets.traser.network.resampler import INITIAL, ResamplerShape, resample  # noqa: E402
from tests.traser.network import plain, small  # noqa: E402
from tests.traser.network.test_resampler import bundle  # noqa: E402

ROOT = Path(__file__).parents[3]
SHAPE = ResamplerShape(hidden=small.HIDDEN, latents=4, depth=2)  # heads as released: no configuration tells them


def released_config() -> dict[str, Any]:
    """The released config.json, every field of it, at small dimensions."""
    text = small.backbone()["text_config"]
    rope = text.pop("rope_parameters")
    return {
        **RELEASED,
        **{k: v for k, v in text.items() if k in RELEASED},
        "rope_theta": rope["rope_theta"],
        "rope_scaling": {"type": "mrope", "mrope_section": rope["mrope_section"]},
        **{k: v for k, v in small.backbone().items() if k in RELEASED and k != "vision_config"},
        "obj_traj_start_id": 7,
        "obj_traj_end_id": 8,
        "resampler_depth": 2,
        "temporal_resampler_n_latents": 4,
        "object_resampler_n_latents": 4,
        "vision_config": RELEASED["vision_config"] | small.backbone()["vision_config"],
        "dtype": "float32",
    }


def released_weights(seed: int = 0, *, new_layout: bool = False, head: bool = False) -> dict[str, Tensor]:
    """Random weights with exactly the released names and shapes, written down from the specification's tables."""
    drawn = torch.Generator().manual_seed(seed)
    vision, text = ("model.visual.", "model.language_model.") if new_layout else ("visual.", "model.")
    d, v, f, k = small.HIDDEN, 32, 96, 32
    shapes: dict[str, tuple[int, ...]] = {
        f"{text}embed_tokens.weight": (small.VOCABULARY, d),
        f"{text}norm.weight": (d,),
    }
    for i in range(3):
        at = f"{text}layers.{i}."
        shapes |= {
            f"{at}input_layernorm.weight": (d,),
            f"{at}post_attention_layernorm.weight": (d,),
            f"{at}self_attn.q_proj.weight": (d, d),
            f"{at}self_attn.q_proj.bias": (d,),
            f"{at}self_attn.k_proj.weight": (k, d),
            f"{at}self_attn.k_proj.bias": (k,),
            f"{at}self_attn.v_proj.weight": (k, d),
            f"{at}self_attn.v_proj.bias": (k,),
            f"{at}self_attn.o_proj.weight": (d, d),
            f"{at}mlp.gate_proj.weight": (f, d),
            f"{at}mlp.up_proj.weight": (f, d),
            f"{at}mlp.down_proj.weight": (d, f),
        }
    shapes[f"{vision}patch_embed.proj.weight"] = (v, 3, 2, 14, 14)
    for i in range(3):
        at = f"{vision}blocks.{i}."
        shapes |= {
            f"{at}norm1.weight": (v,),
            f"{at}norm2.weight": (v,),
            f"{at}attn.qkv.weight": (3 * v, v),
            f"{at}attn.qkv.bias": (3 * v,),
            f"{at}attn.proj.weight": (v, v),
            f"{at}attn.proj.bias": (v,),
            f"{at}mlp.gate_proj.weight": (48, v),
            f"{at}mlp.gate_proj.bias": (48,),
            f"{at}mlp.up_proj.weight": (48, v),
            f"{at}mlp.up_proj.bias": (48,),
            f"{at}mlp.down_proj.weight": (v, 48),
            f"{at}mlp.down_proj.bias": (v,),
        }
    shapes |= {
        f"{vision}merger.ln_q.weight": (v,),
        f"{vision}merger.mlp.0.weight": (4 * v, 4 * v),
        f"{vision}merger.mlp.0.bias": (4 * v,),
        f"{vision}merger.mlp.2.weight": (d, 4 * v),
        f"{vision}merger.mlp.2.bias": (d,),
    }
    for prefix in ("perceiver_resampler.", "second_perceiver_resampler."):
        shapes |= {f"{prefix}latents": (4, d), f"{prefix}norm.weight": (d,)}
        for i in range(2):
            at = f"{prefix}layers.{i}."
            shapes |= {
                f"{at}input_latents_norm.weight": (d,),
                f"{at}input_context_norm.weight": (d,),
                f"{at}post_attention_layernorm.weight": (d,),
                f"{at}self_attn.q_proj.weight": (1536, d),
                f"{at}self_attn.k_proj.weight": (384, d),
                f"{at}self_attn.v_proj.weight": (384, d),
                f"{at}self_attn.o_proj.weight": (d, 1536),
                f"{at}mlp.gate_proj.weight": (4 * d, d),
                f"{at}mlp.up_proj.weight": (4 * d, d),
                f"{at}mlp.down_proj.weight": (d, 4 * d),
            }
    if head:
        shapes["lm_head.weight"] = (small.VOCABULARY, d)
    return {
        name: torch.randn(shape, generator=drawn) * (0.1 if len(shape) > 1 else 0.3) + (1.0 if "norm" in name else 0.0)
        for name, shape in shapes.items()
    }


def stored(
    folder: Path, weights: Mapping[str, Tensor], config: Mapping[str, Any] | None = None, *, shards: int = 2
) -> Path:
    """A checkpoint's folder in `shards` files with an index, as large ones are."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(released_config() if config is None else dict(config)))
    if shards == 1:
        save_file(dict(weights), folder / "model.safetensors", {"format": "pt"})
        return folder
    names, where = list(weights), {}
    for i in range(shards):
        file = f"model-{i + 1:05}-of-{shards:05}.safetensors"
        held = names[i::shards]
        save_file({n: weights[n] for n in held}, folder / file, {"format": "pt"})
        where |= dict.fromkeys(held, file)
    index = {"metadata": {"total_size": sum(w.nbytes for w in weights.values())}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def same(one: Traser, other: Traser) -> bool:
    a, b = one.state_dict(), other.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[n], b[n]) for n in a)


@pytest.mark.parametrize("new_layout", [False, True], ids=["legacy names", "new names"])
@torch.no_grad()
def test_a_released_checkpoint_loads_computes_its_formulas_and_survives_saving(
    tmp_path: Path, new_layout: bool
) -> None:
    weights = released_weights(new_layout=new_layout)
    model = load_traser(stored(tmp_path / "traser", weights), preset="release")
    assert model.window_resampler.shape == model.object_resampler.shape == SHAPE
    features, groups = bundle()
    for prefix, resampler in ((plain.WINDOW, model.window_resampler), (plain.OBJECT, model.object_resampler)):
        for latents, tokens in zip(resample(resampler, features, groups), groups.tokens, strict=True):
            expected = plain.resampled(weights, prefix, features[tokens], shape=SHAPE)
            torch.testing.assert_close(latents, expected, atol=1e-4, rtol=1e-3)
    batch = small.batch(small.samples(), left=True)
    found = model.prefill(batch)[0]
    torch.testing.assert_close(found, answered_by_transformers(weights, model, batch), atol=2e-4, rtol=1e-3)
    again = load_traser(save(model, tmp_path / "again", shard_bytes=100_000), preset="release")
    assert same(again, model)
    assert torch.equal(again.prefill(batch)[0], found)
    kept = load_all(tmp_path / "again")
    legacy = released_weights()
    assert {n: tuple(w.shape) for n, w in kept.items()} == {n: tuple(w.shape) for n, w in legacy.items()}
    assert all(torch.equal(kept[n], w) for n, w in legacy.items())


def load_all(folder: Path) -> dict[str, Tensor]:
    return {n: w for file in folder.glob("*.safetensors") for n, w in load_file(file).items()}


def answered_by_transformers(weights: Mapping[str, Tensor], model: Traser, batch: Any) -> Tensor:
    """Last logits by transformers' own class, given the backbone's weights under the names it has for them."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    own = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(**released_config() | {"tie_word_embeddings": True}))
    renamed = {}
    for name, value in weights.items():
        if "resampler." in name:
            continue
        renamed[
            name
            if name.startswith(("model.visual", "model.language_model", "lm_head"))
            else (
                f"model.{name}" if name.startswith("visual.") else f"model.language_model.{name.removeprefix('model.')}"
            )
        ] = value
    told = own.eval().load_state_dict(renamed, strict=False)
    assert told.missing_keys == ["lm_head.weight"]
    assert told.unexpected_keys == []
    embedded = model.embed(batch)[0]
    hidden = own.model.language_model(
        inputs_embeds=embedded, attention_mask=batch.mask, position_ids=batch.positions, use_cache=False
    ).last_hidden_state
    logits: Tensor = hidden[:, -1] @ own.get_input_embeddings().weight.T
    return logits


@torch.no_grad()
def test_preset_default_starts_from_the_released_weights_with_the_same_output(tmp_path: Path) -> None:
    folder = stored(tmp_path / "traser", released_weights())
    released, ours = load_traser(folder, preset="release"), load_traser(folder)
    assert (released.config.place, ours.config.place, ours.config.diversity) == (False, True, 0.01)
    batch = small.batch(small.samples(preset="default"), left=True)
    assert torch.equal(ours.prefill(batch)[0], released.prefill(batch)[0])
    assert not ours.training


@torch.no_grad()
def test_what_default_learned_is_saved_and_loaded_with_any_preset(tmp_path: Path) -> None:
    model = small.model(place=True, orthogonal=True, diversity=0.01)
    for name, p in model.named_parameters():
        if "_place." in name:
            p.normal_(std=0.1)
    folder = save(model, tmp_path / "ours")
    for preset in ("default", "release"):
        again = load_traser(folder, preset=preset)
        assert same(again, model)
        assert again.config.place
        assert (again.config.object, again.config.window) == (small.SHAPE, small.SHAPE)
        batch = small.batch(small.samples(preset="default"), left=True)
        assert torch.equal(again.prefill(batch)[0], model.prefill(batch)[0])
    assert load_traser(folder).config.backbone["text_config"] == model.config.backbone["text_config"]


def test_a_head_of_its_own_is_kept_and_a_stored_copy_of_the_embedding_is_the_embedding(tmp_path: Path) -> None:
    weights = released_weights(head=True)
    apart = load_traser(stored(tmp_path / "apart", weights), preset="release")
    assert torch.equal(apart.backbone.lm_head.weight, weights["lm_head.weight"])
    assert not torch.equal(apart.backbone.lm_head.weight, apart.backbone.get_input_embeddings().weight)
    again = load_traser(save(apart, tmp_path / "again"), preset="release")
    assert same(again, apart)
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"].clone()
    copied = load_traser(stored(tmp_path / "copied", weights), preset="release")
    assert copied.backbone.lm_head.weight is copied.backbone.get_input_embeddings().weight
    assert "lm_head.weight" not in inspect(save(copied, tmp_path / "tied")).entries
    tied = load_traser(stored(tmp_path / "none", released_weights()), preset="release")
    assert tied.backbone.lm_head.weight is tied.backbone.get_input_embeddings().weight


def test_the_ids_of_marks_come_from_the_checkpoint(tmp_path: Path) -> None:
    model = load_traser(stored(tmp_path / "traser", released_weights()))
    marks = marks_of(model.config)
    assert (marks.object_start, marks.object_end, marks.video, marks.vision_start) == (7, 8, 4, 5)
    assert marks_of(load_traser(save(model, tmp_path / "again")).config) == marks


def test_latents_are_counted_where_the_configuration_does_not_say(tmp_path: Path) -> None:
    config = {k: v for k, v in released_config().items() if not k.endswith("_n_latents")}
    model = load_traser(stored(tmp_path / "traser", released_weights(), config))
    assert (model.config.window.latents, model.config.object.latents) == (4, 4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_weights_are_what_was_stored_or_what_is_asked_for(tmp_path: Path, dtype: Any) -> None:
    weights = {n: w.to(torch.bfloat16) for n, w in released_weights().items()}
    folder = stored(tmp_path / "traser", weights)
    assert {p.dtype for p in load_traser(folder).parameters()} == {torch.bfloat16}
    model = load_traser(folder, dtype=dtype)
    assert {p.dtype for p in model.parameters()} == {dtype}
    assert model.backbone.model.language_model.rotary_emb.inv_freq.dtype == torch.float32
    save(model, tmp_path / "again")
    assert json.loads((tmp_path / "again/config.json").read_text())["dtype"] == str(dtype).removeprefix("torch.")
    assert same(load_traser(tmp_path / "again"), model)


def test_the_saved_configuration_is_flat_as_the_released_one(tmp_path: Path) -> None:
    model = load_traser(stored(tmp_path / "traser", released_weights()))
    saved = json.loads((save(model, tmp_path / "again") / "config.json").read_text())
    assert "text_config" not in saved
    before = released_config()
    ours = {"transformers_version", "use_cache", "vision_config"}
    assert {k: saved.get(k) for k in before if k not in ours} == {k: v for k, v in before.items() if k not in ours}
    assert saved["svg2_traser"]["place"] is True


def base(folder: Path, *, rows: int = 310, tied: bool = True) -> tuple[Path, dict[str, Tensor]]:
    """Qwen2.5-VL before it is TRASER: nested configuration, a table with more rows than tokens, no resampler."""
    weights = {n: w for n, w in released_weights(new_layout=True).items() if "resampler" not in n}
    weights["model.language_model.embed_tokens.weight"] = torch.randn(rows, small.HIDDEN) * 0.5
    if not tied:
        weights["lm_head.weight"] = torch.randn(rows, small.HIDDEN) * 2
    config = {
        "architectures": ["Qwen2_5_VLForConditionalGeneration"],
        "model_type": "qwen2_5_vl",
        **small.backbone(),
        "tie_word_embeddings": tied,
    }
    return stored(folder, weights, config, shards=1), weights


def test_qwen_itself_is_the_start_of_a_training(tmp_path: Path) -> None:
    folder, weights = base(tmp_path / "qwen")
    before = torch.get_rng_state()
    model = load_traser(folder, vocabulary=300, seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    table, stored_table = (
        model.backbone.get_input_embeddings().weight,
        weights["model.language_model.embed_tokens.weight"],
    )
    assert torch.equal(table[:298], stored_table[:298])
    assert float(table[298:].detach().std()) == pytest.approx(0.5, rel=0.25)
    assert not torch.isclose(table[298:], stored_table[298:300]).any()
    assert marks_of(model.config).object_start == 298
    assert torch.equal(
        load_traser(folder, vocabulary=300, seed=3).state_dict()["window_resampler.layers.0.mlp.up_proj.weight"],
        model.window_resampler.layers[0].mlp.up_proj.weight,
    )
    gram = (model.object_resampler.latents @ model.object_resampler.latents.T).detach()
    torch.testing.assert_close(gram, torch.eye(32) * small.HIDDEN * INITIAL**2, atol=1e-6, rtol=0)
    released = load_traser(folder, preset="release", vocabulary=300)
    assert (released.object_resampler.latents == 1).all()
    again = load_traser(save(model, tmp_path / "again"))
    assert same(again, model)


def test_a_table_that_is_too_short_grows_and_a_head_of_its_own_with_it(tmp_path: Path) -> None:
    folder, weights = base(tmp_path / "qwen", rows=295, tied=False)
    model = load_traser(folder, vocabulary=300)
    table, head = model.backbone.get_input_embeddings().weight, model.backbone.lm_head.weight
    assert table.shape == head.shape == (300, small.HIDDEN)
    assert torch.equal(head[:295], weights["lm_head.weight"])
    assert float(head[295:].detach().std()) == pytest.approx(2.0, rel=0.25)


def changed(tmp_path: Path, **weights: Tensor | None) -> Path:
    all_of_them: dict[str, Any] = released_weights()
    for name, value in weights.items():
        if value is None:
            del all_of_them[name]
        else:
            all_of_them[name] = value
    return stored(tmp_path / "damaged", all_of_them)


def refused(source: Path | str, **more: Any) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_traser(source, **more)
    assert isinstance(caught.value, UnusableBackend)
    return str(caught.value)


def test_weights_that_are_missing_unknown_or_of_another_shape_are_listed(tmp_path: Path) -> None:
    folder = changed(
        tmp_path,
        **{
            "perceiver_resampler.latents": torch.zeros(5, small.HIDDEN),
            "second_perceiver_resampler.norm.weight": None,
            "visual.blocks.1.attn.qkv.bias": None,
            "adapter.weight": torch.zeros(1),
            "model.layers.7.input_layernorm.weight": torch.zeros(small.HIDDEN),
        },
    )
    said = refused(folder)
    assert "2 missing (" in said
    assert "second_perceiver_resampler.norm.weight" in said
    assert "visual.blocks.1.attn.qkv.bias" in said
    assert "2 unknown (adapter.weight, model.layers.7.input_layernorm.weight)" in said
    assert "1 of another shape (perceiver_resampler.latents [5, 64] for [4, 64])" in said
    assert "Fetch it anew" in said


def test_long_lists_are_cut(tmp_path: Path) -> None:
    weights = {n: w for n, w in released_weights().items() if not n.startswith("second_")}
    said = refused(stored(tmp_path / "half", weights))
    assert "22 missing (" in said
    assert "and 14 more)" in said
    assert len(said) < 1500


def test_the_same_weight_under_both_names_is_refused(tmp_path: Path) -> None:
    said = refused(changed(tmp_path, **{"model.visual.merger.ln_q.weight": torch.zeros(32)}))
    assert "1 unknown (" in said
    assert "visual.merger.ln_q.weight" in said


def test_place_parts_that_a_checkpoint_of_ours_lost_are_missed(tmp_path: Path) -> None:
    folder = save(small.model(place=True), tmp_path / "ours")
    weights = load_all(folder)
    del weights["perceiver_resampler.key_place.linear.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert "1 missing (perceiver_resampler.key_place.linear.weight)" in refused(folder, preset="release")


def test_another_model_is_named_in_one_sentence(tmp_path: Path) -> None:
    other = {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}
    said = refused(stored(tmp_path / "llama", released_weights(), other))
    assert "holds another model (llama: LlamaForCausalLM)" in said
    assert "UWGZQ/TRASER" in said
    assert "another model" in refused(stored(tmp_path / "text", released_weights(), {"model_type": "qwen2_5_vl"}))


def test_a_checkpoint_of_a_later_version_is_refused(tmp_path: Path) -> None:
    folder = save(small.model(), tmp_path / "ours")
    config = json.loads((folder / "config.json").read_text())
    config["svg2_traser"]["format"] = 2
    (folder / "config.json").write_text(json.dumps(config))
    assert "later version" in refused(folder)
    config["svg2_traser"] = {"format": 1, "object": {"hidden": "wide", "rooms": 3}}
    (folder / "config.json").write_text(json.dumps(config))
    assert "config.json makes no sense" in refused(folder)


def test_a_file_that_was_cut_short_is_named(tmp_path: Path) -> None:
    folder = stored(tmp_path / "traser", released_weights())
    shard = folder / "model-00002-of-00002.safetensors"
    whole = shard.read_bytes()
    for length in (0, 100, len(whole) // 2, len(whole) - 1):
        shard.write_bytes(whole[:length])
        said = refused(folder)
        assert str(shard) in said
        assert f"cut short or damaged ({length:,} bytes" in said
    shard.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    assert str(shard) in refused(folder)


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    folder = stored(tmp_path / "traser", released_weights())
    (folder / "model-00001-of-00002.safetensors").rename(tmp_path / "lost.safetensors")
    assert "lacks 1 of its 2 files with weights: model-00001-of-00002.safetensors" in refused(folder)
    (folder / "model.safetensors.index.json").unlink()
    assert "lacks 1 of its 2 files with weights: model-00001-of-00002.safetensors" in refused(folder)
    (tmp_path / "lost.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    load_traser(folder)  # the index alone is not needed
    assert "promises 1 weights that its files lack, such as model.absent" in refused(indexed(folder, "model.absent"))
    assert "no usable weight_map" in refused(indexed(folder, "model.absent", file="../elsewhere.safetensors"))
    (folder / "model.safetensors.index.json").write_text("{")
    assert "cannot be read" in refused(folder)


def indexed(folder: Path, *names: str, file: str = "model-00001-of-00002.safetensors") -> Path:
    held = dict.fromkeys(load_file(folder / "model-00001-of-00002.safetensors"), "model-00001-of-00002.safetensors")
    where = held | dict.fromkeys(names, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    return folder


def test_folders_without_a_checkpoint(tmp_path: Path) -> None:
    assert f"{tmp_path} is no checkpoint" in refused(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    assert "holds no JSON object" in refused(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(released_config()))
    assert "holds no safetensors." in refused(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    assert "only pytorch_model.bin, which could run code" in refused(tmp_path)
    assert "is a file" in refused(tmp_path / "config.json")
    for nowhere in (tmp_path / "nowhere", "traser", "./nowhere"):
        said = refused(nowhere)
        assert str(nowhere) in said
        assert "hf download UWGZQ/TRASER --local-dir traser" in said
    with pytest.raises(KeyError, match="no TRASER preset 'best'"):
        load_traser(tmp_path, preset="best")


def test_random_weights_start_as_they_should_and_leave_the_process_alone() -> None:
    before = torch.get_rng_state()
    model = fresh_traser(small.config(place=True, orthogonal=True), dtype=torch.bfloat16, seed=5)
    assert torch.equal(torch.get_rng_state(), before)
    assert same(model, fresh_traser(small.config(place=True, orthogonal=True), dtype=torch.bfloat16, seed=5))
    weights = {n: p.detach().float() for n, p in model.named_parameters()}
    assert all(
        (w == 0).all()
        for n, w in weights.items()
        if n.endswith((".bias", "_place.linear.weight", "which.linear.weight"))
    )
    assert all((w == 1).all() for n, w in weights.items() if "norm" in n and w.ndim == 1)
    assert float(weights["backbone.model.language_model.embed_tokens.weight"].std()) == pytest.approx(0.02, rel=0.1)
    with torch.no_grad():
        assert torch.isfinite(model.prefill(small.batch(small.samples(), left=True))[0]).all()


# --- writing -----------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_replaced_whole_with_its_companions(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    folder = tmp_path / "runs" / "last"
    first, second = small.model(0), small.model(1)
    save(first, folder, companions=[tmp_path / "tokenizer.json"], shard_bytes=50_000)
    assert (folder / "tokenizer.json").read_text() == "{}"
    assert same(load_traser(folder, preset="release"), first)
    save(second, folder)
    assert same(load_traser(folder, preset="release"), second)
    assert sorted(p.name for p in folder.iterdir()) == ["config.json", "model.safetensors"]
    assert [p.name for p in folder.parent.iterdir()] == ["last"]
    with safe_open(folder / "model.safetensors", "pt") as opened:
        assert opened.metadata() == {"format": "pt"}


def test_weights_gathered_elsewhere_are_what_is_saved(tmp_path: Path) -> None:
    model, other = small.model(0), small.model(1)
    save(model, tmp_path / "gathered", weights=other.state_dict())
    assert same(load_traser(tmp_path / "gathered", preset="release"), other)
    wrapped = {f"module.{n}": w for n, w in other.state_dict().items()}
    with pytest.raises(KeyError, match="unwrap the model"):
        save(model, tmp_path / "wrapped", weights=wrapped)
    assert not (tmp_path / "wrapped").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["gathered"]


def test_a_folder_with_something_else_in_it_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("…")
    with pytest.raises(CheckpointError, match="is no checkpoint; it is not replaced"):
        save(small.model(), tmp_path)
    assert (tmp_path / "thesis.tex").exists()
    (tmp_path / "new").mkdir()
    save(small.model(), tmp_path / "new")


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB, of which a checkpoint takes one."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], capture_output=True)
    if done.returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_leaves_the_checkpoint_that_was_there(full_disk: Path) -> None:
    model, folder = small.model(), full_disk / "last"
    save(model, folder)
    (full_disk / "ballast").write_bytes(b"0" * 1_500_000)
    for shard_bytes in (2**30, 100_000):
        with pytest.raises(CheckpointError) as caught:
            save(small.model(1), folder, shard_bytes=shard_bytes)
        assert "No space left on device" in str(caught.value)
        assert f"The checkpoint before is untouched: {folder}" in str(caught.value)
        assert same(load_traser(folder, preset="release"), model)
        assert sorted(p.name for p in full_disk.iterdir()) == ["ballast", "last"]
    (full_disk / "ballast").unlink()
    save(small.model(1), folder)
    assert same(load_traser(folder, preset="release"), small.model(1))


# Each case is a process of its own, forked from one that has imported torch: that takes longer than all the rest.
WRITERS = """
import json, os, resource, signal, sys
from pathlib import Path
from svg2_assets.traser.network import checkpoint
from tests.traser.network import small

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def end(folder, when):
    checkpoint.save(small.model(0), folder)
    renames = []
    if when == "limited":
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    elif when == "writing":
        checkpoint._write_json = die
    elif when == "syncing":
        checkpoint._exchange = die
    else:
        Path.rename = lambda self, to, old=Path.rename: die() if renames else (renames.append(1), old(self, to))
    try:
        checkpoint.save(small.model(1), folder)
    except Exception as error:
        (folder.parent / "said").write_text(f"{type(error).__name__} {error}")

codes = {}
for when in sys.argv[2:]:
    child = os.fork()
    if child == 0:
        end(Path(sys.argv[1]) / when / "last", when)
        os._exit(0)
    codes[when] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(json.dumps(codes))
"""
DEATHS = ["writing", "syncing", "between the renames"]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A folder with one of each writer that could not finish, and their exit codes."""
    folder = tmp_path_factory.mktemp("ended")
    for when in ("limited", *DEATHS):
        (folder / when).mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WRITERS, str(folder), "limited", *DEATHS],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


@pytest.mark.slow
def test_a_file_that_may_not_grow_further_leaves_the_checkpoint_that_was_there(
    ended: tuple[Path, dict[str, int]],
) -> None:
    place = ended[0] / "limited"
    said = (place / "said").read_text()
    assert said.startswith("CheckpointError TRASER:")
    assert "File too large" in said
    assert same(load_traser(place / "last", preset="release"), small.model(0))
    assert {p.name for p in place.iterdir()} == {"last", "said"}


@pytest.mark.slow
@pytest.mark.parametrize("when", DEATHS)
def test_a_killed_writer_costs_nothing(ended: tuple[Path, dict[str, int]], when: str) -> None:
    tmp_path = ended[0] / when
    assert ended[1][when] == -9
    assert same(load_traser(tmp_path / "last", preset="release"), small.model(0))
    assert (settled(tmp_path / "last") == tmp_path / "last") == (when != "between the renames")
    save(small.model(2), tmp_path / "last")
    assert same(load_traser(tmp_path / "last", preset="release"), small.model(2))
    assert [p.name for p in tmp_path.iterdir()] == ["last"]


def test_more_than_a_model_can_be_saved_at_once(tmp_path: Path) -> None:
    with replacing(tmp_path / "step") as new:
        write(small.model(), new)
        (new / "trainer.json").write_text("{}")
    assert (tmp_path / "step" / "trainer.json").exists()
    with pytest.raises(RuntimeError), replacing(tmp_path / "step") as new:
        raise RuntimeError("something else")
    assert (tmp_path / "step" / "trainer.json").exists()
    shutil.rmtree(tmp_path / "step")
    assert list(tmp_path.iterdir()) == []


def test_shapes_of_resamplers_may_differ_and_are_kept(tmp_path: Path) -> None:
    model = fresh_traser(small.config(object=replace(small.SHAPE, latents=2), window=replace(small.SHAPE, depth=1)))
    again = load_traser(save(model, tmp_path / "ours"), preset="release")
    assert same(again, model)
    assert (again.config.object.latents, again.config.window.depth) == (2, 1)
