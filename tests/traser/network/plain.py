"""The formulas of the released model written out plainly: one latent, one head, one group at a time, no batching.

Weights are read by the names that the released checkpoint gives them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from svg2_assets.traser.network.resampler import ResamplerShape
from svg2_assets.traser.values import Grid

WINDOW, OBJECT = "perceiver_resampler.", "second_perceiver_resampler."


def normed(x: Tensor, weight: Tensor) -> Tensor:
    return torch.stack([row / math.sqrt(float(row.pow(2).mean()) + 1e-6) * weight for row in x])


def resampled(weights: Mapping[str, Tensor], prefix: str, context: Tensor, *, shape: ResamplerShape) -> Tensor:
    """Latents [l, D] of one group, its context [n, D]."""
    latents = weights[f"{prefix}latents"]
    for number in range(shape.depth):
        layer = {k.removeprefix(f"{prefix}layers.{number}."): w for k, w in weights.items()}
        queries = normed(latents, layer["input_latents_norm.weight"])
        seen = torch.cat([normed(context, layer["input_context_norm.weight"]), queries])
        latents = latents + attended(queries, seen, layer, shape=shape)
        inner = normed(latents, layer["post_attention_layernorm.weight"])
        gate, up = inner @ layer["mlp.gate_proj.weight"].T, inner @ layer["mlp.up_proj.weight"].T
        latents = latents + (gate * torch.sigmoid(gate) * up) @ layer["mlp.down_proj.weight"].T
    return normed(latents, weights[f"{prefix}norm.weight"])


def attended(queries: Tensor, seen: Tensor, layer: Mapping[str, Tensor], *, shape: ResamplerShape) -> Tensor:
    heads = []
    for head in range(shape.heads):
        own = slice(head * shape.head, (head + 1) * shape.head)
        shared = head // (shape.heads // shape.key_heads)
        its = slice(shared * shape.head, (shared + 1) * shape.head)
        q = queries @ layer["self_attn.q_proj.weight"][own].T
        k, v = seen @ layer["self_attn.k_proj.weight"][its].T, seen @ layer["self_attn.v_proj.weight"][its].T
        heads.append(torch.stack([torch.softmax(k @ row / math.sqrt(shape.head), 0) @ v for row in q]))
    return torch.cat(heads, dim=1) @ layer["self_attn.o_proj.weight"].T


def sequence(
    transformer: Any,
    weights: Mapping[str, Tensor],
    *,
    features: Tensor,
    grid: Grid,
    objects: Sequence[Sequence[int]],
    prompt: tuple[Sequence[int], Sequence[int]],
    answer: Sequence[int],
    marks: Any,
    encode: Any,
    shape: ResamplerShape,
    seconds: int = 4,
) -> tuple[Tensor, list[int]]:
    """Input embeddings [L, D] of one sample with its blocks, and its labels (released arrangement)."""
    table = transformer.get_input_embeddings().weight
    parts: list[Tensor] = []
    labels: list[int] = []

    def say(ids: Sequence[int], *, learned: bool = False) -> None:
        parts.append(table[list(ids)])
        labels.extend(ids if learned else [-100] * len(ids))

    def show(tokens: Sequence[int], prefix: str) -> None:
        parts.append(resampled(weights, prefix, features[list(tokens)], shape=shape))
        labels.extend([-100] * shape.latents)

    window_tokens = (seconds // 2) * grid.rows * grid.cols
    say(prompt[0])
    for number, tokens in enumerate(objects, 1):
        say([marks.object_start])
        say(encode(f"Object {number}: "))
        say([marks.vision_start])
        show(tokens, OBJECT)
        for window in range(math.ceil(grid.steps / (seconds // 2))):
            inside = [t for t in tokens if t // window_tokens == window]
            if inside:
                say(encode(f"<{seconds * window} - {seconds * (window + 1)} sec>"))
                show(inside, WINDOW)
        say([marks.vision_end])
        say([marks.object_end])
    say(prompt[1])
    say(answer, learned=True)
    return torch.cat(parts), labels


def answered(transformer: Any, embedded: Tensor) -> Tensor:
    """Logits [L, V] of one sample, all positions counted from 0 in all three rows."""
    positions = torch.arange(len(embedded)).expand(3, 1, -1)
    out = transformer.model.language_model(inputs_embeds=embedded[None], position_ids=positions, use_cache=False)
    logits: Tensor = out.last_hidden_state[0] @ transformer.lm_head.weight.T
    return logits


def language_loss(logits: Tensor, labels: Sequence[int]) -> float:
    """Mean of -log p of each learned token, from the position before it."""
    found = [-float(torch.log_softmax(logits[at - 1], 0)[label]) for at, label in enumerate(labels) if label != -100]
    return sum(found) / len(found)
