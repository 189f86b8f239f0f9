"""A checkpoint's `config.json` and our `TraserConfig`: the released flat form, Qwen's nested one, our own fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from svg2_assets.scene.errors import printable
from svg2_assets.traser.arrangement import Marks
from svg2_assets.traser.network.errors import CheckpointError
from svg2_assets.traser.network.model import TraserConfig
from svg2_assets.traser.network.released import ARCHITECTURE, HUB_ID, NEW_ROWS
from svg2_assets.traser.network.resampler import ResamplerShape
from svg2_assets.traser.presets import Designing

MODEL_TYPE = "qwen2_5_vl"
OURS, FORMAT = "svg2_traser", 1
"""The field of `config.json` with what the released form cannot say, and the version of that field."""

_TEXT = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "hidden_act",
    "max_position_embeddings",
    "max_window_layers",
    "sliding_window",
    "use_sliding_window",
    "rms_norm_eps",
    "attention_dropout",
    "initializer_range",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
)
_IDS = (
    "image_token_id",
    "video_token_id",
    "vision_start_token_id",
    "vision_end_token_id",
    "obj_traj_start_id",
    "obj_traj_end_id",
)
_LATENTS = {"object": "object_resampler_n_latents", "window": "temporal_resampler_n_latents"}


def is_traser(read: Mapping[str, Any]) -> bool:
    """Whether a configuration claims to be of TRASER, not of the model that it starts from."""
    return OURS in read or "use_resampler" in read or ARCHITECTURE in (read.get("architectures") or ())


def text_of(read: Mapping[str, Any]) -> dict[str, Any]:
    """The language model's fields, from the flat form or the nested one; positions in one form."""
    given = read.get("text_config") or read
    text = {key: given[key] for key in _TEXT if key in given}
    scaling = dict(given.get("rope_parameters") or given.get("rope_scaling") or {})
    kind = scaling.pop("type", scaling.pop("rope_type", "default"))
    scaling.setdefault("rope_theta", given.get("rope_theta", 1e6))
    text["rope_parameters"] = {"rope_type": "default" if kind == "mrope" else kind} | scaling
    return text


def config_of(read: Mapping[str, Any], *, tied: bool, latents: Mapping[str, int], designing: Designing) -> TraserConfig:
    """What is built for a checkpoint with this `config.json`.

    `tied`: its head is its embedding; `latents`: how many it stores, by role, where the configuration does not say.
    What it was trained with stays: `designing` adds place where the checkpoint has none, and sets the loss.
    Raises `CheckpointError` for fields that make no sense.
    """
    ours = read.get(OURS, {})
    if ours.get("format", FORMAT) > FORMAT:
        raise CheckpointError(
            f"TRASER: the checkpoint was saved by a later version (format {ours['format']}, this one reads {FORMAT}); "
            "update svg2-assets."
        )
    backbone = {
        "text_config": text_of(read),
        "vision_config": dict(read["vision_config"]) | {"model_type": "qwen2_5_vl_vision"},
        "tie_word_embeddings": tied,
    } | {key: read[key] for key in _IDS if key in read}
    try:
        shapes = {role: _shape(read, role, latents.get(role, 32)) for role in ("object", "window")}
        return TraserConfig(
            backbone,
            shapes["object"],
            shapes["window"],
            place=bool(ours.get("place", False)) or designing.place,
            orthogonal=designing.orthogonal,
            diversity=designing.diversity,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"TRASER: config.json makes no sense ({printable(str(error))}); fetch it anew."
        ) from error


def _shape(read: Mapping[str, Any], role: str, latents: int) -> ResamplerShape:
    if role in read.get(OURS, {}):
        return ResamplerShape(**read[OURS][role])
    return ResamplerShape(
        hidden=int(text_of(read)["hidden_size"]),
        latents=int(read.get(_LATENTS[role], latents)),
        depth=int(read.get("resampler_depth", 3)),
    )


def resized(config: TraserConfig, vocabulary: int) -> TraserConfig:
    """The same with `vocabulary` rows in its table, the last two of which are the marks around an object."""
    text = {**config.backbone["text_config"], "vocab_size": vocabulary}
    marks = {"obj_traj_start_id": vocabulary - NEW_ROWS, "obj_traj_end_id": vocabulary - 1}
    return replace(config, backbone={**config.backbone, "text_config": text, **marks})


def flat_of(config: TraserConfig, *, dtype: str) -> dict[str, Any]:
    """`config.json` as the released model has it, which its own code reads, and one field more for ours."""
    text = text_of(config.backbone)
    rope = text.pop("rope_parameters")
    theta = rope.pop("rope_theta")
    scaling = {"type": "mrope" if "mrope_section" in rope else rope["rope_type"]} | rope
    scaling.pop("rope_type")
    return {
        "architectures": [ARCHITECTURE],
        "model_type": MODEL_TYPE,
        **text,
        "rope_theta": theta,
        "rope_scaling": scaling,
        **{key: config.backbone[key] for key in _IDS if key in config.backbone},
        "tie_word_embeddings": bool(config.backbone.get("tie_word_embeddings", False)),
        "use_resampler": True,
        "object_resampler": True,
        "resampler_depth": config.window.depth,
        "temporal_resampler_n_latents": config.window.latents,
        "object_resampler_n_latents": config.object.latents,
        "vision_config": dict(config.backbone["vision_config"]),
        "dtype": dtype,
        OURS: {
            "format": FORMAT,
            "place": config.place,
            "orthogonal": config.orthogonal,
            "diversity": config.diversity,
            "object": asdict(config.object),
            "window": asdict(config.window),
        },
    }


def marks_of(config: TraserConfig) -> Marks:
    """Ids of the marks that the model knows, to compare with a tokenizer's; Qwen's where it does not say."""
    own, text, usual = config.backbone, config.backbone.get("text_config", {}), Marks()
    return Marks(
        object_start=own.get("obj_traj_start_id", usual.object_start),
        object_end=own.get("obj_traj_end_id", usual.object_end),
        vision_start=own.get("vision_start_token_id", usual.vision_start),
        vision_end=own.get("vision_end_token_id", usual.vision_end),
        video=own.get("video_token_id", usual.video),
        end=_one(text.get("eos_token_id"), usual.end),
        pad=_one(text.get("pad_token_id"), usual.pad),
    )


def _one(given: Any, usual: int) -> int:
    first = given[0] if isinstance(given, list) and given else given
    return usual if first is None or first == [] else int(first)


def refuse_other_models(read: Mapping[str, Any], where: str) -> None:
    """Raises `CheckpointError` for a configuration of a model that is neither TRASER nor what it starts from."""
    kind = read.get("model_type")
    vision = read.get("vision_config")
    if kind == MODEL_TYPE and isinstance(vision, dict):
        return
    named = ", ".join(map(str, read.get("architectures") or ())) or "of unknown architecture"
    raise CheckpointError(
        f"TRASER: {where} holds another model ({printable(str(kind))}: {printable(named)}); name {HUB_ID}, a folder "
        "that svg2 saved, or Qwen/Qwen2.5-VL-3B-Instruct to start a training from."
    )
