"""TRASER: Qwen2.5-VL whose visual tokens are resampled object by object (§6 of the released model)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from svg2_assets.traser.arrangement import IGNORED
from svg2_assets.traser.network.resampler import Bundle, Resampler, ResamplerShape, resample
from svg2_assets.traser.values import GROUP_FEATURES, Example, Grid, Role

PATCHES_AT_ONCE = 32768  # that the vision tower sees in one call


@dataclass(frozen=True)
class TraserConfig:
    """The backbone as transformers' configuration (a mapping), resamplers by role, and what `default` adds."""

    backbone: Mapping[str, Any]
    object: ResamplerShape
    window: ResamplerShape
    place: bool = False
    orthogonal: bool = False
    diversity: float = 0.0


@dataclass(frozen=True)
class GroupSlots:
    """The groups of one role in a batch: rows, first positions and slots of each, and what to fill them from."""

    rows: Sequence[int]
    starts: Sequence[int]
    slots: Sequence[int]
    bundle: Bundle


@dataclass(frozen=True)
class Batch:
    """Samples as tensors. `ids`, `mask`, `labels` [B, L]; `positions` [3, B, L]; `patches` [P, 1176]."""

    ids: Tensor
    mask: Tensor
    positions: Tensor
    labels: Tensor
    patches: Tensor
    grids: Sequence[Grid]
    groups: Mapping[Role, GroupSlots]

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Batch:
        """The batch on `device`, patches as `dtype`."""
        moved = {role: GroupSlots(g.rows, g.starts, g.slots, g.bundle.to(device)) for role, g in self.groups.items()}
        return Batch(
            self.ids.to(device),
            self.mask.to(device),
            self.positions.to(device),
            self.labels.to(device),
            self.patches.to(device, dtype=dtype),
            self.grids,
            moved,
        )


@dataclass
class Losses:
    """`total` to be minimised; its parts; how many tokens were learned."""

    total: Tensor
    language: Tensor
    diversity: Tensor
    tokens: int


@dataclass
class State:
    """What decoding keeps: key-value cache, the mask so far [B, L], each row's next position [B]."""

    cache: Any
    mask: Tensor
    position: Tensor
    extra: dict[str, Any] = field(default_factory=dict)


class Traser(nn.Module):
    """Backbone and resamplers. `embed` fills the slots; `loss` trains; `prefill` and `step` decode."""

    def __init__(self, config: TraserConfig) -> None:
        super().__init__()
        from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

        self.config = config
        self.backbone = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(**config.backbone))
        options = {"place": config.place, "orthogonal": config.orthogonal}
        self.window_resampler = Resampler(config.window, **options)
        self.object_resampler = Resampler(config.object, **options)

    def resampler(self, role: Role) -> Resampler:
        """The one that fills groups of `role`."""
        return self.object_resampler if role is Role.OBJECT else self.window_resampler

    def see(self, patches: Tensor, grids: Sequence[Grid], *, at_once: int = PATCHES_AT_ONCE) -> Tensor:
        """Visual tokens [N, D] of all clips, `at_once` patches at a time.

        Cut between steps, which is exact: no attention of the vision tower reaches over a step.
        """
        parts, first = [], 0
        for sizes in _calls(grids, at_once):
            count = sum(t * h * w for t, h, w in sizes)
            thw = torch.tensor(sizes, device=patches.device)
            seen = self.backbone.model.visual(patches[first : first + count], grid_thw=thw)
            parts.append(seen.pooler_output)
            first += count
        return torch.cat(parts)

    def embed(self, batch: Batch) -> tuple[Tensor, dict[Role, Tensor]]:
        """Input embeddings [B, L, D] with every slot filled, and the latents by role."""
        features = self.see(batch.patches, batch.grids)
        embedded = self.backbone.get_input_embeddings()(batch.ids)
        made: dict[Role, Tensor] = {}
        for role, groups in batch.groups.items():
            if role is Role.TOKENS:
                filling = features[torch.cat(list(groups.bundle.tokens))]
            else:
                made[role] = resample(self.resampler(role), features, groups.bundle)
                filling = made[role].flatten(0, 1)
            rows, columns = _slots(groups, embedded.device)
            embedded = embedded.index_put((rows, columns), filling.to(embedded.dtype))
        return embedded, made

    def loss(self, batch: Batch) -> Losses:
        """Cross-entropy of the learned tokens, each predicted from the position before; logits only there."""
        embedded, latents = self.embed(batch)
        hidden = self._decode(embedded, batch.mask, batch.positions).last_hidden_state[:, :-1]
        wanted = batch.labels[:, 1:]
        learned = wanted != IGNORED
        logits = self.backbone.lm_head(hidden[learned])
        language = functional.cross_entropy(logits.float(), wanted[learned])
        alike = diversity_loss(latents) if self.config.diversity else language.new_zeros(())
        return Losses(language + self.config.diversity * alike, language, alike, int(learned.sum()))

    def token_losses(self, batch: Batch) -> Tensor:
        """Mean cross-entropy of each sample's learned tokens, [B]."""
        embedded, _ = self.embed(batch)
        hidden = self._decode(embedded, batch.mask, batch.positions).last_hidden_state[:, :-1]
        wanted = batch.labels[:, 1:]
        learned = wanted != IGNORED
        each = functional.cross_entropy(
            self.backbone.lm_head(hidden[learned]).float(), wanted[learned], reduction="none"
        )
        rows = learned.nonzero()[:, 0]
        sums = each.new_zeros(len(wanted)).index_add(0, rows, each)
        return sums / learned.sum(1).clamp(min=1)

    @torch.no_grad()
    def prefill(self, batch: Batch) -> tuple[Tensor, State]:
        """Logits [B, V] of the token after each sample (padded on the left), and the state to go on from."""
        embedded, _ = self.embed(batch)
        out = self._decode(embedded, batch.mask, batch.positions, use_cache=True)
        logits: Tensor = self.backbone.lm_head(out.last_hidden_state[:, -1])
        return logits, State(out.past_key_values, batch.mask, batch.positions[0].max(dim=1).values + 1)

    @torch.no_grad()
    def step(self, ids: Tensor, state: State) -> Tensor:
        """Logits [B, V] after `ids` [B]; `state` moves on."""
        embedded = self.backbone.get_input_embeddings()(ids[:, None])
        state.mask = torch.cat([state.mask, state.mask.new_ones(len(ids), 1)], dim=1)
        positions = state.position[None, :, None].expand(3, -1, -1)
        out = self._decode(embedded, state.mask, positions, use_cache=True, past_key_values=state.cache)
        state.position = state.position + 1
        logits: Tensor = self.backbone.lm_head(out.last_hidden_state[:, -1])
        return logits

    def _decode(self, embedded: Tensor, mask: Tensor, positions: Tensor, **options: Any) -> Any:
        return self.backbone.model.language_model(
            inputs_embeds=embedded, attention_mask=mask, position_ids=positions, **({"use_cache": False} | options)
        )


