"""The network itself: built from the configuration that the sam2 package carries, for any image size."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from resources.sam2 import checkpoint
from resources.sam2.errors import ModelsMissing
from resources.sam2.package import make_importable
from resources.sam2.settings import STRIDE, ModelSettings

if TYPE_CHECKING:
    import torch
    from sam2.modeling.sam2_base import SAM2Base

CONFIGS = {"tiny": "t", "small": "s", "base-plus": "b+", "large": "l"}
OVERRIDES = (
    # As the package's own predictors run the model: an unstable single mask gives way to the best of three, ...
    "++model.sam_mask_decoder_extra_args.dynamic_multimask_via_stability=true",
    "++model.sam_mask_decoder_extra_args.dynamic_multimask_stability_delta=0.05",
    "++model.sam_mask_decoder_extra_args.dynamic_multimask_stability_thresh=0.98",
    # ... and a prompt is remembered as the mask it is, not as probabilities.
    "++model.binarize_mask_from_pts_for_mem_enc=true",
)


def build(settings: ModelSettings) -> SAM2Base:
    """The model with its weights, on its device, ready for inference.

    Raises `ModelsMissing` without torch and sam2, `CheckpointError` as `checkpoint.load`.
    """
    weights_known = (
        None if settings.random_weights else checkpoint.located(settings)
    )  # fails before seconds of building
    model = _empty(settings)
    if weights_known is not None:
        checkpoint.load(model, settings)
    return model.to(device_of(settings)).eval()


def device_of(settings: ModelSettings) -> torch.device:
    """Where the model runs."""
    import torch

    if settings.device != "auto":
        return torch.device(settings.device)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether `device` has units for matrices of bfloat16: CUDA does, of CPUs those with AMX."""
    import torch

    return device.type == "cuda" or (device.type == "cpu" and bool(torch.cpu._is_amx_tile_supported()))  # noqa: SLF001


def _empty(settings: ModelSettings) -> Any:
    """The network with random weights, drawn without touching the process's random state."""
    try:
        make_importable()
        import torch
        from hydra import compose
        from hydra.utils import instantiate
        from omegaconf import OmegaConf
    except ImportError as error:
        raise ModelsMissing(f"SAM 2 needs the package {error.name}: `pip install 'svg2-assets[models]'`.") from error
    name = f"configs/sam2.1/sam2.1_hiera_{CONFIGS[settings.model_size]}.yaml"
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hydra announces its next release
        torch.manual_seed(settings.seed)
        config = compose(config_name=name, overrides=[*OVERRIDES, *_sized(settings.image_size)])
        OmegaConf.resolve(config)
        return instantiate(config.model, _recursive_=True, _execution_whitelist_="sam2.*")


def _sized(image_size: int) -> list[str]:
    """What else depends on the image size: rotary positions of the memory attention."""
    side = image_size // STRIDE
    layers = ("self_attention", "cross_attention")
    positions = [f"++model.memory_attention.layer.{layer}.feat_sizes=[{side},{side}]" for layer in layers]
    return [f"++model.image_size={image_size}", *positions]
