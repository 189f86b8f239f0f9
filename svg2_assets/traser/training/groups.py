"""Which parameters learn, at what rate, and which decay (§7 of the released recipe)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from svg2_assets.traser.training.settings import Recipe

MERGER, RESAMPLER, ADAPTER = "merger", "resampler", "lora_"
VISION = "visual."
EMBEDDINGS = "embed_tokens"


def freeze(model: nn.Module, recipe: Recipe, *, only_adapters: bool = False) -> None:
    """Leave the vision tower as it is if `recipe` has it frozen, its merger excepted unless the tower is `seen_once`;
    `only_adapters`: the language model's weights as well."""
    vision = recipe.frozen_vision
    for name, parameter in model.named_parameters():
        learned = (MERGER in name and not recipe.seen_once) or RESAMPLER in name or ADAPTER in name
        parameter.requires_grad_(learned or not ((vision and VISION in name) or only_adapters))


def parameter_groups(model: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """AdamW's groups of the parameters that learn, each with `peak` rate, `weight_decay`, `name` and `names`.

    Names with `merger` and `resampler` have rates of their own. Biases, layer norms and embeddings do not decay, nor do
    resamplers; RMS norms do, as in the released recipe, whose decay spares instances of layer norm alone.
    """
    spared = _spared(model)
    rates = {MERGER: recipe.merger_rate, RESAMPLER: recipe.resampler_rate, "base": recipe.base_rate}
    groups: dict[str, dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        part = next((p for p in (MERGER, RESAMPLER) if p in name), "base")
        decays = part != RESAMPLER and name not in spared
        label = part if decays or part == RESAMPLER else f"{part}, no decay"
        decay = recipe.weight_decay if decays else 0.0
        fresh = {
            "name": label, "peak": rates[part], "lr": rates[part], "weight_decay": decay, "names": [], "params": []
        }  # fmt: skip
        group = groups.setdefault(label, fresh)
        group["names"].append(name)
        group["params"].append(parameter)
    return list(groups.values())


def _spared(model: nn.Module) -> set[str]:
    """Names of parameters that never decay."""
    return set(_names_of_layer_norms(model)) | {
        name for name, _ in model.named_parameters() if name.endswith("bias") or EMBEDDINGS in name
    }


def _names_of_layer_norms(model: nn.Module) -> Iterator[str]:
    for prefix, module in model.named_modules():
        if isinstance(module, nn.LayerNorm):
            yield from (f"{prefix}.{name}" if prefix else name for name, _ in module.named_parameters(recurse=False))


def optimiser_of(groups: list[dict[str, Any]], recipe: Recipe) -> torch.optim.AdamW:
    """AdamW over `groups`."""
    return torch.optim.AdamW(groups, betas=recipe.betas, eps=recipe.epsilon)
