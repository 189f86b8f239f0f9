"""TRASER: Qwen2.5-VL whose visual tokens are resampled object by object (§6 of the released model)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from svg2_assets.traser.arrangement import IGNORED
from svg2_assets.traser.network.attention import ROOM, Padding, quicken, roomy_cache
from svg2_assets.traser.network.resampler import Bundle, Resampler, ResamplerShape, resample
from svg2_assets.traser.values import DEVIATION, MEAN, PATCH_VALUES, Example, Grid, Role

PATCHES_AT_ONCE = 12288  # that the vision tower sees in one call
POSITIONS_AT_ONCE = 2048  # that the language model reads in one call of `prefill`
_SCALE = tuple(1 / (255 * d) for d in DEVIATION)  # what the bytes of a channel are multiplied by,
_SHIFT = tuple(-m / d for m, d in zip(MEAN, DEVIATION, strict=True))  # and what is added
LOGITS_AT_ONCE = 1024  # tokens whose logits are there at once in training


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
    """The groups of one role in a batch: rows, first positions and slots of each, and what to fill them from.

    `pairs` [G, 2]: of `Role.BESIDE`, which groups of `Role.WINDOW` show the two, -1 for none.
    """

    rows: Sequence[int]
    starts: Sequence[int]
    slots: Sequence[int]
    bundle: Bundle
    pairs: Tensor | None = None


@dataclass(frozen=True)
class Batch:
    """Samples as tensors. `ids`, `mask`, `labels` [B, L]; `positions` [3, B, L]; `patches` [P, 1176].

    `left`: padded on the left, to decode. `patches` are uint8 or normalised; they may stay in main memory:
    `Traser.see` takes them piece by piece.
    """

    ids: Tensor
    mask: Tensor
    positions: Tensor
    labels: Tensor
    patches: Tensor
    grids: Sequence[Grid]
    groups: Mapping[Role, GroupSlots]
    left: bool = False

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None, *, patches: bool = True) -> Batch:
        """The batch on `device`, patches as `dtype` and, unless told otherwise, there as well."""
        moved = {role: replace(g, bundle=g.bundle.to(device)) for role, g in self.groups.items()}
        return replace(
            self,
            groups=moved,
            ids=self.ids.to(device),
            mask=self.mask.to(device),
            positions=self.positions.to(device),
            labels=self.labels.to(device),
            patches=self.patches.to(
                device if patches else self.patches.device, dtype=dtype if self.patches.is_floating_point() else None
            ),
        )


@dataclass
class Losses:
    """`total` to be minimised; its parts; how many tokens were learned; `answers` [B]: the mean of each sample's."""

    total: Tensor
    language: Tensor
    diversity: Tensor
    tokens: int
    answers: Tensor


@dataclass
class State:
    """What decoding keeps: key-value cache, the mask so far [B, L], each row's next position [B]."""

    cache: Any
    mask: Tensor
    position: Tensor
    padded: bool = True

    def select(self, rows: Tensor) -> None:
        """Goes on with `rows` [b] alone: those that are done need no further step."""
        self.cache.batch_select_indices(rows)
        self.mask, self.position = self.mask[rows], self.position[rows]


