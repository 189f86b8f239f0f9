"""Writers without a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from svg2_assets.traser.tokenizer import QwenTokenizer


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


@dataclass
class Stubborn:
    """Wants to say `begins` and then `relations` in order, the last of them for ever, whatever became of the others."""

    begins: str
    relations: Sequence[str]
    tokenizer: QwenTokenizer
    between: str = "]]], ["
    written: str = ""

    def prefill(self, batch: object) -> tuple[torch.Tensor, None]:
        self.written = ""
        return self._logits(), None

    def step(self, ids: torch.Tensor, state: None) -> torch.Tensor:
        self.written += self.tokenizer.decode(ids.tolist())
        return self._logits()

    def _logits(self) -> torch.Tensor:
        logits = torch.zeros(1, len(self.tokenizer))
        logits[0, self.tokenizer.encode(self._rest())[0]] = 10.0
        return logits

    def _rest(self) -> str:
        if self.begins.startswith(self.written) and self.begins != self.written:
            return self.begins[len(self.written) :]
        told = self.written[len(self.begins) :].split(self.between)
        wanted = self.relations[min(len(told), len(self.relations)) - 1] + self.between
        if wanted.startswith(told[-1]):
            return wanted[len(told[-1]) :]
        overlap = next(n for n in range(len(self.between), -1, -1) if told[-1].endswith(self.between[:n]))
        return self.between[overlap:]
