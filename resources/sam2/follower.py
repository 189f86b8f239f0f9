"""Objects in batches through the network: from a frame's features and what is remembered to masks and new memories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from resources.sam2.batching import Batches
from resources.sam2.engine import Engine
from resources.sam2.memory import Memory, Recalled, Trace
from resources.sam2.network import Features, Predicted, stacked
from svg2_assets.scene.masks import Mask

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Outcome:
    """One object on one frame: mask `logits` [S/4, S/4], `presence` and `quality` (0..1), what to remember of it.

    `finite`: whether all numbers were numbers; otherwise nothing of it is to be used.
    """

    logits: torch.Tensor
    presence: float
    quality: float
    trace: Trace
    finite: bool


class Follower:
    """The batched steps for one video of `num_frames` frames."""

    def __init__(self, engine: Engine, *, objects_per_batch: int, num_frames: int) -> None:
        self._engine, self._num_frames = engine, num_frames
        self.batches = Batches(objects_per_batch)

    def adopt(self, features: Features, masks: Sequence[Mask]) -> Iterator[list[Outcome]]:
        """Each of `masks` taken for granted on the frame of `features`; a list of outcomes per batch, in order."""
        return self.batches.run(masks, lambda part: self._adopted(features, part))

    def follow(
        self, features: Features, frame: int, direction: int, *, memories: Mapping[int, Memory]
    ) -> Iterator[dict[int, Outcome]]:
        """The objects of `memories` (by id) on `frame`, reached in `direction`; a part of them per batch."""
        recalled = {i: m.recall(frame, direction, num_frames=self._num_frames) for i, m in memories.items()}
        for ids in _alike(recalled):
            yield from self.batches.run(ids, lambda part: self._followed(features, {i: recalled[i] for i in part}))

    def _adopted(self, features: Features, masks: Sequence[Mask]) -> list[Outcome]:
        network = self._engine.network
        with self._engine.running():
            predicted = network.adopt(self._network_sized(masks), features)
            return self._outcomes(predicted, network.remember(predicted, features, prompted=True))

    def _followed(self, features: Features, recalled: Mapping[int, Recalled]) -> dict[int, Outcome]:
        network = self._engine.network
        with self._engine.running():
            memory, positions, pointer_tokens = self._tokens(list(recalled.values()))
            attended = network.attend(features, memory=memory, positions=positions, pointer_tokens=pointer_tokens)
            predicted = network.decode(attended, features)
            outcomes = self._outcomes(predicted, network.remember(predicted, features, prompted=False))
        self._engine.counters["object_frames"] += len(outcomes)
        return dict(zip(recalled, outcomes, strict=True))

    def _tokens(self, recalled: Sequence[Recalled]) -> tuple[torch.Tensor, torch.Tensor, int]:
        """Memory and positions [L, B, M] of objects of one layout, and how many of L are pieces of pointers."""
        import torch

        memory, positions = self._spatial_tokens(recalled)
        if not recalled[0].pointers:
            return memory, positions, 0
        pointers, where = self._pointer_tokens(recalled, width=memory.shape[-1])
        return torch.cat([memory, pointers.to(memory.dtype)]), torch.cat([positions, where]), len(pointers)

    def _spatial_tokens(self, recalled: Sequence[Recalled]) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        network = self._engine.network
        maps = stacked([stacked([held for _, held in r.spatial]) for r in recalled])  # [B, n, M, h, w]
        memory = maps.flatten(3).permute(1, 3, 0, 2).flatten(0, 1).to(self._engine.dtype)
        rows = torch.tensor([[row for row, _ in r.spatial] for r in recalled], device=self._engine.device)
        when = network.model.maskmem_tpos_enc[rows].flatten(2).transpose(0, 1)  # [n, B, M]
        positions = network.spatial_positions()[None] + when[:, None]
        return memory, positions.flatten(0, 1)

    def _pointer_tokens(self, recalled: Sequence[Recalled], *, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """A pointer of C numbers is cut into C / M tokens, which share its position."""
        import torch

        pointers = stacked([stacked([held for _, held in r.pointers]) for r in recalled]).transpose(0, 1)  # [P, B, C]
        pieces = pointers.shape[-1] // width
        cut = pointers.unflatten(-1, (pieces, width)).transpose(1, 2).flatten(0, 1)
        away = [[float(d) for d, _ in r.pointers] for r in recalled]
        distances = torch.tensor(away, dtype=torch.float32, device=pointers.device).T
        most = min(self._num_frames, self._engine.network.model.max_obj_ptrs_in_encoder) - 1
        where = self._engine.network.pointer_positions(distances, most=most)
        return cut, where.repeat_interleave(pieces, dim=0)

    def _network_sized(self, masks: Sequence[Mask]) -> torch.Tensor:
        """`masks` as [B, 1, S, S] of 0 and 1."""
        import torch
        from torch.nn import functional

        side = self._engine.settings.image_size
        given = torch.from_numpy(np.stack([m.to_array() for m in masks])).to(self._engine.device)[:, None].float()
        if given.shape[-2:] == (side, side):
            return given
        antialias = self._engine.device.type != "mps"
        sized = functional.interpolate(given, (side, side), mode="bilinear", align_corners=False, antialias=antialias)
        return (sized >= 0.5).float()

    def _outcomes(self, predicted: Predicted, spatial: torch.Tensor) -> list[Outcome]:
        finite = _finite(predicted, spatial).tolist()
        presence = predicted.presence[:, 0].sigmoid().tolist()
        quality = predicted.quality.tolist()
        return [
            Outcome(predicted.logits[i, 0], presence[i], quality[i], Trace(spatial[i], predicted.pointer[i]), finite[i])
            for i in range(len(finite))
        ]


def _finite(predicted: Predicted, spatial: torch.Tensor) -> torch.Tensor:
    """[B], true where every number is one."""
    import torch

    checked = (predicted.logits, predicted.presence, predicted.quality[:, None], predicted.pointer, spatial)
    return stacked([torch.isfinite(values).flatten(1).all(dim=1) for values in checked]).all(dim=0)


def _alike(recalled: Mapping[int, Recalled]) -> list[list[int]]:
    """Ids by layout, in the order in which layouts come up."""
    groups: dict[tuple[int, int], list[int]] = {}
    for i, what in recalled.items():
        groups.setdefault(what.layout, []).append(i)
    return list(groups.values())
