"""Hard cuts: where one shot ends and the next begins."""

from __future__ import annotations

import cv2
import numpy as np

from svg2_assets.trajectories.flow import FlowPair, SmallFrame
from svg2_assets.trajectories.settings import CutSettings


def is_cut(before: SmallFrame, after: SmallFrame, flow: FlowPair, settings: CutSettings) -> bool:
    """Whether `after` belongs to another shot: other colours, and pixels that motion does not explain.

    Either alone errs: a flash changes colours, a fast pan leaves residuals.
    """
    distance = cv2.compareHist(before.histogram, after.histogram, cv2.HISTCMP_BHATTACHARYYA)
    return bool(distance > settings.histogram) and _residual(before, after, flow) > settings.residual


def _residual(before: SmallFrame, after: SmallFrame, flow: FlowPair) -> float:
    """Mean absolute grey difference after warping `before` onto `after`."""
    height, width = flow.backward.shape[:2]
    first, second = (cv2.resize(f.grey, (width, height), interpolation=cv2.INTER_AREA) for f in (before, after))
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    warped = cv2.remap(
        first,
        xs + flow.backward[..., 0],
        ys + flow.backward[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return float(cv2.absdiff(warped, second).mean())
