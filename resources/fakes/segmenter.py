"""A segmenter for tests: regions of one flat colour, no model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from resources.fakes.colours import codes, regions
from svg2_assets.scene.errors import InvalidSceneValue, PhaseError
from svg2_assets.scene.masks import Mask, intersection
from svg2_assets.scene.video import Frame
from svg2_assets.trajectories.panoptic.protocols import Proposal

SCORE = 0.9


class FakeSegmenter:
    """Proposes every connected region of one colour with `least_area` pixels; under `small` only when looking closely.

    Larger regions come first. `fail_on` holds frame indices, `calls` what was asked: (frame, with a focus, closely).
    """

    def __init__(self, *, least_area: int = 16, small: int = 100, fail_on: Iterable[int] = ()) -> None:
        self.least_area, self.small, self.fail_on = least_area, small, frozenset(fail_on)
        self.calls: list[tuple[int, bool, bool]] = []

    @property
    def model_id(self) -> str:
        """Says that it is a fake."""
        return "fake-segmenter/1"

    @property
    def config(self) -> Mapping[str, Any]:
        """What counts as a region."""
        return {"least_area": self.least_area, "small": self.small}

    def segment(
        self,
        frame: Frame,
        *,
        focus: Mask | None = None,
        known: Mask | None = None,  # noqa: ARG002
        closely: bool = True,
    ) -> tuple[Proposal, ...]:
        """The regions of `frame` that have a part in `focus`; `known` makes no difference."""
        self.calls.append((frame.index, focus is not None, closely))
        if frame.index in self.fail_on:
            raise PhaseError(
                video=f"frame {frame.index}",
                phase="trajectories",
                expected="a segmenter that works",
                found="one told to fail",
            )
        if focus is not None and (focus.height, focus.width) != frame.pixels.shape[:2]:
            raise InvalidSceneValue("a focus must have the frame's size")
        masks = self._regions(frame, self.least_area if closely else max(self.least_area, self.small))
        kept = [m for m in masks if focus is None or intersection([m, focus]).area]
        return tuple(Proposal(m, SCORE) for m in sorted(kept, key=lambda m: -m.area))

    def _regions(self, frame: Frame, least: int) -> list[Mask]:
        coloured = codes(frame.pixels)
        colours, counts = np.unique(coloured, return_counts=True)
        found = [part for colour in colours[counts >= least] for part in regions(coloured == colour)]
        return [Mask.from_array(part) for part in found if part.sum() >= least]
