"""Small painted videos, and a SAM 2 with random weights that sees objects."""

from __future__ import annotations

import torch

from resources.sam2.engine import Engine
from resources.sam2.settings import ModelSettings
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import Frame
from tests.trajectories.scenes import BLUE, GREEN, RED, PaintedVideo, Square, mask_of

WIDTH, HEIGHT = 120, 90
COLOURS = {1: RED, 2: BLUE, 3: GREEN}


def video(frames: int = 12) -> PaintedVideo:
    squares = [
        Square(RED, lambda t: (10 + 4 * t, 10), 30),
        Square(BLUE, lambda t: (80 - 2 * t, 50), 26),
        Square(GREEN, lambda t: (4 + t, 55), 22),
    ]
    return PaintedVideo(squares, frames_in_all=frames, width=WIDTH, height=HEIGHT)


def true_mask(frame: Frame, i: int) -> Mask:
    return Mask.from_array(mask_of(frame.pixels, COLOURS[i]))


def random_engine(**settings: object) -> Engine:
    torch.set_num_threads(1)  # two that wait for each other are many times slower where the cores are busy
    given = {
        "size": "tiny",
        "image_size": 256,
        "device": "cpu",
        "dtype": "float32",
        "cache_dtype": "float32",
        "random_weights": True,
    }
    engine = Engine(ModelSettings(**(given | settings)))
    make_it_see(engine.network.model)
    return engine


def make_it_see(model: torch.nn.Module) -> None:
    """Drawn weights call every object absent and hardly look at memories: both are put right, the same way always."""
    with torch.no_grad():
        model.sam_mask_decoder.pred_obj_score_head.layers[-1].bias.fill_(5.0)
        model.maskmem_tpos_enc.mul_(10)
        for layer in model.memory_attention.layers:
            layer.cross_attn_image.k_proj.weight.mul_(4)
            layer.cross_attn_image.out_proj.weight.mul_(8)
        for head in model.sam_mask_decoder.output_hypernetworks_mlps:
            head.layers[-1].weight.mul_(40)
        for name, parameter in model.memory_encoder.named_parameters():
            if name.endswith("gamma"):
                parameter.fill_(1.0)
