"""What the losses of a batch are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from svg2_assets.traser.network.model import Batch
from svg2_assets.traser.values import Example


@dataclass(frozen=True)
class Seen:
    """A batch that the model has gone through.

    `examples` are what `batch` was made of, padded on the right; `embedded` [B, L, D] its embeddings with all slots
    filled; `answers` [B] the mean loss of a token of each one's answer.
    """

    batch: Batch
    embedded: Tensor
    answers: Tensor
    examples: Sequence[Example]
