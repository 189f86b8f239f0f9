"""Writers without a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch


@dataclass
class Dice:
    """Says anything: logits drawn anew each step, with values that a broken network gives."""

    rows: int
    width: int
    seed: int = 0
    broken: bool = False
    steps: int = 0

    def prefill(self, batch: object) -> tuple[torch.Tensor, np.random.Generator]:
        rng = np.random.default_rng(self.seed)
        return self._logits(rng), rng

    def step(self, ids: torch.Tensor, state: np.random.Generator) -> torch.Tensor:
        self.steps += 1
        assert ids.shape == (self.rows,)
        return self._logits(state)

    def _logits(self, rng: np.random.Generator) -> torch.Tensor:
        logits = rng.normal(size=(self.rows, self.width)).astype(np.float32) * 5
        if self.broken:
            for value in (np.nan, np.inf, -np.inf):
                logits[rng.random(logits.shape) < 0.3] = value
        return torch.from_numpy(logits)


@dataclass
class Script:
    """Wants to say one text a row, token by token, whatever was written."""

    texts: Sequence[Sequence[int]]
    width: int
    heard: list[list[int]] = field(default_factory=list)

    def prefill(self, batch: object) -> tuple[torch.Tensor, dict[str, int]]:
        return self._logits(0), {"at": 0}

    def step(self, ids: torch.Tensor, state: dict[str, int]) -> torch.Tensor:
        self.heard.append(ids.tolist())
        state["at"] += 1
        return self._logits(state["at"])

    def _logits(self, at: int) -> torch.Tensor:
        logits = np.zeros((len(self.texts), self.width), dtype=np.float32)
        for row, ids in enumerate(self.texts):
            logits[row, ids[min(at, len(ids) - 1)]] = 10.0
        return torch.from_numpy(logits)
