"""SAM 3's architecture at its smallest: every module of the released model, and a tokenizer of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resources.sam3.settings import PATCH, ModelSettings

if TYPE_CHECKING:
    from transformers import Sam3VideoConfig, Sam3VideoProcessor

WIDTH = 128  # of features: twice the 64 of a memory, since the tracker splits an object's pointer into memories
START, END = "<|startoftext|>", "<|endoftext|>"


def tiny_config(settings: ModelSettings) -> Sam3VideoConfig:
    """The configuration of a model of about two million weights that sees squares of `settings.image_size`."""
    from transformers import Sam3VideoConfig

    side = settings.image_size // PATCH
    vision = _vision(settings.image_size)
    layer = {"hidden_size": WIDTH, "num_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    detector = {
        "model_type": "sam3",
        "vision_config": vision,
        "text_config": _text(),
        "geometry_encoder_config": layer,
        "detr_encoder_config": layer,
        "detr_decoder_config": {**layer, "num_queries": 8},
        "mask_decoder_config": {"hidden_size": WIDTH, "num_attention_heads": 2},
    }
    tracker = {
        "model_type": "sam3_tracker_video",
        "vision_config": vision,
        "prompt_encoder_config": {"hidden_size": WIDTH, "mask_input_channels": 4, "patch_size": PATCH},
        "mask_decoder_config": {"hidden_size": WIDTH, "mlp_dim": 64, "num_attention_heads": 2},
        "memory_attention_hidden_size": WIDTH,
        "memory_attention_num_layers": 1,
        "memory_attention_feed_forward_hidden_size": 64,
        "memory_encoder_hidden_size": WIDTH,
        "mask_downsampler_embed_dim": WIDTH,
        "memory_fuser_num_layers": 1,
        "memory_fuser_embed_dim": WIDTH,
        "memory_fuser_intermediate_dim": 64,
        "image_size": settings.image_size,
    }
    return Sam3VideoConfig(detector_config=detector, tracker_config=tracker, low_res_mask_size=4 * side)


def tiny_processor(settings: ModelSettings) -> Sam3VideoProcessor:
    """Pictures as the released model takes them, at another size; text byte by byte."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer, Sam2VideoVideoProcessor, Sam3ImageProcessor, Sam3VideoProcessor

    letters = sorted(ByteLevel.alphabet())
    words = [START, END, *letters, *(f"{letter}</w>" for letter in letters)]
    size = {"height": settings.image_size, "width": settings.image_size}
    return Sam3VideoProcessor(
        Sam3ImageProcessor(size=size),
        Sam2VideoVideoProcessor(size=size),
        CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=[]),
    )


def _vision(image_size: int) -> dict[str, Any]:
    side = image_size // PATCH
    backbone = {
        "model_type": "sam3_vit_model",
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": image_size,
        "patch_size": PATCH,
        "window_size": 4,
        "global_attn_indexes": [1],
        "pretrain_image_size": image_size,
    }
    sizes = [[scale * side, scale * side] for scale in (4, 2, 1)]
    return {
        "model_type": "sam3_vision_model",
        "backbone_config": backbone,
        "fpn_hidden_size": WIDTH,
        "backbone_feature_sizes": sizes,
    }


def _text() -> dict[str, Any]:
    return {
        "model_type": "clip_text_model",
        "vocab_size": 514,
        "hidden_size": 32,
        "intermediate_size": 64,
        "projection_dim": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 32,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
    }
