"""Low-rank adapters on the language model (LoRA, Hu et al. 2021), by peft: learned apart, kept merged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from svg2_assets.scene.errors import UnusableBackend
from svg2_assets.traser.network.model import Traser
from svg2_assets.traser.training.groups import ADAPTER
from svg2_assets.traser.training.keeping import read_tensors, write_tensors
from svg2_assets.traser.training.settings import LoraChoice

LEARNED = "learned.safetensors"
"""What learns, as it is: the model's own files hold it merged, which cannot be taken apart again."""
_NAME = "default"  # of the one adapter
_BASE = ".base_layer."


def adapt(model: Traser, lora: LoraChoice, *, seed: int = 0) -> None:
    """Put adapters, drawn from `seed`, into the language model.

    Raises `UnusableBackend` without peft, and for targets that the model lacks.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise UnusableBackend("traser: lora needs peft. Install the extra `train`: svg2-assets[train].") from error
    config = LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=list(lora.targets)
    )
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            inject_adapter_in_model(config, model.backbone.model.language_model, adapter_name=_NAME)
    except ValueError as error:
        raise UnusableBackend(f"traser: lora.targets {', '.join(lora.targets)}: {error}") from error


def merged(state: Mapping[str, Tensor], lora: LoraChoice) -> dict[str, Tensor]:
    """`state` of an adapted model as that of a plain one: each weight with its adapter's product added."""
    found: dict[str, Tensor] = {}
    for name, value in state.items():
        if ADAPTER in name:
            continue
        found[name.replace(_BASE, ".")] = value
    for name in (n for n in state if n.endswith(f"{_BASE}weight")):
        module = name.removesuffix(f"{_BASE}weight")
        down, up = (state[f"{module}.{part}.{_NAME}.weight"].float() for part in ("lora_A", "lora_B"))
        base = state[name]
        added = base.float() + lora.alpha / lora.rank * (up @ down).to(base.device)
        found[f"{module}.weight"] = added.to(base.dtype)
    return found


def write_learned(folder: Path, model: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Keep what learns of `model`, from its whole `state`, for `read_learned`."""
    names = [n for n, p in model.named_parameters() if p.requires_grad]
    write_tensors(folder / LEARNED, {n: {"weight": state[n]} for n in names})


def read_learned(folder: Path, model: nn.Module) -> None:
    """Give `model` what `write_learned` kept. Raises `BrokenCheckpoint`."""
    kept = {name: kinds["weight"] for name, kinds in read_tensors(folder / LEARNED).items()}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in kept:
                parameter.copy_(kept[name])
