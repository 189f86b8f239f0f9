"""A TRASER small enough to be run in milliseconds, and samples for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from svg2_assets.traser.arrangement import Clip, Marks, Plan, Slots, arrange
from svg2_assets.traser.network.model import Batch, Traser, TraserConfig, collate
from svg2_assets.traser.network.resampler import ResamplerShape
from svg2_assets.traser.presets import PRESETS, Arranging
from svg2_assets.traser.values import Example, Grid, Track

VOCABULARY, HIDDEN = 300, 64
SHAPE = ResamplerShape(hidden=HIDDEN, latents=4, depth=2, heads=4, key_heads=2, head=24, widening=2)
GRID = Grid(6, 5, 7)
MARKS = Marks(object_start=7, object_end=8, vision_start=5, vision_end=6, video=4, start=9, end=10, pad=0)


class Letters:
    """A tokenizer whose tokens are characters."""

    marks = MARKS

    def encode(self, text: str) -> list[int]:
        return [20 + ord(c) % 128 for c in text]

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(chr(i - 20) for i in ids if i >= 20)


def backbone(vocabulary: int = VOCABULARY, hidden: int = HIDDEN, *, tied: bool = True) -> dict[str, Any]:
    return {
        "text_config": {
            "vocab_size": vocabulary,
            "hidden_size": hidden,
            "intermediate_size": 96,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 8192,
            "rms_norm_eps": 1e-6,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 10000.0,
                "mrope_section": [hidden // 32, hidden // 32 + 1, hidden // 8 - 2 * (hidden // 32) - 1],
            },
            "pad_token_id": 0,
            "bos_token_id": None,
            "eos_token_id": None,
        },
        "vision_config": {
            "depth": 3,
            "hidden_size": 32,
            "num_heads": 2,
            "intermediate_size": 48,
            "out_hidden_size": hidden,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "window_size": 56,
            "fullatt_block_indexes": [1],
            "in_channels": 3,
        },
        "tie_word_embeddings": tied,
        "image_token_id": 3,
        "video_token_id": 4,
        "vision_start_token_id": 5,
        "vision_end_token_id": 6,
    }


def config(**more: Any) -> TraserConfig:
    return TraserConfig(**{"backbone": backbone(), "object": SHAPE, "window": SHAPE} | more)


def lively(model: Traser, seed: int = 0) -> Traser:
    """Weights large enough that every part shows in the output; what starts at zero stays there."""
    drawn = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "_place." in name:
                continue
            noise = torch.randn(p.shape, generator=drawn)
            if p.ndim > 1 and not name.endswith("latents"):
                p.copy_(noise * (1.0 if "embed_tokens" in name else p[0].numel() ** -0.5))
            else:
                p.add_(0.2 * noise)
    return model


def model(seed: int = 0, **more: Any) -> Traser:
    return lively(Traser(config(**more)).eval(), seed)


def sample(objects: int = 3, *, seed: int = 0, grid: Grid = GRID, preset: str = "release", **arranging: Any) -> Example:
    """A clip with `objects` that cover cells drawn at random."""
    draw = np.random.default_rng(seed)
    tracks = []
    for number in range(objects):
        tokens = np.sort(draw.choice(grid.tokens, int(draw.integers(1, grid.tokens // 2)), replace=False))
        coverage = draw.random(len(tokens)).astype(np.float32)
        tracks.append(Track(number, tokens, coverage, draw.random((grid.steps, 4)).astype(np.float32)))
    rules = Arranging(**arranging) if arranging else PRESETS[preset].arranging
    clip = Clip(grid, np.arange(2.0 * grid.steps), tracks)
    slots = Slots(object=SHAPE.latents, window=SHAPE.latents)
    answer = [int(i) for i in draw.integers(20, VOCABULARY, 12)]
    arranged = arrange(clip, ([9, 30, 31], [32, 33]), answer, plan=Plan(rules, slots, Letters()))
    patches = draw.standard_normal((4 * grid.tokens, 1176)).astype(np.float32)
    return Example(f"clip-{seed}", patches, grid, arranged)


def samples(count: int = 3, **more: Any) -> list[Example]:
    grids = [Grid(6, 5, 7), Grid(3, 4, 4), Grid(4, 6, 3)]
    return [sample(2 + i, seed=i, grid=grids[i % 3], **more) for i in range(count)]


def batch(examples: Sequence[Example], **more: Any) -> Batch:
    return collate(examples, pad=MARKS.pad, **more)
