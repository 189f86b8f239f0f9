"""One token from logits as a preset decodes: what is allowed, penalty on what was written, temperature, nucleus."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from svg2_assets.traser.generation.constraint import Allowed
from svg2_assets.traser.generation.vocabulary import Mask
from svg2_assets.traser.presets import Decoding

LOWEST = -1e30  # above the -inf of what is not allowed, whatever a network gives


class Sampler:
    """Chooses a token a row. The penalty looks at what this sampler chose, not at the prompt: the released code feeds
    embeddings, of which transformers' penalty sees none."""

    def __init__(self, decoding: Decoding, *, seed: int = 0) -> None:
        self.decoding = decoding
        self._seed = seed
        self._random: torch.Generator | None = None
        self._written: Tensor | None = None
        self._masks: dict[int, tuple[Mask, Tensor]] = {}

    def pick(self, logits: Tensor, allowed: Sequence[Allowed | None]) -> list[int]:
        """Ids [B] from `logits` [B, V]; None allows all."""
        scores = self._penalised(logits.float())
        picks = torch.stack([self._pick(row, may) for row, may in zip(scores, allowed, strict=True)])
        if self._written is not None:
            self._written[torch.arange(len(picks), device=picks.device), picks] = True
        return [int(i) for i in picks.tolist()]

    def would_repeat(self, row: Tensor, allowed: Allowed) -> bool:
        """Whether what may not come, because it has been said, is likelier than all that may come; `row` [V]."""
        if not allowed.repeating:
            return False
        open_ = self._open(row.float(), allowed)
        return bool(row[list(allowed.repeating)].max() > open_.max())

    def _penalised(self, scores: Tensor) -> Tensor:
        penalty = self.decoding.repetition_penalty
        if penalty == 1.0:
            return scores
        if self._written is None:
            self._written = torch.zeros_like(scores, dtype=torch.bool)
        lowered = torch.where(scores < 0, scores * penalty, scores / penalty)
        return torch.where(self._written, lowered, scores)

    def _pick(self, row: Tensor, allowed: Allowed | None) -> Tensor:
        if allowed is None:
            return self._choose(row.clamp(min=LOWEST))
        chosen = self._choose(self._open(row, allowed))
        return chosen if allowed.mask is not None else torch.as_tensor(allowed.ids, device=row.device)[chosen]

    def _open(self, row: Tensor, allowed: Allowed) -> Tensor:
        """The scores of what may come: of `ids` alone, or of all with -inf for the rest."""
        ids = torch.as_tensor(allowed.ids, device=row.device)
        if allowed.mask is None:
            return row[ids].clamp(min=LOWEST)
        mask = self._on_device(allowed.mask, row)
        open_ = torch.where(mask, row[: len(mask)].clamp(min=LOWEST), -torch.inf)
        if allowed.less:
            open_[list(allowed.less)] = -torch.inf
        open_[ids] = row[ids].clamp(min=LOWEST)
        return open_

    def _choose(self, scores: Tensor) -> Tensor:
        temperature, top_p = self.decoding.temperature, self.decoding.top_p
        if temperature == 0:
            return scores.argmax()
        scores = torch.nan_to_num(scores, nan=LOWEST, neginf=-torch.inf)
        scores = (scores - scores.max()) / temperature
        if top_p < 1:
            scores = _nucleus(scores, top_p)
        if self._random is None:
            self._random = torch.Generator(scores.device).manual_seed(self._seed)
        return torch.multinomial(scores.softmax(0), 1, generator=self._random)[0]

    def _on_device(self, mask: Mask, like: Tensor) -> Tensor:
        """Masks come as the same few arrays again and again; each goes to the device once."""
        known = self._masks.get(id(mask))
        if known is None:
            known = mask, torch.tensor(mask, device=like.device)
            self._masks[id(mask)] = known
        return known[1]


def _nucleus(scores: Tensor, top_p: float) -> Tensor:
    """-inf for all but the likeliest whose shares reach `top_p` together."""
    ordered, order = scores.sort()
    out = ordered.softmax(0).cumsum(0) <= 1 - top_p
    out[-1] = False
    return scores.index_fill(0, order[out], -torch.inf)
