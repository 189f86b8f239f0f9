"""What is visible when: measured once a shot from the maps of who owns each pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from svg2_assets.scene.masks import BoolArray, IntArray
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
    members = memberships(stage)
    actors = len(stage.actors)
    visible = np.zeros((stage.objects, stage.count), np.int64)
    whole = np.zeros((actors, stage.count), np.int64)
    hides = np.zeros((actors, actors, stage.count), np.int64)
    for frame in range(stage.count):
        counts = np.bincount(painter.owners(frame).ravel(), minlength=stage.objects)
        visible[:, frame] = members @ counts
        _measure_hiding(painter, frame, (whole[:, frame], hides[:, :, frame]))
    return Survey(visible, whole, hides)


def memberships(stage: Stage) -> BoolArray:
    """Whether object i contains what object j owns, [objects, objects]: itself, its parts and theirs."""
    members = np.eye(stage.objects, dtype=bool)
    for index, (_, parent) in reversed(list(enumerate(stage.levels()))):
        if parent is not None:
            members[parent] |= members[index]
    return members


def _measure_hiding(painter: Painter, frame: int, into: tuple[IntArray, IntArray]) -> None:
    """Lay silhouettes on one another in painting order and count what each covers."""
    whole, hides = into
    actors = len(whole)
    top = np.full((painter.height, painter.width), actors, np.uint8)
    for number in dict.fromkeys(p.actor for p in painter.order(frame)):
        shape = painter.silhouette(number, frame)
        covered = np.bincount(top[shape], minlength=actors + 1)
        whole[number] = covered.sum()
        hides[number] = covered[:actors]
        top[shape] = number
