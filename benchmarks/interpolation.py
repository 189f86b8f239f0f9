"""What carrying masks by optical flow costs: true masks of DAVIS on every n-th frame, J on the frames between."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from benchmarks.data import DAVIS
from benchmarks.tables import Table
from resources.media.reader import open_video
from svg2_assets.evaluation.regions import overlaps
from svg2_assets.scene.masks import Mask
from svg2_assets.trajectories.panoptic.interpolation import Between
from svg2_assets.trajectories.panoptic.shots import frames_with_flow

STRIDES = (2, 3)


def interpolation_table(data: str | Path) -> Table:
    """Mean and worst J between true masks, clip by clip, beside that of repeating the mask before."""
    rows = []
    for name in DAVIS:
        clip, truth = Path(data) / f"davis2016/{name}.mp4", Path(data) / f"davis2016/{name}_masks_rle.json"
        if clip.is_file():
            masks = [Mask.from_json(f[0]) for f in json.loads(truth.read_text())]
            for stride in STRIDES:
                carried, repeated = between_j(clip, masks, stride)
                rows.append([name, stride, float(carried.mean()), float(carried.min()), float(repeated.mean())])
    columns = ("clip", "every n-th frame", "J carried", "worst", "J repeated")
    return Table("Masks carried between tracked frames", columns, rows, [])


def between_j(clip: Path, truth: list[Mask], stride: int) -> tuple[np.ndarray, np.ndarray]:
    """J of each frame between, with flow and with the mask before repeated."""
    between = Between(longest=len(truth))
    known = {i: m for i, m in enumerate(truth) if i % stride == 0 and m.area}
    for frame, flow in frames_with_flow(open_video(clip)):
        between.add(frame.index, flow)
    filled = dict(known)
    for before in known:
        if before + stride in known:
            between.fill(filled, before, before + stride)
    gaps = [i for i in filled if i not in known]
    carried = overlaps([truth[i] for i in gaps], [filled[i] for i in gaps])
    repeated = overlaps([truth[i] for i in gaps], [known[i - i % stride] for i in gaps])
    return carried, repeated
