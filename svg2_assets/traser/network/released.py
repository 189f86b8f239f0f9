"""The released model's own figures (`UWGZQ/TRASER`, on Qwen2.5-VL-3B): its configuration, flat as it was saved."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

HUB_ID = "UWGZQ/TRASER"
ARCHITECTURE = "Qwen2_5_VLForConditionalGeneration_Insert"
VOCABULARY = 151_667
"""Qwen's 151,665 tokens and the two marks around an object; the base model's table is padded to 151,936 rows."""
NEW_ROWS = 2  # of the table, that the base model never learned

RELEASED: Mapping[str, Any] = MappingProxyType(
    {
        "architectures": [ARCHITECTURE],
        "model_type": "qwen2_5_vl",
        "vocab_size": VOCABULARY,
        "hidden_size": 2048,
        "intermediate_size": 11008,
        "num_hidden_layers": 36,
        "num_attention_heads": 16,
        "num_key_value_heads": 2,
        "hidden_act": "silu",
        "max_position_embeddings": 128000,
        "max_window_layers": 70,
        "sliding_window": 32768,
        "use_sliding_window": False,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1000000.0,
        "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]},
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "use_cache": True,
        "bos_token_id": 151643,
        "eos_token_id": 151645,
        "image_token_id": 151655,
        "video_token_id": 151656,
        "vision_start_token_id": 151652,
        "vision_end_token_id": 151653,
        "obj_traj_start_id": 151665,
        "obj_traj_end_id": 151666,
        "use_resampler": True,
        "object_resampler": True,
        "resampler_depth": 3,
        "temporal_resampler_n_latents": 32,
        "object_resampler_n_latents": 32,
        "vision_config": {
            "model_type": "qwen2_5_vl",
            "depth": 32,
            "hidden_act": "silu",
            "hidden_size": 1280,
            "intermediate_size": 3420,
            "num_heads": 16,
            "in_channels": 3,
            "out_hidden_size": 2048,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "spatial_patch_size": 14,
            "temporal_patch_size": 2,
            "tokens_per_second": 2,
            "window_size": 112,
            "fullatt_block_indexes": [7, 15, 23, 31],
        },
        "dtype": "bfloat16",
        "transformers_version": "4.54.0",
    }
)
