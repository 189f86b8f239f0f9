"""Examples whose clips the vision tower has seen already: a tower that doesn't change is asked about each clip once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from svg2_assets.traser.network.model import Traser
from svg2_assets.traser.samples.examples import ExampleMaker
from svg2_assets.traser.samples.values import Sample
from svg2_assets.traser.text import Task
from svg2_assets.traser.values import Example


@dataclass
class Looking:
    """A `stream.Maker` as `make`, but with what the tower of `model` makes of a clip in the place of its patches.

    What it has made is kept: 4 bytes x tokens x width a sample. The tower must not change meanwhile. It stays in its
    process.
    """

    make: ExampleMaker
    model: Traser
    _seen: dict[tuple[str, bytes], Tensor] = field(default_factory=dict)

    def __call__(self, sample: Sample, task: Task) -> Example:
        """The example of `sample`, its `patches` the visual tokens [N, D]. Raises `Unusable`."""
        key = sample.video.id, sample.frames.tobytes()
        if key in self._seen:
            example = self.make.arranged(sample, task)
        else:
            example = self.make(sample, task)
            with torch.no_grad():
                self._seen[key] = self.model.see(torch.from_numpy(example.patches), [example.grid]).float().cpu()
        return replace(example, patches=self._seen[key].numpy())
