"""Attention over long sequences: prompts read in pieces behind a cache, and the vision tower's windows all at once.

What is computed is Qwen2.5-VL's attention, unchanged. transformers' own way needs, for each piece of a long prompt, a
mask of piece x sequence and the keys repeated for every query head, and it calls the vision attention window by
window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.backends.cuda import SDPAParams, can_use_flash_attention
from torch.nn import functional
from torch.nn.attention.bias import causal_lower_right
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.cache_utils import Cache, DynamicLayer
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import apply_rotary_pos_emb_vision
from transformers.utils.generic import is_flash_attention_requested

NAME = "sdpa_in_pieces"
"""Under which transformers knows `attend`."""
ROOM = 256  # positions by which a cache grows beyond what it must hold


@dataclass(frozen=True, slots=True)
class Padding:
    """How many positions at the left of each row hold nothing. Stands in place of a mask where `attend` is in use."""

    left: Sequence[int]


def attend(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Any, **options: Any
) -> tuple[Tensor, None]:
    """Causal attention of query [B, H, q, d] to key, value [B, K, n, d], the last q positions of which are its own.

    `attention_mask`: None (no padding), `Padding`, or any mask of transformers'. Returns [B, q, H, d].
    """
    pieces = query.shape[2] > 1 and getattr(module, "is_causal", True)
    if isinstance(attention_mask, Padding):
        return _row_by_row(query, key, value, attention_mask, scale=options.get("scaling")), None
    if attention_mask is None and pieces and key.shape[2] > query.shape[2]:
        return _causal(query, key, value, scale=options.get("scaling")).transpose(1, 2).contiguous(), None
    done: tuple[Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    return done


def _row_by_row(query: Tensor, key: Tensor, value: Tensor, padding: Padding, *, scale: float | None) -> Tensor:
    """Each row without its padding, so that no mask is needed; what stands in padding gets zeros."""
    length, past = query.shape[2], key.shape[2] - query.shape[2]
    out = query.new_zeros(query.shape)
    for row, left in enumerate(padding.left):
        first = max(left - past, 0)
        if first < length:
            part = slice(row, row + 1)
            out[part, :, first:] = _causal(
                query[part, :, first:], key[part, :, left:], value[part, :, left:], scale=scale
            )
    return out.transpose(1, 2).contiguous()


def _causal(query: Tensor, key: Tensor, value: Tensor, *, scale: float | None) -> Tensor:
    """The last of `key` is what the last of `query` stands at."""
    q, n = query.shape[2], key.shape[2]
    mask: Any = causal_lower_right(q, n)  # no tensor: the kernels know what it means
    if not query.is_cuda:
        mask = torch.ones(q, n, dtype=torch.bool, device=query.device).tril(n - q)
    elif not can_use_flash_attention(SDPAParams(query, key, value, None, 0.0, False, True)):
        # float32 and older cards: the kernel that is left knows no shared keys, and without it all scores are kept.
        key, value = (x.repeat_interleave(query.shape[1] // x.shape[1], dim=1) for x in (key, value))
    shared = key.shape[1] != query.shape[1]
    out: Tensor = functional.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, scale=scale, enable_gqa=shared
    )
    return out


class RoomyLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """A layer's keys and values in memory that is taken once for the prompt and then grows by pieces.

    Concatenation would copy the whole cache for every token that is written.
    """

    def __init__(self, positions: int = 0) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._least, self._memory = positions, (torch.empty(0), torch.empty(0))

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Takes up [B, K, q, d] more; gives all keys and values so far, [B, K, n, d]."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        used = self.get_seq_length()
        wanted = used + key_states.shape[-2]
        if not self._holds(wanted):
            self._memory = (self._grown(self.keys, key_states, wanted), self._grown(self.values, value_states, wanted))
        for memory, states in zip(self._memory, (key_states, value_states), strict=True):
            memory[:, :, used:wanted] = states
        self.keys, self.values = (memory[:, :, :wanted] for memory in self._memory)
        return self.keys, self.values

    def reset(self) -> None:
        """Forgets all."""
        self._memory = (torch.empty(0), torch.empty(0))
        super().reset()

    def _holds(self, wanted: int) -> bool:
        """Whether what is kept lies in the memory still (choosing rows copies it elsewhere) and there is room."""
        memory, keys = self._memory[0], self.keys
        there = keys is not None and memory.numel() > 0 and keys.data_ptr() == memory.data_ptr()
        return there and memory.shape[2] >= wanted

    def _grown(self, kept: Tensor, states: Tensor, wanted: int) -> Tensor:
        batch, heads, _, width = states.shape
        room = max(self._least, wanted + max(ROOM, wanted // 16))
        memory = states.new_empty(batch, heads, room, width)
        if kept.numel():
            memory[:, :, : kept.shape[2]] = kept
        return memory


def roomy_cache(layers: int, *, positions: int) -> Cache:
    """A cache of `layers` that takes up `positions` without being moved."""
    return Cache(layers=[RoomyLayer(positions) for _ in range(layers)])


class WindowedAttention(nn.Module):
    """The vision tower's attention with the parameters of the one it replaces; windows of one length in one call."""

    def __init__(self, replaced: Any) -> None:
        super().__init__()
        self.qkv, self.proj = replaced.qkv, replaced.proj
        self.num_heads, self.scaling = replaced.num_heads, replaced.scaling

    def forward(
        self,
        hidden_states: Tensor,
        cu_seqlens: Tensor,
        position_embeddings: tuple[Tensor, Tensor],
        **_: Any,
    ) -> Tensor:
        """Patches [P, D], each attending to those of its stretch [cu_seqlens[i], cu_seqlens[i + 1]) -> [P, D]."""
        mixed = self.qkv(hidden_states).reshape(len(hidden_states), 3, self.num_heads, -1)
        query, key, value = mixed.unbind(1)
        query, key = apply_rotary_pos_emb_vision(query, key, *position_embeddings)
        out: Tensor = self.proj(self._attend(query, key, value, cu_seqlens.tolist()).flatten(1))
        return out

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, bounds: Sequence[int]) -> Tensor:
        stretches: dict[int, list[int]] = {}
        for first, last in pairwise(bounds):
            stretches.setdefault(last - first, []).append(first)
        if len(stretches) == 1:
            ((length, _),) = stretches.items()
            return self._batched(query, key, value, length)
        out = torch.empty_like(query)
        for length, firsts in stretches.items():
            where = (torch.tensor(firsts)[:, None] + torch.arange(length)).flatten().to(query.device)
            out.index_copy_(0, where, self._batched(query[where], key[where], value[where], length))
        return out

    def _batched(self, query: Tensor, key: Tensor, value: Tensor, length: int) -> Tensor:
        """Attention within each `length` consecutive patches, [P, H, d]."""
        q, k, v = (x.unflatten(0, (-1, length)).transpose(1, 2) for x in (query, key, value))
        out: Tensor = functional.scaled_dot_product_attention(q, k, v, scale=self.scaling)
        return out.transpose(1, 2).flatten(0, 1)


