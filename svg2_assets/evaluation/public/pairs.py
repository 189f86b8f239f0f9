"""A true frame and what is predicted of it: what every evaluator of panoptic maps counts from, compared once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from svg2_assets.evaluation.public.panoptic import Frame, common_pixels
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput
from svg2_assets.scene.errors import printable


@dataclass(frozen=True, slots=True)
class FramePair:
    """`common`: pixels of each (true id, predicted id) that occurs; `where`: the frame as messages name it."""

    true: Frame
    found: Frame
    where: str
    common: Mapping[tuple[int, int], int]

    @classmethod
    def of(cls, true: Frame, found: Frame, where: str) -> FramePair:
        """Raises `InvalidBenchmarkInput` on maps of two sizes."""
        return cls(true, found, where, common_pixels(true, found, where))


def frame_pairs(video: str, truth: Iterable[Frame], predicted: Iterable[Frame]) -> Iterator[FramePair]:
    """The frames of both sides, first with first. Raises `InvalidBenchmarkInput` where one side ends earlier."""
    name = printable(str(video))
    true, found = iter(truth), iter(predicted)
    number = 0
    while True:
        pair = (next(true, None), next(found, None))
        if pair[0] is None and pair[1] is None:
            return
        if pair[0] is None or pair[1] is None:
            side = "true" if pair[0] is None else "predicted"
            raise InvalidBenchmarkInput(
                f"{name}: expected as many predicted frames as true ones; the {side} ones end after {number}. Predict "
                "every frame of the truth and no other."
            )
        yield FramePair.of(pair[0], pair[1], f"{name}: frame {number}")
        number += 1
