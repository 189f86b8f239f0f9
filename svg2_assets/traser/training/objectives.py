"""Losses beside the language model's, by the name that a setup's `objectives` gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from torch import Tensor

from svg2_assets.traser.network.model import Traser
from svg2_assets.traser.training.contrast import contrast
from svg2_assets.traser.training.naming import naming, stating
from svg2_assets.traser.training.values import Seen


class Objective(Protocol):
    """A loss of one batch."""

    def __call__(self, model: Traser, seen: Seen, draw: np.random.Generator) -> Tensor:
        """A scalar to be minimised; `draw` decides what is drawn."""
        ...


OBJECTIVES: Mapping[str, Objective] = {"contrast": contrast, "naming": naming, "stating": stating}
"""Those that there are."""
