"""The Perceiver resampler: any number of tokens in, a few latents out (§6.2 of the released model).

Each layer lets the latents attend to the context and themselves. As released it knows no order at all; with `place`
the keys know where and when they are, the latents which stretch of time and which place they stand for. What is added
starts at zero, so that a released checkpoint gives the same output until it is trained further.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from svg2_assets.traser.values import GROUP_FEATURES, PAIR_FEATURES, PLACE_FEATURES

INITIAL, WIDTH = 0.02, 2048  # standard deviation of weights at first, at the released width
FREQUENCIES = 8  # octaves of a feature
COUNTED_SCALE = 1 / 64  # of seconds and numbers, so that the lowest octave, of period 2, tells 128 of them apart
BUCKET_TOKENS = 8192  # padded context tokens and latents that are resampled at once
BUCKET_WASTE = 1.25  # longest over shortest context of a bucket
PAIRING = 128  # how wide what a window shows is when two are joined, or as the model where that is less
NORMED_AT_ONCE = 4096  # context tokens of a group that are normed and projected at once where no gradient is wanted


@dataclass(frozen=True, slots=True)
class ResamplerShape:
    """Dimensions; the released ones for `hidden` 2048."""

    hidden: int = 2048
    latents: int = 32
    depth: int = 3
    heads: int = 16
    key_heads: int = 4
    head: int = 96
    widening: int = 4


class Attention(nn.Module):
    """Grouped-query cross-attention of latents to context and themselves, no bias, no mask but padding."""

    def __init__(self, shape: ResamplerShape) -> None:
        super().__init__()
        self.heads, self.key_heads, self.head = shape.heads, shape.key_heads, shape.head
        self.q_proj = nn.Linear(shape.hidden, shape.heads * shape.head, bias=False)
        self.k_proj = nn.Linear(shape.hidden, shape.key_heads * shape.head, bias=False)
        self.v_proj = nn.Linear(shape.hidden, shape.key_heads * shape.head, bias=False)
        self.o_proj = nn.Linear(shape.heads * shape.head, shape.hidden, bias=False)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of x [G, n, D], each [G, n, key heads * head]."""
        return self.k_proj(x), self.v_proj(x)

    def forward(self, latents: Tensor, context: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
        """Latents [G, l, D], projected context, mask [G, n] bool -> [G, l, D]."""
        groups, slots = latents.shape[:2]
        # The query heads that share a key head stand as further queries: no key is repeated, any kernel fits.
        q = self.q_proj(latents).view(groups, slots, self.key_heads, -1, self.head).permute(0, 2, 3, 1, 4)
        k, v = (
            torch.cat(both, dim=1).view(groups, -1, self.key_heads, self.head).transpose(1, 2)
            for both in zip(context, self.project(latents), strict=True)
        )
        seen = torch.cat([mask, mask.new_ones(groups, slots)], dim=1)[:, None, None, :]
        mixed = functional.scaled_dot_product_attention(q.flatten(2, 3), k, v, attn_mask=seen, scale=self.head**-0.5)
        mixed = mixed.unflatten(2, (-1, slots)).permute(0, 3, 1, 2, 4)
        out: Tensor = self.o_proj(mixed.reshape(groups, slots, -1))
        return out


class Mlp(nn.Module):
    """Gated SiLU."""

    def __init__(self, hidden: int, width: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(hidden, width, bias=False)
        self.up_proj = nn.Linear(hidden, width, bias=False)
        self.down_proj = nn.Linear(width, hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., D] -> [..., D]."""
        out: Tensor = self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class RmsNorm(nn.Module):
    """Root-mean-square norm, computed in float32."""

    def __init__(self, hidden: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(hidden)), eps

    def forward(self, x: Tensor) -> Tensor:
        """[..., D] -> [..., D]."""
        wide = x.float()
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.eps)
        return self.weight * wide.to(x.dtype)


class Layer(nn.Module):
    """Attention and MLP around the latents."""

    def __init__(self, shape: ResamplerShape) -> None:
        super().__init__()
        self.input_latents_norm = RmsNorm(shape.hidden)
        self.input_context_norm = RmsNorm(shape.hidden)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RmsNorm(shape.hidden)
        self.mlp = Mlp(shape.hidden, shape.hidden * shape.widening)

    def forward(self, latents: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        """Latents [G, l, D], context [G, n, D] (raw, the same for every layer), mask [G, n] bool -> [G, l, D]."""
        latents = latents + self.self_attn(self.input_latents_norm(latents), self._project(context), mask)
        out: Tensor = latents + self.mlp(self.post_attention_layernorm(latents))
        return out

    def _project(self, context: Tensor) -> tuple[Tensor, Tensor]:
        if torch.is_grad_enabled():
            return self.self_attn.project(self.input_context_norm(context))
        # A norm needs float32 of all that it is given, keys and values are a fifth as wide as the context.
        pieces = [self.self_attn.project(self.input_context_norm(c)) for c in context.split(NORMED_AT_ONCE, dim=1)]
        keys, values = (torch.cat(part, dim=1) for part in zip(*pieces, strict=True))
        return keys, values


class Waves(nn.Module):
    """Numbers as sines and cosines of octaves, then a linear map that starts at zero."""

    def __init__(self, features: int, hidden: int, counted: Sequence[int]) -> None:
        super().__init__()
        self.scale = tuple(COUNTED_SCALE if f in counted else 1.0 for f in range(features))
        self.linear = nn.Linear(2 * FREQUENCIES * features, hidden, bias=False)
        nn.init.zeros_(self.linear.weight)

    def forward(self, x: Tensor) -> Tensor:
        """[..., features] -> [..., D]."""
        # Of length 1: what is learned in few steps must not drown what the tokens show.
        waves = waves_of(x, self.scale) / math.sqrt(FREQUENCIES * len(self.scale))
        out: Tensor = self.linear(waves.to(self.linear.weight.dtype))
        return out


class Pairing(nn.Module):
    """What two objects have to do with each other on a step, of what their windows show and of their boxes.

    That one comes nearer takes several numbers at once to tell, which no sum of waves does: a gated layer joins them.
    `which` says beside it when it is and whose. It starts by giving nothing.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        width = min(hidden, PAIRING)
        self.counted = [0, PAIR_FEATURES - 2, PAIR_FEATURES - 1]
        self.scale = tuple(COUNTED_SCALE if f in self.counted else 1.0 for f in range(PAIR_FEATURES))
        self.norm = RmsNorm(hidden)
        self.own_proj = nn.Linear(hidden, width, bias=False)
        self.other_proj = nn.Linear(hidden, width, bias=False)
        self.boxes_proj = nn.Linear((2 * FREQUENCIES + 1) * PAIR_FEATURES, 2 * width, bias=True)
        self.up_proj = nn.Linear(2 * width, 2 * width, bias=True)
        self.linear = nn.Linear(2 * width, hidden, bias=False)
        self.which = Waves(len(self.counted), hidden, counted=range(len(self.counted)))

    def forward(self, own: Tensor, other: Tensor, pairs: Tensor) -> Tensor:
        """What the windows of both show [G, D], their boxes [G, PAIR_FEATURES] -> [G, D]."""
        plain = pairs.float() * torch.tensor(self.scale, device=pairs.device)
        boxes = torch.cat([plain, waves_of(pairs, self.scale)], dim=-1).to(own.dtype)
        seen = torch.cat([self.own_proj(self.norm(own)), self.other_proj(self.norm(other))], dim=-1)
        out: Tensor = self.linear(functional.silu(self.up_proj(functional.silu(seen + self.boxes_proj(boxes)))))
        return out + self.which(pairs[..., self.counted])

    def reset(self) -> None:
        """Each layer gives as much as it takes; the last one nothing."""
        for layer in (self.own_proj, self.other_proj, self.boxes_proj, self.up_proj):
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
        for layer in (self.boxes_proj, self.up_proj):
            nn.init.zeros_(layer.bias)
        nn.init.ones_(self.norm.weight)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.which.linear.weight)


def waves_of(x: Tensor, scale: Sequence[float]) -> Tensor:
    """[..., features] -> [..., features * 2 * FREQUENCIES]. The angles are float32 whatever the weights are."""
    octaves = math.pi * 2.0 ** torch.arange(FREQUENCIES, device=x.device)
    angle = (x.float() * torch.tensor(scale, device=x.device))[..., None] * octaves
    return torch.cat([angle.sin(), angle.cos()], dim=-1).flatten(-2)


class Resampler(nn.Module):
    """Perceiver resampler with the released parameter names; `place` adds `key_place`, `latent_place`, `out_place`.

    `beside` adds `pair_place`, which fills the slots of what two objects have to do with each other.
    """

    def __init__(
        self, shape: ResamplerShape, *, place: bool = False, orthogonal: bool = False, beside: bool = False
    ) -> None:
        super().__init__()
        self.shape, self.orthogonal, self.checkpointing = shape, orthogonal, False
        self.latents = nn.Parameter(torch.ones(shape.latents, shape.hidden))
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.depth))
        self.norm = RmsNorm(shape.hidden)
        self.key_place = Waves(PLACE_FEATURES, shape.hidden, counted=[0]) if place else None
        self.latent_place = Waves(GROUP_FEATURES, shape.hidden, counted=[0, 1, 8]) if place else None
        self.out_place = Waves(GROUP_FEATURES, shape.hidden, counted=[0, 1, 8]) if place else None
        self.pair_place = Pairing(shape.hidden) if beside else None
        self.reset()

    def reset(self) -> None:
        """Initialise: linear weights N(0, 0.02), norms 1, latents all ones or orthogonal and small, places 0.

        Narrower ones get larger weights, so that as much comes out of them.
        """
        std = initial_std(self.shape.hidden)
        for name, parameter in self.named_parameters():
            if "_place." in name:
                continue
            if name.endswith("_proj.weight"):
                nn.init.normal_(parameter, std=std)
            else:
                nn.init.ones_(parameter)
        if self.orthogonal:
            wide = torch.empty_like(self.latents, dtype=torch.float32)  # no half precision has a QR decomposition
            nn.init.orthogonal_(wide, gain=INITIAL * math.sqrt(self.shape.hidden))
            self.latents.data.copy_(wide)
        self.reset_places()

    def reset_places(self) -> None:
        """What `default` adds, as it starts: it gives nothing."""
        for added in (self.key_place, self.latent_place, self.out_place):
            if added is not None:
                nn.init.zeros_(added.linear.weight)
        if self.pair_place is not None:
            self.pair_place.reset()

    def forward(self, context: Tensor, mask: Tensor, places: Tensor, meta: Tensor) -> Tensor:
        """Context [G, n, D], mask [G, n] bool, places [G, n, P], meta [G, M] -> latents [G, slots, D]."""
        latents = self.latents.expand(len(context), -1, -1)
        if self.key_place is not None and self.latent_place is not None:
            context = context + self.key_place(places)
            latents = latents + self.latent_place(meta)[:, None]
        for layer in self.layers:
            if self.checkpointing and self.training and torch.is_grad_enabled():
                latents = checkpoint(layer, latents, context, mask, use_reentrant=False)
            else:
                latents = layer(latents, context, mask)
        out: Tensor = self.norm(latents)
        return out if self.out_place is None else out + self.out_place(meta)[:, None]