class PatchEmbedding(nn.Module):
    """The vision tower's first layer with the parameters of the one it replaces, as a product of matrices.

    Its convolution's steps are as long as its kernel: each patch is multiplied with the same matrix, which torch does
    several times faster, both ways, than a convolution of so many clips of one pixel.
    """

    def __init__(self, replaced: Any) -> None:
        super().__init__()
        self.proj = replaced.proj

    def forward(self, patches: Tensor) -> Tensor:
        """[P, 1176] -> [P, D]."""
        weight = self.proj.weight
        return functional.linear(patches.to(weight.dtype), weight.flatten(1))


def quicken(backbone: Any) -> bool:
    """Puts the patch embedding and both ways of attending into a Qwen2.5-VL.

    Attention only where it runs on torch's own; others stay as they are.

    Returns whether the language model takes a `Padding` in place of a mask.
    """
    vision, text = backbone.model.visual, backbone.model.language_model
    vision.patch_embed = PatchEmbedding(vision.patch_embed)
    if not is_flash_attention_requested(vision.config):
        for block in vision.blocks:
            block.attn = WindowedAttention(block.attn)
    used = text.config._attn_implementation  # noqa: SLF001 - transformers has no public way to read it
    if used != "sdpa" or text.has_sliding_layers:
        return False
    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    text.set_attn_implementation(NAME)
    return True
