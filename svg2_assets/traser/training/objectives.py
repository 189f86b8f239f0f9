"""Losses beside the language model's, by the name that a setup's `objectives` gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from torch import Tensor

from svg2_assets.traser.network.model import Batch, Traser
from svg2_assets.traser.training.contrast import contrast
from svg2_assets.traser.values import Example


class Objective(Protocol):
    """A loss of one batch."""

    def __call__(
        self, model: Traser, batch: Batch, embedded: Tensor, examples: Sequence[Example], draw: np.random.Generator
    ) -> Tensor:
        """A scalar to be minimised.

        `examples` are what `batch` was made of, `embedded` [B, L, D] its embeddings; `draw` decides what is drawn.
        """
        ...


OBJECTIVES: Mapping[str, Objective] = {"contrast": contrast}
"""Those that there are."""
