"""What is visible when: measured once a shot from the maps of who owns each pixel."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from svg2_assets.scene.masks import IntArray
from svg2_assets.scene.video import Pixels
from svg2_assets.synthetic.rendering import Painter
from svg2_assets.synthetic.stage import Stage


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Of one shot: `visible` [objects, F] pixels of each object with its parts; of actors, `whole` [actors, F] pixels
    within the frame as if nothing hid them, `hides` [actors, actors, F] pixels of the second behind the first."""

    visible: IntArray
    whole: IntArray
    hides: IntArray


def survey(stage: Stage, painter: Painter) -> Survey:
    """Look at every frame of a shot once."""
    sizes = extents(stage)
    actors = len(stage.actors)
    visible = np.zeros((stage.objects, stage.count), np.int64)
    whole = np.zeros((actors, stage.count), np.int64)
    hides = np.zeros((actors, actors, stage.count), np.int64)
    for frame in range(stage.count):
        visible[:, frame] = pixels_of(painter.owners(frame), sizes)
        _measure_hiding(painter, frame, (whole[:, frame], hides[:, :, frame]))
    return Survey(visible, whole, hides)


def pixels_of(owners: Pixels, sizes: IntArray) -> IntArray:
    """How many pixels of `owners` [H, W] show each object or what it is made of (`sizes`, see `extents`), [objects]."""
    counts = np.bincount(owners.ravel(order="K"), minlength=len(sizes))
    below = np.concatenate(([0], np.cumsum(counts)))
    return np.asarray(below[np.arange(len(sizes)) + sizes] - below[: len(sizes)])


def extents(stage: Stage) -> IntArray:
    """How many objects each one is made of, [objects]: itself, its parts and theirs. Their indices follow its own."""
    sizes = np.ones(stage.objects, np.int64)
    for index, (_, parent) in reversed(list(enumerate(stage.levels()))):
        if parent is not None:
            sizes[parent] += sizes[index]
    return sizes


def _measure_hiding(painter: Painter, frame: int, into: tuple[IntArray, IntArray]) -> None:
    """Lay what is drawn in one go of each thing on the others, in painting order, and count what it covers."""
    whole, hides = into
    actors = len(whole)
    top = np.full((painter.height, painter.width), actors, np.uint8)
    for number, run in groupby(painter.order(frame), key=lambda p: p.actor):
        shape = painter.shape(list(run), frame)
        covered = np.bincount(top[shape], minlength=actors + 1)
        # What a thing covers of itself was counted when that was drawn.
        whole[number] += covered.sum() - covered[number]
        hides[number] += covered[:actors]
        top[shape] = number