def diversity_loss(latents: Mapping[Role, Tensor]) -> Tensor:
    """Mean squared cosine between different latents of a group, over all groups: 1 when they are all the same."""
    found = []
    for made in latents.values():
        unit = functional.normalize(made.float(), dim=-1)
        cosine = unit @ unit.transpose(1, 2)
        slots = cosine.shape[-1]
        if slots > 1:
            off = cosine.pow(2).sum((1, 2)) - cosine.diagonal(dim1=1, dim2=2).pow(2).sum(1)
            found.append((off / (slots * (slots - 1))).mean())
    return torch.stack(found).mean() if found else torch.zeros(())


def collate(examples: Sequence[Example], *, pad: int, left: bool = False) -> Batch:
    """Samples of any length as one batch, padded on the right for training, on the left to decode."""
    longest = max(len(e.arranged) for e in examples)
    ids, labels = np.full((len(examples), longest), pad), np.full((len(examples), longest), IGNORED)
    mask = np.zeros((len(examples), longest), dtype=np.int64)
    for row, example in enumerate(examples):
        length = len(example.arranged)
        place = slice(longest - length, longest) if left else slice(0, length)
        ids[row, place], labels[row, place], mask[row, place] = example.arranged.ids, example.arranged.labels, 1
    positions = np.where(mask == 1, np.cumsum(mask, axis=1) - 1, 0)
    return Batch(
        ids=torch.from_numpy(ids),
        mask=torch.from_numpy(mask),
        positions=torch.from_numpy(positions).expand(3, -1, -1),
        labels=torch.from_numpy(labels),
        patches=torch.from_numpy(np.concatenate([e.patches for e in examples])),
        grids=[e.grid for e in examples],
        groups=_collate_groups(examples, longest, left=left),
    )


def _collate_groups(examples: Sequence[Example], longest: int, *, left: bool) -> dict[Role, GroupSlots]:
    found: dict[Role, list[tuple[int, int, int, Tensor, Tensor, Any]]] = {}
    first = 0
    for row, example in enumerate(examples):
        shift = longest - len(example.arranged) if left else 0
        for g in example.arranged.groups:
            tokens = torch.from_numpy(np.asarray(g.tokens, dtype=np.int64) + first)
            found.setdefault(g.role, []).append(
                (row, g.start + shift, g.slots, tokens, torch.from_numpy(g.places), g.meta)
            )
        first += example.grid.tokens
    groups = {}
    for role, listed in found.items():
        rows, starts, slots, tokens_, places, meta = zip(*listed, strict=True)
        bundle = Bundle(tokens_, places, torch.from_numpy(np.stack(meta)).reshape(-1, GROUP_FEATURES))
        groups[role] = GroupSlots(rows, starts, slots, bundle)
    return groups


def _slots(groups: GroupSlots, device: torch.device) -> tuple[Tensor, Tensor]:
    """Row and column of every slot, group by group."""
    slots = torch.tensor(groups.slots)
    rows = torch.tensor(groups.rows).repeat_interleave(slots)
    starts = torch.tensor(groups.starts).repeat_interleave(slots)
    within = torch.arange(len(rows)) - (slots.cumsum(0) - slots).repeat_interleave(slots)
    return rows.to(device), (starts + within).to(device)


def _calls(grids: Sequence[Grid], at_once: int) -> Iterator[list[tuple[int, int, int]]]:
    """Grids in patches (steps, rows, columns), cut and gathered to calls of about `at_once` patches."""
    call: list[tuple[int, int, int]] = []
    room = at_once
    for grid in grids:
        a_step, left = 4 * grid.cells, grid.steps
        while left:
            if call and room < a_step:
                yield call
                call, room = [], at_once
            steps = min(left, max(1, room // a_step))
            call.append((steps, 2 * grid.rows, 2 * grid.cols))
            left, room = left - steps, room - steps * a_step
    if call:
        yield call
