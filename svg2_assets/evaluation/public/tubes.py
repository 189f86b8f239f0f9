"""Mask trajectories from what the public data sets hold: maps of ids, and lines of run-length codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy.typing as npt

from svg2_assets.evaluation.public.records import InvalidBenchmarkInput
from svg2_assets.scene.errors import printable
from svg2_assets.scene.id_maps import trajectories_of
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory


def tubes_of_maps(maps: Iterable[npt.NDArray[Any]], ids: Iterable[int]) -> dict[int, Trajectory]:
    """The trajectories of the objects `ids` in `maps`, an [H, W] array of ids for each frame from 0 on.

    One map is held at a time. An object that no map shows has a trajectory without frames.
    """
    return trajectories_of(enumerate(maps), ids)


def tubes_of_rows(rows: Iterable[Sequence[Any]]) -> dict[int, dict[str, Any]]:
    """{track: {"cid": class, "masks": Trajectory}} of the lines of OpenPVSG's masks.txt, split at blanks.

    A line is (frame from 1, track, class, height, width, compressed COCO counts). A track's class is what most of its
    lines say, the first to come of several as frequent; of several lines for a frame the last holds. Raises
    `InvalidSceneValue` on a code that is no mask of its size.
    """
    masks: dict[int, dict[int, Mask]] = {}
    classes: dict[int, Counter[int]] = {}
    for frame, track, category, height, width, counts in rows:
        mask = Mask.from_json({"size": [height, width], "counts": counts})
        masks.setdefault(int(track), {})[int(frame) - 1] = mask
        classes.setdefault(int(track), Counter())[int(category)] += 1
    return {
        track: {"cid": classes[track].most_common(1)[0][0], "masks": _trajectory(shown)}
        for track, shown in masks.items()
    }


def check_one_size(video: Any, *sides: Iterable[Trajectory]) -> None:
    """Raise `InvalidBenchmarkInput` where masks of a video differ in size."""
    sizes = {(m.height, m.width) for side in sides for trajectory in side for m in trajectory.masks}
    if len(sizes) > 1:
        raise InvalidBenchmarkInput(
            f"{printable(str(video))}: expected masks of one size on both sides, found {sorted(sizes)} (height, "
            "width). Scale the predicted masks to the size of the true ones."
        )


def _trajectory(masks: dict[int, Mask]) -> Trajectory:
    frames = sorted(masks)
    return Trajectory.of(frames, [masks[f] for f in frames])