def initial_std(hidden: int, *, width: int = WIDTH) -> float:
    """Standard deviation of the weights of a layer `hidden` wide: 0.02 at the released `width`, by 1 / sqrt(hidden)."""
    return INITIAL * math.sqrt(width / hidden)


@dataclass(frozen=True)
class Bundle:
    """Groups of one role in a batch: `tokens[g]` index the features [N, D]; `places[g]` [n_g, P]; `meta` [G, M]."""

    tokens: Sequence[Tensor]
    places: Sequence[Tensor]
    meta: Tensor

    def to(self, device: torch.device | str) -> Bundle:
        """The same on `device`, moved in three copies."""
        lengths = [len(t) for t in self.tokens]
        tokens = torch.cat(list(self.tokens)).to(device).split(lengths)
        places = torch.cat(list(self.places)).to(device).split(lengths)
        return Bundle(tokens, places, self.meta.to(device))


def resample(resampler: Resampler, features: Tensor, bundle: Bundle, *, limit: int = BUCKET_TOKENS) -> Tensor:
    """The latents [G, slots, D] of every group, in buckets of like length: no group is padded to the longest."""
    lengths = np.asarray([len(t) for t in bundle.tokens], dtype=np.int64)
    first, device = np.cumsum(lengths) - lengths, features.device
    tokens, places = torch.cat(list(bundle.tokens)).to(device), torch.cat(list(bundle.places)).to(device)
    meta = bundle.meta.to(device)
    made: Tensor | None = None
    for bucket in buckets(lengths.tolist(), limit=limit, beside=resampler.shape.latents):
        # Which of all groups' tokens stand in each row; what pads a row repeats its first and is masked.
        within = np.arange(lengths[bucket].max())
        there = within < lengths[bucket][:, None]
        where = torch.from_numpy(np.where(there, first[bucket][:, None] + within, first[bucket][:, None])).to(device)
        mask = torch.from_numpy(there).to(device)
        latents = resampler(features[tokens[where]], mask, places[where], meta[bucket])
        if made is None:
            made = latents.new_empty(len(lengths), *latents.shape[1:])
        made.index_copy_(0, torch.tensor(bucket, device=device), latents)
    return features.new_zeros(0, resampler.shape.latents, features.shape[1]) if made is None else made


def buckets(lengths: Sequence[int], *, limit: int = BUCKET_TOKENS, beside: int = 0) -> Iterator[list[int]]:
    """Groups of indices whose lengths differ by at most `BUCKET_WASTE` (small ones by 32), at most `limit` in all.

    `beside`: the latents that each group has besides its context.
    """
    order = sorted(range(len(lengths)), key=lambda g: lengths[g])
    bucket: list[int] = []
    for g in order:
        longest = lengths[g]
        first = lengths[bucket[0]] if bucket else longest
        padded = (longest + beside) * (len(bucket) + 1)
        if bucket and (longest > max(first * BUCKET_WASTE, first + 32) or padded > limit):
            yield bucket
            bucket = []
        bucket.append(g)
    if bucket:
        yield bucket