class Traser(nn.Module):
    """Backbone and resamplers. `embed` fills the slots; `loss` trains; `prefill` and `step` decode."""

    def __init__(self, config: TraserConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone: Any = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(**config.backbone))
        self._in_pieces = quicken(self.backbone)
        options = {"place": config.place, "orthogonal": config.orthogonal}
        self.window_resampler = Resampler(config.window, beside=config.place, **options)
        self.object_resampler = Resampler(config.object, **options)

    def _apply(self, fn: Any, recurse: bool = True) -> Traser:
        """As any module's, but the frequencies of the rotary positions stay float32.

        As bfloat16 they would shift far positions by whole tokens.
        """
        super()._apply(fn, recurse)
        for module in self.modules():
            if hasattr(module, "original_inv_freq"):
                _renew_frequencies(module)
        return self

    def freeze(self, *, vision_blocks: bool = True) -> None:
        """The released recipe: the vision tower is frozen up to its merger, all else learns. False: everything does."""
        self.requires_grad_(True)
        vision = self.backbone.model.visual
        vision.requires_grad_(not vision_blocks)
        vision.merger.requires_grad_(True)

    def enable_checkpointing(self) -> None:
        """In training, layers forget their activations and compute them again: less memory, a third more time."""
        self.backbone.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
        self.window_resampler.checkpointing = self.object_resampler.checkpointing = True

    def resampler(self, role: Role) -> Resampler:
        """The one that fills groups of `role`."""
        return self.object_resampler if role is Role.OBJECT else self.window_resampler

    def see(self, patches: Tensor, grids: Sequence[Grid], *, at_once: int = PATCHES_AT_ONCE) -> Tensor:
        """Visual tokens [N, D] of all clips, `at_once` patches at a time, wherever the patches are.

        Cut between steps, which is exact: no attention of the vision tower reaches over a step. `patches` that are
        visual tokens already are given back.
        """
        table = self.backbone.get_input_embeddings().weight
        device = table.device
        if patches.shape[-1] != PATCH_VALUES:
            return patches.to(device, table.dtype, non_blocking=True)
        parts, first = [], 0
        for sizes in _calls(grids, at_once):
            count = sum(t * h * w for t, h, w in sizes)
            thw = torch.tensor(sizes, device=device)
            taken = _normal(patches[first : first + count].to(device, non_blocking=True))
            parts.append(self.backbone.model.visual(taken, grid_thw=thw).pooler_output)
            first += count
        return torch.cat(parts)

    def embed(self, batch: Batch) -> tuple[Tensor, dict[Role, Tensor]]:
        """Input embeddings [B, L, D] with every slot filled, and the latents by role."""
        features = self.see(batch.patches, batch.grids)
        embedded = self.backbone.get_input_embeddings()(batch.ids)
        made: dict[Role, Tensor] = {}
        for role, groups in sorted(batch.groups.items(), key=lambda item: item[0] is Role.BESIDE):
            if role is Role.TOKENS:
                filling = features[torch.cat(list(groups.bundle.tokens)).to(features.device)]
            elif role is Role.BESIDE:
                filling = self._beside(groups, made[Role.WINDOW])
            else:
                made[role] = resample(self.resampler(role), features, groups.bundle)
                filling = made[role].flatten(0, 1)
            put = embedded.index_put if embedded.requires_grad else embedded.index_put_
            embedded = put(_slots(groups, embedded.device), filling.to(embedded.dtype))
        return embedded, made

    def _beside(self, groups: GroupSlots, windows: Tensor) -> Tensor:
        """What fills the slots of pairs [G, D]: nothing in a model that does not know place, as in one that starts.

        `windows` [W, slots, D]: what the windows of all objects show.
        """
        joined, pairs = self.window_resampler.pair_place, groups.pairs
        if joined is None or pairs is None:
            return windows.new_zeros(len(groups.rows), windows.shape[-1])
        shown = torch.cat([windows.mean(dim=1), windows.new_zeros(1, windows.shape[-1])])  # the last for none: -1
        own, other = pairs.to(windows.device).T
        out: Tensor = joined(shown[own], shown[other], groups.bundle.meta.to(windows.device))
        return out

    def forward(self, batch: Batch) -> Losses:
        """As `loss`: what wraps a module, for several GPUs, watches this call."""
        return self.loss(batch)

    def loss(self, batch: Batch) -> Losses:
        """Cross-entropy of the learned tokens, each predicted from the position before; logits only there.

        Of long answers the logits are made piece by piece, and again for the gradients, so that they are never all
        there: 8,192 tokens over the released vocabulary would take 12 GB.
        Raises `ValueError` for a batch in which nothing is learned.
        """
        return self.losses_of(*self.embed(batch), batch)

    def losses_of(self, embedded: Tensor, latents: Mapping[Role, Tensor], batch: Batch) -> Losses:
        """As `loss`, of what `embed` gave."""
        each, rows = self._cross_entropies(embedded, batch)
        language = each.mean()
        alike = diversity_loss(latents) if self.config.diversity and latents else language.new_zeros(())
        answers = _row_means(each, rows, len(batch.labels))
        return Losses(language + self.config.diversity * alike, language, alike, len(each), answers)

    def token_losses(self, batch: Batch) -> Tensor:
        """Mean cross-entropy of each sample's learned tokens, [B]."""
        return self.answer_losses(self.embed(batch)[0], batch)

    def answer_losses(self, embedded: Tensor, batch: Batch) -> Tensor:
        """As `token_losses`, of embeddings [B, L, D] that are there already; of `batch` labels and positions count."""
        return _row_means(*self._cross_entropies(embedded, batch), len(batch.labels))

    def _cross_entropies(self, embedded: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Of every learned token: its cross-entropy [n] and its row [n]."""
        wanted = batch.labels[:, 1:]
        learned = wanted != IGNORED
        rows = learned.nonzero()[:, 0]
        if not len(rows):
            raise ValueError("no token of this batch is learned: all labels are -100; give samples with an answer")
        # No position sees what stands on its right, so padding there needs no mask.
        mask = self._mask(batch) if batch.left else None
        hidden = self._decode(embedded, mask, batch.positions).last_hidden_state[:, :-1][learned]
        pieces = zip(hidden.split(LOGITS_AT_ONCE), wanted[learned].split(LOGITS_AT_ONCE), strict=True)
        if len(hidden) <= LOGITS_AT_ONCE or not hidden.requires_grad:
            return torch.cat([self._cross_entropy(h, w) for h, w in pieces]), rows
        kept = [checkpoint(self._cross_entropy, h, w, use_reentrant=False) for h, w in pieces]
        return torch.cat(kept), rows

    def _cross_entropy(self, hidden: Tensor, wanted: Tensor) -> Tensor:
        return functional.cross_entropy(self.backbone.lm_head(hidden).float(), wanted, reduction="none")

    @torch.no_grad()
    def prefill(self, batch: Batch, *, at_once: int = POSITIONS_AT_ONCE, room: int = ROOM) -> tuple[Tensor, State]:
        """Logits [B, V] of the token after each sample (padded on the left), and the state to go on from.

        As `read`. Raises `ValueError` for samples padded on the right.
        """
        if not bool((batch.mask[:, -1] == 1).all()):
            raise ValueError("prefill takes samples padded on the left: collate(..., left=True)")
        # No more than the embeddings is kept: the latents in them are freed before the language model takes its memory.
        first: tuple[Tensor, State] = self.read(self.embed(batch)[0], batch, at_once=at_once, room=room)
        return first

    @torch.no_grad()
    def read(
        self, embedded: Tensor, batch: Batch, *, at_once: int = POSITIONS_AT_ONCE, room: int = ROOM
    ) -> tuple[Tensor, State]:
        """Logits [B, V] after the input embeddings [B, L, D] of `batch`, and the state to go on from.

        They are read `at_once` positions at a time, so that activations stay small beside the cache; `room` tokens
        can be written before the cache is moved.
        """
        if self.training and self.window_resampler.checkpointing:
            raise ValueError("a model that forgets activations keeps no cache: call eval() before it reads")
        length, padded = embedded.shape[1], bool((batch.mask == 0).any())
        cache = roomy_cache(len(self.backbone.model.language_model.layers), positions=length + room)
        mask = self._mask(batch) if padded else self._whole()
        hidden = embedded
        for first in range(0, length, at_once):
            part = slice(first, first + at_once)
            seen = mask[:, : first + at_once] if isinstance(mask, Tensor) else mask
            hidden = self._decode(
                embedded[:, part], seen, batch.positions[..., part], use_cache=True, past_key_values=cache
            ).last_hidden_state
        logits: Tensor = self.backbone.lm_head(hidden[:, -1])
        return logits, State(cache, batch.mask, batch.positions[0].max(dim=1).values + 1, padded)

    @torch.no_grad()
    def step(self, ids: Tensor, state: State) -> Tensor:
        """Logits [B, V] after `ids` [B]; `state` moves on."""
        embedded = self.backbone.get_input_embeddings()(ids[:, None])
        state.mask = torch.cat([state.mask, state.mask.new_ones(len(ids), 1)], dim=1)
        positions = state.position[None, :, None].expand(3, -1, -1)
        mask = state.mask if state.padded else self._whole()
        out = self._decode(embedded, mask, positions, use_cache=True, past_key_values=state.cache)
        state.position = state.position + 1
        logits: Tensor = self.backbone.lm_head(out.last_hidden_state[:, -1])
        return logits

    def _decode(self, embedded: Tensor, mask: Any, positions: Tensor, **options: Any) -> Any:
        return self.backbone.model.language_model(
            inputs_embeds=embedded, attention_mask=mask, position_ids=positions, **({"use_cache": False} | options)
        )

    def _mask(self, batch: Batch) -> Any:
        """What keeps padding on the left from being seen."""
        if not self._in_pieces:
            return batch.mask
        return {"full_attention": Padding((batch.mask == 0).sum(1).tolist())}

    def _whole(self) -> Any:
        """Where there is no padding."""
        return {"full_attention": None} if self._in_pieces else None


def _row_means(each: Tensor, rows: Tensor, count: int) -> Tensor:
    """Means of `each` [n] by row, [count]; 0 for a row without any."""
    sums, counts = each.new_zeros(2, count)
    sums = sums.index_add(0, rows, each)
    return sums / counts.index_add(0, rows, torch.ones_like(each)).clamp(min=1)


def _renew_frequencies(rotary: Any) -> None:
    """Rotary frequencies anew in float32, where they were."""
    device = rotary.inv_freq.device
    if device.type != "meta":
        fresh = type(rotary)(rotary.config).inv_freq.to(device=device, dtype=torch.float32)
        rotary.inv_freq, rotary.original_inv_freq = fresh, fresh.clone()


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


def collate(
    examples: Sequence[Example], *, pad: int, left: bool = False, patches: torch.dtype = torch.float32
) -> Batch:
    """Samples of any length as one batch, padded on the right for training, on the left to decode.

    `patches`: what normalised ones are kept as; those of uint8 stay, a quarter of float32.
    """
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
        patches=_collate_patches(examples, patches),
        grids=[e.grid for e in examples],
        groups=_collate_groups(examples, longest, left=left),
        left=left,
    )


def _collate_patches(examples: Sequence[Example], dtype: torch.dtype) -> Tensor:
    given = [torch.from_numpy(e.patches) for e in examples]
    if all(not p.is_floating_point() for p in given):
        return torch.cat(given)
    return torch.cat([_normal(p).to(dtype) for p in given])


def _normal(patches: Tensor) -> Tensor:
    """Normalised patches as they are; uint8 ones to CLIP's mean and deviation, float32."""
    if patches.is_floating_point():
        return patches
    each = PATCH_VALUES // len(MEAN)
    scale, shift = (torch.tensor(v, device=patches.device).repeat_interleave(each) for v in (_SCALE, _SHIFT))
    return patches.to(torch.float32).mul_(scale).add_(shift)


def _collate_groups(examples: Sequence[Example], longest: int, *, left: bool) -> dict[Role, GroupSlots]:
    found: dict[Role, list[tuple[int, int, int, Tensor, Tensor, Any, tuple[int, int]]]] = {}
    first = 0
    for row, example in enumerate(examples):
        shift = longest - len(example.arranged) if left else 0
        ranks = _ranks(example, len(found.get(Role.WINDOW, ())))
        for g in example.arranged.groups:
            tokens = torch.from_numpy(np.asarray(g.tokens, dtype=np.int64) + first)
            pair = ranks.get(g.pair[0], -1), ranks.get(g.pair[1], -1)
            found.setdefault(g.role, []).append(
                (row, g.start + shift, g.slots, tokens, torch.from_numpy(g.places), g.meta, pair)
            )
        first += example.grid.tokens
    groups = {}
    for role, listed in found.items():
        rows, starts, slots, tokens_, places, meta, pairs = zip(*listed, strict=True)
        bundle = Bundle(tokens_, places, torch.from_numpy(np.stack(meta)))
        groups[role] = GroupSlots(rows, starts, slots, bundle, torch.tensor(pairs) if role is Role.BESIDE else None)
    return groups


def _ranks(example: Example, first: int) -> dict[int, int]:
    """Place of a window's group among the example's groups -> its place among the batch's windows, from `first` on."""
    windows = [k for k, g in enumerate(example.arranged.groups) if g.role is Role.WINDOW]
    return {k: first + rank for rank, k in enumerate(windows)}


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
