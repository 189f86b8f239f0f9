"""The learning rate over the steps: a linear rise, then a cosine (§7 of the released recipe)."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schedule:
    """Of `steps` steps the first ceil(`warmup` * steps) rise; then half a cosine falls to `floor` of the peak.

    A function of the step alone, so that there is no state to keep.
    """

    steps: int
    warmup: float = 0.03
    floor: float = 0.0

    @property
    def rising(self) -> int:
        """How many steps the rate rises."""
        return math.ceil(self.warmup * self.steps)

    def factor(self, step: int) -> float:
        """Share of the peak rate with which step `step` (from 0) is made."""
        if step < self.rising:
            return (step + 1) / (self.rising + 1)
        done = min(1.0, (step - self.rising) / max(1, self.steps - self.rising))
        return self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * done))
