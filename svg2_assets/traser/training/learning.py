"""The model with all its losses as one module, which is what data parallel and sharding wrap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from svg2_assets.traser.network.model import Batch, Traser
from svg2_assets.traser.training.groups import RESAMPLER
from svg2_assets.traser.training.objectives import OBJECTIVES
from svg2_assets.traser.training.values import Seen
from svg2_assets.traser.values import Example

TOTAL, LANGUAGE, DIVERSITY, TOKENS = "loss", "language", "diversity", "tokens"


class Learner(nn.Module):
    """TRASER and what it is to learn: its own loss plus `objectives`, weight by name."""

    def __init__(self, model: Traser, objectives: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self.model = model
        self.objectives = dict(objectives or {})

    def forward(self, batch: Batch, examples: Sequence[Example], seed: Sequence[int]) -> dict[str, Tensor]:
        """Losses by name, `TOTAL` to be minimised; `seed` decides what objectives draw. They are for training alone."""
        embedded, latents = self.model.embed(batch)
        losses = self.model.losses_of(embedded, latents, batch)
        found = {LANGUAGE: losses.language, DIVERSITY: losses.diversity}
        whole = losses.total + self._touched()
        seen = Seen(batch, embedded, losses.answers, examples)
        for name, weight in self.objectives.items() if self.training else ():
            found[name] = OBJECTIVES[name](self.model, seen, np.random.default_rng(list(seed)))
            whole = whole + weight * found[name]
        parts = {name: value.detach().float() for name, value in found.items()}
        return {TOTAL: whole, **parts, TOKENS: torch.tensor(float(losses.tokens), device=whole.device)}

    def _touched(self) -> Tensor:
        """Nothing, by way of every resampler's parameters: processes whose batch has no group of a role still agree."""
        learned = [p for n, p in self.model.named_parameters() if RESAMPLER in n and p.requires_grad]
        return sum((p.sum() * 0.0 for p in learned), torch.zeros(()))
