"""Hard cuts: where one shot ends and the next begins."""

from __future__ import annotations

import cv2
import numpy as np

from svg2_assets.trajectories.flow import FlowPair, SmallFrame
from svg2_assets.trajectories.recognisers import Floats
from svg2_assets.trajectories.settings import CutSettings


def is_cut(before: SmallFrame, after: SmallFrame, flow: FlowPair, settings: CutSettings) -> bool:
    """Whether `after` belongs to another shot: other colours, and a picture that motion and light do not explain.

    Each alone errs: a flash changes colours, a fast pan leaves residuals, and noise in the dark resembles nothing.
    """
    distance = cv2.compareHist(before.histogram, after.histogram, cv2.HISTCMP_BHATTACHARYYA)
    if distance <= settings.histogram:
        return False
    warped, seen = _aligned(before, after, flow)
    return float(np.abs(warped - seen).mean()) > settings.residual and _likeness(warped, seen) < settings.likeness


def _aligned(before: SmallFrame, after: SmallFrame, flow: FlowPair) -> tuple[Floats, Floats]:
    """Grey of `before` warped onto `after`, and that of `after`, both at the size of `flow`."""
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
    return np.asarray(warped, np.float32), np.asarray(second, np.float32)


def _likeness(first: Floats, second: Floats) -> float:
    """Correlation of two pictures (-1..1), which neither brighter nor dimmer light changes; 0 where one is blank."""
    a, b = first - first.mean(), second - second.mean()
    spread = float(a.std() * b.std())
    return float((a * b).mean()) / spread if spread > 1e-6 else 0.0
