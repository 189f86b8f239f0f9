"""A `Segmenter` that proposes the truth, with misses, wrong edges, pieces and unions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np

from resources.oracle.errors import Dice, Errors, Kind, misshapen, piece
from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import Frame
from svg2_assets.trajectories.panoptic.protocols import Proposal

CROPS = 20  # of the multi-scale grid beside the whole frame


class TrueMasks(Protocol):
    """Where the truth comes from."""

    def masks_at(self, index: int) -> dict[int, Mask]:
        """Object -> what shows of it on frame `index`; hidden ones are left out."""
        ...


class OracleSegmenter:
    """Knows `truth`; errs as `errors` say, by the dice of `seed`."""

    def __init__(self, truth: TrueMasks, errors: Errors | None = None, *, seed: int = 0) -> None:
        self._truth, self._errors, self._dice = truth, errors or Errors(), Dice(seed)
        self.calls: list[int] = []

    @property
    def model_id(self) -> str:
        """Says that it is no model."""
        return "oracle-segmenter/1"

    @property
    def config(self) -> Mapping[str, Any]:
        """The errors."""
        return {"seed": self._dice.seed, **asdict(self._errors)}

    def segment(
        self,
        frame: Frame,
        *,
        focus: Mask | None = None,
        known: Mask | None = None,  # noqa: ARG002
        closely: bool = True,
    ) -> tuple[Proposal, ...]:
        """What shows on `frame`, best first; `known` makes no difference."""
        self.calls.append(frame.index)
        shown = self._truth.masks_at(frame.index)
        found = [p for i in sorted(shown) for p in self._proposals(frame.index, i, shown, closely=closely)]
        if focus is not None and found:
            common = mask_algebra.intersection_areas([p.mask for p in found], [focus])[:, 0]
            found = [p for p, area in zip(found, common, strict=True) if area]
        return tuple(sorted(found, key=lambda p: -p.score))

    def _proposals(self, index: int, i: int, shown: Mapping[int, Mask], *, closely: bool) -> Iterator[Proposal]:
        mask, errors, dice = shown[i], self._errors, self._dice
        small = mask.area < errors.small * mask.height * mask.width
        miss = (errors.miss_small if closely else errors.miss_small_far) if small else errors.miss
        if not dice.happens(miss, Kind.MISS, index, i, int(closely)):
            wrong = misshapen(mask, dice.throw(Kind.SHAPE, index, i), strength=edge_error(mask, errors))
            yield self._scored(wrong, index, i)
        if dice.happens(errors.split, Kind.SPLIT, index, i):
            yield self._scored(piece(mask, dice.throw(Kind.SPLIT, index, i, 1)), index, i, worse=0.1)
        if dice.happens(errors.merge, Kind.MERGE, index, i) and len(shown) > 1:
            other = nearest(i, shown)
            yield self._scored(mask_algebra.union([mask, shown[other]]), index, i, worse=0.1)

    def _scored(self, mask: Mask, index: int, i: int, *, worse: float = 0.0) -> Proposal:
        generator = self._dice.throw(Kind.SCORE, index, i, mask.area)
        score = float(generator.uniform(0.82, 0.98)) - worse
        return Proposal(mask, score, float(generator.uniform(0.88, 0.99)) - worse / 2)


def edge_error(mask: Mask, errors: Errors) -> float:
    """Edges of small things lie off by less: by no more than an eighth of their side."""
    return min(errors.shape, 0.125 * float(np.sqrt(mask.area)) / mask.height)


def nearest(i: int, shown: Mapping[int, Mask]) -> int:
    """The other object whose box middle is closest to that of `i`, of the same order of size if there is one."""
    x, y, w, h = shown[i].box
    middle = x + w / 2, y + h / 2

    def distance(j: int) -> float:
        bx, by, bw, bh = shown[j].box
        ratio = max(shown[j].area, shown[i].area) / max(1, min(shown[j].area, shown[i].area))
        return float(abs(bx + bw / 2 - middle[0]) + abs(by + bh / 2 - middle[1])) * (1.0 if ratio < 8 else 10.0)

    return min((j for j in shown if j != i), key=distance)
